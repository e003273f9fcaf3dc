package wrapper

import (
	"errors"
	"net/http"

	"github.com/sfcancel/sfcancel/generated"
)

// Option changes a [Client] that [New] makes.
type Option func(*Client) error

// Options makes one option of several, for packages that offer one.
func Options(options ...Option) Option {
	return func(c *Client) error {
		var errs []error
		for _, option := range options {
			if option == nil {
				errs = append(errs, errors.New("an option is nil"))
			} else {
				errs = append(errs, option(c))
			}
		}
		return errors.Join(errs...)
	}
}

// WithAPIVersion sets the api-version of every call that does not name its own.
// The default is [generated.APIVersion60].
func WithAPIVersion(v generated.APIVersion) Option {
	return func(c *Client) error {
		c.version = v
		return checkVersion(v)
	}
}

// WithForcePolicy sets who decides whether a force may go out, for every
// ForceCancel that does not name its own policy. The default is [RequireGraceful]{}.
func WithForcePolicy(p ForcePolicy) Option {
	return func(c *Client) error {
		if p == nil {
			return errors.New("the force policy is nil")
		}
		c.policy = p
		return p.check()
	}
}

// WithRetry sets how often and how fast a call asks again. The zero value of
// [Retry] is the default.
func WithRetry(r Retry) Option {
	return func(c *Client) error {
		c.retry = r
		return r.check()
	}
}

// WithLedger sets where the client notes what it did and looks for evidence. The
// default is a [MemoryLedger] of its own.
func WithLedger(l Ledger) Option {
	return func(c *Client) error {
		if l == nil {
			return errors.New("the ledger is nil")
		}
		c.ledger = l
		return nil
	}
}

// WithHTTPClient sends through a copy of h, for certificates, a proxy, or a
// transport of one's own. Its Timeout bounds every attempt besides what the call
// itself allows; its CheckRedirect is not used, because redirects are never followed.
//
// It may speak HTTP/2. No request is then sent twice, though net/http would. A connection that
// is dead without a sign costs one attempt: after an attempt without an answer the client calls
// CloseIdleConnections of the transport before each further request of that call, so that it
// goes over a new one. http.HTTP2Config.SendPingTimeout of the transport finds it earlier.
func WithHTTPClient(h *http.Client) Option {
	return func(c *Client) error {
		if h == nil {
			return errors.New("the HTTP client is nil")
		}
		own := *h
		c.http = &own
		return nil
	}
}
