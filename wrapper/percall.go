package wrapper

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/sfcancel/sfcancel/internal/gateways"
)

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

// take takes the options of the call out of the caller's context.
func (k *call) take(ctx context.Context) error {
	p := perCallOf(ctx)
	if p == nil {
		return nil
	}
	own := *p // the context may be that of other calls, of other clients, too
	k.per = &own
	var errs []error
	if own.Retry != nil {
		errs = append(errs, own.Retry.check())
	}
	if own.Endpoint != "" {
		if own.at = k.c.endpoints.Find(own.Endpoint); own.at == nil {
			errs = append(errs, errors.New("the endpoint of the call is none of the client's"))
		}
	}
	for name, values := range own.Header {
		if !isToken(name) || strings.ContainsFunc(strings.Join(values, ""), isControl) {
			errs = append(errs, fmt.Errorf("header %.64q cannot be sent", name))
		}
	}
	return errors.Join(errs...)
}

// isToken reports whether a text can be the name of a header (RFC 9110 §5.6.2).
func isToken(name string) bool {
	const others = "!#$%&'*+-.^_`|~"
	return name != "" && !strings.ContainsFunc(name, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !strings.ContainsRune(others, c)
	})
}

func isControl(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }

// retry are the settings of the call.
func (k *call) retry() *Retry {
	if k.per != nil && k.per.Retry != nil {
		return k.per.Retry
	}
	return &k.c.retry
}

// pick is where the next request goes.
func (k *call) pick() *gateways.Gateway {
	if k.per != nil && k.per.at != nil {
		return k.per.at
	}
	return k.c.endpoints.Pick()
}

// elsewhere reports whether there is another endpoint than the one that a request goes to.
func (k *call) elsewhere() bool { return k.c.endpoints.Several() && (k.per == nil || k.per.at == nil) }

// own puts the headers of the call into a request.
func (k *call) own(h http.Header) {
	if k.per != nil {
		for name, values := range k.per.Header {
			h[http.CanonicalHeaderKey(name)] = values
		}
	}
}
