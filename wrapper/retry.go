package wrapper

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// Retry says how often and how fast a call asks again. The zero value means the
// defaults. Whatever it says, a call never outlives its context.
type Retry struct {
	// MaxAttempts bounds the requests of one call, probes and reads included.
	// 0 means 8; 1 never asks again, and so leaves every lost answer unknown.
	MaxAttempts int
	// Base is the longest pause before the second request; it doubles from one to
	// the next. 0 means 100 ms.
	Base time.Duration
	// BusyBase is Base for a server that says it is too busy. 0 means 1 s.
	BusyBase time.Duration
	// Cap bounds every pause but the one that a server asks for. 0 means 20 s.
	Cap time.Duration
}

func (r Retry) check() error {
	if r.MaxAttempts < 0 || r.Base < 0 || r.BusyBase < 0 || r.Cap < 0 {
		return errors.New("retry: no field may be negative")
	}
	return nil
}

func (r Retry) maxAttempts() int { return orDefault(r.MaxAttempts, 8) }

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

func busy(a Attempt) bool {
	return a.Status == http.StatusTooManyRequests || a.Code == CodeServiceTooBusy || a.Code == codeReplicationQueueFull
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
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
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

// ended is the error of a context that is over, with its cause if it has one of its own.
func ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if err == nil || errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
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
