package bolt

import (
	"context"
	"fmt"
	"io/fs"
	"slices"

	"github.com/sfcancel/sfcancel/store"
)

// pending is a transaction whose caller waits for its outcome.
type pending struct {
	ctx     context.Context
	txn     store.Txn
	settled chan outcome // room for the one outcome, so that settling never waits
}

type outcome struct {
	revision store.Revision
	writes   []store.Write // those that had an effect
	err      error
}

func (p *pending) settle(revision store.Revision, err error) {
	p.settled <- outcome{revision: revision, err: err}
}

// Commit implements [store.Store].
func (s *Store) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	revision, err := s.commit(ctx, txn)
	if err != nil {
		return 0, fmt.Errorf("bolt: commit to %q: %w", s.path, err)
	}
	return revision, nil
}

// commit puts the transaction in the queue. Whoever of those waiting gets hold
// of leader next writes the whole queue, in its own goroutine; the others only
// wait for the outcome.
func (s *Store) commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	if err := txn.Validate(); err != nil {
		return 0, err
	}
	if s.readOnly {
		return 0, fmt.Errorf("%w: it is open for reading only", fs.ErrPermission)
	}
	p := &pending{ctx: ctx, txn: txn, settled: make(chan outcome, 1)}
	if err := s.enqueue(p); err != nil {
		return 0, err
	}
	select {
	case s.leader <- struct{}{}:
		s.lead(p)
	case out := <-p.settled:
		return out.revision, out.err
	case <-ctx.Done():
		if s.withdraw(p) {
			return 0, ctx.Err()
		}
	}
	// Either written just now, or taken by another leader before.
	out := <-p.settled
	return out.revision, out.err
}

func (s *Store) enqueue(p *pending) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil {
		return s.ended
	}
	s.queue = append(s.queue, p)
	return nil
}

// withdraw reports whether p was still in the queue; it is not any more.
func (s *Store) withdraw(p *pending) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.Index(s.queue, p)
	if at < 0 {
		return false
	}
	s.queue = slices.Delete(s.queue, at, at+1)
	return true
}

func (s *Store) takeQueue() []*pending {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.queue
	s.queue = nil
	return taken
}

// lead writes what is in the queue as one group and steps down: a leader that
// went on while others keep coming would never get to answer its own caller.
func (s *Store) lead(p *pending) {
	defer func() { <-s.leader }()
	if len(p.settled) > 0 {
		return // the leader before has taken p along; the rest is for the next
	}
	group := s.takeQueue()
	live := group[:0]
	for _, p := range group {
		if err := p.ctx.Err(); err != nil {
			p.settle(0, err)
			continue
		}
		live = append(live, p)
	}
	if len(live) > 0 {
		s.write(live)
	}
}
