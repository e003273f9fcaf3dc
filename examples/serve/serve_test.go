// Package serve tests the files beside it, which "sfcancel serve" reads.
package serve

import (
	"net/http/httptest"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
)

func TestSeed(t *testing.T) {
	t.Parallel()
	seed, err := emulator.ParseSeed(read(t, "seed.json"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	engine := emulator.New(memory.New(), emulator.WithClock(func() time.Time { return now }))
	if err := engine.Plant(t.Context(), seed); err != nil {
		t.Fatal(err)
	}
	h, err := server.New(engine)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	defer srv.Close()
	client, err := wrapper.New(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	check := func(when string, want ...wrapper.State) {
		t.Helper()
		for i, o := range seed.Operations {
			op, err := client.Operation(t.Context(), o.ID)
			if err != nil || op.State != want[i] {
				t.Errorf("%s: %s: got %q, %v, want %s", when, o.ID, op.State, err, want[i])
			}
		}
	}
	check("planted", wrapper.StateRunning, wrapper.StateRollingBack, wrapper.StateFaulted)
	now = now.Add(time.Hour)
	check("an hour later", wrapper.StateCompleted, wrapper.StateRollingBack, wrapper.StateFaulted)
	if _, err := client.ForceCancel(t.Context(), seed.Operations[1].ID, wrapper.ForceOptions{Policy: wrapper.ServerDecides{}}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	check("an hour after a force", wrapper.StateCompleted, wrapper.StateForceCancelled, wrapper.StateFaulted)
}

func TestScenario(t *testing.T) {
	t.Parallel()
	choose, err := emulator.ParseScenarios(read(t, "scenario.json"))
	if err != nil {
		t.Fatal(err)
	}
	partition := func(service string) wrapper.Partition { return wrapper.Partition{Service: service, ID: uuid.UUID{1}} }
	for _, tt := range []struct {
		service string
		failed  int           // failed attempts of a restart that is not stopped
		stopped wrapper.State // end state of a restart that is stopped at once
	}{
		{"fabric:/shop/stock", 0, wrapper.StateCancelled},
		{"fabric:/shop/orders", 0, wrapper.StateForceCancelled},
		{"fabric:/shop/cart", 3, wrapper.StateCancelled},
	} {
		t.Run(tt.service, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := sftest.NewCluster(t, sftest.WithClock(time.Now), sftest.WithScenarios(choose))
				client := c.Client()
				start := func() uuid.UUID {
					result, err := client.StartPartitionRestart(t.Context(), partition(tt.service), "AllReplicasOrInstances", wrapper.StartOptions{})
					if err != nil {
						t.Fatal(err)
					}
					return result.OperationID
				}
				id := start()
				result, err := client.Wait(t.Context(), id, wrapper.WaitOptions{})
				if failed := c.Operation(id).Failed.Perform; err != nil || result.State != wrapper.StateCompleted || failed != tt.failed {
					t.Errorf("undisturbed: got %s after %d failures, %v, want Completed after %d", result.State, failed, err, tt.failed)
				}
				result, err = client.Stop(t.Context(), start(), wrapper.StopOptions{Grace: 2 * time.Minute})
				if err != nil || result.State != tt.stopped {
					t.Errorf("stopped: got %s, %v, want %s", result.State, err, tt.stopped)
				}
			})
		})
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
