package etcd

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/sfcancel/sfcancel/store"
)

// Commit implements [store.Store].
func (s *Store) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	revision, err := s.commit(ctx, txn)
	if err != nil {
		return 0, fmt.Errorf("etcd: commit to %q: %w", s.prefix, err)
	}
	return revision, nil
}

func (s *Store) commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	if err := txn.Validate(); err != nil {
		return 0, err
	}
	if err := s.begin(ctx); err != nil {
		return 0, err
	}
	defer s.calls.Done()
	c := commit{Store: s, txn: txn}
	var cancel, stop context.CancelFunc
	c.trying, cancel = withTimeout(ctx, s.requestTimeout)
	defer cancel()
	c.finding, stop = outlast(c.trying, s.outcomeWait)
	defer stop()
	slot, err := s.takeSlot(c.trying)
	if err != nil {
		return 0, err
	}
	c.slot = slot
	defer func() { s.putSlot(c.slot) }()
	return c.run()
}

// commit is one call of Commit.
type commit struct {
	*Store
	txn  store.Txn
	slot slot
	// The transaction may be sent until trying ends. Its outcome may be asked for until
	// finding ends, which is later.
	trying, finding context.Context
}

// fate is the outcome of one attempt. The zero fate means that the transaction has not happened and
// never will, and that it may be retried.
type fate struct {
	revision store.Revision // if not 0, the transaction has happened
	err      error          // if not nil, the error of Commit
}

// run retries the transaction as long as it is certain that it has not
// happened.
func (c *commit) run() (store.Revision, error) {
	var last error
	for attempt := 0; c.trying.Err() == nil; attempt++ {
		out, why := c.once()
		if out != (fate{}) {
			return out.revision, out.err
		}
		if c.trying.Err() == nil {
			last = why
			pause(c.trying, attempt)
		}
	}
	return 0, unavailable(c.trying, last)
}

// once makes one attempt. If it may be retried, why says why it failed. If etcd has no
// space, the fence deletes the slot, and the next attempt fails to create another one.
func (c *commit) once() (out fate, why error) {
	if c.slot.revision == 0 {
		made, err := c.makeSlot(c.trying)
		if errors.Is(err, rpctypes.ErrNoSpace) {
			return fate{err: fmt.Errorf("%w: etcd is full, compact it, defragment it and disarm its alarm: %w", store.ErrUnavailable, err)}, nil
		}
		if isRefusal(err) {
			return fate{err: err}, nil
		}
		if err != nil {
			return fate{}, err
		}
		c.slot = made
	}
	answer, sent, err := c.send()
	switch {
	case err == nil && answer.Succeeded:
		c.slot.revision = answer.Header.Revision
		return fate{revision: store.Revision(answer.Header.Revision)}, nil
	case err == nil:
		return c.whyNot(answer)
	case isRefusal(err):
		return fate{err: err}, nil
	case !sent || isDelay(err):
		return fate{}, err
	}
	return c.fence(err)
}

// send continues to wait after the end of trying if the request has been sent: most
// answers arrive sooner than that of a fence would.
func (c *commit) send() (answer *clientv3.TxnResponse, sent bool, err error) {
	ctx, cancel := c.attempt(c.finding)
	defer cancel()
	ctx, flag := withSent(ctx)
	stop := context.AfterFunc(c.trying, func() {
		if !flag.Load() {
			cancel()
		}
	})
	defer stop()
	answer, err = c.request(ctx).Commit()
	return answer, flag.Load(), err
}

// request returns the transaction with the slot's condition and write, and with the reads
// that tell why a condition does not hold. Each of the three
// lists has at most store.MaxOps+1 operations.
func (c *commit) request(ctx context.Context) clientv3.Txn {
	conditions := make([]clientv3.Cmp, 0, len(c.txn.If)+1)
	reads := make([]clientv3.Op, 0, len(c.txn.If)+1)
	writes := make([]clientv3.Op, 0, len(c.txn.Then)+1)
	conditions = append(conditions, c.slot.unchanged())
	reads = append(reads, clientv3.OpGet(c.slot.key))
	for _, condition := range c.txn.If {
		key := c.itemKey(condition.Key)
		conditions = append(conditions, clientv3.Compare(clientv3.ModRevision(key), "=", int64(condition.Revision)))
		reads = append(reads, clientv3.OpGet(key, clientv3.WithKeysOnly()))
	}
	for _, w := range c.txn.Then {
		if key := c.itemKey(w.Key); w.Delete {
			writes = append(writes, clientv3.OpDelete(key))
		} else {
			writes = append(writes, clientv3.OpPut(key, string(w.Value)))
		}
	}
	writes = append(writes, clientv3.OpPut(c.slot.key, slotValue(slotTxn)))
	return c.client.Txn(ctx).If(conditions...).Then(writes...).Else(reads...)
}

// whyNot returns the fate of a transaction whose conditions did not hold.
func (c *commit) whyNot(answer *clientv3.TxnResponse) (fate, error) {
	if held := answer.Responses[0].GetResponseRange().Kvs; len(held) == 0 || held[0].ModRevision != c.slot.revision {
		// Another Open has deleted the slot: this store was idle for a day, or seems so because
		// clocks differ. The transaction did not happen; retry it with another slot.
		c.slot = slot{}
		return fate{}, errors.New("the slot was deleted")
	}
	for i, condition := range c.txn.If {
		var at store.Revision
		if found := answer.Responses[i+1].GetResponseRange().Kvs; len(found) > 0 {
			at = store.Revision(found[0].ModRevision)
		}
		if at != condition.Revision {
			return fate{err: fmt.Errorf("%w: %.64q is at revision %d, not %d",
				store.ErrConflict, condition.Key, at, condition.Revision)}, nil
		}
	}
	return fate{err: store.ErrConflict}, nil
}
