package wrapper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/bucket"
	"github.com/sfcancel/sfcancel/internal/clienttls"
	"github.com/sfcancel/sfcancel/internal/gateways"
)

// Client cancels fault operations on one cluster. Make one with [New] and keep it:
// it is safe for concurrent use, and one warm connection saves many handshakes.
type Client struct {
	endpoints gateways.Set
	http      *http.Client
	tls       *TLS              // nil without WithTLS
	own       *ownTransport     // nil if the caller brought a client
	brought   http.RoundTripper // the caller's
	version   generated.APIVersion
	policy    ForcePolicy
	retry     Retry
	budget    bucket.Bucket
	ledger    Ledger
	tokens    func(ctx context.Context, refused string) (string, error)
	proxy     clienttls.Proxy // nil for none

	aroundCall    []func(CallFunc) CallFunc
	aroundAttempt []func(http.RoundTripper) http.RoundTripper
	observers     []func(context.Context, Event)

	cluster string   // its name, or its endpoints
	agent   []string // the User-Agent of every request
	bare    bool     // nothing is between the call and the transport
	prompt  bool     // and that returns when the context is over, as net/http's does

	closed atomic.Bool
}

// New returns a client for the gateway at endpoint, such as
// "http://localhost:19080". The address may end in a path prefix, but must not
// carry a query, a fragment, or credentials. [WithEndpoints] names further gateways.
//
// New sends no request. Its error is always [ErrInvalidArgument] and joins everything that is
// wrong with the arguments.
func New(endpoint string, options ...Option) (*Client, error) {
	c := &Client{version: generated.APIVersion60, policy: RequireGraceful{}}
	errs := []error{c.endpoints.Add(endpoint), Options(options...)(c)}
	brought := c.http != nil
	if !brought && errors.Join(errs...) == nil {
		errs = append(errs, c.connect())
	}
	if c.tls != nil && brought {
		errs = append(errs, errors.New("WithTLS and WithHTTPClient exclude each other: put the certificates into the HTTP client"))
	}
	if c.proxy != nil && brought {
		errs = append(errs, errors.New("WithProxy and WithHTTPClient exclude each other: put the proxy into the transport of the HTTP client"))
	}
	if !brought {
		errs = append(errs, c.endpoints.MustEncrypt(c.tls != nil, c.tokens != nil))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, &Error{call: "new client", kind: ErrInvalidArgument, cause: err}
	}
	if c.ledger == nil {
		c.ledger = new(MemoryLedger)
	}
	c.cluster, c.agent = orDefault(c.cluster, c.endpoints.Cluster()), []string{userAgent()}
	if c.brought = c.http.Transport; c.brought == nil {
		c.brought = http.DefaultTransport
	}
	_, own := c.brought.(*ownTransport)
	_, stock := c.brought.(*http.Transport)
	if c.http.Transport = c.chain(c.brought); c.http.Transport == nil {
		return nil, &Error{call: "new client", kind: ErrInvalidArgument, cause: errors.New("attempt middleware made a nil round tripper")}
	}
	c.prompt = c.bare && (own || stock)
	return c, nil
}

// connect makes the transport of a client to which the caller brings none.
func (c *Client) connect() error {
	var settings TLS
	if c.tls != nil {
		settings = *c.tls
	}
	own, err := clienttls.New(clienttls.Settings(settings), newTransport, c.way(), c.observeCertificate)
	if err != nil {
		return err
	}
	c.own = &ownTransport{own}
	c.http = &http.Client{Transport: c.own}
	return nil
}

func (c *Client) observeCertificate(ctx context.Context, err error) {
	c.tell(ctx, Event{Name: "certificate", Err: err})
}

// chain wraps a transport, from the outside, in the refusal of redirects, the caller's middleware, and the
// credentials. It returns nil if middleware returns nil.
func (c *Client) chain(next http.RoundTripper) http.RoundTripper {
	c.bare = c.tokens == nil && len(c.aroundAttempt) == 0 && c.http.Jar == nil && c.http.Timeout == 0
	if !c.bare {
		next = bounded{next}
	}
	if c.tokens != nil {
		next = bearer{next, c.tokens}
	}
	for _, around := range slices.Backward(c.aroundAttempt) {
		if next = around(next); next == nil {
			return nil
		}
	}
	return stayHere{next}
}

var errClosed = errors.New("the client is closed")

// Close makes later calls fail with [ErrNotSent] and closes idle connections. Calls in progress go on;
// their connections are closed when they return. To end a call in progress, cancel its context. Close does
// not touch the transport of [WithHTTPClient]. It may be called more than once.
func (c *Client) Close() {
	c.closed.Store(true)
	c.closeIdle()
}

func (c *Client) closeIdle() {
	if c.own != nil {
		c.own.CloseIdleConnections()
	}
}

// run makes a call within the caller's middleware.
func (c *Client) run(ctx context.Context, k *call, do func(context.Context) (Outcome, error)) (Outcome, error) {
	if c.closed.Load() {
		return Outcome{}, k.fail(ErrNotSent, errClosed)
	}
	if err := k.take(ctx); err != nil {
		return Outcome{}, k.fail(ErrInvalidArgument, err)
	}
	begin := time.Now()
	var outcome Outcome
	var err error
	if len(c.aroundCall) == 0 {
		outcome, err = k.outcome(do(ctx))
	} else {
		went := false
		next := func(ctx context.Context, _ Call) (Outcome, error) {
			went = true
			return k.outcome(do(ctx))
		}
		for _, around := range slices.Backward(c.aroundCall) {
			if next = around(next); next == nil {
				return Outcome{}, k.fail(ErrNotSent, errors.New("call middleware made a nil function"))
			}
		}
		outcome, err = next(ctx, k.public())
		switch {
		case went:
		case err != nil:
			err = k.fail(ErrNotSent, asForeign(ctx, err))
		case outcome.Result.Verdict == "" && outcome.Operations == nil:
			err = k.fail(ErrNotSent, errors.New("call middleware neither went on nor said why"))
		}
	}
	if e, ok := asError(err); ok && ctx.Err() == nil { // a context of middleware is not the caller's
		e.cause = asForeign(ctx, e.cause)
		for i := range e.attempts {
			e.attempts[i].Err = asForeign(ctx, e.attempts[i].Err)
		}
	}
	if k.per != nil && k.per.Attempts != nil {
		*k.per.Attempts = slices.Clone(k.spent.attempts)
	}
	if c.observers != nil {
		c.tell(ctx, Event{Name: "call", Call: k.public(), Outcome: outcome, Err: err, Took: time.Since(begin)})
	}
	if c.closed.Load() {
		c.closeIdle() // the connections of this call came back after Close
	}
	return outcome, err
}

// Format writes only the addresses for every verb, because a client holds credentials.
func (c *Client) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, c.String())
}

// String names the endpoints.
func (c *Client) String() string {
	if c == nil {
		return "wrapper.Client(nil)"
	}
	return fmt.Sprintf("wrapper.Client%v", c.endpoints.Addresses())
}
