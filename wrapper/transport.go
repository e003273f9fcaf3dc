package wrapper

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/sfcancel/sfcancel/internal/answer"
	"github.com/sfcancel/sfcancel/internal/clienttls"
)

// TLS is how a client proves who it is and whom it trusts. The zero value shows no
// certificate and trusts what the system trusts. TLS 1.2 is the oldest version that
// is spoken.
//
// A value holds paths and names, never a key, so that it may be printed.
type TLS struct {
	// CertFile and KeyFile are the client certificate, with its chain if it has one,
	// and its key, as PEM without a password. Both or neither is set; "" shows no
	// certificate, which a secured cluster answers with 403 (runtime §7).
	//
	// A request that begins looks at the files if none has in the last 50 ms. So one that
	// begins 50 ms or more after they have changed uses what they hold then, unless another
	// is still looking, and drops connections made with what they held before. While they
	// cannot be used, as when one of the two is new and the other is not, what they held
	// before stays in use. Their dates are not judged here: a cluster may accept an expired
	// certificate that it knows by its thumbprint (runtime §7).
	CertFile, KeyFile string

	// GetClientCertificate is asked for the client certificate instead, in every
	// handshake: for a key in a hardware module or in a store of the system. Nil asks
	// nobody. A nil certificate shows none; an error counts as a connection that
	// failed. It is called by several goroutines at once.
	GetClientCertificate func(*tls.CertificateRequestInfo) (*tls.Certificate, error)

	// CAFile holds the roots that the chain of the server has to lead to, as PEM. It
	// is read again within 50 ms when it changes, like CertFile. RootCAs holds them in memory; it
	// is copied. One of them may be set; "" and nil mean the system's roots.
	CAFile  string
	RootCAs *x509.CertPool

	// ServerThumbprints are thumbprints of certificates that the server may show: the
	// SHA-1, 40 hexadecimal digits, as Service Fabric writes it, or the SHA-256, 64.
	// Letter case, spaces and colons do not matter. Neither the chain nor the host name
	// of such a certificate is checked, but its dates are: a cluster does not accept its
	// own pinned certificate either once that has expired, unless
	// Security/AcceptExpiredPinnedClusterCertificate says so.
	ServerThumbprints []string

	// ServerCommonNames are common names, as CN=name or as the name alone, of which the
	// subject of the server's certificate has to have one; its host names do not count.
	// Letter case does not matter in ASCII, and there are no wildcards. Chain and dates
	// are checked, and the certificate has to be good for authenticating servers. The
	// address that is called is not checked: the nodes of a cluster share one
	// certificate, which need not name any of them.
	//
	// With both lists a certificate that either of them accepts is accepted; with
	// neither, chain, dates and host name are checked as everywhere else.
	ServerCommonNames []string
}

// WithTLS sets how the client proves who it is and whom it trusts. It is for an
// endpoint that begins with https://, and cannot be combined with [WithHTTPClient].
// [New] reads the files, and says which of them is missing or of no use.
func WithTLS(t TLS) Option {
	return func(c *Client) error {
		c.tls = &t
		return clienttls.Settings(t).Check()
	}
}

// WithTokenSource sends a bearer token with every request (runtime §7), as Azure Active Directory issues
// them. The source returns one, without "Bearer" before it. It must be safe for concurrent use, and should
// keep a token for as long as it is good: it is asked before every request.
//
// On a 403, or a 401 as proxies have it, the source is asked once a call for another token than the one
// that was refused, and the request is made again: it was refused, so that nothing has happened. Otherwise
// refused is "". With an error of the source nothing is sent.
//
// A token goes to the endpoints of the client and nowhere else, and never over plain
// HTTP but to this machine, unless [WithHTTPClient] brought the way it takes. It is in
// no log, no error and no result: where an answer repeats it, it is blanked.
func WithTokenSource(source func(ctx context.Context, refused string) (string, error)) Option {
	return func(c *Client) error {
		if source == nil {
			return errors.New("the token source is nil")
		}
		c.tokens = source
		return nil
	}
}

// bearer adds the token beneath all middleware, so that nothing else gets to see it.
type bearer struct {
	next   http.RoundTripper
	tokens func(ctx context.Context, refused string) (string, error)
}

// credential is the token of one attempt, handed down with its flight.
type credential struct {
	refused string // what the attempt before was refused with
	used    answer.Token
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	own := new(credential)
	if f := flightOf(r.Context()); f != nil {
		own = &f.credential
	}
	token, err := b.tokens(r.Context(), own.refused)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errNoToken, err)
	case token == "":
		return nil, fmt.Errorf("%w: the token source brought an empty one", errNoToken)
	case strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c > '~' }):
		return nil, fmt.Errorf(`%w: the token source brought one with a space or a control character; leave out "Bearer"`, errNoToken)
	}
	own.used = answer.Token(token)
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+token)
	return b.next.RoundTrip(r)
}

var errNoToken = errors.New("no token")

// renew reports whether an attempt was refused for credentials of which there may be others.
func (k *call) renew(a Attempt) bool {
	return k.c.tokens != nil && (a.Status == http.StatusForbidden || a.Status == http.StatusUnauthorized)
}

// newTransport is what a client uses when the caller brings none. It reads no
// environment: a caller behind a proxy says so with [WithProxy]. As many idle
// connections are kept as there were callers at once; net/http alone would keep two a host.
//
// It speaks HTTP/1.1 alone, as the gateways and all their clients do. Over HTTP/2 net/http
// sends requests again by itself, keeps connections that are dead, and cannot show a client
// certificate that is asked for late.
func newTransport(dialTLS clienttls.Dial) *http.Transport {
	only := new(http.Protocols)
	only.SetHTTP1(true)
	return &http.Transport{
		Protocols:              only,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		DialTLSContext:         dialTLS,
		MaxIdleConnsPerHost:    math.MaxInt,
		MaxResponseHeaderBytes: maxHeader,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
	}
}

// ownTransport is the transport of a client to which the caller brings none.
type ownTransport struct{ *clienttls.Transport }

func (o *ownTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	f := flightOf(r.Context())
	if f == nil {
		f = new(flight)
	}
	return o.Send(r, f.fresh, f.unread)
}

// userAgent names this module and its version, as the program knows it that was built.
func userAgent() string {
	const path, name = "github.com/sfcancel/sfcancel", "sfcancel/"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return name + "unknown"
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == path && m.Version != "" {
			return name + strings.Trim(m.Version, "()")
		}
	}
	return name + "unknown"
}

// stayHere makes a redirect an answer like any other: following it would carry the
// call, and with it a force, to where nobody meant it to go. http.Client leaves a
// redirect that names no place alone; a CheckRedirect would come too late for one
// whose place cannot be read.
type stayHere struct{ next http.RoundTripper }

func (s stayHere) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := s.next.RoundTrip(r)
	if response == nil && err == nil {
		return nil, errors.New("attempt middleware returned neither an answer nor an error")
	}
	if response != nil && response.StatusCode/100 == 3 {
		response.Header.Del("Location")
	}
	return response, err
}
