package ledger

import (
	"fmt"
	"math"
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

const (
	// DefaultRetention is how long entries stay unless [WithRetention] says otherwise.
	DefaultRetention = 90 * 24 * time.Hour
	// Forever is the retention that removes nothing.
	Forever = time.Duration(math.MaxInt64)
)

// WithRetention sets how long entries stay. Every process that appends removes what is older than its
// own retention: the shortest of them holds for all. 0 and less are [store.ErrInvalid].
func WithRetention(d time.Duration) Option {
	return func(l *Ledger) error {
		if d <= 0 {
			return fmt.Errorf("%w: the retention %v is not above 0", store.ErrInvalid, d)
		}
		l.retention = d
		return nil
	}
}
