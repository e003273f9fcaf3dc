package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/internal/plain"
	"github.com/sfcancel/sfcancel/wrapper"
)

// follow shows the states that a call sees while it waits. The call must use the returned context, and the caller must
// call end when the call returns. A single operation on a terminal has one line, redrawn every second, which also says
// what an interrupt does. Otherwise each change is a line.
func (c *connection) follow(ctx context.Context, cmd *cobra.Command, id uuid.UUID, alone bool, interrupt string) (following context.Context, end func()) {
	if c.quiet || c.dry || !isTable(c.output) {
		return ctx, func() {}
	}
	console := consoleOf(cmd.Context())
	f := &follower{began: time.Now(), console: console, live: console.screen && alone, id: id, interrupt: interrupt}
	ctx = context.WithValue(ctx, hearKey{}, f.hear)
	if !f.live {
		return ctx, func() {}
	}
	counted, stop := context.WithCancel(ctx)
	var counts sync.WaitGroup
	counts.Go(func() { f.count(counted) })
	return ctx, func() {
		stop()
		counts.Wait()
		f.clear()
	}
}

// hearKey is the context key of the func(wrapper.Event).
type hearKey struct{}

// tellWhoHears is an observer that calls the function in the context, if there is one.
func tellWhoHears(ctx context.Context, e wrapper.Event) {
	if hear, ok := ctx.Value(hearKey{}).(func(wrapper.Event)); ok {
		hear(e)
	}
}

// follower shows the states of one operation.
type follower struct {
	began     time.Time
	console   *console
	live      bool
	id        uuid.UUID
	interrupt string // what an interrupt does

	mu   sync.Mutex
	last wrapper.Event // the last one with a state
}

func (f *follower) hear(e wrapper.Event) {
	if e.Name != "state" {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = e
	if f.live {
		f.draw()
		return
	}
	fmt.Fprintf(f.console.err, "sfcancel: %s is %s%s\n", f.id, plain.Line(string(e.State)), f.force())
}

// force says when the force will be sent, or that it was.
func (f *follower) force() string {
	switch left := time.Until(f.last.ForceAt); {
	case f.last.State.Final():
		return ""
	case f.last.Call.Force:
		return ", forced"
	case f.last.ForceAt.IsZero():
		return ""
	case left > 0:
		return fmt.Sprintf(", force in %v", left.Round(time.Second))
	}
	return ", force is due"
}

// count draws the line once a second.
func (f *follower) count(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			f.mu.Lock()
			f.draw()
			f.mu.Unlock()
		}
	}
}

func (f *follower) draw() {
	note := ""
	if !f.last.State.Final() {
		note = " (" + f.interrupt + ")"
	}
	fmt.Fprintf(f.console.rawErr, "\r\x1b[K%v  %s%s%s", time.Since(f.began).Round(time.Second), plain.Line(string(f.last.State)), f.force(), note)
}

func (f *follower) clear() {
	if f.live {
		fmt.Fprint(f.console.rawErr, "\r\x1b[K")
	}
}
