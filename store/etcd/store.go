package etcd

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/sfcancel/sfcancel/store"
)

// closeWait is how long Close tries to delete the slots of the store.
const closeWait = time.Second

// Store is a [store.Store] in an etcd cluster. Any number of stores, in any number
// of processes, can be open on the same prefix. Safe for concurrent use. Use [Open];
// the zero Store is not usable.
//
// It is not a [store.Batcher]. The writes of one etcd transaction share one revision and are one change for a watch,
// while each transaction of a batch has its own revision. etcd executes concurrent transactions in any order.
type Store struct {
	client *clientv3.Client
	options
	id    string // of this Store, in the names of its slots
	slots slots

	life context.Context // ends when the store is closed
	end  context.CancelFunc

	mu      sync.Mutex // guards closed, and calls.Add against calls.Wait
	closed  bool
	calls   sync.WaitGroup
	closing sync.Once
}

var _ store.Store = (*Store)(nil)

func newStore(client *clientv3.Client, o options) *Store {
	s := &Store{client: client, options: o, id: rand.Text()}
	s.slots.turn = make(chan struct{}, maxSlots)
	s.life, s.end = context.WithCancel(context.Background())
	return s
}

// Close implements [store.Store]. It tries to delete the slots of the store, and ignores
// a failure to do so.
func (s *Store) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.end()
	s.calls.Wait()
	var err error
	s.closing.Do(func() {
		s.deleteSlots()
		err = s.client.Close()
	})
	if err != nil {
		return fmt.Errorf("etcd: close %q: %w", s.prefix, err)
	}
	return nil
}

// begin starts every call except Watch. If it returns nil, the call must end with calls.Done.
func (s *Store) begin(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.calls.Add(1)
	return nil
}

// attempt limits the time of one request, so that there is time to try another member.
func (s *Store) attempt(ctx context.Context) (context.Context, context.CancelFunc) {
	return withTimeout(clientv3.WithRequireLeader(ctx), s.requestTimeout/4)
}

// pause waits between two attempts, with exponential backoff.
func pause(ctx context.Context, attempt int) {
	const first, longest = 10 * time.Millisecond, 500 * time.Millisecond
	timer := time.NewTimer(min(first<<min(attempt, 10), longest))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
