package clienttls

import (
	"crypto/sha1" // Service Fabric's thumbprints are SHA-1
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// pins are the certificates that a server may have, by thumbprint or by name.
type pins struct {
	thumbprints []string       // lower-case hexadecimal digits
	names       []string       // as given, for errors
	folded      []string       // the names in lower case
	roots       *x509.CertPool // nil means the system's
}

// newPins parses both lists. It returns nil if they are empty.
func newPins(t Settings) (*pins, error) {
	if len(t.ServerThumbprints)+len(t.ServerCommonNames) == 0 {
		return nil, nil
	}
	p := new(pins)
	var errs []error
	for i, text := range t.ServerThumbprints {
		digits := strings.ToLower(strings.NewReplacer(":", "", " ", "").Replace(text))
		_, err := hex.DecodeString(digits)
		switch {
		case unprintable(text):
			// A thumbprint copied from the dialog of Windows begins with one.
			errs = append(errs, fmt.Errorf("TLS: ServerThumbprints[%d] %.100q has an invisible character: type it anew", i, text))
		case err != nil, len(digits) != 2*sha1.Size && len(digits) != 2*sha256.Size:
			errs = append(errs, fmt.Errorf("TLS: ServerThumbprints[%d] %.100q is no thumbprint: that is 40 (SHA-1) or 64 (SHA-256) hexadecimal digits", i, text))
		default:
			p.thumbprints = append(p.thumbprints, digits)
		}
	}
	for i, text := range t.ServerCommonNames {
		name := strings.TrimSpace(text)
		if len(name) >= 3 && strings.EqualFold(name[:3], "CN=") {
			name = strings.TrimSpace(name[3:])
		}
		switch {
		case unprintable(text):
			errs = append(errs, fmt.Errorf("TLS: ServerCommonNames[%d] %.100q has an invisible character: type it anew", i, text))
		case name == "":
			errs = append(errs, fmt.Errorf("TLS: ServerCommonNames[%d] %q is blank", i, text))
		case strings.Contains(name, "*"):
			errs = append(errs, fmt.Errorf("TLS: ServerCommonNames[%d] %.100q: a name is compared as it is, a * stands for nothing", i, text))
		default:
			p.names, p.folded = append(p.names, name), append(p.folded, foldASCII(name))
		}
	}
	return p, errors.Join(errs...)
}

func unprintable(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// foldASCII folds only ASCII letters: folding others would make names equal that
// people read as different.
func foldASCII(name string) string {
	folded := []byte(name)
	for i, c := range folded {
		if c >= 'A' && c <= 'Z' {
			folded[i] = c | 0x20
		}
	}
	return string(folded)
}

// verify verifies the server of one connection, in place of crypto/tls.
func (p *pins) verify(state tls.ConnectionState) error {
	shown := state.PeerCertificates
	err := errors.New("the server showed no certificate")
	if len(shown) > 0 {
		err = p.judge(shown[0], shown[1:], time.Now())
	}
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: shown, Err: err}
	}
	return nil
}

func (p *pins) judge(leaf *x509.Certificate, rest []*x509.Certificate, now time.Time) error {
	if sha1, sha256 := thumbprints(leaf); slices.Contains(p.thumbprints, sha1) || slices.Contains(p.thumbprints, sha256) {
		return inTime(leaf, now)
	}
	if !slices.Contains(p.folded, foldASCII(leaf.Subject.CommonName)) {
		return p.unexpected()
	}
	options := x509.VerifyOptions{
		Roots:         p.roots,
		Intermediates: x509.NewCertPool(),
		CurrentTime:   now,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, c := range rest {
		options.Intermediates.AddCert(c)
	}
	_, err := leaf.Verify(options)
	return err
}

// unexpectedError means that the server's certificate is not pinned.
type unexpectedError struct{ wanted string }

func (e unexpectedError) Error() string {
	return "the server's certificate is not the expected one: " + e.wanted
}

func (p *pins) unexpected() error {
	var wanted []string
	if len(p.thumbprints) > 0 {
		wanted = append(wanted, "a thumbprint of "+strings.Join(p.thumbprints, ", "))
	}
	if len(p.names) > 0 {
		wanted = append(wanted, fmt.Sprintf("a common name of %q", p.names))
	}
	return unexpectedError{"wanted " + strings.Join(wanted, " or ")}
}

// inTime checks the dates. Its errors are like those of crypto/x509.
func inTime(c *x509.Certificate, now time.Time) error {
	detail := ""
	switch {
	case now.Before(c.NotBefore):
		detail = fmt.Sprintf("current time %s is before %s", date(now), date(c.NotBefore))
	case now.After(c.NotAfter):
		detail = fmt.Sprintf("current time %s is after %s", date(now), date(c.NotAfter))
	default:
		return nil
	}
	return x509.CertificateInvalidError{Cert: c, Reason: x509.Expired, Detail: detail}
}

func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func thumbprints(c *x509.Certificate) (ofSHA1, ofSHA256 string) {
	one, two := sha1.Sum(c.Raw), sha256.Sum256(c.Raw)
	return hex.EncodeToString(one[:]), hex.EncodeToString(two[:])
}
