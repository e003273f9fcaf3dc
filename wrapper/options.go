package wrapper

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/gateways"
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

// WithHTTPClient sends through a copy of h, for a transport of one's own; certificates
// and a proxy alone have [WithTLS] and [WithProxy]. Its Timeout bounds every attempt besides what the call
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

// CallOptions are what one call has of its own, beside the options of its method. The zero value changes
// nothing.
type CallOptions struct {
	// Header is added to every request of the call. What the client sends by itself stays: its User-Agent,
	// X-ServiceFabricRequestId, and the Authorization of [WithTokenSource].
	Header http.Header
	// Retry is in place of the client's, all of it but Burst and Rate, which hold for all calls together.
	// Nil means the client's.
	Retry *Retry
	// Endpoint is the only one that the call uses, also if it fails; it must be one of the client's. ""
	// means all of them.
	Endpoint string
	// Attempts, unless nil, points to where the call puts its requests, with what each brought, as
	// [Result].Attempts has them: for calls whose result carries none. It is written when the call
	// returns, also with an error.
	Attempts *[]Attempt
}

// PerCall returns a context that gives the call which is made with it options of its own, in place of those
// that ctx had. What is wrong with them is [ErrInvalidArgument] of the call. With Attempts use the context for
// one call at a time. The calls of a [Client.CancelAll] have the options, too, but for Attempts, which are
// those of its list.
func PerCall(ctx context.Context, options CallOptions) context.Context {
	options.Header = options.Header.Clone()
	if options.Retry != nil {
		own := *options.Retry
		options.Retry = &own
	}
	return context.WithValue(ctx, perCallKey{}, &perCall{CallOptions: options})
}

type perCallKey struct{}

// perCall are the options of one call, as they are used.
type perCall struct {
	CallOptions
	at *gateways.Gateway // nil for any
}

func perCallOf(ctx context.Context) *perCall {
	p, _ := ctx.Value(perCallKey{}).(*perCall)
	return p
}

func checkVersion(v generated.APIVersion) error {
	if _, _, ok := versionNumbers(v); !ok {
		return fmt.Errorf("api-version %q: it must be two numbers with a point between them, such as 6.0", string(v))
	}
	return nil
}

// knowsTimeout looks at one operation: all have the timeout in common.
func knowsTimeout(v generated.APIVersion) bool {
	return slices.ContainsFunc(generated.Operations[0].Parameters, func(p *generated.Parameter) bool {
		return p.Name == "timeout" && fromVersion(v, generated.APIVersion(p.Since))
	})
}

// fromVersion reports whether v is first or a later version.
func fromVersion(v, first generated.APIVersion) bool {
	a, b, ok := versionNumbers(v)
	c, d, _ := versionNumbers(first)
	return ok && (a > c || a == c && b >= d)
}

func versionNumbers(v generated.APIVersion) (major, minor uint64, ok bool) {
	before, after, _ := strings.Cut(string(v), ".")
	major, err := strconv.ParseUint(before, 10, 16)
	minor, err2 := strconv.ParseUint(after, 10, 16)
	return major, minor, err == nil && err2 == nil
}
