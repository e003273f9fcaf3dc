package emulator_test

import (
	"flag"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// TestStateMachine drives random histories through two emulators at one store, and holds
// every answer, and what the list and the progress calls show after each action, against
// the model (§5.1–§5.10).
func TestStateMachine(t *testing.T) {
	for _, profile := range profiles {
		t.Run(profile.String(), func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				w := newWorld(t, rt, profile, func() store.Store { return memory.New() })
				w.live()
			})
		})
	}
}

// TestStateMachineOnDisk is the same over real sockets and with restarts that close the
// store and open it again (§5.8).
func TestStateMachineOnDisk(t *testing.T) {
	// Every request goes through a socket, so there are a few checks only: a part of those asked for.
	checks := flag.Lookup("rapid.checks")
	all := checks.Value.String()
	n, err := strconv.Atoi(all)
	if err != nil {
		t.Fatal(err)
	}
	if err := checks.Value.Set(strconv.Itoa(max(n/20, 1))); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = checks.Value.Set(all) }()
	for _, profile := range profiles {
		t.Run(profile.String(), func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				w := newWorld(t, rt, profile, newDisk().open)
				w.listen()
				w.live()
			})
		})
	}
}

// TestForceBetweenTries: a force that comes while a transition waits for its next try keeps
// it from being made (§5.3: the flag is read before each try).
func TestForceBetweenTries(t *testing.T) {
	c := newCluster(t, server.Runtime, nil, emulator.WithScenario(func(emulator.Record) emulator.Scenario {
		return emulator.Scenario{Perform: 10 * second, PerformFails: emulator.Failure{Times: 1}}
	}))
	id := c.start(3)
	c.pass(10*second + second/2)
	c.cancel(id, "false")
	c.cancel(id, "true")
	c.pass(20 * second)
	if listed := c.list("0", "8"); len(listed) > 0 {
		t.Errorf("listed as completed: %v", listed)
	}
	if node, _, err := c.engine.Node(t.Context(), "_Node_0"); err != nil || node.Down {
		t.Errorf("the node was stopped: %+v, %v", node, err)
	}
}

// TestEveryTryLooksAnew: a transition that tries to look up its node again and again finds
// it up once it is (§5.5, §5.6), whoever looks at it meanwhile.
func TestEveryTryLooksAnew(t *testing.T) {
	for _, sweeps := range []bool{false, true} {
		c := newCluster(t, server.Documented, nil, emulator.WithScenario(func(r emulator.Record) emulator.Scenario {
			if r.Target.Transition == generated.NodeTransitionTypeStart {
				return emulator.Scenario{LookUpFails: always(0)}
			}
			return emulator.Scenario{}
		}))
		c.start(3) // stops it for 600 s
		id := uuid.New()
		c.send(http.MethodPost, "/Faults/Nodes/_Node_0/$/StartTransition/?api-version=6.0&NodeTransitionType=Start&NodeInstanceId=5"+
			"&StopDurationInSeconds=600&OperationId="+id.String())
		for _, at := range []struct {
			after time.Duration
			want  generated.OperationState
		}{{599 * second, generated.OperationStateRunning}, {second, generated.OperationStateFaulted}} {
			c.pass(at.after)
			if got := c.state(id); got != at.want {
				t.Errorf("swept %t, %s later: %s, want %s", sweeps, at.after, got, at.want)
			}
			if sweeps {
				if err := c.engine.Sweep(t.Context()); err != nil {
					t.Error(err)
				}
			}
		}
	}
}
