package bolt_test

import (
	"errors"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
	"github.com/sfcancel/sfcancel/wrapper"
)

// serve is a client of an engine on a store, which accepts a force once, and what ends its server.
func serve(t *testing.T, st store.Store) (client *wrapper.Client, end func()) {
	t.Helper()
	handler, err := server.New(emulator.New(st, emulator.WithProfile(server.Runtime)), server.WithProfile(server.Runtime))
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	client, err = wrapper.New(s.URL, wrapper.WithForcePolicy(wrapper.ServerDecides{}))
	if err != nil {
		t.Fatal(err)
	}
	return client, s.Close
}

// start starts a data loss and returns its id.
func start(t *testing.T, client *wrapper.Client) uuid.UUID {
	t.Helper()
	target := wrapper.Partition{Service: "fabric:/shop/orders", ID: uuid.New()}
	started, err := client.StartDataLoss(t.Context(), target, generated.DataLossModePartialDataLoss, wrapper.StartOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return started.OperationID
}

// What an engine answered is true after its store was closed and opened again.
func TestEngineRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "faults.db")
	st, err := bolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	client, end := serve(t, st)
	cancelled, forced := start(t, client), start(t, client)
	for _, id := range []uuid.UUID{cancelled, forced} {
		if got, err := client.Cancel(t.Context(), id, wrapper.CancelOptions{}); err != nil || got.Verdict != wrapper.Accepted {
			t.Fatalf("the cancel of %s: %s, %v, want %s", id, got.Verdict, err, wrapper.Accepted)
		}
	}
	if got, err := client.ForceCancel(t.Context(), forced, wrapper.ForceOptions{}); err != nil || got.Verdict != wrapper.Accepted {
		t.Fatalf("the force: %s, %v, want %s", got.Verdict, err, wrapper.Accepted)
	}
	end()
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}

	if st, err = bolt.Open(path); err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	client, end = serve(t, st)
	defer end()
	for _, tc := range []struct {
		id   uuid.UUID
		want wrapper.Verdict
	}{{forced, wrapper.AlreadyForced}, {cancelled, wrapper.Accepted}} {
		if got, err := client.ForceCancel(t.Context(), tc.id, wrapper.ForceOptions{}); err != nil || got.Verdict != tc.want {
			t.Errorf("after the restart, a force of %s: %s, %v, want %s", tc.id, got.Verdict, err, tc.want)
		}
	}
}

// Two engines on one file are one cluster: of many forces exactly one is accepted, whoever receives it.
func TestEnginesRace(t *testing.T) {
	st, err := bolt.Open(filepath.Join(t.TempDir(), "faults.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	engines := [2]*emulator.Emulator{emulator.New(st, emulator.WithProfile(server.Runtime)), emulator.New(st, emulator.WithProfile(server.Runtime))}
	client, end := serve(t, st)
	defer end()
	id := start(t, client)
	if _, err := client.Cancel(t.Context(), id, wrapper.CancelOptions{}); err != nil {
		t.Fatal(err)
	}
	errs := make([]error, 16)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = engines[i%2].CancelOperation(t.Context(), generated.CancelOperationRequestObject{Params: generated.CancelOperationParams{
				OperationID: id, Force: true,
			}})
		})
	}
	wg.Wait()
	accepted := 0
	for i, err := range errs {
		var failure *server.Error
		switch {
		case err == nil:
			accepted++
		case !errors.As(err, &failure) || failure.Code != generated.ErrorCodeInvalidTestCommandState:
			t.Errorf("force %d: %v, want %s", i, err, generated.ErrorCodeInvalidTestCommandState)
		}
	}
	if accepted != 1 {
		t.Errorf("%d forces were accepted, want 1", accepted)
	}
}
