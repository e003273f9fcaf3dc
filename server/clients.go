package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/loopback"
)

// client is the sender of a request. The other fields can be trusted only if role is not 0.
type client struct {
	thumbprint string // of its certificate, if it has one
	name       string // an excerpt of the common name that is safe to quote
	role       Role   // 0 if it was refused
}

// The reasons to refuse a client. They are not sent. Errors of crypto/x509 are not used
// because they quote the certificate.
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

// authenticate identifies the sender of a request, or returns the reason to refuse it
// (httpgateway/HttpCertificateAuthHandler.cpp). Dates are checked with every request,
// because a certificate may expire during a connection or before a session is
// resumed.
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

// attrs returns the log attributes of a client, none without security.
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

// Authenticator identifies the sender of a request by other means than [WithClientCertificates], such
// as a bearer token or a header that a proxy sets. It returns the role, and a name
// for the log. If it returns an error, the client gets 403 with an empty body, and the error is logged. An
// [*Error] is sent instead, for example 401 with a WWW-Authenticate header, or 503 while keys are unavailable.
// It is called after path, verb, api-version and ClusterId were
// checked and before the body is read, and must be safe for concurrent use.
type Authenticator func(r *http.Request) (role Role, name string, err error)

// WithAuthenticator sets the authenticator. It excludes [WithClientCertificates].
// Roles are then on: a [User] may only call operations for users, an [Admin] may call all. Nil is an error.
func WithAuthenticator(a Authenticator) Option {
	return func(c *config) error {
		if a == nil {
			return errors.New("server: the authenticator is nil")
		}
		c.authenticator = a
		return nil
	}
}

var errNoRole = errors.New("the authenticator gave the client no role")

// identify sets the client from the result of an authenticator.
func (x *exchange) identify(a Authenticator, r *http.Request) error {
	role, name, err := a(r)
	x.client.name = excerpt(name)
	switch {
	case err != nil:
		return err
	case role != User && role != Admin:
		return errNoRole
	}
	x.client.role = role
	return nil
}

// Role is what a client may do (§7). Without [WithClientCertificates] and [WithAuthenticator] every
// client is an [Admin], as in the runtime without security.
//
// The zero value means that the client was not authenticated. A higher role includes the
// lower ones, so roles compare with < and >.
type Role uint8

const (
	// User may call the operations for users, and read the version of the cluster.
	User Role = iota + 1

	// Admin may do everything.
	Admin
)

// String returns "user" or "admin", and Role(n) for any other value.
func (r Role) String() string {
	switch r {
	case User:
		return "user"
	case Admin:
		return "admin"
	default:
		return "Role(" + strconv.Itoa(int(r)) + ")"
	}
}

// ClientRole returns the role of the client, for further rules of an
// implementation: the handler has already refused what the runtime
// refuses to that role. Without security it is [Admin]; in a
// context that is not from a [Handler] it is 0.
func ClientRole(ctx context.Context) Role {
	return callOf(ctx).role
}

// authorise returns an error if a role may not call an operation. The defaults
// are those of the runtime's section Security/ClientAccess
// (Naming/ClientAccessConfig.h). An operation without a role in the document is for
// admins, because its role is not decided yet.
func (r *route) authorise(role Role) *Error {
	if role >= Admin || r.users && role >= User {
		return nil
	}
	return NewError(generated.ErrorCodeAccessDenied, "The role of this client certificate may not do this. An admin may.")
}

// WithOrigins allows writes from pages of these web sites, as SCHEME://HOST[:PORT]. Browsers let
// any page send a POST without a body to any server, with the client certificate of the
// user. Therefore a write from a page of another site, by Sec-Fetch-Site or
// Origin, is refused with 403 E_ACCESSDENIED. Programs send neither header. By default no other site
// is allowed. Any other form of text is an error.
func WithOrigins(origins ...string) Option {
	return func(c *config) error {
		var errs []error
		for _, origin := range origins {
			if err := c.browsers.AddTrustedOrigin(origin); err != nil {
				errs = append(errs, fmt.Errorf("server: origin %q: it must be SCHEME://HOST or SCHEME://HOST:PORT", excerpt(origin)))
			}
		}
		return errors.Join(errs...)
	}
}

// WithHosts allows further values of the Host header, without a port, on a loopback address. A web page
// can make its own name resolve to a loopback address and then read responses of the server
// there (DNS rebinding). Therefore a server of [NewHTTPServer] that listens on a loopback address,
// with neither client certificates nor an authenticator, refuses other hosts with 403 E_ACCESSDENIED. Always allowed
// are localhost, names below it, and loopback addresses. The option is needed behind a proxy on the same machine
// that forwards the Host. Letter case does not matter. The default is no further host; a blank one is an error.
func WithHosts(hosts ...string) Option {
	return func(c *config) error {
		for _, host := range hosts {
			if strings.TrimSpace(host) == "" {
				return errors.New("server: a host is blank")
			}
			c.hosts = append(c.hosts, loopback.Name(host))
		}
		return nil
	}
}

type loopbackKey struct{}

// listening returns the base context of a listener. It is marked if the address is a loopback one.
func listening(l net.Listener) context.Context {
	ctx := context.Background()
	if at, ok := l.Addr().(*net.TCPAddr); ok && at.IP.IsLoopback() {
		return context.WithValue(ctx, loopbackKey{}, true)
	}
	return ctx
}

// checkOrigin refuses requests that a page of another site makes a browser send.
func (h *Handler) checkOrigin(r *http.Request) *Error {
	if err := h.browsers.Check(r); err != nil {
		return NewError(generated.ErrorCodeAccessDenied, "A page of another web site may not send this.").Wrap(err)
	}
	if h.clients == nil && h.authenticator == nil && !h.mayAskFor(r.Host) && r.Context().Value(loopbackKey{}) != nil {
		return NewError(generated.ErrorCodeAccessDenied, `The host "`+excerpt(r.Host)+`" is not one of this server: ask for localhost or a loopback address.`)
	}
	return nil
}

// mayAskFor reports whether a Host is allowed on a loopback address.
func (h *Handler) mayAskFor(host string) bool {
	return loopback.Host(host) || slices.Contains(h.hosts, loopback.Name(host))
}

// checkCluster refuses a request for another cluster
// (httpgateway/RequestHandlerBase.HandlerAsyncOperation.cpp).
func (c *config) checkCluster(r *http.Request) *Error {
	named := r.Header["Clusterid"]
	if c.clusterID == "" || len(named) == 0 || strings.EqualFold(named[0], c.clusterID) {
		return nil
	}
	return NewError(generated.ErrorCodeAccessDenied, "The ClusterId header names another cluster.")
}
