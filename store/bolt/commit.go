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

// The bounds of what is written together of one CommitEach: what bbolt holds in memory is the
// pages that change, and who commits meanwhile waits for all of it.
const (
	maxGroup      = 2000 // transactions
	maxGroupBytes = 8 << 20
)

// Commit implements [store.Store].
func (s *Store) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	out := s.commit(ctx, []store.Txn{txn})[0]
	return out.Revision, out.Err
}

// CommitEach implements [store.Batcher]: up to 2000 transactions, or 8 MiB of values, share their
// way to the disk.
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

// groupOf is how many of the transactions are written together, which is one at least.
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

// commit puts transactions in the queue, up to the first that is invalid. Whoever of those
// waiting gets hold of leader next writes the whole queue, in its own goroutine; the others
// only wait for the outcomes.
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

// await returns once the group is taken, or an error if it has been withdrawn. Those that came
// together are taken together.
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
	// Either written just now, or taken by another leader before.
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

// withdraw reports whether the group was still in the queue; it is not any more.
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
