package etcd

import (
	"context"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	// sweepAge is how long a slot must have been left alone to be swept.
	sweepAge = 24 * time.Hour
	// maxSweep is how many slots one Open looks at, those first that have been left alone
	// for longest: in the order of their keys, a thousand that are young would hide
	// others for good.
	maxSweep = 1000
)

// sweep deletes slots of stores that were not closed. It does as much as it can.
//
// It need not know whether the store that made a slot is dead, so clocks that
// differ do no harm. A slot is deleted only as it was read: a transaction that has
// happened meanwhile is not covered up. A transaction that comes later wants the
// slot as it was, and so does not happen; its store is told so, and makes itself
// another slot, of another name. Only if a store has also lost the answer of the
// very transaction does it learn less than it could have: that the outcome is
// unknown.
func (s *Store) sweep(ctx context.Context) {
	found, err := s.read(ctx, s.prefix+slotKeys, clientv3.WithPrefix(), clientv3.WithLimit(maxSweep),
		clientv3.WithSort(clientv3.SortByModRevision, clientv3.SortAscend))
	if err != nil {
		return
	}
	for _, kv := range found.Kvs {
		if _, written, ok := slotState(kv.Value); !ok || time.Since(written) < sweepAge {
			continue
		}
		stale := slot{string(kv.Key), kv.ModRevision}
		if err := s.deleteSlot(ctx, stale); err != nil {
			return
		}
	}
}

func (s *Store) deleteSlot(ctx context.Context, stale slot) error {
	ctx, cancel := s.attempt(ctx)
	defer cancel()
	_, err := s.client.Txn(ctx).If(stale.unchanged()).Then(clientv3.OpDelete(stale.key)).Commit()
	return err
}
