package journal

import (
	"fmt"
	"time"

	"github.com/sfcancel/sfcancel/store"
)

// Option configures the [Ledger] that [New] returns.
type Option func(*Ledger) error

// WithBy sets on whose behalf entries are made, such as "ann@ops-1" or the name of a service. It is stored in
// every entry whose own By is empty. The default is "", unknown.
func WithBy(by string) Option {
	return func(l *Ledger) error {
		l.by = by
		return nil
	}
}

// WithRetention sets how long entries are kept. The default is [ledger.DefaultRetention]; with [ledger.Forever]
// no entry is removed. Of several processes that append, the shortest retention applies to all. A d of 0 or
// less is [store.ErrInvalid].
func WithRetention(d time.Duration) Option {
	return func(l *Ledger) error {
		if d <= 0 {
			return fmt.Errorf("%w: the retention %v is not above 0", store.ErrInvalid, d)
		}
		l.retention = d
		return nil
	}
}

// WithWarning sets the function that is called for each directory or file that others may read, and by
// [Ledger.Trail] also for one that others may write to, once for each path. Calls of warn do not overlap,
// and warn must not use the ledger. By default there are no warnings. A nil warn is [store.ErrInvalid].
func WithWarning(warn func(*ModeError)) Option {
	return func(l *Ledger) error {
		if warn == nil {
			return fmt.Errorf("%w: the warning is nil", store.ErrInvalid)
		}
		l.warn = warn
		return nil
	}
}
