package emulator

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/sfcancel/sfcancel/store"
)

// settle writes down what is due of an operation, a transaction for each transition, and
// returns it as it is stored then. Whatever is shown or judged comes from here: two
// replicas whose clocks differ would contradict each other if each showed what it had
// computed, but what is stored is the same for both, and never goes back. Where nothing is
// due nothing is written.
//
// It returns [store.ErrNotFound] if the operation has been removed meanwhile. With an error
// of the write it returns what it last knew to be stored, and otherwise nothing.
func (e *Emulator) settle(ctx context.Context, s stored) (stored, error) {
	return e.settleBy(ctx, s, e.now()) // once: under a fast clock something would be due again and again
}

// settleBy writes down what is due by now.
func (e *Emulator) settleBy(ctx context.Context, s stored, now time.Time) (stored, error) {
	for p := new(patience); ; {
		r, due := next(s.Record, e.settings.CommandStepRetryBackoff, now)
		if !due {
			return s, nil
		}
		after, err := e.records.replace(ctx, s, r)
		if err == nil {
			s = after
			continue
		}
		if !errors.Is(err, store.ErrConflict) {
			return s, err
		}
		// Somebody else was first, perhaps with the same.
		if err := p.lost(ctx); err != nil {
			return stored{}, err
		}
		if s, err = e.records.find(ctx, s.ID); err != nil {
			return stored{}, err
		}
	}
}

// unwritten reports whether settle could not write, and nothing was written, so that what it
// returned is what is stored. Who only looks goes by that: a store that can be read and not
// written holds the truth for as long as that lasts.
func unwritten(s stored, err error) bool {
	return errors.Is(err, store.ErrUnavailable) && s.revision > 0
}

// patience is for a transaction that is tried again whenever another one came first. Who
// comes first has got on, so that all of them together always do; but one of them might
// always be late, or the store might be broken.
type patience struct{ times int }

const (
	mostLost  = 32
	soonLost  = 4 // so many are bad luck; after more, all who are in each other's way wait
	mostPause = 32 * time.Millisecond
)

var errCrowded = errors.New("emulator: others were always first to write")

// lost waits before the next try. It returns ctx's error, or errCrowded when it was the last.
func (p *patience) lost(ctx context.Context) error {
	p.times++
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case p.times > mostLost:
		return errCrowded
	case p.times > soonLost:
		return pause(ctx, rand.N(min(time.Millisecond<<min(p.times-soonLost, 10), mostPause)))
	}
	return nil
}

// pause waits, but no longer than ctx lasts, and returns ctx's error then.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

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
