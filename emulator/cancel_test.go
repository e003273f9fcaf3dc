package emulator

import (
	"errors"
	"fmt"
	"testing"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// The whole table of runtime §5.2, and where the documents differ from it:
// "unless the test command already has an OperationState of RollingBack".
func TestCancelTable(t *testing.T) {
	const (
		ok       = ""
		notNow   = generated.ErrorCodeInvalidTestCommandState
		inactive = generated.ErrorCodeKeyNotFound
	)
	type verdict struct {
		code generated.ErrorCode
		flag Rollback // afterwards
	}
	active := []Step{StepIntentSaved, StepLookingUpState, StepPerformingActions}
	terminal := []Step{StepCompletedSuccessfully, StepFailed}
	rows := []struct {
		name            string
		steps           []Step
		flag            Rollback
		graceful        verdict
		forceRuntime    verdict
		forceDocumented verdict
	}{
		{"running", active, NotRollingBack,
			verdict{ok, RollingBackDueToUserCancel},
			verdict{notNow, NotRollingBack},
			verdict{notNow, NotRollingBack}},
		{"will retry, shown Running", active, RollingBackAndWillRetry,
			verdict{ok, RollingBackDueToUserCancel},
			verdict{notNow, RollingBackAndWillRetry},
			verdict{notNow, RollingBackAndWillRetry}},
		{"failing by itself, shown RollingBack", active, RollingBackAndWillFail,
			verdict{ok, RollingBackDueToUserCancel},
			verdict{notNow, RollingBackAndWillFail},
			verdict{ok, RollingBackForce}},
		{"cancelled gracefully", active, RollingBackDueToUserCancel,
			verdict{ok, RollingBackDueToUserCancel},
			verdict{ok, RollingBackForce},
			verdict{ok, RollingBackForce}},
		{"forced", active, RollingBackForce,
			verdict{notNow, RollingBackForce},
			verdict{notNow, RollingBackForce},
			verdict{ok, RollingBackForce}},
	}
	for _, flag := range []Rollback{NotRollingBack, RollingBackAndWillFail, RollingBackDueToUserCancel, RollingBackForce} {
		same := verdict{inactive, flag}
		rows = append(rows, struct {
			name            string
			steps           []Step
			flag            Rollback
			graceful        verdict
			forceRuntime    verdict
			forceDocumented verdict
		}{"over", terminal, flag, same, same, same})
	}
	for _, row := range rows {
		for _, step := range row.steps {
			for _, c := range []struct {
				profile server.Profile
				force   bool
				want    verdict
			}{
				{server.Documented, false, row.graceful},
				{server.Runtime, false, row.graceful},
				{server.Documented, true, row.forceDocumented},
				{server.Runtime, true, row.forceRuntime},
			} {
				t.Run(fmt.Sprintf("%s/%s/%s/%s/force=%t", row.name, step, row.flag, c.profile, c.force), func(t *testing.T) {
					before := Record{Step: step, Rollback: row.flag, Kind: generated.OperationTypePartitionDataLoss}
					after, err := cancel(before, c.force, c.profile)
					if code := codeOf(err); code != c.want.code {
						t.Errorf("answered %q, want %q", code, c.want.code)
					}
					before.Rollback = c.want.flag
					if after != before {
						t.Errorf("the record became %+v, want %+v", after, before)
					}
				})
			}
		}
	}
}

func codeOf(err error) generated.ErrorCode {
	var e *server.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// The table of runtime §5.1.
func TestVisibleState(t *testing.T) {
	const (
		running   = generated.OperationStateRunning
		rolling   = generated.OperationStateRollingBack
		completed = generated.OperationStateCompleted
		faulted   = generated.OperationStateFaulted
		cancelled = generated.OperationStateCancelled
		forced    = generated.OperationStateForceCancelled
	)
	columns := []Rollback{NotRollingBack, RollingBackAndWillRetry, RollingBackAndWillFail, RollingBackDueToUserCancel, RollingBackForce}
	for step, states := range map[Step][5]generated.OperationState{
		StepIntentSaved:           {running, running, rolling, rolling, rolling},
		StepLookingUpState:        {running, running, rolling, rolling, rolling},
		StepPerformingActions:     {running, running, rolling, rolling, rolling},
		StepCompletedSuccessfully: {completed, completed, completed, cancelled, forced},
		StepFailed:                {faulted, faulted, faulted, cancelled, forced},
	} {
		for i, flag := range columns {
			if got := (Record{Step: step, Rollback: flag}).State(); got != states[i] {
				t.Errorf("%s with %s is shown as %s, want %s", step, flag, got, states[i])
			}
		}
	}
}
