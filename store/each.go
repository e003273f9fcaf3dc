package store

import (
	"context"
	"errors"
)

// Batcher is a [Store] that carries out many transactions for little more than the cost of
// one, such as one whose writes wait for a disk. A driver need not be one: use [CommitEach],
// which works with any.
type Batcher interface {
	Store

	// CommitEach carries out transactions in their order, each as Commit would: with a
	// condition of its own that is judged against the state which those before have left, a
	// revision of its own, and a Change of its own for who watches. Between two of them there
	// may be transactions of others, and somebody may read.
	//
	// It stops at the first error that is not ErrConflict. The outcomes are those of the first
	// transactions, in their order; a transaction that has none was not tried, and has not
	// happened. If there are none of any, txns is empty.
	CommitEach(ctx context.Context, txns []Txn) []Outcome
}

// Outcome is what became of one of several transactions: what Commit would have returned.
type Outcome struct {
	Revision Revision
	Err      error
}

// CommitEach is [Batcher].CommitEach if s is a [Batcher], and otherwise the same by one
// [Store.Commit] after the other.
func CommitEach(ctx context.Context, s Store, txns []Txn) []Outcome {
	if batcher, ok := s.(Batcher); ok {
		return batcher.CommitEach(ctx, txns)
	}
	outcomes := make([]Outcome, 0, len(txns))
	for _, txn := range txns {
		at, err := s.Commit(ctx, txn)
		outcomes = append(outcomes, Outcome{at, err})
		if err != nil && !errors.Is(err, ErrConflict) {
			break
		}
	}
	return outcomes
}
