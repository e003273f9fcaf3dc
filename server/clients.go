package server

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// client is whom a request came from. Nothing in it but the role has a meaning
// before the role is there.
type client struct {
	thumbprint string // of its certificate, if it has one
	name       string // the common name, an excerpt safe to repeat
	role       Role   // 0 if it was turned away
}

// Why a client is turned away. The client does not get to know, and the texts
// are of this package, because those of crypto/x509 repeat what a certificate
// says.
var (
	errNoTLS         = errors.New("the request came without TLS")
	errNoCertificate = errors.New("there is no client certificate")
	errUnknown       = errors.New("the client certificate is neither an admin's nor a user's")
	errTooEarly      = errors.New("the client certificate is not valid yet")
	errExpired       = errors.New("the client certificate has expired")
	errNotForClients = errors.New("the client certificate is not meant for authenticating clients")
	errUntrusted     = errors.New("the client certificate does not chain to the CA")
	errWeak          = errors.New("the client certificate, or one of its chain, has an RSA key below 2048 bits or a signature with SHA-1 or MD5")
	errTooMany       = errors.New("the client certificate came with more than 10 others")
)

// authenticate finds out who sends a request, and says why if it may not
// (httpgateway/HttpCertificateAuthHandler.cpp). Every request is judged anew by
// the clock: what crypto/tls remembers of a certificate, on a connection or in a
// resumed session, is the certificate alone, and that may expire meanwhile.
func (h *Handler) authenticate(x *exchange, r *http.Request) (reason error) {
	if h.authenticator != nil {
		return x.identify(h.authenticator, r)
	}
	if h.clients == nil {
		x.client.role = Admin // no security: everybody acts as admin (§7)
		return nil
	}
	clients := h.clients
	if h.roster != nil {
		clients = h.roster.now(h.logger)
	}
	x.client, reason = clients.identify(r.TLS, h.now())
	return reason
}

// identify judges the certificate of a connection at a moment. Only the first
// one counts, the one whose private key the client proved to have; the others
// are what it sends along to complete the chain.
//
// The runtime takes a certificate in its list of thumbprints without looking at
// its dates (Common/CryptoUtility.Linux.cpp). This is stricter on purpose.
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
// nothing otherwise: of several, the CA may have checked another one than is
// compared here.
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

// attrs is what the log says of a client. Without security that is nothing.
func (c client) attrs() []slog.Attr {
	if c.thumbprint == "" && c.name == "" {
		return nil
	}
	var attrs []slog.Attr
	if c.thumbprint != "" {
		attrs = append(attrs, slog.String("client", c.thumbprint))
	}
	if c.name != "" {
		attrs = append(attrs, slog.String("client_name", c.name))
	}
	if c.role != 0 {
		attrs = append(attrs, slog.String("role", c.role.String()))
	}
	return attrs
}
