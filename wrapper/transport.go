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

// TLS has the client certificate and the rules for verifying the server. The zero value has no
// client certificate and verifies the server with the system's roots. The minimum version is
// TLS 1.2.
//
// A TLS holds paths and names, never a key, so it may be printed.
type TLS struct {
	// CertFile and KeyFile are the client certificate with its chain, and its key, as PEM
	// without a password. Set both or neither. Without a certificate a secured cluster
	// answers 403 (runtime §7).
	//
	// A request checks the files for changes, at most once in 50 ms. A request that begins 50
	// ms or more after a change uses the new files, unless another request is still checking, and
	// drops connections made with the old ones. While the files cannot be used, for instance because
	// only one of the two is new, the earlier certificate stays in use. The dates of the
	// certificate are not checked: a cluster may accept an expired certificate that it knows by
	// thumbprint (runtime §7).
	CertFile, KeyFile string

	// GetClientCertificate returns the client certificate in every handshake, in place of the
	// files, for a key in a hardware module or a system store. Nil means the files. If it returns a
	// nil certificate, none is sent; an error counts as a failed connection. It must be safe for
	// concurrent use.
	GetClientCertificate func(*tls.CertificateRequestInfo) (*tls.Certificate, error)

	// CAFile is the CA bundle used to verify the server certificate, as PEM. It is reloaded
	// within 50 ms of a change, like CertFile. RootCAs is the same in memory; it is copied. At most
	// one of them may be set. "" and nil mean the system's roots.
	CAFile  string
	RootCAs *x509.CertPool

	// ServerThumbprints pins server certificates by thumbprint: the SHA-1, 40 hexadecimal
	// digits, as Service Fabric writes it, or the SHA-256, 64. Letter case, spaces and colons are
	// ignored. The chain and the host name of a pinned certificate are not checked, but its dates
	// are: a cluster does not accept its own pinned certificate after its expiry either, unless
	// Security/AcceptExpiredPinnedClusterCertificate is set.
	ServerThumbprints []string

	// ServerCommonNames are accepted common names, as CN=name or as the name alone. The subject of
	// the server certificate must have one of them; its host names are ignored. ASCII letter
	// case is ignored, and there are no wildcards. The chain, the dates and the extended key usage
	// are checked. The address of the endpoint is not: the nodes of a cluster share one
	// certificate, which need not name any of them.
	//
	// With both lists, a certificate is accepted if either list accepts it. With neither, the
	// chain, the dates and the host name are verified as usual.
	ServerCommonNames []string
}

// WithTLS sets the client certificate and how to verify the server. It requires https://
// endpoints and cannot be combined with [WithHTTPClient]. [New] reads the files, and its
// error names a file that is missing or unusable.
func WithTLS(t TLS) Option {
	return func(c *Client) error {
		c.tls = &t
		return clienttls.Settings(t).Check()
	}
}

// WithTokenSource sends a bearer token with every request (runtime §7), as issued by Azure Active Directory.
// The source returns a token without the prefix "Bearer". It is called before every request, so it should cache
// the token while that is valid. It must be safe for concurrent use.
//
// After a 403, or a 401 as proxies send it, the source is called once per call with the refused token, to get
// another one, and the request is sent again; a refused request had no effect. Otherwise refused is "". If the
// source returns an error, no request is sent.
//
// A token is sent only to the endpoints of the client, and over plain HTTP only to this machine, unless
// [WithHTTPClient] sets the transport. It is in no log, error or result: if an answer repeats it, it is
// masked.
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
