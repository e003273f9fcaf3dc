package ledger_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
)

// The graceful cancel of one client is what lets another force, and the trail says who did what.
func TestSharedEvidence(t *testing.T) {
	t.Parallel()
	for _, profile := range []server.Profile{server.Documented, server.Runtime} {
		t.Run(profile.String(), func(t *testing.T) {
			c := sftest.NewCluster(t, sftest.WithProfile(profile))
			id := c.Put(emulator.Record{})
			st := memory.New()
			defer func() { must(t, st.Close()) }()
			shared := newLedger(t, st, ledger.WithBy("ann"))
			ann := c.Client(wrapper.WithLedger(shared))
			bob := c.Client(wrapper.WithLedger(newLedger(t, st, ledger.WithBy("bob"))))
			stranger := c.Client(wrapper.WithLedger(newLedger(t, memory.New())))

			_, err := bob.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
			if !errors.Is(err, wrapper.ErrForceRefused) {
				t.Errorf("before: %v", err)
			}
			_, err = ann.Cancel(t.Context(), id, wrapper.CancelOptions{Reason: "the drill is over"})
			must(t, err)
			_, err = stranger.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
			if !errors.Is(err, wrapper.ErrForceRefused) || c.Operation(id).Rollback == emulator.RollingBackForce {
				t.Errorf("without the ledger: %v", err)
			}
			got, err := bob.ForceCancel(t.Context(), id, wrapper.ForceOptions{Reason: "it hangs"})
			if err != nil || got.Verdict != wrapper.Accepted || got.LedgerErr != nil || c.Operation(id).Rollback != emulator.RollingBackForce {
				t.Errorf("after: %+v, %v", got, err)
			}
			got, err = ann.Cancel(t.Context(), id, wrapper.CancelOptions{})
			if err != nil || got.Verdict != wrapper.AlreadyForced {
				t.Errorf("and then: %+v, %v", got, err)
			}

			entries := entriesOf(t, shared, id)
			for i := range entries {
				if (entries[i].RequestID == uuid.UUID{}) != (entries[i].Outcome == "intent") {
					t.Errorf("entry %d is of request %s, want one unless it is an intent", i, entries[i].RequestID)
				}
				entries[i].Time, entries[i].RequestID = at, uuid.UUID{}
			}
			stopping := wrapper.Entry{
				Time: at, OperationID: id, Cluster: "http://cluster.test:19080/", State: wrapper.StateRollingBack, Outcome: "done",
			}
			intent := stopping
			intent.State, intent.Outcome = "", "intent"
			want := []wrapper.Entry{stopping, intent, stopping, stopping}
			want[0].Action, want[0].Verdict, want[0].By, want[0].Reason = "graceful", wrapper.Accepted, "ann", "the drill is over"
			want[1].Action, want[1].By, want[1].Reason = "force", "bob", "it hangs"
			want[2].Action, want[2].Verdict, want[2].By, want[2].Reason = "force", wrapper.Accepted, "bob", "it hangs"
			want[3].Action, want[3].Verdict, want[3].By = "graceful", wrapper.AlreadyForced, "ann"
			same(t, entries, want)
		})
	}
}

// An entry that cannot be read stops a force, and no graceful cancel.
func TestDamagedStopsForce(t *testing.T) {
	t.Parallel()
	c, st := sftest.NewCluster(t), memory.New()
	id := c.Put(emulator.Record{})
	client := c.Client(wrapper.WithLedger(newLedger(t, st)), wrapper.WithForcePolicy(wrapper.ServerDecides{}))
	_, err := client.Cancel(t.Context(), id, wrapper.CancelOptions{})
	must(t, err)
	key := "ledger/" + id.String() + "/x"
	_, err = st.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: key}}})
	must(t, err)
	_, err = client.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
	if !errors.Is(err, wrapper.ErrForceRefused) || !errors.Is(err, ledger.ErrDamaged) || c.Operation(id).Rollback == emulator.RollingBackForce {
		t.Errorf("got %v", err)
	}
	got, err := client.Cancel(t.Context(), id, wrapper.CancelOptions{})
	if err != nil || got.Verdict != wrapper.Accepted {
		t.Errorf("got %s, %v", got.Verdict, err)
	}
	_, err = st.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: key, Delete: true}}})
	must(t, err)
	got, err = client.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
	if err != nil || got.Verdict != wrapper.Accepted {
		t.Errorf("once it is away: %s, %v", got.Verdict, err)
	}
}
