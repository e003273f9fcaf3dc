package bolt

import (
	"fmt"
	"time"

	"github.com/sfcancel/sfcancel/store"
)

// DefaultLockWait is how long [Open] waits for a file that is in use.
const DefaultLockWait = time.Second

// Option changes how [Open] works. A nil Option is not allowed.
type Option func(*options) error

type options struct {
	lockWait time.Duration
	readOnly bool
}

// WithLockWait makes [Open] wait at most about d (to some 50 ms) for another
// process to close the file before it gives up with [store.ErrLocked]. 0 tries
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

// ReadOnly opens a store that can be read and no more: any number of processes at once, while none
// writes, also where the file cannot be written. Nothing is made or changed, not even a store that
// does not exist: that, and an empty file, is [fs.ErrNotExist]. Commit fails with [fs.ErrPermission]. What a process that died had
// on its way to the disk is shown, and not waited for.
func ReadOnly() Option {
	return func(o *options) error {
		o.readOnly = true
		return nil
	}
}
