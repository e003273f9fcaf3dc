package ledger

import (
	"fmt"
	"math"
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

const (
	// DefaultRetention is how long entries are kept by default: 90 days. See [WithRetention].
	DefaultRetention = 90 * 24 * time.Hour
	// Forever is the retention with which no entry is removed.
	Forever = time.Duration(math.MaxInt64)
)

// WithRetention sets how long entries are kept. Every process that appends removes entries older than its
// own retention, so the shortest one applies to all. A d of 0 or less is [store.ErrInvalid].
func WithRetention(d time.Duration) Option {
	return func(l *Ledger) error {
		if d <= 0 {
			return fmt.Errorf("%w: the retention %v is not above 0", store.ErrInvalid, d)
		}
		l.retention = d
		return nil
	}
}
