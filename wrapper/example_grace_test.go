package wrapper_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// The whole sequence in one call: a graceful cancel, a while to come to an end, the
// force. If the operation ends in time, the verdict is Finished and no force was needed.
//
// The minute of grace takes no time in a bubble of testing/synctest.
func ExampleGracefulFirst() {
	// In your package this is func TestGracefulFirst(t *testing.T).
	_ = gracefulFirst
}

func gracefulFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := sftest.NewCluster(t) // whose operations get on by Advance alone, and so do not end
		id := c.Put(emulator.Record{})
		client := c.Client(wrapper.WithForcePolicy(wrapper.GracefulFirst{Grace: time.Minute}))

		begin := time.Now()
		result, err := client.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
		if err != nil || result.Verdict != wrapper.Accepted || result.State != wrapper.StateRollingBack {
			t.Errorf("got %s %s, %v", result.Verdict, result.State, err)
		}
		if took := time.Since(begin); took != time.Minute {
			t.Errorf("it took %v", took)
		}
		want := []string{"graceful", "read", "force"}
		if len(result.Attempts) != len(want) {
			t.Fatalf("got %v", result.Attempts)
		}
		for i, a := range result.Attempts {
			if a.Purpose() != want[i] || a.Class() != "done" || a.Status != 200 {
				t.Errorf("attempt %d: got %s, %s %d", i+1, a.Purpose(), a.Class(), a.Status)
			}
		}
	})
}
