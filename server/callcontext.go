package server

import (
	"context"
	"sync"
	"time"
)

// callContext is the context of a call, which knows the call and ends at a deadline. Most
// implementations look at it and never wait for it, so that the timer is made for the first who waits.
// Of two reasons to end, the request's and the deadline, the one that is seen first counts.
type callContext struct {
	context.Context // of the request
	call            call
	deadline        time.Time

	mu    sync.Mutex
	timed context.Context // nil until somebody waits
	stop  context.CancelFunc
	over  bool
}

// Value returns the call to whoever asks for it. Once there is a timer, package context finds it
// here, and hangs on it what derives from this context.
func (c *callContext) Value(key any) any {
	if key == (callKey{}) {
		return &c.call
	}
	c.mu.Lock()
	timed := c.timed
	c.mu.Unlock()
	if timed != nil {
		return timed.Value(key)
	}
	return c.Context.Value(key)
}

// Deadline is that of the call, or of the request if it is earlier.
func (c *callContext) Deadline() (time.Time, bool) {
	if of, ok := c.Context.Deadline(); ok && of.Before(c.deadline) {
		return of, true
	}
	return c.deadline, true
}

// Done returns a channel that is closed when the context ends.
func (c *callContext) Done() <-chan struct{} { return c.withTimer().Done() }

// Err says whether the context has ended, and why. The first reason stays.
func (c *callContext) Err() error {
	c.mu.Lock()
	untouched := c.timed == nil && !c.over
	c.mu.Unlock()
	if untouched && c.Context.Err() == nil && time.Now().Before(c.deadline) {
		return nil
	}
	return c.withTimer().Err()
}

func (c *callContext) withTimer() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timed == nil {
		c.timed, c.stop = context.WithDeadline(c.Context, c.deadline)
		if c.over {
			c.stop()
		}
	}
	return c.timed
}

// end ends the context when the call is over.
func (c *callContext) end() {
	c.mu.Lock()
	c.over = true
	stop := c.stop
	c.mu.Unlock()
	if stop != nil {
		stop()
	}
}
