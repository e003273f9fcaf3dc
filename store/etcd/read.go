package etcd

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/sfcancel/sfcancel/store"
)

// A list is read in portions, because a hundred thousand larger items would exceed
// the message sizes of members and gRPC. The first portion has the size of a
// usual page. The others have as many items as fit in about
// portionBytes, at the average size of the values so far.
const (
	firstPortion = 100
	maxPortion   = 5000
	portionBytes = 4 << 20
	// maxRestarts is how often a list restarts because its revision was compacted.
	// After that it is read in one portion, which compaction cannot interrupt.
	maxRestarts = 3
)

// Get implements [store.Store].
func (s *Store) Get(ctx context.Context, key string) (store.Item, error) {
	item, err := s.get(ctx, key)
	if err != nil {
		return store.Item{}, fmt.Errorf("etcd: get %.64q from %q: %w", key, s.prefix, err)
	}
	return item, nil
}

func (s *Store) get(ctx context.Context, key string) (store.Item, error) {
	if err := store.ValidateKey(key); err != nil {
		return store.Item{}, err
	}
	if err := s.begin(ctx); err != nil {
		return store.Item{}, err
	}
	defer s.calls.Done()
	answer, err := s.read(ctx, s.itemKey(key))
	if err != nil {
		return store.Item{}, err
	}
	if len(answer.Kvs) == 0 {
		return store.Item{}, store.ErrNotFound
	}
	return s.item(answer.Kvs[0]), nil
}

// List implements [store.Store].
func (s *Store) List(ctx context.Context, prefix, after string, limit int) (store.Page, error) {
	page, err := s.list(ctx, prefix, after, limit)
	if err != nil {
		return store.Page{}, fmt.Errorf("etcd: list %.64q from %q: %w", prefix, s.prefix, err)
	}
	return page, nil
}

func (s *Store) list(ctx context.Context, prefix, after string, limit int) (store.Page, error) {
	if limit <= 0 {
		return store.Page{}, fmt.Errorf("%w: limit %d", store.ErrInvalid, limit)
	}
	if err := s.begin(ctx); err != nil {
		return store.Page{}, err
	}
	defer s.calls.Done()
	first := min(limit, firstPortion)
	for restart := 0; ; restart++ {
		if restart == maxRestarts {
			first = limit
		}
		page, err := s.listOnce(ctx, prefix, after, limit, first)
		if !errors.Is(err, rpctypes.ErrCompacted) {
			return page, err
		}
	}
}

// listOnce reads all portions at the revision of the first. The request timeout applies
// to each portion.
func (s *Store) listOnce(ctx context.Context, prefix, after string, limit, first int) (page store.Page, err error) {
	start, end := s.itemsFrom(prefix, after)
	size := 0
	for portion := first; ; {
		answer, err := s.read(ctx, start, clientv3.WithRange(end),
			clientv3.WithLimit(int64(portion)), clientv3.WithRev(int64(page.Revision)))
		if err != nil {
			return store.Page{}, err
		}
		if page.Revision == 0 {
			page.Revision = store.Revision(answer.Header.Revision)
		}
		for _, kv := range answer.Kvs {
			page.Items = append(page.Items, s.item(kv))
			size += len(kv.Value)
		}
		if len(page.Items) == limit || !answer.More {
			return page, nil
		}
		start = string(answer.Kvs[len(answer.Kvs)-1].Key) + "\x00"
		fits := portionBytes / (1 + size/len(page.Items))
		portion = min(max(fits, 1), maxPortion, limit-len(page.Items))
	}
}

// read retries until there is an answer, or ctx or the request timeout ends. It is
// linearizable: by default etcd confirms each read with a majority.
func (s *Store) read(ctx context.Context, key string, opts ...clientv3.OpOption) (*clientv3.GetResponse, error) {
	ctx, cancel := withTimeout(ctx, s.requestTimeout)
	defer cancel()
	var last error
	for attempt := 0; ctx.Err() == nil; attempt++ {
		answer, err := s.readOnce(ctx, key, opts)
		if err == nil || isRefusal(err) || errors.Is(err, rpctypes.ErrCompacted) {
			return answer, err
		}
		if ctx.Err() == nil {
			last = err
			pause(ctx, attempt)
		}
	}
	return nil, unavailable(ctx, last)
}

func (s *Store) readOnce(ctx context.Context, key string, opts []clientv3.OpOption) (*clientv3.GetResponse, error) {
	ctx, cancel := s.attempt(ctx)
	defer cancel()
	return s.client.Get(ctx, key, opts...)
}

func (s *Store) item(kv *mvccpb.KeyValue) store.Item {
	return store.Item{
		Key:      string(kv.Key[len(s.prefix)+len(itemKeys):]),
		Value:    kv.Value,
		Revision: store.Revision(kv.ModRevision),
	}
}
