package etcd

import (
	"context"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	// sweepAge is how long a slot must have been unused to be swept.
	sweepAge = 24 * time.Hour
	// maxSweep is how many slots one Open reads, least recently written first: in the order of their
	// keys, a thousand young slots would hide stale ones forever.
	maxSweep = 1000
)

// sweep deletes slots of stores that were not closed, and ignores errors.
//
// The store that made a slot may still be alive, so differing clocks
// do no harm. A slot is deleted only if it is unchanged since it was read, so the trace of
// a transaction that has happened meanwhile is kept. The condition of a later transaction
// on the slot fails; its store learns that and creates
// another slot with a new name. Only if the store also loses the answer of
// that transaction does it report an unknown outcome that the slot would have told.
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
