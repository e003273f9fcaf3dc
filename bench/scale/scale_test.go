package scale

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
	"github.com/sfcancel/sfcancel/store/memory"
)

// everything is the value of both filters that finds all operations.
const everything = 0xFFFF

func listOf(tb testing.TB, e generated.StrictServerInterface) generated.OperationStatusList {
	tb.Helper()
	answer, err := e.GetFaultOperationList(tb.Context(), generated.GetFaultOperationListRequestObject{
		Params: generated.GetFaultOperationListParams{TypeFilter: everything, StateFilter: everything},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return slices.Collect(answer.(emulator.List).All())
}

func cancelOne(tb testing.TB, e generated.StrictServerInterface, id uuid.UUID) error {
	_, err := e.CancelOperation(tb.Context(), generated.CancelOperationRequestObject{
		Params: generated.CancelOperationParams{OperationID: id},
	})
	return err
}

// startOne starts an operation like a planted one.
func startOne(tb testing.TB, e generated.StrictServerInterface, o operation) error {
	id, t := o.record.ID, o.record.Target
	service := serviceID(t)
	switch o.record.Kind {
	case generated.OperationTypePartitionDataLoss:
		_, err := e.StartDataLoss(tb.Context(), generated.StartDataLossRequestObject{
			ServiceID: service, PartitionID: t.PartitionID,
			Params: generated.StartDataLossParams{OperationID: id, DataLossMode: generated.DataLossModeParameter(t.Mode)},
		})
		return err
	case generated.OperationTypePartitionQuorumLoss:
		_, err := e.StartQuorumLoss(tb.Context(), generated.StartQuorumLossRequestObject{
			ServiceID: service, PartitionID: t.PartitionID,
			Params: generated.StartQuorumLossParams{
				OperationID: id, QuorumLossMode: generated.QuorumLossModeParameter(t.Mode),
				QuorumLossDuration: generated.QuorumLossDuration(t.Duration / time.Second),
			},
		})
		return err
	case generated.OperationTypePartitionRestart:
		_, err := e.StartPartitionRestart(tb.Context(), generated.StartPartitionRestartRequestObject{
			ServiceID: service, PartitionID: t.PartitionID,
			Params: generated.StartPartitionRestartParams{OperationID: id, RestartPartitionMode: generated.RestartPartitionModeParameter(t.Mode)},
		})
		return err
	default:
		_, err := e.StartNodeTransition(tb.Context(), generated.StartNodeTransitionRequestObject{
			NodeName: t.NodeName,
			Params: generated.StartNodeTransitionParams{
				OperationID: id, NodeTransitionType: t.Transition, NodeInstanceID: t.NodeInstanceID,
				StopDurationInSeconds: generated.StopDurationInSeconds(t.Duration / time.Second),
			},
		})
		return err
	}
}

func serviceID(t emulator.Target) string {
	const scheme = "fabric:/"
	if t.ServiceName == "" {
		return ""
	}
	return t.ServiceName[len(scheme):]
}

// What is planted is what an emulator writes that is asked for the same: when it accepts
// the operation, and when it has ended.
func TestPlantedIsWhatTheEmulatorWrites(t *testing.T) {
	active, finished := make(map[generated.OperationType]bool), make(map[generated.OperationType]bool)
	for i := 0; len(active) < 4 || len(finished) < 4; i++ {
		planted := newOperation(i)
		seen := finished
		if isActive(i) {
			seen = active
		}
		if seen[planted.record.Kind] {
			continue
		}
		seen[planted.record.Kind] = true
		st := memory.New()
		now := planted.record.Received
		e := emulator.New(st, emulator.WithClock(func() time.Time { return now }))
		if err := startOne(t, e, planted); err != nil {
			t.Fatal(err)
		}
		if !isActive(i) {
			now = start
			if err := e.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		want := contents(t, st)
		if !isActive(i) {
			for key := range want {
				if len(key) > len(nodesPrefix) && key[:len(nodesPrefix)] == nodesPrefix {
					delete(want, key)
				}
			}
		}
		got := make(map[string]string)
		writes, err := planted.writes()
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range writes {
			got[w.Key] = string(w.Value)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v, active %t (- emulator, + planted):\n%s", planted.record.Kind, isActive(i), diff)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}
}

func contents(t *testing.T, st store.Store) map[string]string {
	t.Helper()
	page, err := st.List(t.Context(), "", "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, item := range page.Items {
		all[item.Key] = string(item.Value)
	}
	return all
}

// A small one of what the benchmark does, so that it goes on working.
func TestScale(t *testing.T) {
	const n, sample = 10_000, 200
	path := filepath.Join(t.TempDir(), "state.db")
	s := openStore(t, path)
	plant(t, s, n)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, path)
	defer s.Close()
	e := newEmulator(s)
	random := rand.New(rand.NewPCG(1, 0))
	for range sample {
		want := newOperation(random.IntN(n))
		got, err := e.Record(t.Context(), want.record.ID)
		if err != nil {
			t.Fatal(err)
		}
		if isActive(want.i) {
			// The emulator has taken it up since: there is no queue.
			want.record.Step = emulator.StepLookingUpState
			want.record.Due = want.record.Due.Add(want.record.Scenario.LookUp)
		}
		if diff := cmp.Diff(want.record, got); diff != "" {
			t.Fatalf("operation %d (- planted, + read):\n%s", want.i, diff)
		}
	}
	states := make(map[generated.OperationState]int)
	for _, o := range listOf(t, e) {
		states[o.State]++
	}
	if want := n / activeShare; states[generated.OperationStateRunning] != want || states[generated.OperationStateCompleted] != n-want {
		t.Errorf("states = %v, want %d Running and the others of %d Completed", states, want, n)
	}
	if err := cancelOne(t, e, anyOf(random, n, true).record.ID); err != nil {
		t.Error(err)
	}
	refusal, ok := errors.AsType[*server.Error](cancelOne(t, e, anyOf(random, n, false).record.ID))
	if !ok || refusal.Status != http.StatusNotFound {
		t.Errorf("cancel of a finished operation: %v, want 404", refusal)
	}
	if err := startOne(t, e, newOperation(n)); err != nil {
		t.Error(err)
	}
	if err := e.CleanUp(t.Context()); err != nil {
		t.Error(err)
	}
}

// openStore opens a store that the caller closes.
func openStore(tb testing.TB, path string) *bolt.Store {
	tb.Helper()
	s, err := bolt.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// newEmulator is one for which it is the moment at which the active operations began.
func newEmulator(s store.Store) *emulator.Emulator {
	return emulator.New(s, emulator.WithClock(func() time.Time { return start }))
}
