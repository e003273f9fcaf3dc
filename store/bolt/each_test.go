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
	for _, c := range []struct{ transactions, value, updates int }{
		{1, 0, 1}, {2_000, 0, 1}, {2_001, 0, 2}, {5_000, 0, 3},
		{8, 1 << 20, 1}, {9, 1 << 20, 2},
	} {
		t.Run(fmt.Sprintf("%d of %d bytes", c.transactions, c.value), func(t *testing.T) {
			s := open(t, filepath.Join(t.TempDir(), "state.db"))
			updates := 0
			bolt.AroundUpdate(s, func(update func() error) error {
				updates++
				return update()
			})
			txns := make([]store.Txn, c.transactions)
			for i := range txns {
				txns[i] = store.Txn{Then: []store.Write{{Key: fmt.Sprint(i), Value: make([]byte, c.value)}}}
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
