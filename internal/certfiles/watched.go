package certfiles

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// lookEvery is how often the files are looked at. Who looks so long after a change, or later, has it.
const lookEvery = 50 * time.Millisecond

// Watched is files that are read again when they change. It is safe for concurrent use.
type Watched struct {
	files  Files
	change func(*Material) error
	tell   func(context.Context, error)

	latest atomic.Pointer[Material]
	stale  atomic.Pointer[error] // why the files as they are now are of no use

	// looking is held while the files are looked at. Whoever is due waits for the look, for as long as its
	// context lasts; the others go on with what there is.
	looking sync.Mutex
	began   time.Time    // when they were first looked at, by the monotonic clock
	looked  atomic.Int64 // how long after that the last look began, in nanoseconds
}

// Watch reads the files for the first time. Its errors say which of them is of no use. change hears of
// what they hold, at first and whenever that is something else, and may refuse it; it is called by one
// goroutine at a time. tell hears of files that changed into something of no use: what was there before
// goes on. Neither may be nil.
func Watch(f Files, change func(*Material) error, tell func(context.Context, error)) (*Watched, error) {
	w := &Watched{files: f, change: change, tell: tell, began: time.Now()}
	m, err := f.read(f.stamps(), w.began)
	if err == nil {
		err = change(m)
	}
	if err != nil {
		return nil, err
	}
	w.latest.Store(m)
	return w, nil
}

// Look looks at the files, unless somebody has in the last 50 ms or does. A disk may hang: the error is that of
// the context, which has ended before the look.
func (w *Watched) Look(ctx context.Context) error {
	if len(w.latest.Load().stamps) == 0 || !w.due() || !w.looking.TryLock() {
		return nil
	}
	if !w.due() { // another has looked since
		w.looking.Unlock()
		return nil
	}
	w.looked.Store(int64(time.Since(w.began))) // before the look, which may miss what happens during it
	seen := make(chan error, 1)
	go func() {
		defer w.looking.Unlock()
		seen <- w.look(time.Now())
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-seen:
		if err == nil {
			w.stale.Store(nil)
		} else if last := w.stale.Swap(&err); last == nil || (*last).Error() != err.Error() {
			w.tell(ctx, err)
		}
		return nil
	}
}

// Stale is why what the files hold now is not used; nil if it is.
func (w *Watched) Stale() error {
	if err := w.stale.Load(); err != nil {
		return *err
	}
	return nil
}

// due reports that it is time to look at the files.
func (w *Watched) due() bool {
	return time.Since(w.began)-time.Duration(w.looked.Load()) >= lookEvery
}

// look finds out whether the files have changed, which is a stat each, and takes in what they hold if they
// have. The error is why they cannot be used; the next look tries again.
func (w *Watched) look(now time.Time) error {
	before, stamps := w.latest.Load(), w.files.stamps()
	if before.current(stamps) {
		return nil
	}
	m, err := w.files.read(stamps, now)
	if err == nil && m.digest != before.digest { // else with new dates, or not settled before
		err = w.change(m)
	}
	if err == nil {
		w.latest.Store(m)
	}
	return err
}
