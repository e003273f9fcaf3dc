package emulator

import (
	"context"

	"github.com/sfcancel/sfcancel/store"
)

// Clear removes every operation, the description of the cluster, and the mark of a seed, so that the store is as
// one in which nothing was ever planted; the clock of [StartClock] goes on. It is for tests: it is not one
// transaction, and what is written meanwhile may stay. A watch tells of each operation that it is Removed.
func (e *Emulator) Clear(ctx context.Context) error {
	for after := ""; ; {
		page, err := e.records.st.List(ctx, "", after, store.MaxOps)
		if err != nil {
			return err
		}
		var txn store.Txn
		for _, item := range page.Items {
			if after = item.Key; item.Key != clockKey {
				txn.Then = append(txn.Then, store.Write{Key: item.Key, Delete: true})
			}
		}
		if len(txn.Then) > 0 {
			if _, err := e.records.st.Commit(ctx, txn); err != nil {
				return err
			}
		}
		if len(page.Items) < store.MaxOps {
			return nil
		}
	}
}
