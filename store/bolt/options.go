package bolt

import (
	"fmt"
	"time"

	"github.com/sfcancel/sfcancel/store"
)

// DefaultLockWait is how long [Open] waits by default for a file that another process has open.
const DefaultLockWait = time.Second

// Option changes how [Open] works. A nil Option is not allowed.
type Option func(*options) error

type options struct {
	lockWait time.Duration
	readOnly bool
}

// WithLockWait makes [Open] wait up to d, to within about 50 ms, for another
// process to close the file before it fails with [store.ErrLocked]. 0 tries
// once. The default is [DefaultLockWait]; a negative d is [store.ErrInvalid].
func WithLockWait(d time.Duration) Option {
	return func(o *options) error {
		if d < 0 {
			return fmt.Errorf("%w: lock wait %v is negative", store.ErrInvalid, d)
		}
		o.lockWait = d
		return nil
	}
}

// ReadOnly opens the store for reading only. Any number of processes may have it open in this way at
// once, while none has it open for writing; write permission is not needed. Nothing is created or
// changed: a missing or empty file is [fs.ErrNotExist], and Commit fails with [fs.ErrPermission].
// Reads include transactions that a killed process had written but not yet synced, and do not wait for an fsync.
func ReadOnly() Option {
	return func(o *options) error {
		o.readOnly = true
		return nil
	}
}
