package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

var (
	orders = wrapper.Partition{Service: "fabric:/shop/orders", ID: uuid.UUID{1}}

	// The data loss looks up its partition while the step runs. A cancel takes effect after the look-up.
	cancellable = emulator.Scenario{LookUp: 90 * time.Second}
	// The clean-up never succeeds, so that only a force ends the data loss.
	stuck = emulator.Scenario{LookUp: 90 * time.Second, UndoFails: emulator.Failure{Times: emulator.Always}}
)

// This test also shows how to use sftest: an in-memory cluster, a lost answer, and a grace period of two minutes,
// which takes no time in a bubble of testing/synctest.
func TestDuring(t *testing.T) {
	t.Parallel()
	errStep := errors.New("the orders are wrong")
	for _, tt := range []struct {
		name     string
		scenario emulator.Scenario
		lost     bool // the answer to the start
		step     error
		want     generated.OperationState
	}{
		{name: "the step succeeds", scenario: cancellable, want: generated.OperationStateCancelled},
		{name: "the step fails", scenario: cancellable, step: errStep, want: generated.OperationStateCancelled},
		{name: "the answer to the start is lost", scenario: cancellable, lost: true, want: generated.OperationStateCancelled},
		{name: "the graceful cancel does not end it", scenario: stuck, want: generated.OperationStateForceCancelled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := sftest.NewCluster(t, sftest.WithClock(time.Now), sftest.WithScenario(tt.scenario))
				if tt.lost {
					c.On(sftest.StartDataLoss, sftest.DropAfter())
				}
				err := during(t.Context(), c.Client(), orders, func(context.Context) error {
					time.Sleep(time.Minute)
					return tt.step
				})
				if !errors.Is(err, tt.step) {
					t.Errorf("got the error %v, want %v", err, tt.step)
				}
				if ops := c.Operations(); len(ops) != 1 || ops[0].State() != tt.want {
					t.Errorf("got the operations %v, want one that is %s", ops, tt.want)
				}
			})
		})
	}
}

func TestDuringInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := sftest.NewCluster(t, sftest.WithClock(time.Now), sftest.WithScenario(cancellable))
		ctx, interrupt := context.WithCancel(t.Context())
		err := during(ctx, c.Client(), orders, func(ctx context.Context) error {
			interrupt()
			<-ctx.Done()
			return ctx.Err()
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got the error %v, want %v", err, context.Canceled)
		}
		if ops := c.Operations(); len(ops) != 1 || ops[0].State() != generated.OperationStateCancelled {
			t.Errorf("got the operations %v, want one that is Cancelled", ops)
		}
	})
}

func TestDuringRefusedStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := sftest.NewCluster(t, sftest.WithClock(time.Now))
		c.On(sftest.StartDataLoss, sftest.Status(403, ""))
		err := during(t.Context(), c.Client(), orders, func(context.Context) error {
			t.Error("the step ran without a data loss")
			return nil
		})
		if !errors.Is(err, wrapper.ErrServerRefused) {
			t.Errorf("got the error %v, want %v", err, wrapper.ErrServerRefused)
		}
		if got := len(c.Requests()); got != 1 {
			t.Errorf("got %d requests, want only the start", got)
		}
	})
}
