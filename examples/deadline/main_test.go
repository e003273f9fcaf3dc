package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/sftest"
)

func TestEnd(t *testing.T) {
	t.Parallel()
	fails := emulator.Failure{Times: emulator.Always}
	for _, tt := range []struct {
		name     string
		scenario emulator.Scenario
		want     generated.OperationState
		late     bool
	}{
		{"gracefully", emulator.Scenario{LookUp: time.Second}, generated.OperationStateCancelled, false},
		{"by force", emulator.Scenario{LookUp: time.Second, UndoFails: fails}, generated.OperationStateForceCancelled, false},
		{"too late", emulator.Scenario{LookUp: time.Hour}, generated.OperationStateRollingBack, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := sftest.NewCluster(t, sftest.WithClock(time.Now))
				id := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: tt.scenario})
				begin := time.Now()
				err := end(c.Client(), id, 10*time.Minute)
				if got := errors.Is(err, context.DeadlineExceeded); got != tt.late || !tt.late && err != nil {
					t.Errorf("got the error %v, want a late end: %t", err, tt.late)
				}
				if got := c.Operation(id).State(); got != tt.want {
					t.Errorf("got the state %s, want %s", got, tt.want)
				}
				if took := time.Since(begin); took > 10*time.Minute {
					t.Errorf("took %v, want 10m0s at most", took)
				}
			})
		})
	}
}
