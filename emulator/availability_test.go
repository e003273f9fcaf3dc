package emulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store/memory"
)

// TestAvailability is runtime §4.2 and §5.8: in each condition but ready, each of the
// ten operations is refused, whatever it is about, and nothing changes.
func TestAvailability(t *testing.T) {
	want := map[emulator.Availability]answer{
		emulator.Ready:                       {},
		emulator.Starting:                    {status: 503, code: generated.ErrorCodeAbort},
		emulator.NotPrimary:                  {status: 503, code: generated.ErrorCodeAbort},
		emulator.NoWriteQuorum:               {status: 503, code: generated.ErrorCodeAbort},
		emulator.NotDeployed:                 {status: 500, code: "FMFailoverUnitNotFound"},
		emulator.HostingDeploymentInProgress: {status: 503, code: generated.ErrorCodeReconfigurationPending},
		emulator.GatewayCannotReachNaming:    {status: 502, code: generated.ErrorCodeGatewayNotReachable},
	}
	all := emulator.Availabilities()
	if len(all) != len(want) || all[0] != emulator.Ready {
		t.Fatalf("the conditions are %v", all)
	}
	for _, a := range all {
		refusal, ok := want[a]
		if !ok {
			t.Errorf("nothing is known of %s", a)
		}
		if a == emulator.Ready {
			continue
		}
		t.Run(string(a), func(t *testing.T) {
			c := newCluster(t, server.Documented, nil)
			id := c.start(0)
			c.engine.SetAvailability(a)
			const common = "?api-version=6.0&OperationId="
			calls := []struct{ method, path string }{{http.MethodGet, "/Faults/?api-version=6.0&TypeFilter=65535&StateFilter=65535"}}
			// Also what would be refused by itself: the condition comes first.
			for _, who := range []string{id.String(), uuid.NewString()} {
				calls = append(calls,
					struct{ method, path string }{http.MethodPost, "/Faults/$/Cancel" + common + who + "&Force=false"},
					struct{ method, path string }{http.MethodPost, "/Faults/$/Cancel" + common + who + "&Force=true"})
				for _, k := range kinds {
					calls = append(calls,
						struct{ method, path string }{http.MethodPost, k.start + common + who + "&" + k.parameters},
						struct{ method, path string }{http.MethodGet, k.progress + common + who})
				}
			}
			for _, call := range calls {
				if got := c.send(call.method, call.path); got.status != refusal.status || got.code != refusal.code {
					t.Errorf("%s %s: %+v, want %+v", call.method, call.path, got, refusal)
				}
			}

			// What is no call of a client goes on.
			if r, err := c.engine.Record(t.Context(), id); err != nil || r.State() != generated.OperationStateRunning {
				t.Errorf("%+v (%v)", r, err)
			}
			if err := c.engine.SetScenario(t.Context(), id, emulator.Scenario{}); err != nil {
				t.Error(err)
			}
			if _, _, err := c.engine.Node(t.Context(), "_Node_0"); err != nil {
				t.Error(err)
			}
			put := emulator.Record{ID: uuid.New(), Kind: kinds[0].kind, Step: emulator.StepIntentSaved, Rollback: emulator.NotRollingBack}
			if err := c.engine.Put(t.Context(), put); err != nil {
				t.Error(err)
			}
			if err := c.engine.SetCluster(t.Context(), emulator.DefaultCluster()); err != nil {
				t.Error(err)
			}
			c.pass(10 * second)
			if err := c.engine.Sweep(t.Context()); err != nil {
				t.Error(err)
			}
			c.cleanUp()

			c.engine.SetAvailability(emulator.Ready)
			if listed := c.list("65535", "65535"); len(listed) != 2 {
				t.Errorf("the refused calls left %v", listed)
			}
			if got := c.state(id); got != generated.OperationStateCompleted {
				t.Errorf("shown as %s, want Completed: a refused cancel changes nothing", got)
			}
		})
	}
}

// A condition that is empty is ready, as in a [emulator.Seed]; one that nobody knows is not.
func TestAvailabilityOfNobodys(t *testing.T) {
	c := newCluster(t, server.Documented, nil)
	c.engine.SetAvailability("asleep")
	if a := c.send(http.MethodGet, everything); a.status != http.StatusServiceUnavailable || a.code != generated.ErrorCodeAbort {
		t.Errorf("asleep: %+v", a)
	}
	c.engine.SetAvailability("")
	c.start(0)
}

// What is wrong with the request itself is found out at the gateway, before the service.
func TestAvailabilityComesAfterTheParameters(t *testing.T) {
	c := newCluster(t, server.Documented, nil)
	c.engine.SetAvailability(emulator.NotPrimary)
	if a := c.send(http.MethodPost, "/Faults/$/Cancel?api-version=6.0&OperationId=x&Force=false"); a.status != http.StatusBadRequest {
		t.Errorf("%+v", a)
	}
}

// The stop duration is judged by the service, which has to be there.
func TestAvailabilityComesBeforeTheStopDuration(t *testing.T) {
	c := newCluster(t, server.Runtime, nil)
	c.engine.SetAvailability(emulator.NotPrimary)
	a := c.send(http.MethodPost, kinds[transitionKind].start+"?api-version=6.0&OperationId="+uuid.NewString()+
		"&NodeTransitionType=Stop&NodeInstanceId=5&StopDurationInSeconds=1")
	if a.code != generated.ErrorCodeAbort {
		t.Errorf("%+v", a)
	}
}

// The condition is that of one emulator, not of the store.
func TestAvailabilityOfOneEmulator(t *testing.T) {
	shared := memory.New()
	defer shared.Close()
	ours, other := newCluster(t, server.Documented, shared), newCluster(t, server.Documented, shared)
	ours.engine.SetAvailability(emulator.NoWriteQuorum)
	id := other.start(0)
	if a := ours.cancel(id, "false"); a.code != generated.ErrorCodeAbort {
		t.Errorf("%+v", a)
	}
	if a := other.cancel(id, "false"); a.status != http.StatusOK {
		t.Errorf("%+v", a)
	}
}

func TestParseAvailability(t *testing.T) {
	for _, a := range emulator.Availabilities() {
		if got, err := emulator.ParseAvailability(string(a)); got != a || err != nil {
			t.Errorf("%s: %s, %v", a, got, err)
		}
	}
	for _, text := range []string{"", "Ready", " ready", "broken"} {
		got, err := emulator.ParseAvailability(text)
		if err == nil {
			t.Errorf("%q counts as %s", text, got)
			continue
		}
		for _, a := range emulator.Availabilities() {
			if !strings.Contains(err.Error(), string(a)) {
				t.Errorf("%q: the error does not name %s: %v", text, a, err)
			}
		}
	}
}
