package wrapper_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// The cleaning up of this operation fails for ever. Stop forces it when the grace is over.
//
// The minutes of it take no time in a bubble of testing/synctest.
func ExampleClient_Stop() {
	// In your package this is func TestStop(t *testing.T).
	_ = stopped
}

func stopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := sftest.NewCluster(t, sftest.WithClock(time.Now)) // whose operations get on as time passes
		id := c.Put(emulator.Record{
			Step:     emulator.StepLookingUpState,
			Scenario: emulator.Scenario{UndoFails: emulator.Failure{Times: emulator.Always}},
		})

		begin := time.Now()
		result, err := c.Client().Stop(t.Context(), id, wrapper.StopOptions{
			Grace:  2 * time.Minute,
			Reason: "the test is over",
		})
		if err != nil || result.Verdict != wrapper.Finished || result.State != wrapper.StateForceCancelled || !result.Force {
			t.Errorf("got %s %s, force %t, %v", result.Verdict, result.State, result.Force, err)
		}
		if took := time.Since(begin); took < 2*time.Minute {
			t.Errorf("it was forced within the grace: it took %v", took)
		}
	})
}
