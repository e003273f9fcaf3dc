package sftest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// Waiting takes no time in a bubble of testing/synctest. WithClock(time.Now) puts the
// engine on the clock of the bubble.
func ExampleWithClock() {
	// In your package this is func TestGrace(t *testing.T).
	_ = grace
}

func grace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := sftest.NewCluster(t, sftest.WithClock(time.Now), sftest.WithScenario(emulator.Scenario{
			Perform: 24 * time.Hour,
		}))
		id := c.Put(emulator.Record{})
		c.On(sftest.Graceful, sftest.DropBefore())
		c.On(sftest.Force, sftest.DropAfter())

		client := c.Client(wrapper.WithForcePolicy(wrapper.GracefulFirst{Grace: time.Minute}))
		result, err := client.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
		if err != nil || result.Verdict != wrapper.Accepted {
			t.Fatalf("got %s, %v", result.Verdict, err)
		}

		var cancelled, forced time.Time
		for _, r := range c.Requests() {
			switch {
			case r.Force:
				forced = r.Time
			case r.Call == sftest.CancelOperation && forced.IsZero():
				cancelled = r.Time
			}
		}
		if waited := forced.Sub(cancelled); waited < time.Minute {
			t.Errorf("the force came %v after the graceful cancel, want at least 1m", waited)
		}
	})
}
