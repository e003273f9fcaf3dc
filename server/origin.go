package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/loopback"
)

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
