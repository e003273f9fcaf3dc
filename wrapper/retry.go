package wrapper

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/bucket"
)

// Retry sets how often and how fast a call retries. The zero value means the defaults. A call
// never outlives its context.
type Retry struct {
	// MaxAttempts is the maximum number of requests of one call, including probes and reads.
	// For a call that waits it applies to each poll, for a Stop also to each of its two
	// cancels. 0 means 8. 1 means no retry, which leaves every lost answer unknown.
	MaxAttempts int
	// Base is the longest pause before the second request; it doubles with each further
	// request. 0 means 100 ms.
	Base time.Duration
	// BusyBase is used instead of Base if the server says that it is too busy. 0 means 1 s.
	BusyBase time.Duration
	// Cap is the longest pause, except for a Retry-After. 0 means 20 s.
	Cap time.Duration
	// AttemptTimeout is the longest time for a request with its answer, and so the maximum of the
	// timeout parameter. Less than a millisecond is an error. 0 means 65 s, or 5 s more than
	// [CancelOptions].Timeout.
	//
	// If the context has a deadline, a request may take at most three fifths of the time that is
	// left; if more than 20 s are left, 12 s or two fifths, whichever is more. While there is another
	// gateway and this one has not answered in the call, it is two fifths. The last request that
	// MaxAttempts allows may take all of it. With 30 s, an answer that is lost without a reset
	// costs 12 s, and a server that takes 10 s to answer is in time.
	AttemptTimeout time.Duration
	// Burst is the number of retries that all calls of the client together may make at once, and
	// Rate the number per second after that. Further calls wait until a token is free. 0 means
	// 100, and 10 per second. More than 1 000 000 of either is an error.
	Burst int
	Rate  float64
}

func (r Retry) check() error {
	switch {
	case r.MaxAttempts < 0 || r.Base < 0 || r.BusyBase < 0 || r.Cap < 0 || r.AttemptTimeout < 0 || r.Burst < 0 || r.Rate < 0:
		return errors.New("retry: no field may be negative")
	case math.IsNaN(r.Rate) || math.IsInf(r.Rate, 0):
		return errors.New("retry: the rate must be a number")
	case r.Burst > maxBurst || r.Rate > maxBurst:
		return fmt.Errorf("retry: a burst or rate above %d would bound nothing", maxBurst)
	case r.AttemptTimeout != 0 && r.AttemptTimeout < time.Millisecond:
		return errors.New("retry: no request can be answered within an AttemptTimeout of less than a millisecond")
	}
	return nil
}

// maxBurst is more than any cluster can handle.
const maxBurst = 1_000_000

func (r Retry) maxAttempts() int { return orDefault(r.MaxAttempts, 8) }

// token takes a token of the budget that all calls of a client share, and says how long it is until it may
// be used.
func (r Retry) token(b *bucket.Bucket) time.Duration {
	return b.Take(float64(orDefault(r.Burst, 100)), orDefault(r.Rate, 10), forever)
}

// pause returns the backoff before the next attempt: full jitter below the capped step, so that callers
// that failed together do not retry together, and at most a fifth of the time that is left. A Retry-After is
// the minimum, with the same jitter on top.
func (r Retry) pause(ctx context.Context, made int, last Attempt) time.Duration {
	base := orDefault(r.Base, 100*time.Millisecond)
	if busy(last) {
		base = orDefault(r.BusyBase, time.Second)
	}
	longest := min(orDefault(r.Cap, 20*time.Second), forever)
	base = min(base, longest)
	for range made - 1 {
		base = min(2*base, longest)
	}
	if deadline, ok := ctx.Deadline(); ok {
		base = min(base, max(time.Until(deadline)-last.RetryAfter, 0)/5)
	}
	return last.RetryAfter + rand.N(max(base, 1))
}

// forever is longer than any context, and far from overflowing when it is doubled or added.
const forever = 100 * 365 * 24 * time.Hour

func orDefault[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

// errNoTimeLeft ends a call early: waiting would outlive its context.
var errNoTimeLeft = errors.New("the context ends before the next attempt may be made")

// sleep waits for d, unless ctx cannot last that long.
func sleep(ctx context.Context, d time.Duration) error {
	switch {
	case !fits(ctx, 0): // nothing could be answered any more
		<-ctx.Done()
		return ended(ctx)
	case !fits(ctx, d):
		return fmt.Errorf("%w (it would be in %v)", errNoTimeLeft, d.Round(time.Millisecond))
	case d <= 0: // without a timer: many at once, in a bubble, make the race detector of Go 1.26 crash
		return ended(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ended(ctx)
	case <-timer.C:
		return nil
	}
}

// fits reports whether ctx lasts for long enough to send something after d.
func fits(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline)-max(d, 0) > shortest
}

// errLookOver ends a look whose time was over before that of the call.
var errLookOver = errors.New("the time for looking at the operation is over")

// ended is the error of a context that is over, with its cause if it has one of its own.
func ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	switch {
	case err == nil || errors.Is(err, cause):
		return err
	case errors.Is(cause, errLookOver): // the caller's context goes on
		return cause
	}
	return fmt.Errorf("%w: %w", err, asForeign(ctx, cause))
}

// retryAfter reads the header in both its forms, seconds and a date (RFC 9110
// §10.2.3). What cannot be read counts as absent.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if text == "" {
		return 0
	}
	// A number that is too long to count is parsed as the largest, and is not "now".
	if seconds, err := strconv.ParseUint(text, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(forever/time.Second))) * time.Second
	}
	if date, err := http.ParseTime(text); err == nil {
		return min(max(time.Until(date), 0), forever)
	}
	return 0
}

// answerMargin is what an answer may take at most beyond the time the server was given.
const answerMargin = 5 * time.Second

func checkTimeout(d time.Duration, v generated.APIVersion) error {
	switch {
	case d == 0:
		return nil
	case !knowsTimeout(v):
		return fmt.Errorf("api-version %s has no timeout: leave it out, or use 6.0", v)
	case d%time.Second != 0 || d < generated.TimeoutMinimum*time.Second || d/time.Second > generated.TimeoutMaximum:
		return fmt.Errorf("timeout %v: it must be whole seconds from %d to %d", d, generated.TimeoutMinimum, int64(generated.TimeoutMaximum))
	}
	return nil
}

// slowAnswer is how long a server may take that is slow but honest: with that much of the
// context left twice over, its answer gets through.
const slowAnswer = 12 * time.Second

// leastShare is what a request gets of a time that is short already, if it is there at all.
const leastShare = 500 * time.Millisecond

// share is how much of the time that is left to a call one request may take. It leaves enough
// for a list or a probe and one more try, so that an answer that is lost without a reset does
// not cost the call: half of what is left and more stays for another gateway, if there is one
// and this one has not answered in this call; otherwise two fifths, and what the request takes
// in addition are at most slowAnswer. The last request that Retry allows has all of it.
func share(left time.Duration, last, elsewhere bool) time.Duration {
	fifth := left / 5
	switch {
	case last:
		return left
	case elsewhere:
		return min(max(2*fifth, leastShare), left)
	default:
		return min(max(min(max(2*fifth, slowAnswer), 3*fifth), leastShare), left)
	}
}

// limit bounds the next request, its answer included.
func (k *call) limit(ctx context.Context, endpoint string) time.Duration {
	limit := orDefault(k.retry().AttemptTimeout, orDefault(k.timeout, generated.TimeoutDefault*time.Second)+answerMargin)
	if deadline, ok := ctx.Deadline(); ok {
		elsewhere := k.elsewhere() && !k.spent.answered(endpoint)
		limit = min(limit, share(time.Until(deadline), k.left() <= 1, elsewhere))
	}
	return limit
}

// serverTimeout is the timeout parameter of a request: what was asked for, or else the
// server's default, but never more than what the request may take less the time for the way
// of the answer, and a second at least. Nil sends none, which leaves the server its default.
func serverTimeout(limit, asked time.Duration, v generated.APIVersion) *int64 {
	seconds := int64((limit - min(answerMargin, limit/12)) / time.Second)
	switch {
	case asked == 0 && seconds >= generated.TimeoutDefault, !knowsTimeout(v):
		return nil
	case asked > 0:
		seconds = min(seconds, int64(asked/time.Second))
	}
	told := max(seconds, generated.TimeoutMinimum)
	return &told
}
