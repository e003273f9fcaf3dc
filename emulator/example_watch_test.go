package emulator_test

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/store/memory"
)

// One replica is called, and another one tells what happens.
func ExampleEmulator_Watch() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	st := memory.New()
	defer st.Close()
	quick := emulator.WithScenario(func(emulator.Record) emulator.Scenario {
		return emulator.Scenario{LookUp: 10 * time.Millisecond, Perform: time.Hour}
	})
	one, other := emulator.New(st, quick), emulator.New(st, quick)
	go func() { _ = one.Run(ctx) }() // writes down what is due

	if err := one.Put(ctx, emulator.Record{
		ID: uuid.New(), Kind: generated.OperationTypePartitionRestart,
		Step: emulator.StepIntentSaved, Rollback: emulator.NotRollingBack,
	}); err != nil {
		panic(err)
	}
	for t, err := range other.Watch(ctx, 0) {
		if err != nil {
			panic(err)
		}
		fmt.Println(t.Record.Step, t.Record.State())
		if t.Record.Step == emulator.StepPerformingActions && t.Record.Rollback == emulator.NotRollingBack {
			// Whoever it is that interferes, the watch tells of it.
			_, err := one.CancelOperation(ctx, generated.CancelOperationRequestObject{
				Params: generated.CancelOperationParams{OperationID: t.Record.ID},
			})
			if err != nil {
				panic(err)
			}
			if err := one.SetScenario(ctx, t.Record.ID, emulator.Scenario{}); err != nil { // no transition
				panic(err)
			}
		}
		if t.Record.State() == generated.OperationStateRollingBack {
			break // another watch may go on after t.Revision, on any replica
		}
	}

	// Output:
	// IntentSaved Running
	// LookingUpState Running
	// PerformingActions Running
	// PerformingActions RollingBack
}
