package bolt

import (
	"context"
	"sync"
)

// watermark is the number of the last durable bbolt transaction.
// bbolt shows a transaction to readers a moment earlier, between the write of its
// meta page and the following fsync. The zero watermark is at 0.
type watermark struct {
	mu      sync.Mutex
	id      int
	failed  error
	changed chan struct{} // closed at the next change; nil if nobody waits
}

// reach raises the watermark.
func (w *watermark) reach(id int) {
	w.change(func() { w.id = id })
}

// fail ends the watermark: it will not be raised again.
func (w *watermark) fail(why error) {
	w.change(func() { w.failed = why })
}

func (w *watermark) change(how func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	how()
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
}

// hasFailed reports whether fail was called.
func (w *watermark) hasFailed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failed != nil
}

// has reports whether transaction id is durable.
func (w *watermark) has(id int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.id >= id
}

// wait returns once transaction id is durable or known to fail, or ctx ends.
func (w *watermark) wait(ctx context.Context, id int) error {
	for {
		w.mu.Lock()
		if w.id >= id || w.failed != nil {
			defer w.mu.Unlock()
			return w.failed
		}
		if w.changed == nil {
			w.changed = make(chan struct{})
		}
		changed := w.changed
		w.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
