package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
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

func (a anchor) at(now time.Time) time.Time {
	passed := float64(now.Sub(a.Real)) * a.Speed
	// 292 years are as far as a duration goes.
	return a.Engine.Add(time.Duration(min(passed, math.MaxInt64/2)))
}

// StartClock returns a clock for [WithClock] that runs speed times as fast as real, or
// stands still if speed is 0. What it shows is anchored in the store, so that it goes
// on where it was after a restart, at a new speed if that has changed, and several
// emulators at one store and one speed agree. A clock of a store that has only ever had
// speed 1 is real itself.
//
// Nil stands for [time.Now]. A speed that is negative or no number is an error.
func StartClock(ctx context.Context, st store.Store, speed float64, real func() time.Time) (func() time.Time, error) {
	if speed < 0 || math.IsNaN(speed) || math.IsInf(speed, 0) {
		return nil, fmt.Errorf("emulator: clock speed %v: it must be 0 or more", speed)
	}
	if real == nil {
		real = time.Now
	}
	for {
		now := real().UTC()
		a := anchor{Real: now, Engine: now, Speed: 1}
		item, err := st.Get(ctx, clockKey)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return nil, err
		default:
			if err := json.Unmarshal(item.Value, &a); err != nil {
				return nil, fmt.Errorf("record %s: %w", clockKey, err)
			}
		}
		if a.Speed != speed {
			a = anchor{Real: now, Engine: a.at(now), Speed: speed}
			value, err := json.Marshal(a)
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
		if item.Revision == 0 && speed == 1 {
			return real, nil
		}
		return func() time.Time { return a.at(real()) }, nil
	}
}
