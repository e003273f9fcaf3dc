package bolt_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/store/bolt"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
)

// What a process that died has left in its ledger is evidence for the next one.
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
