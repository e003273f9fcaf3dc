package journal

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
)

// Ledger is a [wrapper.Ledger] in a directory. Its methods are safe for concurrent use, also by several
// Ledgers on one directory, in one process or in several. Use [New]; the zero Ledger is not usable.
type Ledger struct {
	dir       string
	by        string
	retention time.Duration
	warn      func(*ModeError)

	mu     sync.Mutex
	warned map[string]bool // paths
}

var _ wrapper.Ledger = (*Ledger)(nil)

// New returns the ledger in a directory. A directory that does not exist is an empty ledger; the first
// Append creates it, with missing parents. New itself reads and writes nothing.
//
// The error is [store.ErrInvalid] if dir is "", or an option is nil or invalid.
func New(dir string, options ...Option) (*Ledger, error) {
	l := &Ledger{dir: filepath.Clean(dir), retention: ledger.DefaultRetention, warn: func(*ModeError) {}, warned: make(map[string]bool)}
	if dir == "" {
		return nil, fmt.Errorf("ledger: %w: no directory", store.ErrInvalid)
	}
	for _, option := range options {
		if option == nil {
			return nil, fmt.Errorf("ledger: %w: an option is nil", store.ErrInvalid)
		}
		if err := option(l); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
	}
	return l, nil
}

// Intervals between two tries to take a held lock. Append holds the lock of a file for about an fsync. Create holds
// its lock for seconds, and frequent tries of many waiting processes would slow it down.
const (
	appendRetry = 5 * time.Millisecond
	createRetry = 100 * time.Millisecond
)

// lock takes the lock at path, creating the file, and returns the function that releases it.
func lock(ctx context.Context, path string, retry time.Duration) (unlock func(), err error) {
	if err := regularIfThere(path); err != nil {
		return nil, err
	}
	l := flock.New(path, flock.SetPermissions(fileMode))
	if _, err := l.TryLockContext(ctx, retry); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("%w: %s is held by another process: %w", store.ErrLocked, path, err)
		}
		return nil, err
	}
	return func() { _ = l.Unlock() }, nil // closing the file releases the lock at the latest
}
