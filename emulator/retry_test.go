package emulator_test

import (
	"errors"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// TestWhichCodesRetry is runtime §5.5 for every code that it names, for both sorts of
// kinds and both steps.
func TestWhichCodesRetry(t *testing.T) {
	for _, tt := range []struct {
		name             string
		code             int32
		retries, ends    bool // a partition kind starts over; a transition is over
		shownOtherwiseAs int32
	}{
		{name: "OperationCanceled", code: named(t, "E_ABORT"), retries: true},
		{name: "FabricInvalidAddress", code: named(t, "FABRIC_E_INVALID_ADDRESS"), retries: true},
		{name: "InvalidReplicaStateForReplicaOperation", code: named(t, "FABRIC_E_INVALID_REPLICA_STATE"), retries: true},
		{name: "NotReady", code: named(t, "FABRIC_E_NOT_READY"), retries: true},
		{name: "OperationTimedOut", code: named(t, "FABRIC_E_TIMEOUT"), retries: true},
		{name: "ReplicaDoesNotExist", code: named(t, "FABRIC_E_REPLICA_DOES_NOT_EXIST"), retries: true},
		// §8, what counts as transient. DatabaseMigrationInProgress has no number in the reference.
		{name: "transient: NoWriteQuorum", code: named(t, "FABRIC_E_NO_WRITE_QUORUM"), retries: true},
		{name: "transient: ReconfigurationPending", code: named(t, "FABRIC_E_RECONFIGURATION_PENDING"), retries: true},
		{name: "transient: ReplicationQueueFull", code: named(t, "FABRIC_E_REPLICATION_QUEUE_FULL"), retries: true},
		{name: "transient: ServiceOffline", code: named(t, "FABRIC_E_SERVICE_OFFLINE"), retries: true},
		{name: "transient: StopInProgress", code: named(t, "FABRIC_E_STOP_IN_PROGRESS"), retries: true},

		// §5.6, what FatalException stands for in the steps of the partition kinds.
		{name: "fatal: service does not exist", code: serviceDoesNotExist},
		{name: "fatal: partition not found", code: partitionNotFound},
		{name: "fatal: stateless", code: invalidForStateless},
		{name: "fatal: not persisted", code: onlyStatefulPersistent},
		{name: "fatal: E_INVALIDARG", code: invalidArg},

		// And in those of the transitions.
		{name: "fatal: node not found", code: nodeNotFound, ends: true},
		{name: "fatal: node is up", code: nodeIsUp, ends: true},
		{name: "fatal: node is down", code: nodeIsDown, ends: true},
		{name: "fatal: already stopped", code: alreadyStopped, ends: true},
		{name: "fatal: instance mismatch", code: instanceIDMismatch, ends: true},

		{name: "another FabricException: a busy service", code: named(t, "FABRIC_E_SERVICE_TOO_BUSY")},
		{name: "another FabricException: a node that has not stopped yet", code: named(t, "FABRIC_E_NODE_HAS_NOT_STOPPED_YET")},
		{name: "another FabricException: a name that does not exist", code: named(t, "FABRIC_E_NAME_DOES_NOT_EXIST")},
		{name: "InvalidOperationException", code: -2146233079},
		{name: "no FabricException: E_FAIL", code: named(t, "E_FAIL")},
		{name: "no FabricException: no code is E_FAIL", code: 0, shownOtherwiseAs: named(t, "E_FAIL")},
		{name: "no FabricException: E_ACCESSDENIED", code: named(t, "E_ACCESSDENIED")},
		{name: "a number of nobody's", code: 42},
	} {
		shownAs := tt.code
		if tt.shownOtherwiseAs != 0 {
			shownAs = tt.shownOtherwiseAs
		}
		for _, inLookUp := range []bool{true, false} {
			once := emulator.Failure{Times: 1, Code: tt.code}
			scenario := emulator.Scenario{LookUp: second, Perform: second, Undo: second}
			failsAt, undone := second, second // when it fails, and how long the undoing takes
			if inLookUp {
				scenario.LookUpFails = once
			} else {
				scenario.PerformFails = once
				failsAt, undone = 2*second, 2*second
			}
			name := tt.name + map[bool]string{true: ", looking up", false: ", acting"}[inLookUp]
			t.Run(name, func(t *testing.T) {
				c := newCluster(t, server.Documented, nil, emulator.WithScenario(func(emulator.Record) emulator.Scenario { return scenario }))
				for n := range kinds[:3] {
					id := c.start(n)
					c.pass(failsAt)
					if tt.retries {
						c.ends(n, id, generated.OperationStateRunning, 0) // while it is undone
						c.pass(undone)
						c.ends(n, id, generated.OperationStateRunning, 0) // in the pause
						c.pass(10*second + 2*second - 1)
						c.ends(n, id, generated.OperationStateRunning, 0) // no pause is under 10 s
						c.pass(49*second + 1)
						c.ends(n, id, generated.OperationStateCompleted, 0) // and none over 59 s
						continue
					}
					c.ends(n, id, generated.OperationStateRollingBack, 0)
					c.pass(undone - 1)
					c.ends(n, id, generated.OperationStateRollingBack, 0)
					c.pass(1)
					c.ends(n, id, generated.OperationStateFaulted, shownAs)
				}
				id := c.start(transitionKind)
				c.pass(failsAt)
				if tt.ends {
					c.ends(transitionKind, id, generated.OperationStateFaulted, shownAs)
					return
				}
				c.ends(transitionKind, id, generated.OperationStateRunning, 0)
				// The same step again a second later, and from there as if nothing had been.
				c.pass(second + second + (2*second - failsAt) - 1)
				c.ends(transitionKind, id, generated.OperationStateRunning, 0)
				c.pass(1)
				c.ends(transitionKind, id, generated.OperationStateCompleted, 0)
			})
		}
	}
}

// named is the number of a code that has to be in the table.
func named(t *testing.T, code string) int32 {
	t.Helper()
	n, ok := emulator.HRESULT(code)
	if !ok {
		t.Fatalf("no code %s", code)
	}
	return n
}

// §5.5: with FabricNotPrimary and FabricObjectClosed the engine only leaves; whoever is
// primary next goes on from where the record is. Nothing is undone and nothing ends.
func TestLosingThePrimaryEndsNothing(t *testing.T) {
	for _, code := range []string{"FABRIC_E_NOT_PRIMARY", "FABRIC_E_OBJECT_CLOSED"} {
		t.Run(code, func(t *testing.T) {
			c := newCluster(t, server.Documented, nil, emulator.WithScenario(func(emulator.Record) emulator.Scenario {
				return emulator.Scenario{LookUp: second, Perform: second, Undo: second, PerformFails: emulator.Failure{Times: 1, Code: named(t, code)}}
			}))
			for n := range kinds {
				id := c.start(n)
				c.pass(2 * second)
				c.ends(n, id, generated.OperationStateRunning, 0)
				c.pass(100 * second)
				c.ends(n, id, generated.OperationStateCompleted, 0)
			}
		})
	}
}

// §5.3, §5.5: there is no limit to the number of rounds, and none of them shows.
func TestRetriesHaveNoLimit(t *testing.T) {
	c := newCluster(t, server.Documented, nil, emulator.WithScenario(func(emulator.Record) emulator.Scenario {
		return emulator.Scenario{LookUp: second, LookUpFails: always(named(t, "FABRIC_E_TIMEOUT"))}
	}))
	for n := range kinds {
		id := c.start(n)
		c.pass(24 * time.Hour)
		c.ends(n, id, generated.OperationStateRunning, 0)
	}
}

// Anybody who reads an operation plays what happened since it was last written. The
// server may have been off for years, or its clock may run fast: that must not take
// longer than a caller waits, and a list reads many. To go through every round of two
// centuries takes any machine minutes.
func TestYearsOfRetriesAreReadInNoTime(t *testing.T) {
	for _, tt := range []struct {
		name     string
		scenario emulator.Scenario
	}{
		{"a look-up that is retried", emulator.Scenario{LookUpFails: always(named(t, "FABRIC_E_TIMEOUT"))}},
		{"an act that is retried", emulator.Scenario{PerformFails: always(named(t, "FABRIC_E_TIMEOUT"))}},
		{"an undoing that is retried", emulator.Scenario{LookUpFails: always(partitionNotFound), UndoFails: always(0)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCluster(t, server.Documented, nil, emulator.WithScenario(func(emulator.Record) emulator.Scenario { return tt.scenario }))
			c.start(0)
			c.pass(200 * inAYear)
			hurried(t, "a list of one operation", func() { c.list("65535", "65535") })
		})
	}
}

// The backoff between two tries of a step is a setting.
func TestBackoffIsASetting(t *testing.T) {
	c := newCluster(t, server.Documented, nil,
		emulator.WithSettings(emulator.Settings{CommandStepRetryBackoff: time.Minute}),
		emulator.WithScenario(func(emulator.Record) emulator.Scenario {
			return emulator.Scenario{PerformFails: emulator.Failure{Times: 2}}
		}))
	id := c.start(transitionKind)
	c.pass(2*time.Minute - 1)
	c.ends(transitionKind, id, generated.OperationStateRunning, 0)
	c.pass(1)
	c.ends(transitionKind, id, generated.OperationStateCompleted, 0)
}

// §5.4: the flag, the error and what was found are cleared before the pause. What then
// fails for good has looked up no partition (§6).
func TestWhatAFailedRoundFoundIsForgotten(t *testing.T) {
	c := newCluster(t, server.Documented, nil, emulator.WithScenario(func(emulator.Record) emulator.Scenario {
		return emulator.Scenario{PerformFails: always(named(t, "FABRIC_E_TIMEOUT"))}
	}))
	id := c.start(0)
	if r := c.record(id); r.Phase != emulator.PhasePausing || r.Rollback != emulator.NotRollingBack || r.ErrorCode != 0 || r.LookedUp {
		t.Errorf("in the pause it is %+v", r)
	}
	if err := c.engine.SetScenario(t.Context(), id, emulator.Scenario{LookUpFails: always(partitionNotFound)}); err != nil {
		t.Fatal(err)
	}
	c.pass(time.Minute)
	if got := c.ends(0, id, generated.OperationStateFaulted, partitionNotFound); got.SelectedPartition.PartitionID != noPartition {
		t.Errorf("%+v", got)
	}
}

// What is over cannot be played otherwise, whether or not that is written down.
func TestSetScenarioOfWhatIsOver(t *testing.T) {
	c := newCluster(t, server.Documented, nil)
	id := c.start(0)
	c.pass(10 * second)
	for range 2 {
		var e *server.Error
		if err := c.engine.SetScenario(t.Context(), id, emulator.Scenario{}); !errors.As(err, &e) || e.Code != generated.ErrorCodeKeyNotFound {
			t.Errorf("%v", err)
		}
		c.sweep()
	}
}
