package wrapper

import (
	"context"
	"fmt"
	"time"
)

// The bounds of the timeout parameter, in seconds (seed 6.0).
const (
	minServerTimeout     = 1
	maxServerTimeout     = 4294967295
	defaultServerTimeout = 60
)

// answerMargin is what an answer may take beyond the time the server was given.
const answerMargin = 5 * time.Second

func checkTimeout(d time.Duration, v APIVersion) error {
	switch {
	case d == 0:
		return nil
	case !v.knowsTimeout():
		return fmt.Errorf("api-version %s has no timeout: leave it out, or use 6.0", v)
	case d%time.Second != 0 || d < minServerTimeout*time.Second || d/time.Second > maxServerTimeout:
		return fmt.Errorf("timeout %v: it must be whole seconds from %d to %d", d, minServerTimeout, int64(maxServerTimeout))
	}
	return nil
}

// serverTimeout is the timeout parameter of the next attempt: what was asked for,
// or else the server's default, but never more than the time that is left to the context
// or to the attempt, and a second at least. Nil sends none, which leaves the server its
// default of 60.
func serverTimeout(ctx context.Context, asked, attempt time.Duration, v APIVersion) *int64 {
	if !v.knowsTimeout() {
		return nil
	}
	seconds := int64(asked / time.Second)
	deadline, bounded := ctx.Deadline()
	if end := time.Now().Add(attempt); attempt > 0 && (!bounded || end.Before(deadline)) {
		deadline, bounded = end, true
	}
	if bounded {
		left := max(int64(time.Until(deadline)/time.Second), minServerTimeout)
		if asked == 0 && left >= defaultServerTimeout {
			return nil
		}
		if asked == 0 || left < seconds {
			seconds = left
		}
	}
	if seconds == 0 {
		return nil
	}
	return &seconds
}

// attemptTimeout bounds one attempt: a server that keeps to the contract has
// answered by then.
func attemptTimeout(set time.Duration, server *int64) time.Duration {
	if set > 0 {
		return set
	}
	if server == nil {
		return defaultServerTimeout*time.Second + answerMargin
	}
	return time.Duration(*server)*time.Second + answerMargin
}
