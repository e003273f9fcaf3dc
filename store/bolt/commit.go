package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/sfcancel/sfcancel/store"
)

// pending is a transaction whose caller waits for its outcome.
type pending struct {
	ctx     context.Context
	txn     store.Txn
	settled chan outcome // of capacity one, so that settle never blocks
}

type outcome struct {
	revision store.Revision
	writes   []store.Write // those that had an effect
	err      error
}

func (p *pending) settle(revision store.Revision, err error) {
	p.settled <- outcome{revision: revision, err: err}
}

// The limits of one group of a CommitEach: bbolt holds all changed pages in memory, and concurrent
// commits wait for the whole group.
const (
	maxGroup      = 2000 // transactions
	maxGroupBytes = 8 << 20
)

// Commit implements [store.Store].
func (s *Store) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	out := s.commit(ctx, []store.Txn{txn})[0]
	return out.Revision, out.Err
}

// CommitEach implements [store.Batcher]: up to 2000 transactions, or 8 MiB of values, share the
// two fsyncs of one write.
func (s *Store) CommitEach(ctx context.Context, txns []store.Txn) []store.Outcome {
	outcomes := make([]store.Outcome, 0, len(txns))
	for len(txns) > 0 {
		n := groupOf(txns)
		outcomes = append(outcomes, s.commit(ctx, txns[:n])...)
		txns = txns[n:]
		if err := outcomes[len(outcomes)-1].Err; err != nil && !errors.Is(err, store.ErrConflict) {
			break
		}
	}
	return outcomes
}

// groupOf returns how many of the transactions form the next group, at least one.
func groupOf(txns []store.Txn) int {
	bytes := 0
	for n, txn := range txns {
		for _, w := range txn.Then {
			bytes += len(w.Value)
		}
		if n == maxGroup || n > 0 && bytes > maxGroupBytes {
			return n
		}
	}
	return len(txns)
}

// commit puts transactions in the queue, up to the first invalid one. The first waiting goroutine
// to acquire leader writes the whole queue; the others only wait for their outcomes.
func (s *Store) commit(ctx context.Context, txns []store.Txn) []store.Outcome {
	var invalid error
	group := make([]*pending, 0, len(txns))
	for _, txn := range txns {
		if invalid = txn.Validate(); invalid != nil {
			break
		}
		group = append(group, &pending{ctx: ctx, txn: txn, settled: make(chan outcome, 1)})
	}
	outcomes := make([]store.Outcome, 0, len(txns))
	add := func(at store.Revision, err error) {
		if err != nil {
			err = fmt.Errorf("bolt: commit to %q: %w", s.path, err)
		}
		outcomes = append(outcomes, store.Outcome{Revision: at, Err: err})
	}
	if len(group) > 0 {
		err := s.enqueue(group)
		if err == nil {
			err = s.await(ctx, group)
		}
		for _, p := range group {
			out := outcome{err: err}
			if err == nil {
				out = <-p.settled
			}
			add(out.revision, out.err)
		}
	}
	if invalid != nil {
		add(0, invalid)
	}
	return outcomes
}

// await returns nil once the group has been written or taken by another leader, and ctx's error if
// it was withdrawn. A group is enqueued, and taken, as a whole.
func (s *Store) await(ctx context.Context, group []*pending) error {
	last := group[len(group)-1]
	select {
	case s.leader <- struct{}{}:
		s.lead(last)
	case out := <-last.settled:
		last.settled <- out
	case <-ctx.Done():
		if s.withdraw(group) {
			return ctx.Err()
		}
	}
	return nil
}

func (s *Store) enqueue(group []*pending) error {
	if s.readOnly {
		return fmt.Errorf("%w: it is open for reading only", fs.ErrPermission)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil {
		return s.ended
	}
	s.queue = append(s.queue, group...)
	return nil
}

// withdraw removes the group from the queue and reports whether it was still there.
func (s *Store) withdraw(group []*pending) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.Index(s.queue, group[0])
	if at < 0 {
		return false
	}
	s.queue = slices.Delete(s.queue, at, at+len(group))
	return true
}

func (s *Store) takeQueue() []*pending {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.queue
	s.queue = nil
	return taken
}

// lead writes the queue as one group and releases leader. If it went on while new
// transactions keep arriving, it might never return to its own caller.
func (s *Store) lead(p *pending) {
	defer func() { <-s.leader }()
	if len(p.settled) > 0 {
		return // the previous leader has written p; the next one writes the queue
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
