package main

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

func TestCancelOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := sftest.NewCluster(t, sftest.WithClock(time.Now), sftest.WithScenario(emulator.Scenario{LookUp: 24 * time.Hour}))
		client := c.Client()
		start := func(id uuid.UUID) uuid.UUID {
			result, err := client.StartDataLoss(t.Context(), wrapper.Partition{Service: "fabric:/shop/orders", ID: uuid.UUID{1}},
				"PartialDataLoss", wrapper.StartOptions{OperationID: id})
			if err != nil {
				t.Fatal(err)
			}
			return result.OperationID
		}
		check := func(when string, want map[uuid.UUID]generated.OperationState) {
			if err := cancelOld(t.Context(), client, time.Hour); err != nil {
				t.Fatalf("%s: %v", when, err)
			}
			for id, state := range want {
				if got := c.Operation(id).State(); got != state {
					t.Errorf("%s: %s: got %s, want %s", when, id, got, state)
				}
			}
		}
		const running, rolling = generated.OperationStateRunning, generated.OperationStateRollingBack

		dated := start(uuid.Nil)          // the client makes an id of version 7
		undated := c.Put(emulator.Record{ // an id of version 4, from another client
			Step: emulator.StepLookingUpState, Scenario: emulator.Scenario{LookUp: 24 * time.Hour},
		})
		time.Sleep(2 * time.Hour)
		young := start(uuid.Nil)
		time.Sleep(30 * time.Minute)
		check("after two and a half hours", map[uuid.UUID]generated.OperationState{dated: rolling, undated: running, young: running})
		time.Sleep(time.Hour + time.Second)
		check("an hour later", map[uuid.UUID]generated.OperationState{undated: rolling, young: rolling})
	})
}
