package emulator_test

import (
	"context"
	"iter"
	"sync"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// disk is a medium that outlives the stores opened on it, as a file does: what the engine keeps
// anywhere else is lost when one is closed and the next opened. That a driver keeps what it
// committed is the business of storetest and of the driver's own tests.
type disk struct{ medium *memory.Store }

func newDisk() disk { return disk{memory.New()} }

// open is a store on the disk. It ends alone.
func (d disk) open() store.Store {
	ctx, end := context.WithCancel(context.Background())
	return &opened{medium: d.medium, ctx: ctx, end: end}
}

// opened does not embed the medium's type, so that it has no method that ignores Close.
type opened struct {
	medium store.Store
	ctx    context.Context // ends with Close
	end    context.CancelFunc

	calls sync.RWMutex // held by Close, which waits for the calls under way
}

func (o *opened) enter() error {
	o.calls.RLock()
	if o.ctx.Err() != nil {
		o.calls.RUnlock()
		return store.ErrClosed
	}
	return nil
}

func (o *opened) Get(ctx context.Context, key string) (store.Item, error) {
	if err := o.enter(); err != nil {
		return store.Item{}, err
	}
	defer o.calls.RUnlock()
	return o.medium.Get(ctx, key)
}

func (o *opened) List(ctx context.Context, prefix, after string, limit int) (store.Page, error) {
	if err := o.enter(); err != nil {
		return store.Page{}, err
	}
	defer o.calls.RUnlock()
	return o.medium.List(ctx, prefix, after, limit)
}

func (o *opened) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	if err := o.enter(); err != nil {
		return 0, err
	}
	defer o.calls.RUnlock()
	return o.medium.Commit(ctx, txn)
}

func (o *opened) Watch(ctx context.Context, prefix string, after store.Revision) iter.Seq2[store.Change, error] {
	return func(yield func(store.Change, error) bool) {
		if o.ctx.Err() != nil {
			yield(store.Change{}, store.ErrClosed)
			return
		}
		watch, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(o.ctx, cancel)()
		for change, err := range o.medium.Watch(watch, prefix, after) {
			if err != nil && ctx.Err() == nil && o.ctx.Err() != nil {
				err = store.ErrClosed
			}
			if !yield(change, err) {
				return
			}
		}
	}
}

func (o *opened) Close() error {
	o.calls.Lock()
	defer o.calls.Unlock()
	o.end()
	return nil
}
