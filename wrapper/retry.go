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
)

// Retry says how often and how fast a call asks again. The zero value means the
// defaults. Whatever it says, a call never outlives its context.
type Retry struct {
	// MaxAttempts bounds the requests of one call, probes and reads included. A call that
	// waits may use as many for each look at the operation, and a Stop for each of its two
	// cancels. 0 means 8; 1 never asks again, and so leaves every lost answer unknown.
	MaxAttempts int
	// Base is the longest pause before the second request; it doubles from one to
	// the next. 0 means 100 ms.
	Base time.Duration
	// BusyBase is Base for a server that says it is too busy. 0 means 1 s.
	BusyBase time.Duration
	// Cap bounds every pause but the one that a server asks for. 0 means 20 s.
	Cap time.Duration
	// AttemptTimeout bounds each request, its answer included, and with it the timeout
	// that the server is told. 0 means what the server was given and 5 s for the way.
	AttemptTimeout time.Duration
	// Burst is how often all calls of the client together may ask again at once, and Rate
	// how often a second after that; who comes then waits longer. 0 means 100, and 10 a second.
	Burst int
	Rate  float64
}

func (r Retry) check() error {
	if r.MaxAttempts < 0 || r.Base < 0 || r.BusyBase < 0 || r.Cap < 0 || r.AttemptTimeout < 0 || r.Burst < 0 || r.Rate < 0 {
		return errors.New("retry: no field may be negative")
	}
	if math.IsNaN(r.Rate) || math.IsInf(r.Rate, 0) {
		return errors.New("retry: the rate must be a number")
	}
	return nil
}

func (r Retry) maxAttempts() int { return orDefault(r.MaxAttempts, 8) }

// token takes a token of the budget, and says how long it is until it may be used.
func (r Retry) token(b *budget) time.Duration {
	return b.take(float64(orDefault(r.Burst, 100)), orDefault(r.Rate, 10))
}

// pause is how long to wait before the next attempt: full jitter below the capped
// step, so that callers that failed together do not come back together. What the
// server asks for is the least, and comes with the same jitter on top.
func (r Retry) pause(made int, last Attempt) time.Duration {
	base := orDefault(r.Base, 100*time.Millisecond)
	if busy(last) {
		base = orDefault(r.BusyBase, time.Second)
	}
	longest := orDefault(r.Cap, 20*time.Second)
	for range made - 1 {
		if base >= longest {
			break
		}
		base *= 2
	}
	return last.RetryAfter + rand.N(min(base, longest)+1)
}

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
	if !fits(ctx, d) {
		return fmt.Errorf("%w (it would be in %v)", errNoTimeLeft, d.Round(time.Millisecond))
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

// fits reports whether ctx lasts for longer than d.
func fits(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline) > d
}

// ended is the error of a context that is over, with its cause if it has one of its own.
func ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if err == nil || errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %w", err, asForeign(cause))
}

// retryAfter reads the header in both its forms, seconds and a date (RFC 9110
// §10.2.3). What cannot be read counts as absent.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if text == "" {
		return 0
	}
	// Longer than any context, and far from overflowing when jitter is added.
	const longest = 100 * 365 * 24 * time.Hour
	// A number that is too long to count is parsed as the largest, and is not "now".
	if seconds, err := strconv.ParseUint(text, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(longest/time.Second))) * time.Second
	}
	if date, err := http.ParseTime(text); err == nil {
		return min(max(time.Until(date), 0), longest)
	}
	return 0
}
