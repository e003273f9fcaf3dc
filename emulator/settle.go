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
