package journal

import (
	"fmt"
	"time"

	"github.com/sfcancel/sfcancel/store"
)

// Option changes the [Ledger] that [New] makes.
type Option func(*Ledger) error

// WithBy says on whose behalf the entries are made, such as "ann@ops-1" or the name of a service.
// It goes into every entry that has no By of its own. The default, "", says that nobody knows.
func WithBy(by string) Option {
	return func(l *Ledger) error {
		l.by = by
		return nil
	}
}

// WithRetention sets how long entries stay, instead of [ledger.DefaultRetention]; [ledger.Forever]
// removes none. The shortest retention of all who append holds for all. 0 and less are [store.ErrInvalid].
func WithRetention(d time.Duration) Option {
	return func(l *Ledger) error {
		if d <= 0 {
			return fmt.Errorf("%w: the retention %v is not above 0", store.ErrInvalid, d)
		}
		l.retention = d
		return nil
	}
}

// WithWarning has warn called with each directory and file that others may read, once for
// each path, by the call that comes across it. The calls of warn do not overlap; it must not use
// the ledger. The default says nothing. A nil warn is [store.ErrInvalid].
func WithWarning(warn func(*ModeError)) Option {
	return func(l *Ledger) error {
		if warn == nil {
			return fmt.Errorf("%w: the warning is nil", store.ErrInvalid)
		}
		l.warn = warn
		return nil
	}
}
