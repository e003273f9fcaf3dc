package emulator_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
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

func (w *world) listed(in, types uint32) generated.OperationStatusList {
	status, code, body := w.send(http.MethodGet, fmt.Sprintf("/Faults/?api-version=6.0&StateFilter=%d&TypeFilter=%d", in, types))
	w.expect("list", status, code, 200, "")
	var listed generated.OperationStatusList
	if err := json.Unmarshal(body, &listed); err != nil || listed == nil {
		w.t.Fatalf("the list is %q (%v); it must be an array, even when empty", body, err)
	}
	return listed
}

// edges are those of §5.4 that one action can lead along. That of a cancel needs no time, so
// none leads from Running to Cancelled or ForceCancelled.
var edges = map[string][]string{
	"":            {"Running", "RollingBack", "Completed", "Faulted"}, // whose steps take no time
	"Running":     {"Running", "RollingBack", "Completed", "Faulted"},
	"RollingBack": {"RollingBack", "Faulted", "Cancelled", "ForceCancelled"},
}

func (w *world) check(t *rapid.T) {
	w.turn = 1 - w.turn
	got := map[uuid.UUID]string{}
	history := false
	for _, s := range w.listed(0xFFFF, 0xFFFF) {
		if _, twice := got[s.OperationID]; twice {
			t.Errorf("%s is listed twice", s.OperationID)
		}
		state := string(s.State)
		got[s.OperationID] = state
		under := state == "Running" || state == "RollingBack"
		if history && under {
			t.Errorf("%s is under way and listed after a finished one (§5.10)", s.OperationID)
		}
		history = !under
		before := w.seen[s.OperationID]
		if !slices.Contains(edges[before], state) && before != state {
			t.Errorf("%s went from %s to %s, which is no edge (§5.4)", s.OperationID, before, state)
		}
	}
	for _, o := range w.ops {
		if got[o.id] != o.state() {
			t.Errorf("%s is shown as %q, want %s: %+v", o.id, got[o.id], o.state(), *o)
		}
	}
	if len(got) != len(w.ops) {
		t.Errorf("listed: %v, want %d operations", got, len(w.ops))
	}
	for i, o := range w.ops {
		if w.seen[o.id] != got[o.id] || w.steps%len(w.ops) == i {
			w.progressOf(o, o.id, map[uint32]int{1: 0, 2: 1, 4: 2, 8: 3}[o.kind])
		}
	}
	if n := w.steps / 3; w.steps%3 == 0 {
		w.filtered([]uint32{8, 16, 1, 32, 2, 64, 0}[n%7], []uint32{0, 0xFFFF, 0, 1, 2, 4, 8, 0}[n%8])
	}
	w.steps++
	w.seen = got
}

// progressOf compares the progress of an operation that is asked for at the n-th kind's address.
func (w *world) progressOf(o *modelOp, id uuid.UUID, n int) {
	status, code, body := w.send(http.MethodGet, kinds[n].progress+"?api-version=6.0&OperationId="+id.String())
	what := fmt.Sprintf("progress of %s at the address of a %s", id, kinds[n].kind)
	switch {
	case o == nil:
		w.expect(what+" (§5.8)", status, code, 404, "FABRIC_E_KEY_NOT_FOUND")
		return
	case o.kind != 1<<n && n == 0:
		w.expect(what+" (§6)", status, code, 500, "0x80004002")
		return
	case o.kind != 1<<n:
		w.expect(what+" (§6)", status, code, 500, "E_POINTER")
		return
	}
	w.expect(what, status, code, 200, "")
	want := map[string]any{"State": o.state()}
	if s := o.state(); s == "Completed" || s == "Faulted" {
		result := map[string]any{"ErrorCode": float64(o.code)}
		if o.target != nil {
			p := map[string]any{"ServiceName": o.target.name, "PartitionId": uuid.Nil.String()}
			if o.known {
				p["PartitionId"] = o.target.id
			}
			result["SelectedPartition"] = p
		} else {
			result["NodeResult"] = map[string]any{"NodeName": o.node, "NodeInstanceId": o.instance}
		}
		want[kinds[n].result] = result
	}
	var got map[string]any
	if err := json.Unmarshal(body, &got); err != nil {
		w.t.Errorf("%s is %q: %v", what, body, err)
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		w.t.Errorf("%s (§6), -want +got:\n%s", what, diff)
	}
}

// What random histories seldom meet.
