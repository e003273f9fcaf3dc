package wrapper

import (
	"context"
	"fmt"
	"time"
)

// The observers: implement those that you need, and hand the value to [WithObserver].
// Their methods are called in the goroutine of the call, by several at once, and hold it
// up; they must not call the client. More interfaces may come.
type (
	// CallObserver hears of every call that is over, but not of one that ended before it
	// began: with arguments that make no sense, or on a client that is closed.
	CallObserver interface {
		ObserveCall(ctx context.Context, call Call, outcome Outcome, err error, took time.Duration)
	}
	// AttemptObserver hears of every request when its answer, or the lack of one, was judged.
	AttemptObserver interface {
		ObserveAttempt(ctx context.Context, request Request, attempt Attempt)
	}
	// PauseObserver hears that a call will ask again, after what, and in how long.
	PauseObserver interface {
		ObservePause(ctx context.Context, call Call, after Attempt, pause time.Duration)
	}
	// EndpointObserver hears that the client leaves an address because it failed.
	EndpointObserver interface {
		ObserveFailover(ctx context.Context, from, to string)
	}
	// CertificateObserver hears when the files of [WithTLS] changed into something that
	// cannot be used, and why, once for each change: what they held before stays in use.
	CertificateObserver interface {
		ObserveCertificate(ctx context.Context, err error)
	}
)

// WithObserver adds an observer: a value with at least one of the methods of
// [CallObserver], [AttemptObserver], [PauseObserver], [EndpointObserver] and
// [CertificateObserver].
func WithObserver(o any) Option {
	return func(c *Client) error {
		switch o.(type) {
		case CallObserver, AttemptObserver, PauseObserver, EndpointObserver, CertificateObserver:
			c.observers = append(c.observers, o)
			return nil
		default:
			return fmt.Errorf("a %T observes nothing: it has none of the methods", o)
		}
	}
}

// tell calls the observers of one kind.
func tell[O any](c *Client, say func(O)) {
	for _, o := range c.observers {
		if o, ok := o.(O); ok {
			say(o)
		}
	}
}
