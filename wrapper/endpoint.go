package wrapper

import (
	"errors"
	"fmt"
	"net/http"
)

// WithEndpoints adds further gateway addresses of the same cluster to the one that [New]
// was given, each of the same form. Any gateway reaches the fault service (runtime §7), so
// that they are equal.
//
// The client stays with one address as long as that answers, because a warm connection
// is worth many new ones. It goes to the next one, without a pause unless the server asked
// for one, when a connection is refused, when no answer comes, and on 502 and 503. An
// address that failed is left alone for a while: a second at first, twice as long after
// each further failure, a minute at most; then it may be used again. If all of them
// are, the one whose time is over first is used.
//
// What may have been carried out is not simply sent to another address: the list is read
// there first, and what it tells decides what is sent.
func WithEndpoints(more ...string) Option {
	return func(c *Client) error {
		var errs []error
		for i, address := range more {
			if err := c.endpoints.Add(address); err != nil {
				errs = append(errs, fmt.Errorf("WithEndpoints, address %d: %w", i+1, err))
			}
		}
		return errors.Join(errs...)
	}
}

// blames reports whether an attempt failed because of the address it went to.
func blames(a Attempt) bool {
	return a.cut && !a.local || a.Status == http.StatusBadGateway || a.Status == http.StatusServiceUnavailable
}
