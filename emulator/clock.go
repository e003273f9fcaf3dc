package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/sfcancel/sfcancel/store"
)

const clockKey = "cluster/clock"

// anchor ties the engine's time to that of the machine.
type anchor struct {
	Real   time.Time `json:"real"`
	Engine time.Time `json:"engine"`
	Speed  float64   `json:"speed"`
}

// at is the engine's time at a moment of the machine, and never before the anchor: the
// clock of a machine may be set back.
func (a anchor) at(now time.Time) time.Time {
	passed := max(float64(now.Sub(a.Real)), 0) * a.Speed
	return a.Engine.Add(time.Duration(min(passed, mostPassed)))
}

// mostPassed keeps the engine's time within what JSON can hold.
const mostPassed = float64(100 * 365 * 24 * time.Hour)

// check says what is wrong with an anchor that was read.
func (a anchor) check() error {
	switch {
	case a.Real.IsZero() || a.Engine.IsZero():
		return errors.New("it lacks a time")
	case !isSpeed(a.Speed):
		return fmt.Errorf("speed %v is none", a.Speed)
	}
	return nil
}

func isSpeed(speed float64) bool { return speed >= 0 && !math.IsInf(speed, 1) } // NaN is not 0 or more

// StartClock returns a clock for [WithClock] that runs speed times as fast as real, or
// stands still if speed is 0. What it shows is anchored in the store, so that it goes
// on where it was after a restart, at a new speed if that has changed, and several
// emulators at one store and one speed agree. It never goes back, whatever real does. A
// clock of a store that has only ever had speed 1 has no anchor, and follows real.
//
// Nil stands for [time.Now]. A speed that is negative or no number is an error.
func StartClock(ctx context.Context, st store.Store, speed float64, real func() time.Time) (func() time.Time, error) {
	return MoveClock(ctx, st, speed, 0, real)
}

// MoveClock is [StartClock] that first moves what the clock shows on, by as much as is asked for. Clocks that
// were started before go on as they were. A move that is negative, or longer than a hundred years, is an error.
func MoveClock(ctx context.Context, st store.Store, speed float64, by time.Duration, real func() time.Time) (func() time.Time, error) {
	if by < 0 || float64(by) > mostPassed {
		return nil, fmt.Errorf("emulator: the clock cannot be moved by %v: it never goes back, and by %v at most", by, time.Duration(mostPassed))
	}
	if !isSpeed(speed) {
		return nil, fmt.Errorf("emulator: clock speed %v: it must be 0 or more", speed)
	}
	if real == nil {
		real = time.Now
	}
	for {
		now := real()
		item, err := st.Get(ctx, clockKey)
		if errors.Is(err, store.ErrNotFound) && speed == 1 && by == 0 {
			return forward(real), nil
		}
		a := anchor{Real: now, Engine: now, Speed: 1}
		if err == nil {
			a, err = readAnchor(item)
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		// From here on the reading of now counts, which has a clock behind it that nobody sets.
		here := anchor{Real: now, Engine: a.at(now).Add(by).UTC(), Speed: speed}
		if a.Speed != speed || by > 0 {
			value, err := json.Marshal(here)
			if err != nil {
				return nil, err
			}
			_, err = st.Commit(ctx, store.Txn{
				If:   []store.Condition{{Key: clockKey, Revision: item.Revision}},
				Then: []store.Write{{Key: clockKey, Value: value}},
			})
			if errors.Is(err, store.ErrConflict) {
				continue
			}
			if err != nil {
				return nil, err
			}
		}
		return forward(func() time.Time { return here.at(real()) }), nil
	}
}

func readAnchor(item store.Item) (anchor, error) {
	a := anchor{Speed: math.NaN()} // none, unless there is one
	err := json.Unmarshal(item.Value, &a)
	if err == nil {
		err = a.check()
	}
	if err != nil {
		return a, fmt.Errorf("record %s: %w", clockKey, err)
	}
	return a, nil
}

// forward is a clock that stands still while the one behind it shows an earlier time.
func forward(clock func() time.Time) func() time.Time {
	var mu sync.Mutex
	var last time.Time
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		if now := clock(); now.After(last) {
			last = now
		}
		return last
	}
}
