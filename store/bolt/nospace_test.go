package bolt_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
	"github.com/sfcancel/sfcancel/store/storetest"
)

// A disk that refuses to be written to, at once or when the pages are there and the one that
// makes them valid is not.
func TestFullDiskContract(t *testing.T) {
	meta := int64(2 * os.Getpagesize()) // bytes at the beginning of the file
	for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EIO} {
		for _, where := range []string{"any page", "meta page"} {
			t.Run(fmt.Sprintf("%v, %s", errno, where), func(t *testing.T) {
				t.Parallel()
				storetest.RunFull(t, func(t *testing.T) (store.Store, func(bool)) {
					s := open(t, filepath.Join(t.TempDir(), "state.db"))
					var full atomic.Bool
					if err := bolt.AroundWrites(s, func(b []byte, at int64, write bolt.WriteAt) (int, error) {
						if full.Load() && (where == "any page" || at < meta) {
							return 0, errno
						}
						return write(b, at)
					}); err != nil {
						t.Fatal(err)
					}
					return s, full.Store
				})
			})
		}
	}
}

// What bbolt says of a file that cannot grow has the text of the system's error, and no more.
func TestDiskErrorInWords(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"the error", fmt.Errorf("file sync error: %w", syscall.ENOSPC), true},
		{"its text", errors.New("file resize error: truncate x: " + syscall.EDQUOT.Error()), true},
		{"another", errors.New("database not open"), false},
		{"of permission", syscall.EPERM, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, filepath.Join(t.TempDir(), "state.db"))
			bolt.AroundUpdate(s, func(func() error) error { return c.err })
			_, err := s.Commit(t.Context(), writeOf("a"))
			if got := errors.Is(err, store.ErrUnavailable); got != c.want || err == nil {
				t.Errorf("Commit: %v, ErrUnavailable %t, want %t", err, got, c.want)
			}
			if _, err := s.Get(t.Context(), "a"); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("Get: %v", err)
			}
		})
	}
}
