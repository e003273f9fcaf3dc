package emulator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
)

var profiles = []server.Profile{server.Documented, server.Runtime}

// TestCancelOverTheWire walks the seeds' rule of force for every kind, from the
// start to the ending, over a real socket.
func TestCancelOverTheWire(t *testing.T) {
	for _, profile := range profiles {
		for n, k := range kinds {
			t.Run(fmt.Sprintf("%s/%s", profile, k.kind), func(t *testing.T) {
				c := newCluster(t, profile, nil)
				id := c.start(n)
				steps := []struct {
					what   string
					answer answer
					status int
					code   generated.ErrorCode
					state  generated.OperationState
				}{
					{"seed: force before a graceful cancel is not allowed", c.cancel(id, "true"), 400, generated.ErrorCodeInvalidTestCommandState, generated.OperationStateRunning},
					{"seed: graceful stops the operation", c.cancel(id, "false"), 200, "", generated.OperationStateRollingBack},
					{"§5.2: graceful is idempotent", c.cancel(id, "false"), 200, "", generated.OperationStateRollingBack},
					{"seed: force after a graceful cancel aborts it", c.cancel(id, "true"), 200, "", generated.OperationStateRollingBack},
					{"§5.2: no way back to graceful", c.cancel(id, "false"), 400, generated.ErrorCodeInvalidTestCommandState, generated.OperationStateRollingBack},
				}
				for _, s := range steps {
					if s.answer.status != s.status || s.answer.code != s.code {
						t.Errorf("%s: %+v, want %d %s", s.what, s.answer, s.status, s.code)
					}
				}
				repeated := c.cancel(id, "true")
				if want := map[server.Profile]int{server.Documented: 200, server.Runtime: 400}[profile]; repeated.status != want {
					t.Errorf("force repeated: %+v, want %d", repeated, want)
				}
				if got := c.state(id); got != generated.OperationStateRollingBack {
					t.Errorf("shown as %s", got)
				}
				c.pass(10 * second)
				if got := c.state(id); got != generated.OperationStateForceCancelled {
					t.Errorf("ended %s", got)
				}
				for _, force := range []string{"false", "true"} {
					if a := c.cancel(id, force); a.status != 404 || a.code != generated.ErrorCodeKeyNotFound {
						t.Errorf("§5.2: a terminal operation is answered like an unknown one: Force=%s gave %+v", force, a)
					}
				}
			})
		}
	}
}

func TestProgress(t *testing.T) {
	for n, k := range kinds {
		t.Run(string(k.kind), func(t *testing.T) {
			const fatal = -2147017789 // FABRIC_E_NODE_NOT_FOUND, which ends all four kinds
			var fault emulator.Failure
			c := newCluster(t, server.Documented, nil, emulator.WithScenario(func(emulator.Record) emulator.Scenario {
				return emulator.Scenario{Queue: second, LookUp: second, Perform: second, PerformFails: fault}
			}))
			progress := func(id uuid.UUID) map[string]json.RawMessage {
				t.Helper()
				a := c.send(http.MethodGet, k.progress+"?api-version=6.0&OperationId="+id.String())
				var body map[string]json.RawMessage
				if err := json.Unmarshal([]byte(a.body), &body); err != nil || a.status != 200 {
					t.Fatalf("%+v: %v", a, err)
				}
				return body
			}
			expect := func(id uuid.UUID, state string, errorCode string) {
				t.Helper()
				body := progress(id)
				if got := string(body["State"]); got != `"`+state+`"` {
					t.Errorf("state %s, want %s", got, state)
				}
				var result map[string]json.RawMessage
				_ = json.Unmarshal(body[k.result], &result)
				if got := string(result["ErrorCode"]); got != errorCode {
					t.Errorf("%s: error code %q, want %q; §6: a result is there only in Completed and Faulted", state, got, errorCode)
				}
			}
			completed := c.start(n)
			expect(completed, "Running", "")
			c.pass(10 * second)
			expect(completed, "Completed", "0")

			c.pass(600 * second) // a node that was stopped is up again
			fault = always(fatal)
			faulted := c.start(n)
			c.pass(10 * second)
			expect(faulted, "Faulted", fmt.Sprint(fatal))

			fault = emulator.Failure{}
			cancelled := c.start(n)
			c.cancel(cancelled, "false")
			expect(cancelled, "RollingBack", "")
			c.pass(10 * second)
			expect(cancelled, "Cancelled", "")

			for m, other := range kinds {
				if m == n {
					continue
				}
				want := generated.ErrorCode("E_POINTER")
				if other.kind == generated.OperationTypePartitionDataLoss {
					want = "0x80004002"
				}
				a := c.send(http.MethodGet, other.progress+"?api-version=6.0&OperationId="+completed.String())
				if a.status != 500 || a.code != want {
					t.Errorf("§6: through the address of a %s: %+v, want 500 %s", other.kind, a, want)
				}
			}
			if a := c.send(http.MethodGet, k.progress+"?api-version=6.0&OperationId="+uuid.NewString()); a.status != 404 || a.code != generated.ErrorCodeKeyNotFound {
				t.Errorf("an unknown id: %+v", a)
			}
		})
	}
}

// TestStartRules is runtime §5.7.
func TestStartRules(t *testing.T) {
	c := newCluster(t, server.Documented, nil)
	loss := c.start(0)
	for n := range kinds {
		if a := c.startAs(n, loss); a.status != 409 || a.code != generated.ErrorCodeTestCommandOperationIDAlreadyExists {
			t.Errorf("an id in use by another kind: %+v", a)
		}
	}
	node := c.start(3)
	if a := c.startAs(3, node); a.status != 400 || a.code != generated.ErrorCodeNodeTransitionInProgress {
		t.Errorf("the node is judged before the id: %+v", a)
	}
	if a := c.startAs(3, uuid.New()); a.status != 400 || a.code != generated.ErrorCodeNodeTransitionInProgress {
		t.Errorf("a second transition of the node: %+v", a)
	}
	c.pass(10 * second)
	for n := range kinds {
		if a := c.startAs(n, loss); a.status != 409 {
			t.Errorf("an id in use by a finished operation: %+v", a)
		}
	}
	c.start(3) // the node is free again, though nobody has swept
	if err := c.engine.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := c.state(node); got != generated.OperationStateCompleted {
		t.Errorf("the first transition is shown as %s", got)
	}
	if a := c.startAs(3, uuid.New()); a.status != 400 {
		t.Errorf("the sweep freed a node that is held: %+v", a)
	}
}

func TestStopDuration(t *testing.T) {
	for _, c := range []struct {
		profile server.Profile
		seconds int
		ok      bool
	}{
		{server.Documented, 599, false}, {server.Documented, 600, true},
		{server.Runtime, 299, false}, {server.Runtime, 300, true},
		{server.Documented, 14400, true}, {server.Documented, 14401, false},
		{server.Runtime, 14400, true}, {server.Runtime, 14401, false},
	} {
		t.Run(fmt.Sprintf("%s/%d", c.profile, c.seconds), func(t *testing.T) {
			a := newCluster(t, c.profile, nil).send(http.MethodPost, fmt.Sprintf(
				"%s?api-version=6.0&OperationId=%s&NodeTransitionType=Stop&NodeInstanceId=5&StopDurationInSeconds=%d", kinds[3].start, uuid.New(), c.seconds))
			want := answer{status: 202}
			if !c.ok {
				want.status, want.code = 400, generated.ErrorCodeInvalidDuration
			}
			if a.status != want.status || a.code != want.code {
				t.Errorf("%+v, want %+v", a, want)
			}
		})
	}
}

// TestRestart: what was answered is there after the store was closed and opened
// again, and goes on from where it was.
func TestRestart(t *testing.T) {
	d := newDisk()
	st := d.open()
	before := newCluster(t, server.Runtime, st)
	untouched, cancelled, forced := before.start(0), before.start(1), before.start(2)
	before.cancel(cancelled, "false")
	before.cancel(forced, "false")
	before.cancel(forced, "true")
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if a := before.cancel(untouched, "false"); a.status < 500 {
		t.Errorf("with its store gone the server answered %+v", a)
	}

	st = d.open()
	defer st.Close()
	after := newCluster(t, server.Runtime, st)
	if a := after.cancel(forced, "true"); a.code != generated.ErrorCodeInvalidTestCommandState {
		t.Errorf("the force was forgotten: %+v", a)
	}
	if a := after.cancel(cancelled, "true"); a.status != 200 {
		t.Errorf("that a graceful cancel came first was forgotten: %+v", a)
	}
	if a := after.cancel(untouched, "true"); a.code != generated.ErrorCodeInvalidTestCommandState {
		t.Errorf("a graceful cancel was invented: %+v", a)
	}
	after.pass(10 * second)
	if got := after.state(untouched); got != generated.OperationStateCompleted {
		t.Errorf("the untouched operation is shown as %s", got)
	}
}

// TestTwoEmulatorsRace: any number of emulators on one store are one cluster. Of many
// forces exactly one is accepted, whoever receives it.
func TestTwoEmulatorsRace(t *testing.T) {
	st := memory.New()
	defer st.Close()
	clusters := []*cluster{newCluster(t, server.Runtime, st), newCluster(t, server.Runtime, st)}
	id := clusters[0].start(0)
	clusters[1].cancel(id, "false")

	const callers = 16
	answers := make([]answer, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() { answers[i] = clusters[i%2].cancel(id, "true") })
	}
	wg.Wait()
	accepted := 0
	for _, a := range answers {
		switch {
		case a.status == 200:
			accepted++
		case a.code != generated.ErrorCodeInvalidTestCommandState:
			t.Errorf("%+v", a)
		}
	}
	if accepted != 1 {
		t.Errorf("%d forces were accepted, want 1", accepted)
	}
}

// The numbers inside a Faulted result, by the names that the tests here have for them.
func TestHRESULTOfResults(t *testing.T) {
	for name, want := range map[string]int32{
		"FABRIC_E_PARTITION_NOT_FOUND":                         partitionNotFound,
		"FABRIC_E_SERVICE_DOES_NOT_EXIST":                      serviceDoesNotExist,
		"FABRIC_E_INVALID_FOR_STATELESS_SERVICES":              invalidForStateless,
		"FABRIC_E_ONLY_VALID_FOR_STATEFUL_PERSISTENT_SERVICES": onlyStatefulPersistent,
		"FABRIC_E_NODE_NOT_FOUND":                              nodeNotFound,
		"FABRIC_E_NODE_IS_UP":                                  nodeIsUp,
		"FABRIC_E_NODE_IS_DOWN":                                nodeIsDown,
		"FABRIC_E_ALREADY_STOPPED":                             alreadyStopped,
		"FABRIC_E_INSTANCE_ID_MISMATCH":                        instanceIDMismatch,
		"E_INVALIDARG":                                         invalidArg,
		"E_FAIL":                                               -2147467259,
		"E_ABORT":                                              -2147467260,
		"E_POINTER":                                            -2147467261,
		"E_NOTIMPL":                                            -2147467263,
		"E_OUTOFMEMORY":                                        -2147024882,
		"E_ACCESSDENIED":                                       -2147024891,
	} {
		if got, ok := emulator.HRESULT(name); !ok || got != want {
			t.Errorf("%s is %d (%t), want %d", name, got, ok, want)
		}
	}
	for _, name := range []string{"", "S_OK", "fabric_e_timeout", "FABRIC_E_", "FABRIC_E_TIMEOUT ", "-2147017729", "#", "E_INVALIDARG 80070057"} {
		if got, ok := emulator.HRESULT(name); ok || got != 0 {
			t.Errorf("%q counts as %d", name, got)
		}
	}
}

// TestClientsResolveUnknownOutcomes: a client of this module finds out what became of a
// call whose outcome the store did not know, and has it happen once.
func TestClientsResolveUnknownOutcomes(t *testing.T) {
	for _, profile := range profiles {
		for name, fault := range map[string]uncertain{
			"it happened":     {err: store.ErrOutcomeUnknown, done: true},
			"it did not":      {err: store.ErrOutcomeUnknown},
			"it could not be": {err: store.ErrUnavailable},
		} {
			t.Run(profile.String()+"/"+name, func(t *testing.T) {
				t.Parallel()
				st := &uncertain{Store: memory.New(), err: fault.err, done: fault.done}
				defer st.Close()
				c := newCluster(t, profile, st)
				client, err := wrapper.New(c.url)
				if err != nil {
					t.Fatal(err)
				}
				defer client.Close()
				ctx, stop := context.WithTimeout(t.Context(), hang)
				defer stop()
				id := uuid.New()
				for _, call := range []struct {
					name string
					do   func() (wrapper.Result, error)
					flag emulator.Rollback
				}{
					{"start", func() (wrapper.Result, error) {
						return client.StartNodeTransition(ctx, wrapper.Node{Name: "_Node_0", Instance: 5}, generated.NodeTransitionTypeStop, 600*second, wrapper.StartOptions{OperationID: id})
					}, emulator.NotRollingBack},
					{"cancel", func() (wrapper.Result, error) { return client.Cancel(ctx, id, wrapper.CancelOptions{}) }, emulator.RollingBackDueToUserCancel},
					{"force", func() (wrapper.Result, error) {
						return client.ForceCancel(ctx, id, wrapper.ForceOptions{Policy: wrapper.ServerDecides{}})
					}, emulator.RollingBackForce},
				} {
					st.times = 1
					if _, err := call.do(); err != nil {
						t.Errorf("%s: %v", call.name, err)
					}
					if r := c.record(id); r.Rollback != call.flag || st.times != 0 {
						t.Errorf("after the %s it is %s", call.name, r.Rollback)
					}
				}
			})
		}
	}
}
