package bolt_test

import (
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

func TestFileOfAnotherProcessIsLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	c := startChild(t, "hold", path)
	if !c.lines.Scan() {
		t.Fatal("child did not open the store")
	}
	if _, err := bolt.Open(path, bolt.WithLockWait(0)); !errors.Is(err, store.ErrLocked) {
		t.Errorf("Open: %v, want ErrLocked", err)
	}
	c.kill()
	open(t, path, bolt.WithLockWait(0))
}

// bbolt waits by the clock of the bubble, so these take no time.
func TestLockWait(t *testing.T) {
	const interval = 50 * time.Millisecond // of bbolt's attempts
	for _, c := range []struct {
		name string
		opts []bolt.Option
		wait time.Duration
	}{
		{"default", nil, bolt.DefaultLockWait},
		{"longer", []bolt.Option{bolt.WithLockWait(time.Minute)}, time.Minute},
		{"the last option counts", []bolt.Option{bolt.WithLockWait(time.Minute), bolt.WithLockWait(time.Second)}, time.Second},
		{"not at all", []bolt.Option{bolt.WithLockWait(0)}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "state.db")
				open(t, path)
				begin := time.Now()
				if _, err := bolt.Open(path, c.opts...); !errors.Is(err, store.ErrLocked) {
					t.Errorf("Open: %v, want ErrLocked", err)
				}
				if waited := time.Since(begin); waited < c.wait-interval || waited > c.wait+interval {
					t.Errorf("waited %v, want about %v", waited, c.wait)
				}
			})
		})
	}
}

func TestLockIsTakenWhenItBecomesFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state.db")
		first := open(t, path)
		go func() {
			time.Sleep(bolt.DefaultLockWait / 2)
			if err := first.Close(); err != nil {
				t.Error(err)
			}
		}()
		open(t, path)
	})
}

func TestNegativeLockWaitIsInvalid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	if _, err := bolt.Open(path, bolt.WithLockWait(-1)); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("Open: %v, want ErrInvalid", err)
	}
}
