package emulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/contract"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// cluster is an emulator behind its server on a real socket, with a clock that only
// the test moves.
type cluster struct {
	t      *testing.T
	engine *emulator.Emulator
	url    string

	mu  sync.Mutex
	now time.Time
}

func newCluster(t *testing.T, profile server.Profile, st store.Store, options ...emulator.Option) *cluster {
	t.Helper()
	if st == nil {
		st = memory.New()
		t.Cleanup(func() { _ = st.Close() })
	}
	c := &cluster{t: t, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	options = append([]emulator.Option{
		emulator.WithProfile(profile),
		emulator.WithClock(c.clock),
		emulator.WithScenario(func(emulator.Record) emulator.Scenario {
			return emulator.Scenario{Queue: second, LookUp: second, Perform: second, Undo: second}
		}),
	}, options...)
	c.engine = emulator.New(st, options...)
	handler, err := server.New(c.engine, server.WithProfile(profile))
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(contract.Handler(t, contract.Edge{Profile: profile}, handler))
	t.Cleanup(srv.Close)
	c.url = srv.URL
	return c
}

const second = time.Second

// hang is where waiting ends and a failure begins: no machine is as slow as that.
const hang = 30 * second

// always is a step that never succeeds.
func always(code int32) emulator.Failure {
	return emulator.Failure{Times: emulator.Always, Code: code}
}

func (c *cluster) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// pass lets time pass for the engine.
func (c *cluster) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// answer is an HTTP answer as a caller sees it.
type answer struct {
	status int
	code   generated.ErrorCode // of a FabricError, "" if there is none
	body   string
}

func (c *cluster) send(method, path string) answer {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	a := answer{status: response.StatusCode, body: string(body)}
	if a.status >= 400 {
		var e generated.FabricError
		if err := json.Unmarshal(body, &e); err != nil || e.Error.Code == "" || e.Error.Message == "" {
			c.t.Errorf("%s %s: %d with %q, which is no FabricError", method, path, a.status, body)
		}
		a.code = e.Error.Code
	}
	return a
}

func (c *cluster) cancel(id uuid.UUID, force string) answer {
	c.t.Helper()
	return c.send(http.MethodPost, "/Faults/$/Cancel?api-version=6.0&OperationId="+id.String()+"&Force="+force)
}

const onPartition = "/Faults/Services/shop~orders/$/GetPartitions/1daae3f5-7fd6-42e9-b1ba-8c05f873994d/$/"

// kinds has what each of the four kinds needs on the wire.
var kinds = []struct {
	kind            generated.OperationType
	start, progress string
	parameters      string
	result          string // member of a progress answer
}{
	{generated.OperationTypePartitionDataLoss, onPartition + "StartDataLoss", onPartition + "GetDataLossProgress",
		"DataLossMode=FullDataLoss", "InvokeDataLossResult"},
	{generated.OperationTypePartitionQuorumLoss, onPartition + "StartQuorumLoss", onPartition + "GetQuorumLossProgress",
		"QuorumLossMode=AllReplicas&QuorumLossDuration=0", "InvokeQuorumLossResult"},
	{generated.OperationTypePartitionRestart, onPartition + "StartRestart", onPartition + "GetRestartProgress",
		"RestartPartitionMode=AllReplicasOrInstances", "RestartPartitionResult"},
	{generated.OperationTypeNodeTransition, "/Faults/Nodes/_Node_0/$/StartTransition/", "/Faults/Nodes/_Node_0/$/GetTransitionProgress",
		"NodeTransitionType=Stop&NodeInstanceId=5&StopDurationInSeconds=600", "NodeTransitionResult"},
}

// start starts an operation of the n-th kind and returns its id.
func (c *cluster) start(n int) uuid.UUID {
	c.t.Helper()
	id := uuid.New()
	if a := c.startAs(n, id); a.status != http.StatusAccepted || a.body != "" {
		c.t.Fatalf("start of a %s: %+v", kinds[n].kind, a)
	}
	return id
}

func (c *cluster) startAs(n int, id uuid.UUID) answer {
	c.t.Helper()
	return c.send(http.MethodPost, kinds[n].start+"?api-version=6.0&OperationId="+id.String()+"&"+kinds[n].parameters)
}

// state is what the list shows, "" if it does not show the operation.
func (c *cluster) state(id uuid.UUID) generated.OperationState {
	c.t.Helper()
	var state generated.OperationState
	for _, op := range c.list("65535", "65535") {
		if op.OperationID == id {
			if state != "" {
				c.t.Errorf("operation %s is listed twice", id)
			}
			state = op.State
		}
	}
	return state
}

func (c *cluster) list(kinds, states string) generated.OperationStatusList {
	c.t.Helper()
	a := c.send(http.MethodGet, "/Faults/?api-version=6.0&TypeFilter="+kinds+"&StateFilter="+states)
	var listed generated.OperationStatusList
	if err := json.Unmarshal([]byte(a.body), &listed); err != nil || listed == nil {
		c.t.Fatalf("the list is %q (%v); it must be an array, even when empty", strings.TrimSpace(a.body), err)
	}
	return listed
}

// startOn starts an operation past the wire: a data loss, or a transition of _Node_0.
func startOn(ctx context.Context, e *emulator.Emulator, id uuid.UUID, transition bool) error {
	if transition {
		_, err := e.StartNodeTransition(ctx, generated.StartNodeTransitionRequestObject{NodeName: "_Node_0", Params: generated.StartNodeTransitionParams{
			OperationID: id, NodeTransitionType: generated.NodeTransitionTypeStop, NodeInstanceID: "5", StopDurationInSeconds: 600}})
		return err
	}
	_, err := e.StartDataLoss(ctx, generated.StartDataLossRequestObject{ServiceID: "shop~orders", PartitionID: uuid.MustParse(aPartition),
		Params: generated.StartDataLossParams{OperationID: id, DataLossMode: generated.DataLossModeFullDataLoss}})
	return err
}

// progressOn is the state that a progress call shows.
func progressOn(ctx context.Context, e *emulator.Emulator, id uuid.UUID, transition bool) (string, error) {
	if transition {
		a, err := e.GetNodeTransitionProgress(ctx, generated.GetNodeTransitionProgressRequestObject{NodeName: "_Node_0", Params: generated.GetNodeTransitionProgressParams{OperationID: id}})
		shown, _ := a.(generated.GetNodeTransitionProgress200JSONResponse)
		return string(shown.State), err
	}
	a, err := e.GetDataLossProgress(ctx, generated.GetDataLossProgressRequestObject{Params: generated.GetDataLossProgressParams{OperationID: id}})
	shown, _ := a.(generated.GetDataLossProgress200JSONResponse)
	return string(shown.State), err
}

// codeOf is what a client sees of an error.
func codeOf(err error) string {
	if err == nil {
		return ""
	}
	var refusal *server.Error
	if errors.As(err, &refusal) {
		return string(refusal.Code)
	}
	return "E_FAIL: " + err.Error()
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
