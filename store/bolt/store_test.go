package bolt_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
	"github.com/sfcancel/sfcancel/store/storetest"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		return open(t, filepath.Join(t.TempDir(), "state.db"))
	})
}

func TestDurableContract(t *testing.T) {
	storetest.RunDurable(t, func(t *testing.T, dir string) store.Store {
		return open(t, filepath.Join(dir, "state.db"))
	})
}

// open opens a store and closes it at the end of the test. The test may close it earlier.
func open(t testing.TB, path string, opts ...bolt.Option) *bolt.Store {
	t.Helper()
	s, err := bolt.Open(path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Entries that a process left in its ledger are evidence for the next process.
func TestLedgerSurvives(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	c := sftest.NewCluster(t)
	id := c.Put(emulator.Record{})
	graceful := func(client *wrapper.Client) (wrapper.Result, error) {
		return client.Cancel(t.Context(), id, wrapper.CancelOptions{})
	}
	force := func(client *wrapper.Client) (wrapper.Result, error) {
		return client.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
	}
	var got []wrapper.Verdict
	for _, call := range []func(*wrapper.Client) (wrapper.Result, error){graceful, graceful, force} {
		st, err := bolt.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		kept, err := ledger.New(st)
		if err != nil {
			t.Fatal(err)
		}
		result, err := call(c.Client(wrapper.WithLedger(kept)))
		if err != nil {
			t.Fatal(err)
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
		got = append(got, result.Verdict)
	}
	if want := []wrapper.Verdict{wrapper.Accepted, wrapper.AlreadyStopping, wrapper.Accepted}; !slices.Equal(got, want) {
		t.Errorf("the verdicts are %v, want %v", got, want)
	}
}

// serve starts a server with an engine on st, which accepts a force once. It returns a client of the
// server and a function that closes the server.
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

// start starts a data loss and returns the operation's id.
func start(t *testing.T, client *wrapper.Client) uuid.UUID {
	t.Helper()
	target := wrapper.Partition{Service: "fabric:/shop/orders", ID: uuid.New()}
	started, err := client.StartDataLoss(t.Context(), target, generated.DataLossModePartialDataLoss, wrapper.StartOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return started.OperationID
}

// The answers of an engine stay true after its store was closed and opened again.
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

// Two engines on one file are one cluster: of many concurrent forces exactly one is accepted, whichever
// engine receives it.
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

// Many transactions share one update, up to a limit: bbolt holds an update in memory.
func TestCommitEachSharesUpdates(t *testing.T) {
	for _, c := range []struct{ transactions, value, updates int }{
		{1, 0, 1}, {2_000, 0, 1}, {2_001, 0, 2}, {5_000, 0, 3},
		{8, 1 << 20, 1}, {9, 1 << 20, 2},
	} {
		t.Run(fmt.Sprintf("%d of %d bytes", c.transactions, c.value), func(t *testing.T) {
			s := open(t, filepath.Join(t.TempDir(), "state.db"))
			updates := 0
			bolt.AroundUpdate(s, func(update func() error) error {
				updates++
				return update()
			})
			txns := make([]store.Txn, c.transactions)
			for i := range txns {
				txns[i] = store.Txn{Then: []store.Write{{Key: fmt.Sprint(i), Value: make([]byte, c.value)}}}
			}
			for i, out := range s.CommitEach(t.Context(), txns) {
				if out.Err != nil {
					t.Fatalf("outcome %d: %v", i, out.Err)
				}
			}
			if updates != c.updates {
				t.Errorf("%d updates for %d transactions, want %d", updates, c.transactions, c.updates)
			}
		})
	}
}
