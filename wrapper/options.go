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

// Options combines several options into one, for packages that export an option. Its error joins theirs; a nil
// option is an error.
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

// WithForcePolicy sets the policy of every ForceCancel that does not name its own. The default is
// [RequireGraceful]{}.
func WithForcePolicy(p ForcePolicy) Option {
	return func(c *Client) error {
		if p == nil {
			return errors.New("the force policy is nil")
		}
		c.policy = p
		return p.check()
	}
}

// WithRetry sets how often and how fast a call retries. The zero value of [Retry] is the default.
func WithRetry(r Retry) Option {
	return func(c *Client) error {
		c.retry = r
		return r.check()
	}
}

// WithLedger sets the ledger in which the client records what it did and looks for evidence. The
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

// WithHTTPClient sends requests through a copy of h, for callers with their own transport; for certificates
// or a proxy alone use [WithTLS] and [WithProxy]. The Timeout of h bounds every attempt in addition to the limits
// of the call. CheckRedirect is ignored, because redirects are never followed.
//
// h may speak HTTP/2. The retries of net/http are turned off there, too. A dead connection costs one
// attempt: after an attempt without an answer the client calls CloseIdleConnections of the transport before
// each further request of that call, so that the request uses a new connection. http.HTTP2Config.SendPingTimeout
// detects dead connections earlier.
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

// WithEndpoints adds further gateways of the same cluster to the one given to [New]; the
// addresses have the same form. Every gateway reaches the fault service (runtime §7), so
// all are equal.
//
// The client stays with one gateway as long as it answers, because a warm connection saves
// handshakes. It fails over to the next when a connection is refused, when no answer comes, and
// on 502 and 503, without a pause unless the server asked for one. A gateway that failed backs off
// for a second, for twice as long after each further failure, and for a minute at most. If every
// gateway is backing off, the one that becomes available soonest is tried.
//
// A request that may have been carried out is not simply repeated at another gateway: the list is
// read there first, and it decides what is sent.
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

// blames reports whether an attempt failed because of its gateway.
func blames(a Attempt) bool {
	return a.cut && !a.local || a.Status == http.StatusBadGateway || a.Status == http.StatusServiceUnavailable
}

// CallOptions are settings of a single call, in addition to the options of its method. The zero value changes
// nothing.
type CallOptions struct {
	// Header is added to every request of the call. It does not replace the client's own headers: User-Agent,
	// X-ServiceFabricRequestId, and the Authorization of [WithTokenSource].
	Header http.Header
	// Retry replaces the client's, except for Burst and Rate, which all calls share. Nil means the client's.
	Retry *Retry
	// Endpoint is the only endpoint that the call uses, even if it fails. It must be one of the client's. ""
	// means all of them.
	Endpoint string
	// Attempts, unless nil, is set to the requests of the call, as in [Result].Attempts, for calls whose
	// result has none. It is set when the call returns, with or without an error.
	Attempts *[]Attempt
}

// PerCall returns a context that carries options for the call made with it. They replace the options that ctx
// carries. If they are invalid, the call returns [ErrInvalidArgument]. A context with Attempts is for one call at
// a time. In [Client.CancelAll] the options apply to each cancel, except for Attempts, which has the requests of
// its list.
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
