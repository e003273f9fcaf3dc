package wrapper

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/sfcancel/sfcancel/internal/answer"
)

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
