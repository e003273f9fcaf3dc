package server

import (
	"crypto/sha1" // Service Fabric's thumbprints are SHA-1
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
	"weak"

	"github.com/sfcancel/sfcancel/internal/certfiles"
)

// ClientCertificates lists the clients that [WithClientCertificates] accepts, by
// role. It corresponds to the settings of a cluster that is secured with X.509
// certificates.
//
// An entry of Admin and User is one of:
//
//   - the thumbprint of a certificate: its SHA-1, 40 hexadecimal digits in any
//     letter case; colons and spaces are ignored;
//   - a common name, as CN=name or as the name alone. Letter case does not matter
//     in ASCII, and there are no wildcards. A name that consists
//     of hexadecimal digits, colons and spaces, or of 40 letters and digits,
//     needs the CN=.
//
// Either list may be nil. A client in both lists is an Admin.
type ClientCertificates struct {
	Admin, User []string

	// Roles turns roles on. While it is off, the default as in the runtime, every client in
	// either list is an Admin.
	Roles bool

	// CA, if not nil, has the roots that every client certificate must chain
	// to, whether it is listed by thumbprint or by name. The certificate must also be valid for
	// authenticating clients. With or without a CA, RSA keys below 2048
	// bits and signatures with SHA-1 or MD5 are refused, because they can be forged. The signatures of a chain
	// are verified once per connection, its dates with every request. A client that sends more than ten
	// certificates after its own is refused. A constraint of a root in the pool is also called for each
	// intermediate alone, before the whole chain. A nil CA trusts a thumbprint, self-signed or not, and allows
	// no names: without roots anyone can make a certificate with any name.
	// New copies it; later changes have no effect.
	CA *x509.CertPool
}

// WithClientCertificates accepts only clients with these certificates. Others
// get 403 with an empty body. A request without TLS is refused, too,
// so a proxy must not terminate TLS in front of the handler. Serve it with
// [TLSConfig].
//
// It is an error if no client could be accepted, if an entry is blank or a malformed
// thumbprint, and if there is a common name without a CA. The default is no
// security: every client is an [Admin].
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

// clients is a parsed ClientCertificates.
type clients struct {
	thumbprints map[[sha1.Size]byte]Role
	names       map[string]Role // by the folded name
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

// add parses one entry. A client in both lists has the higher role.
func (c *clients) add(entry string, role Role) error {
	entry = strings.TrimSpace(entry)
	if strings.ContainsFunc(entry, func(r rune) bool { return !unicode.IsPrint(r) }) {
		// A thumbprint copied from the dialog of Windows begins with one.
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

// role returns the role of a client, 0 if it is in neither list.
func (c *clients) role(thumbprint [sha1.Size]byte, name string) Role {
	role := max(c.thumbprints[thumbprint], c.names[fold(name)])
	if role != 0 && !c.roles {
		return Admin
	}
	return role
}

// looksLikeThumbprint reports whether an entry is meant as a thumbprint, so that a
// typo in it is an error and not a name that matches no client.
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

// fold makes the comparison of names ignore letter case, as in the runtime
// (Common/SecurityConfig.h). Only ASCII letters are folded: folding others would make names equal that
// people read as different.
func fold(name string) string {
	folded := []byte(name)
	for i, c := range folded {
		if c >= 'A' && c <= 'Z' {
			folded[i] = c | 0x20
		}
	}
	return string(folded)
}

// identify checks the certificate of a connection at a moment. Only the first
// certificate identifies the client, because the client has proved to have its private key. The others
// only complete the chain.
//
// The runtime accepts a certificate in its list of thumbprints without checking
// the dates (Common/CryptoUtility.Linux.cpp). This is stricter on purpose.
func (c *clients) identify(state *tls.ConnectionState, now time.Time) (client, error) {
	if state == nil {
		return client{}, errNoTLS
	}
	if len(state.PeerCertificates) == 0 {
		return client{}, errNoCertificate
	}
	return c.connections.of(state.PeerCertificates).identify(c, state.PeerCertificates, now)
}

// commonName returns the common name of a certificate that has exactly one, and
// "" otherwise: with several, the CA may have checked a different one.
func commonName(cert *x509.Certificate) string {
	n := 0
	for _, part := range cert.Subject.Names {
		if part.Type.Equal(asn1.ObjectIdentifier{2, 5, 4, 3}) {
			n++
		}
	}
	if n != 1 {
		return ""
	}
	return cert.Subject.CommonName
}

// WithCurrentClientCertificates is [WithClientCertificates] with settings that may change while the handler
// serves, such as files that are replaced. current returns the settings. It is called for every request, so it must be
// fast and safe for concurrent use. It must return the same pointer while the settings are
// unchanged, and must not modify a value that it has returned. New settings apply to the next request, also on
// an existing connection: a client that is no longer listed is refused, and every chain is verified
// again. If the settings are invalid in [New], New returns an error; later, a line is logged at level Error and
// the earlier settings stay in use. A nil current, or nil settings in New, are an error.
func WithCurrentClientCertificates(current func() *ClientCertificates) Option {
	return func(c *config) error {
		if current == nil {
			return errors.New("server: client certificates: the function is nil")
		}
		r := &roster{current: current}
		cc := current()
		if cc == nil {
			return errors.New("server: client certificates: there are none at first")
		}
		clients, err := newClients(*cc)
		if err != nil {
			return err
		}
		r.latest.Store(&loadedClients{cc, clients})
		c.clients, c.roster = clients, r
		return nil
	}
}

// roster reloads the clients when the settings change.
type roster struct {
	current func() *ClientCertificates
	mu      sync.Mutex
	latest  atomic.Pointer[loadedClients]
}

type loadedClients struct {
	of      *ClientCertificates
	clients *clients
}

// now returns the clients of the current settings.
func (r *roster) now(log *slog.Logger) *clients {
	cc, last := r.current(), r.latest.Load()
	if cc == last.of {
		return last.clients
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if last = r.latest.Load(); cc == last.of {
		return last.clients
	}
	next, err := last.clients, errors.New("server: client certificates: there are none")
	if cc != nil {
		if next, err = newClients(*cc); err != nil {
			next = last.clients
		}
	}
	if err != nil {
		log.Error("client certificates: those before go on", "error", err)
	}
	r.latest.Store(&loadedClients{cc, next})
	return next
}

// maxIntermediates is the number of certificates that a client may send after its own, if there is a CA.
// Real chains have one or two.
const maxIntermediates = 10

// refusalHolds limits how long a refusal is cached, because a root may become valid
// meanwhile: crypto/x509 reports at most one of several certificates that are not valid yet.
const refusalHolds = time.Minute

// chainResult is the cached result of the verification of a chain. It holds between after and till,
// both excluded: at these moments the chain is verified again. The zero value never holds.
type chainResult struct {
	err         error
	after, till time.Time
}

func (v chainResult) holds(now time.Time) bool { return now.After(v.after) && now.Before(v.till) }

// verify verifies that a certificate chains to the roots.
//
// Only certificates that chain to the roots become intermediates, so that no signature is ever checked
// with an attacker's key. For ten certificates that have one name and sign each other,
// crypto/x509 would check a hundred signatures, which takes a seventh of a second with P-521.
func (c *clients) verify(chain []*x509.Certificate, now time.Time) chainResult {
	sound := x509.NewCertPool()
	dated := slices.Clone(chain) // certificates that may become valid later
	check := func(cert *x509.Certificate, usage x509.ExtKeyUsage) ([][]*x509.Certificate, error) {
		chains, err := cert.Verify(x509.VerifyOptions{
			Roots: c.ca, Intermediates: sound, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage},
		})
		var invalid x509.CertificateInvalidError
		if errors.As(err, &invalid) {
			dated = append(dated, invalid.Cert)
			if invalid.Reason == x509.IncompatibleUsage {
				err = errNotForClients
			}
		}
		return chains, err
	}

	// Most clients send them in order, leaf first, so one round is enough.
	waiting := slices.Clone(chain[1:])
	slices.Reverse(waiting)
	for before := -1; before != len(waiting); {
		before = len(waiting)
		waiting = slices.DeleteFunc(waiting, func(cert *x509.Certificate) bool {
			_, err := check(cert, x509.ExtKeyUsageAny)
			if err == nil {
				sound.AddCert(cert)
			}
			return err == nil
		})
	}

	chains, err := check(chain[0], x509.ExtKeyUsageClientAuth)
	switch {
	case err == nil:
		i := slices.IndexFunc(chains, strong)
		if i < 0 {
			return refused(errWeak, dated, now)
		}
		return accepted(chains[i])
	case errors.Is(err, errNotForClients):
		return refused(errNotForClients, dated, now)
	default:
		return refused(errUntrusted, dated, now)
	}
}

// strong reports whether no key and no signature of a chain is weak. The signature of the root does not
// matter.
func strong(chain []*x509.Certificate) bool {
	root := len(chain) - 1
	return certfiles.WeakKey(chain[root]) == nil &&
		!slices.ContainsFunc(chain[:root], func(c *x509.Certificate) bool { return certfiles.Weak(c) != nil })
}

// accepted returns a success that holds while the whole chain is valid, root included.
func accepted(chain []*x509.Certificate) chainResult {
	v := chainResult{nil, chain[0].NotBefore, chain[0].NotAfter}
	for _, cert := range chain {
		v.after, v.till = later(v.after, cert.NotBefore), earlier(v.till, cert.NotAfter)
	}
	return v
}

// refused returns a refusal that holds until one of the certificates becomes valid, whichever way the
// clock moves. A certificate that becomes invalid does not change a refusal.
func refused(reason error, dated []*x509.Certificate, now time.Time) chainResult {
	v := chainResult{reason, time.Time{}, now.Add(refusalHolds)}
	for _, cert := range dated {
		if now.Before(cert.NotBefore) {
			v.till = earlier(v.till, cert.NotBefore)
		}
		if now.After(cert.NotAfter) {
			v.after = later(v.after, cert.NotAfter)
		}
	}
	return v
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// connections caches the client of each connection, so that its certificate is read and its chain is verified
// once per connection, whatever the number and the results of its requests. The zero value is an empty
// cache.
//
// The size is bounded only by the number of connections. Attackers could fill a cache with a smaller bound, and then
// the chains of all clients would be verified with each request. An entry is small compared with the memory that
// net/http uses for the connection, and is removed with it.
type connections struct {
	mu    sync.RWMutex
	known map[connection]*known
}

// connection identifies a connection by the slice of certificates that crypto/tls made for it. All
// requests of a connection share this slice, also with HTTP/2 and in any copy of the state, and
// it is never changed. If a server makes a new slice for each request, each request is verified.
type connection struct {
	certificates weak.Pointer[*x509.Certificate]
	n            int // the length, because a subslice is another chain
}

// of returns the entry of the connection with a chain. It makes an empty one at first.
func (cs *connections) of(chain []*x509.Certificate) *known {
	key := connection{weak.Make(&chain[0]), len(chain)}
	cs.mu.RLock()
	k := cs.known[key]
	cs.mu.RUnlock()
	if k != nil {
		return k
	}

	cs.mu.Lock()
	defer cs.mu.Unlock()
	if k = cs.known[key]; k != nil {
		return k
	}
	if cs.known == nil {
		cs.known = make(map[connection]*known)
	}
	k = new(known)
	cs.known[key] = k
	runtime.AddCleanup(&chain[0], cs.forget, key)
	return k
}

// forget is called some time after a connection has ended.
func (cs *connections) forget(key connection) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	delete(cs.known, key)
}

// known is the cache entry of one connection. It must not refer to the certificates:
// then the entry would never be removed.
type known struct {
	mu     sync.Mutex  // held during the verification, so that other requests wait for it
	client client      // with the role of the lists; the thumbprint is "" until it is read
	result chainResult // of its chain
}

// identify returns the client, with its role if it is accepted at that moment. Chain must be the chain
// of the connection.
func (k *known) identify(c *clients, chain []*x509.Certificate, now time.Time) (client, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	leaf := chain[0]
	if k.client.thumbprint == "" {
		thumbprint := sha1.Sum(leaf.Raw)
		k.client = client{
			thumbprint: fmt.Sprintf("%X", thumbprint),
			name:       excerpt(leaf.Subject.CommonName),
			role:       c.role(thumbprint, commonName(leaf)),
		}
	}

	// The lists are checked first because they are cheap: the chain of an unlisted client
	// is never verified.
	err := error(nil)
	switch {
	case k.client.role == 0:
		err = errUnknown
	case now.Before(leaf.NotBefore):
		err = errTooEarly
	case now.After(leaf.NotAfter):
		err = errExpired
	case certfiles.Weak(leaf) != nil:
		err = errWeak
	case c.ca == nil: // newClients allows thumbprints only
	case len(chain) > 1+maxIntermediates:
		err = errTooMany
	default:
		if !k.result.holds(now) {
			k.result = c.verify(chain, now)
		}
		err = k.result.err
	}
	who := k.client
	if err != nil {
		who.role = 0
	}
	return who, err
}
