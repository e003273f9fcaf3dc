package clienttls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"

	"github.com/sfcancel/sfcancel/internal/plain"
)

// HandshakeError is a failed handshake whose cause is in the settings of
// one of the two sides, and not in the certificate of the server. A retry would
// fail as well.
type HandshakeError struct {
	err  error
	hint string
}

func (e *HandshakeError) Error() string {
	return plain.Text("no TLS connection: " + e.err.Error() + e.hint)
}
func (e *HandshakeError) Unwrap() error { return e.err }

// explain adds details and advice to the error of a handshake.
// It returns an error that is neither side's refusal, such as a reset, unchanged.
func (g *generation) explain(err error, addr string) error {
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &cert):
		shown := ""
		if len(cert.UnverifiedCertificates) > 0 {
			shown = fmt.Sprintf("; %s showed %s", addr, describe(cert.UnverifiedCertificates[0]))
		}
		return &tls.CertificateVerificationError{
			UnverifiedCertificates: cert.UnverifiedCertificates,
			Err:                    &explainedError{cert.Err, plain.Text(judgement(cert.Err) + shown + "; " + advice(cert.Err) + g.note())},
		}
	case isAlert(err):
		return &HandshakeError{err, fmt.Sprintf("; %s refused it: TLS 1.2 or newer is spoken here, and %s%s", addr, g.showing(), g.note())}
	case strings.HasPrefix(err.Error(), "tls: server selected unsupported protocol version"):
		return &HandshakeError{err, fmt.Sprintf("; %s speaks nothing newer than that, and TLS 1.2 is the oldest version spoken here", addr)}
	}
	return err
}

// explainedError is an error with a text of this package.
type explainedError struct {
	err  error
	text string
}

func (e *explainedError) Error() string { return e.text }
func (e *explainedError) Unwrap() error { return e.err }

// judgement returns why a certificate was not accepted. A HostnameError of crypto/x509 quotes the
// host names of an untrusted certificate unescaped.
func judgement(err error) string {
	var host x509.HostnameError
	if errors.As(err, &host) {
		return "x509: the certificate is not for " + plain.Line(host.Host)
	}
	return err.Error()
}

// isAlert reports whether the server ended the connection with a TLS alert.
func isAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}

// showing describes the client certificate that the server gets if it requests one.
func (g *generation) showing() string {
	switch {
	case g.Pair != nil:
		return "it is shown the client certificate with " + describe(g.Pair.Leaf)
	case g.config.GetClientCertificate != nil:
		return "it is shown what GetClientCertificate gives"
	default:
		return "no client certificate is set"
	}
}

// note says that the current files cannot be used, if so.
func (g *generation) note() string {
	if stale := g.owner.files.Stale(); stale != nil {
		return fmt.Sprintf("; what the files held before is in use, because of what they hold now: %v", stale)
	}
	return ""
}

// advice says what a person can do about a certificate that was not accepted.
func advice(err error) string {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	var unexpected unexpectedError
	switch {
	case errors.As(err, &unexpected):
		return "if this is the cluster, with a renewed certificate perhaps, put its thumbprint into ServerThumbprints or its common name into ServerCommonNames"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the cluster needs a new certificate, or the clock of this machine is wrong"
	case errors.As(err, &host):
		return "if this is the cluster, put its common name into ServerCommonNames or its thumbprint into ServerThumbprints"
	case errors.As(err, &unknown):
		return "if this is the cluster, put its authority into CAFile, or its thumbprint into ServerThumbprints"
	default:
		return "if this is the cluster, its certificate can be accepted as it is with its thumbprint in ServerThumbprints"
	}
}

// maxNames is the number of host names of a certificate that an error shows.
const maxNames = 5

// describe describes a certificate in one line. Names are quoted because they are untrusted.
func describe(c *x509.Certificate) string {
	ofSHA1, ofSHA256 := thumbprints(c)
	var names []string
	for _, name := range c.DNSNames[:min(len(c.DNSNames), maxNames+1)] {
		names = append(names, plain.Quote(name, 100))
	}
	for _, ip := range c.IPAddresses {
		names = append(names, plain.Quote(ip.String(), 100))
	}
	more := ""
	if len(names) > maxNames {
		names, more = names[:maxNames], " and more"
	}
	return fmt.Sprintf("common name %s, names %v%s, issuer %s, valid from %s to %s, SHA-1 thumbprint %s, SHA-256 thumbprint %s",
		plain.Quote(c.Subject.CommonName, 100), names, more, plain.Quote(c.Issuer.CommonName, 100), date(c.NotBefore), date(c.NotAfter), ofSHA1, ofSHA256)
}

// RefusesHandshake reports whether err is an alert of a server that refuses the handshake
// (RFC 8446 §6.2): handshake_failure, the alerts about certificates, access_denied, and
// certificate_required. crypto/tls does not export them.
func RefusesHandshake(err error) bool {
	var op *net.OpError
	if !errors.As(err, &op) || !isAlert(op) {
		return false
	}
	alert := reflect.ValueOf(op.Err)
	if alert.Kind() != reflect.Uint8 {
		return false
	}
	switch alert.Uint() {
	case 40, 42, 43, 44, 45, 46, 48, 49, 51, 116:
		return true
	}
	return false
}
