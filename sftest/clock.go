package sftest

import (
	"sync"
	"time"
)

// start is when the time of a cluster begins.
func start() time.Time { return time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC) }

// clock is a clock that only a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (k *clock) Now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now
}

// Now is the time of the engine.
func (c *Cluster) Now() time.Time { return c.now() }

// Advance moves the time of the engine on: operations under way get on by as much. d
// must not be negative. A cluster with [WithClock] cannot be moved; in a synctest bubble,
// call [time.Sleep] instead.
func (c *Cluster) Advance(d time.Duration) {
	c.tb.Helper()
	if c.clock == nil {
		c.tb.Fatalf("sftest: Advance(%v): the engine follows the clock of WithClock; in a synctest bubble time.Sleep moves it", d)
	}
	if d < 0 {
		c.tb.Fatalf("sftest: Advance(%v): the time of an engine never goes back", d)
	}
	c.clock.mu.Lock()
	defer c.clock.mu.Unlock()
	c.clock.now = c.clock.now.Add(d)
}
