package emulator

import (
	"time"

	"github.com/sfcancel/sfcancel/generated"
)

// Scenario says how an operation goes when nobody interferes. The zero value
// goes through every step at once and succeeds. Negative times count as zero.
type Scenario struct {
	// Queue, LookUp and Perform are how long an operation waits for its turn, looks
	// up its target, and acts. A quorum loss acts for its requested duration longer.
	Queue, LookUp, Perform time.Duration

	// Undo is how long the cleaning up of one step takes.
	Undo time.Duration

	// Fault, if not zero, is the HRESULT with which the acting ends for good.
	Fault int32

	// UndoStuck makes every try to clean up fail. The runtime then tries for ever,
	// a second apart, and only a force cancel ends the operation.
	UndoStuck bool
}

// DefaultScenario is what an [Emulator] plays unless [WithScenario] says otherwise:
// seconds, so that a person can watch and cancel in time, and no queue, because an
// operation that is cancelled in there is over before anybody sees it roll back.
func DefaultScenario() Scenario {
	return Scenario{
		LookUp:  2 * time.Second,
		Perform: 30 * time.Second,
		Undo:    4 * time.Second,
	}
}

// undoRetryPause is the runtime's CommandStepRetryBackoffInSeconds.
const undoRetryPause = time.Second

// lasts is how long the activity that r is in takes.
func (s Scenario) lasts(r Record) time.Duration {
	var d time.Duration
	switch {
	case r.Undoing:
		d = s.Undo
	case r.Step == StepIntentSaved:
		d = s.Queue
	case r.Step == StepLookingUpState:
		d = s.LookUp
	case r.Step == StepPerformingActions:
		d = s.Perform
		if r.Kind == generated.OperationTypePartitionQuorumLoss {
			d = max(d, 0) + r.Target.Duration
		}
	}
	return max(d, 0)
}
