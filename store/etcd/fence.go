package etcd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/sfcancel/sfcancel/store"
)

// fence finds out the outcome of the transaction that was sent last, and makes it
// final. It writes to the slot on the same condition as the
// transaction: that the slot is unchanged. At most one of the two happens. If the
// answer of the fence is lost, it is sent again: at most one of all
// fences happens, and all mean the same.
func (c *commit) fence(cause error) (fate, error) {
	write := clientv3.OpPut(c.slot.key, slotValue(slotFenced))
	for attempt := 0; c.finding.Err() == nil; attempt++ {
		answer, err := c.sendFence(write, attempt)
		switch {
		case err == nil && answer.Succeeded && write.IsDelete():
			c.slot = slot{}
			return fate{}, cause
		case err == nil && answer.Succeeded:
			c.slot.revision = answer.Header.Revision
			return fate{}, cause
		case err == nil:
			return c.found(answer.Responses[0].GetResponseRange().Kvs, cause)
		case errors.Is(err, rpctypes.ErrNoSpace):
			// A full etcd still accepts a delete, which changes the slot as well.
			write = clientv3.OpDelete(c.slot.key)
		case isRefusal(err):
			return c.unknown(err), nil
		}
		pause(c.finding, attempt)
	}
	return c.unknown(cause), nil
}

// sendFence waits for an answer only briefly at first, and longer each time, up to the
// time of any other request: the fence may be sent on the same silent connection on which
// the transaction was lost, while other connections would answer at once. An extra fence
// does no harm.
func (c *commit) sendFence(write clientv3.Op, attempt int) (*clientv3.TxnResponse, error) {
	ctx, stop := c.attempt(c.finding)
	defer stop()
	ctx, cancel := withTimeout(ctx, c.requestTimeout>>max(6-attempt, 2))
	defer cancel()
	return c.client.Txn(ctx).If(c.slot.unchanged()).Then(write).Else(clientv3.OpGet(c.slot.key)).Commit()
}

// found returns the fate of a transaction whose slot has changed.
func (c *commit) found(held []*mvccpb.KeyValue, cause error) (fate, error) {
	if len(held) == 0 {
		// It was deleted, either before the transaction or after it had happened.
		return c.unknown(errors.New("the slot was deleted")), nil
	}
	switch kind, _, _ := slotState(held[0].Value); kind {
	case slotTxn:
		c.slot.revision = held[0].ModRevision
		return fate{revision: store.Revision(held[0].ModRevision)}, nil
	case slotFenced:
		c.slot.revision = held[0].ModRevision
		return fate{}, cause
	}
	return c.unknown(fmt.Errorf("somebody has written %.32q to the slot", held[0].Value)), nil
}

// unknown gives up. The slot is not used again, because the transaction or a fence may
// still change it.
func (c *commit) unknown(cause error) fate {
	c.slot = slot{}
	if ended := callerErr(c.trying); ended != nil {
		return fate{err: fmt.Errorf("%w: %w: %s", store.ErrOutcomeUnknown, ended, cause.Error())}
	}
	return fate{err: fmt.Errorf("%w: %s", store.ErrOutcomeUnknown, cause.Error())}
}

func (s slot) unchanged() clientv3.Cmp {
	return clientv3.Compare(clientv3.ModRevision(s.key), "=", s.revision)
}

// outlast returns a context that ends some time after ctx.
func outlast(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(by)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() {
		stop()
		cancel()
	}
}
