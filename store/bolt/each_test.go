package bolt_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

// Many transactions share their way to the disk, but not for ever: what is written at once is
// held in memory.
func TestCommitEachSharesUpdates(t *testing.T) {
	for _, c := range []struct{ transactions, updates int }{{1, 1}, {2_000, 1}, {2_001, 2}, {5_000, 3}} {
		t.Run(fmt.Sprint(c.transactions), func(t *testing.T) {
			s := open(t, filepath.Join(t.TempDir(), "state.db"))
			updates := 0
			bolt.AroundUpdate(s, func(update func() error) error {
				updates++
				return update()
			})
			txns := make([]store.Txn, c.transactions)
			for i := range txns {
				txns[i] = writeOf(fmt.Sprint(i))
			}
			for i, out := range s.CommitEach(t.Context(), txns) {
				if out.Err != nil {
					t.Fatalf("outcome %d: %v", i, out.Err)
				}
			}
			if updates != c.updates {
				t.Errorf("%d updates for %d transactions, want %d", updates, c.transactions, c.updates)
			}
		})
	}
}
