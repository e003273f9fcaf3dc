package server

import (
	"crypto/sha1" // thumbprints of Service Fabric are SHA-1
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// ClientCertificates says which clients [WithClientCertificates] lets in, and
// as what. It stands for the settings of a cluster that is secured with X.509
// certificates.
//
// An entry of Admin and User is one of:
//
//   - the thumbprint of a certificate: its SHA-1, 40 hexadecimal digits in any
//     letter case; colons and spaces in it do not matter;
//   - a common name, as CN=name or as the name alone. Letter case does not matter
//     in ASCII, and nothing in it stands for anything else. A name that is made
//     of hexadecimal digits, colons and spaces, or of 40 letters and digits,
//     needs the CN=.
//
// Either list may be nil, and an entry may stand in both: then it is an Admin.
type ClientCertificates struct {
	Admin, User []string

	// Roles turns the difference between the two lists on. While it is off,
	// which is the default as it is in the runtime, everybody in either of them
	// is an Admin.
	Roles bool

	// CA, if not nil, holds the roots that every client certificate must chain
	// to, be it known by thumbprint or by name, and be good for authenticating
	// clients. What others can forge counts for nothing, here and without a CA: an RSA key below 2048
	// bits, and a signature with SHA-1 or MD5. The signatures of a chain are checked once for a connection, its
	// dates with every request. Who sends more than ten certificates along is
	// turned away. A constraint that the pool has for a root is asked about each
	// intermediate as well, before the whole chain. Nil trusts a thumbprint as it is, self-signed or not, and allows
	// no names: without roots everybody can make a certificate with any name.
	// New copies it; later changes have no effect.
	CA *x509.CertPool
}

// WithClientCertificates lets in clients with these certificates only. The
// others get 403 with an empty body; a request that came without TLS is one of
// them, so a proxy cannot end the TLS in front of the handler. Serve it with
// [TLSConfig].
//
// It is an error if nobody could get in, if an entry is blank or a malformed
// thumbprint, and if there is a common name without a CA. The default is no
// security: everybody is an [Admin].
func WithClientCertificates(cc ClientCertificates) Option {
	return func(c *config) error {
		clients, err := newClients(cc)
		if err != nil {
			return err
		}
		c.clients, c.roster = clients, nil
		return nil
	}
}

// clients is a ClientCertificates that was read.
type clients struct {
	thumbprints map[[sha1.Size]byte]Role
	names       map[string]Role // folded
	roles       bool
	ca          *x509.CertPool
	connections connections
}

func newClients(cc ClientCertificates) (*clients, error) {
	c := &clients{thumbprints: make(map[[sha1.Size]byte]Role), names: make(map[string]Role), roles: cc.Roles}
	var errs []error
	if len(cc.Admin)+len(cc.User) == 0 {
		errs = append(errs, errors.New("server: client certificates: neither Admin nor User has an entry, so nobody could get in"))
	}
	if cc.CA != nil {
		c.ca = cc.CA.Clone()
		if c.ca.Equal(x509.NewCertPool()) {
			errs = append(errs, errors.New("server: client certificates: CA has no certificate, so nobody could get in"))
		}
	}
	for _, list := range []struct {
		name    string
		entries []string
		role    Role
	}{{"Admin", cc.Admin, Admin}, {"User", cc.User, User}} {
		for i, entry := range list.entries {
			if err := c.add(entry, list.role); err != nil {
				errs = append(errs, fmt.Errorf("server: client certificates: %s[%d] %w", list.name, i, err))
			}
		}
	}
	return c, errors.Join(errs...)
}

// add reads one entry. Who is in both lists has the higher role.
func (c *clients) add(entry string, role Role) error {
	entry = strings.TrimSpace(entry)
	if strings.ContainsFunc(entry, func(r rune) bool { return !unicode.IsPrint(r) }) {
		// Windows puts one in front of a thumbprint that is copied from its
		// dialog.
		return fmt.Errorf("%q has an invisible character, which no thumbprint and no name has", entry)
	}
	name, isName := entry, false
	if len(entry) >= 3 && strings.EqualFold(entry[:3], "CN=") {
		name, isName = strings.TrimSpace(entry[3:]), true
	}

	switch {
	case name == "":
		return fmt.Errorf("%q is blank: it must be a thumbprint or a common name", entry)
	case !isName && looksLikeThumbprint(name):
		sum, err := hex.DecodeString(withoutSeparators(name))
		if err != nil || len(sum) != sha1.Size {
			return fmt.Errorf("%q is no thumbprint: that is the SHA-1 of a certificate, 40 hexadecimal digits; a common name that looks like one needs CN= in front", entry)
		}
		thumbprint := [sha1.Size]byte(sum)
		c.thumbprints[thumbprint] = max(c.thumbprints[thumbprint], role)
	case c.ca == nil:
		return fmt.Errorf("%q is a common name, and without a CA everybody can make a certificate with any name: set CA, or give the thumbprint", entry)
	default:
		c.names[fold(name)] = max(c.names[fold(name)], role)
	}
	return nil
}

// role returns what the lists say, 0 if neither has the client.
func (c *clients) role(thumbprint [sha1.Size]byte, name string) Role {
	role := max(c.thumbprints[thumbprint], c.names[fold(name)])
	if role != 0 && !c.roles {
		return Admin
	}
	return role
}

// looksLikeThumbprint says whether an entry is meant to be one, so that a
// mistake in it is an error and not a name that never comes.
func looksLikeThumbprint(entry string) bool {
	text := withoutSeparators(entry)
	isHex, isWord := text != "", len(text) == 2*sha1.Size
	for _, c := range []byte(text) {
		digit := c >= '0' && c <= '9'
		lower := c | 0x20
		isHex = isHex && (digit || lower >= 'a' && lower <= 'f')
		isWord = isWord && (digit || lower >= 'a' && lower <= 'z')
	}
	return isHex || isWord
}

func withoutSeparators(text string) string {
	return strings.NewReplacer(":", "", " ", "").Replace(text)
}

// fold makes names compare as the runtime compares them, without letter case
// (Common/SecurityConfig.h). ASCII only: other letters fold into letters that a
// person takes for another name.
func fold(name string) string {
	folded := []byte(name)
	for i, c := range folded {
		if c >= 'A' && c <= 'Z' {
			folded[i] = c | 0x20
		}
	}
	return string(folded)
}
