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
// (httpgateway/HttpCertificateAuthHandler.cpp). Every request is checked anew by
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

// Authenticator finds out who sends a request: by a bearer token, by a header that a proxy sets, by
// whatever the certificates of [WithClientCertificates] are not. It returns the role, and a name
// for the log. An error turns the client away with 403 and an empty body, and is logged; an [*Error]
// is sent as it is, as 401 with a WWW-Authenticate header or 503 while keys cannot be had.
// It is called by several goroutines at once, after path, verb, api-version and ClusterId were
// checked and before the body is read.
type Authenticator func(r *http.Request) (role Role, name string, err error)

// WithAuthenticator sets who finds out who sends a request. It excludes [WithClientCertificates].
// Roles are then on: a user may look, an admin may all. Nil is an error.
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

// identify takes in what an authenticator says.
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

// Role is what a client may do (§7). It matters with [WithClientCertificates]
// only: without it the runtime, and a [Handler] too, takes everybody for an
// [Admin].
//
// The zero value is no role: nobody was authenticated. A role includes those
// below it, so that roles compare with < and >.
type Role uint8

const (
	// User may do what the document leaves to users, and ask the version of the cluster.
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

// ClientRole returns the role of the client that an implementation is called
// for, for rules of its own: the handler has already refused what the runtime
// refuses to that role. Without [WithClientCertificates] it is [Admin]; in a
// context that no [Handler] made it is 0.
func ClientRole(ctx context.Context) Role {
	return callOf(ctx).role
}

// authorise says whether a role may have an operation carried out. The defaults
// are those of the runtime's section Security/ClientAccess
// (Naming/ClientAccessConfig.h). An operation of which the document does not say it is for
// admins: nobody has decided about it yet.
func (r *route) authorise(role Role) *Error {
	if role >= Admin || r.users && role >= User {
		return nil
	}
	return NewError(generated.ErrorCodeAccessDenied, "The role of this client certificate may not do this. An admin may.")
}

// WithOrigins names web sites whose pages may send writes, as SCHEME://HOST[:PORT]. A browser lets
// every page send a POST without a body anywhere, and adds the client certificate of the person in
// front of it: so a write that a browser says comes from a page of another site, by Sec-Fetch-Site or
// Origin, is refused with 403 E_ACCESSDENIED. Programs send neither header. By default no other site
// may. What is no such text is an error.
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

// WithHosts names hosts, without a port, that requests to a loopback address may ask for besides
// loopback ones. A page can have its own name resolve to a loopback address, and then read what is
// served there (DNS rebinding). So a server of [NewHTTPServer] that listens on a loopback address,
// with neither client certificates nor an authenticator, refuses other hosts with 403 E_ACCESSDENIED. Allowed
// are localhost, names below it, and loopback addresses. Needed behind a proxy on the same machine that passes the Host on.
// Letter case does not matter. By default there are none; a blank one is an error.
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

// listening is the context of the requests of a listener, which tells whether others can reach it.
func listening(l net.Listener) context.Context {
	ctx := context.Background()
	if at, ok := l.Addr().(*net.TCPAddr); ok && at.IP.IsLoopback() {
		return context.WithValue(ctx, loopbackKey{}, true)
	}
	return ctx
}

// checkOrigin refuses what a page of somebody else has a browser send.
func (h *Handler) checkOrigin(r *http.Request) *Error {
	if err := h.browsers.Check(r); err != nil {
		return NewError(generated.ErrorCodeAccessDenied, "A page of another web site may not send this.").Wrap(err)
	}
	if h.clients == nil && h.authenticator == nil && !h.mayAskFor(r.Host) && r.Context().Value(loopbackKey{}) != nil {
		return NewError(generated.ErrorCodeAccessDenied, `The host "`+excerpt(r.Host)+`" is not one of this server: ask for localhost or a loopback address.`)
	}
	return nil
}

// mayAskFor says whether a Host is one that a loopback address has.
func (h *Handler) mayAskFor(host string) bool {
	return loopback.Host(host) || slices.Contains(h.hosts, loopback.Name(host))
}

// checkCluster keeps a request that was meant for another cluster from being
// carried out in this one
// (httpgateway/RequestHandlerBase.HandlerAsyncOperation.cpp).
func (c *config) checkCluster(r *http.Request) *Error {
	named := r.Header["Clusterid"]
	if c.clusterID == "" || len(named) == 0 || strings.EqualFold(named[0], c.clusterID) {
		return nil
	}
	return NewError(generated.ErrorCodeAccessDenied, "The ClusterId header names another cluster.")
}
