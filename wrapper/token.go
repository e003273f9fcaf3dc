package wrapper

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// TokenSource brings bearer tokens, as Azure Active Directory issues them. It must be safe
// for concurrent use, and should keep a token for as long as it is good: it is asked
// before every request.
type TokenSource interface {
	// Token returns a token, without "Bearer" before it. If refused is not "", the server
	// did not accept that one, and the source must bring another, or an error.
	Token(ctx context.Context, refused string) (string, error)
}

// TokenSourceFunc is a function as a [TokenSource].
type TokenSourceFunc func(ctx context.Context, refused string) (string, error)

// Token calls the function.
func (f TokenSourceFunc) Token(ctx context.Context, refused string) (string, error) {
	return f(ctx, refused)
}

// WithTokenSource sends a bearer token with every request (runtime §7). On a 403, or a
// 401 as proxies have it, the source is asked once a call for another token, and the request is made
// again: it was refused, so that nothing has happened.
//
// A token goes to the endpoints of the client and nowhere else, and never over plain
// HTTP but to this machine, unless [WithHTTPClient] brought the way it takes. It is in
// no log, no error and no result: where an answer repeats it, it is blanked.
func WithTokenSource(s TokenSource) Option {
	return func(c *Client) error {
		if f, ok := s.(TokenSourceFunc); s == nil || ok && f == nil {
			return errors.New("the token source is nil")
		}
		c.tokens = s
		return nil
	}
}

// bearer adds the token beneath all middleware, so that nothing else gets to see it.
type bearer struct {
	next   http.RoundTripper
	tokens TokenSource
}

// credential is the token of one attempt, handed down with its flight.
type credential struct {
	refused string // what the attempt before was refused with
	used    string
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	own := new(credential)
	if f := flightOf(r.Context()); f != nil {
		own = &f.credential
	}
	token, err := b.tokens.Token(r.Context(), own.refused)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errNoToken, err)
	case token == "":
		return nil, fmt.Errorf("%w: the token source brought an empty one", errNoToken)
	case strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c > '~' }):
		return nil, fmt.Errorf(`%w: the token source brought one with a space or a control character; leave out "Bearer"`, errNoToken)
	}
	own.used = token
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+token)
	return b.next.RoundTrip(r)
}

var errNoToken = errors.New("no token")

const blanked = "[token]"

// hide blanks the token in what an answer says. What the answer means was read before:
// that must not depend on the token.
func (cr *credential) hide(text string) string {
	if cr.used == "" {
		return text
	}
	return strings.ReplaceAll(text, cr.used, blanked)
}

// hideHeader returns a copy if there is anything to hide, because the answer is the transport's.
func (cr *credential) hideHeader(h http.Header) http.Header {
	if cr.used == "" {
		return h
	}
	h = h.Clone()
	for _, values := range h {
		for i := range values {
			values[i] = cr.hide(values[i])
		}
	}
	return h
}

// hideError leaves nothing of an error behind that names the token.
func (cr *credential) hideError(err error) error {
	if cr.used == "" || !strings.Contains(err.Error(), cr.used) {
		return err
	}
	return errors.New(cr.hide(err.Error()))
}

// renew reports whether an attempt was refused for credentials of which there may be others.
func (k *call) renew(a Attempt) bool {
	return k.c.tokens != nil && (a.Status == http.StatusForbidden || a.Status == http.StatusUnauthorized)
}
