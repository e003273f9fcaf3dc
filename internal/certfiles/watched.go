package certfiles

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// lookEvery is the interval between checks of the files. A Look that begins this long after a change finds it.
const lookEvery = 50 * time.Millisecond

// Watched reloads files when they change. It is safe for concurrent use.
type Watched struct {
	files  Files
	change func(*Material) error
	tell   func(context.Context, error)

	latest atomic.Pointer[Material]
	stale  atomic.Pointer[error] // why the current files cannot be used

	// looking is held while the files are checked. The call that checks waits for the result, or for the end
	// of its context; other calls go on with the latest material.
	looking sync.Mutex
	began   time.Time    // of the first read, by the monotonic clock
	looked  atomic.Int64 // the time from began to the last check, in nanoseconds
}

// Watch reads the files. Its error names the file that cannot be used. change is called with
// the contents, at first and after every change, and may refuse them; it is called by one
// goroutine at a time. tell is called if the changed files cannot be used: the earlier contents
// stay in use. Neither may be nil.
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

// Look checks the files for changes, unless another call has done so in the last 50 ms or is doing it. If the
// context ends before the check, for instance because a disk hangs, it returns the context's error.
func (w *Watched) Look(ctx context.Context) error {
	if len(w.latest.Load().stamps) == 0 || !w.due() || !w.looking.TryLock() {
		return nil
	}
	if !w.due() { // another call has checked meanwhile
		w.looking.Unlock()
		return nil
	}
	w.looked.Store(int64(time.Since(w.began))) // before the check, which may miss a change during it
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

// Stale returns why the current files are not used; nil if they are.
func (w *Watched) Stale() error {
	if err := w.stale.Load(); err != nil {
		return *err
	}
	return nil
}

// due reports whether the files should be checked.
func (w *Watched) due() bool {
	return time.Since(w.began)-time.Duration(w.looked.Load()) >= lookEvery
}

// look checks the files, with one stat each, and reloads them if they
// have changed. It returns an error if they cannot be used; the next look tries again.
func (w *Watched) look(now time.Time) error {
	before, stamps := w.latest.Load(), w.files.stamps()
	if before.current(stamps) {
		return nil
	}
	m, err := w.files.read(stamps, now)
	if err == nil && m.digest != before.digest { // otherwise only the times are new, or the files were too recent
		err = w.change(m)
	}
	if err == nil {
		w.latest.Store(m)
	}
	return err
}
