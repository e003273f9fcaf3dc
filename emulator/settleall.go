package emulator

import (
	"context"
	"errors"
	"time"

	"github.com/sfcancel/sfcancel/store"
)

// settledAtOnce bounds the operations that are settled together, and so the memory that it takes.
const settledAtOnce = 2000

// settleAll writes down what is due of many operations by now, as settleBy does of one, and
// leaves in all how they are stored then. Each transition is a transaction of its own, after
// the one before. A store that takes many for little more than one gets the next transition of
// each together, round by round; any other gets one operation after the other. settleAll tells
// done, in any order, what settleBy would return as an error.
//
// What hinders the store hinders the rest as well: they get the same error, and nothing of
// them is written.
func (e *Emulator) settleAll(ctx context.Context, all []stored, now time.Time, done func(i int, err error)) {
	due := make([]int, len(all)) // whose next transition may be due
	for i := range due {
		due[i] = i
	}
	settle := e.settleFirst
	if _, ok := e.records.st.(store.Batcher); ok {
		settle = e.settleNext
	}
	for len(due) > 0 {
		var broken error
		due, broken = settle(ctx, all, due, now, done)
		if broken != nil {
			for _, i := range due {
				done(i, broken)
			}
			return
		}
	}
}

// settleFirst is settleNext that writes down all that is due of the first.
func (e *Emulator) settleFirst(ctx context.Context, all []stored, due []int, now time.Time, done func(i int, err error)) (left []int, broken error) {
	i := due[0]
	s, err := e.settleBy(ctx, all[i], now)
	all[i] = s
	done(i, err)
	if isOfTheStore(err) {
		broken = err
	}
	return due[1:], broken
}

// settleNext writes down the next transition of some of all. It returns those of which another
// may be due, and an error if the store takes no more.
func (e *Emulator) settleNext(ctx context.Context, all []stored, due []int, now time.Time, done func(i int, err error)) (left []int, broken error) {
	var (
		txns   []store.Txn
		afters []stored
		asked  []int
	)
	for n, i := range due {
		r, moves := next(all[i].Record, e.settings.CommandStepRetryBackoff, now)
		if !moves {
			done(i, nil)
			continue
		}
		after, txn, err := e.records.replacement(ctx, all[i], r)
		if isOfTheStore(err) {
			return append(asked, due[n:]...), err
		}
		if err != nil {
			done(i, err)
			continue
		}
		txns, afters, asked = append(txns, txn), append(afters, after), append(asked, i)
	}
	outcomes := store.CommitEach(ctx, e.records.st, txns)
	for n, i := range asked {
		if n >= len(outcomes) { // not tried
			left = append(left, i)
			continue
		}
		switch err := outcomes[n].Err; {
		case err == nil:
			all[i] = afters[n]
			all[i].revision = outcomes[n].Revision
			left = append(left, i)
		case errors.Is(err, store.ErrConflict): // somebody else was first, perhaps with the same
			s, err := e.records.find(ctx, all[i].ID)
			if err == nil {
				s, err = e.settleBy(ctx, s, now)
			}
			all[i] = s
			done(i, err)
		default:
			done(i, err)
			if isOfTheStore(err) {
				broken = err
			}
		}
	}
	return left, broken
}

// isOfTheStore reports whether an error is about no operation in particular.
func isOfTheStore(err error) bool {
	return errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrOutcomeUnknown) || errors.Is(err, store.ErrClosed) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
