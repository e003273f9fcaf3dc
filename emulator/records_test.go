package emulator_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// What an emulator writes is sound, and what it cannot read is not.
func TestCheckItem(t *testing.T) {
	st := memory.New()
	defer st.Close()
	if _, err := emulator.StartClock(t.Context(), st, 2, nil); err != nil {
		t.Fatal(err)
	}
	c := newCluster(t, server.Runtime, st)
	seed, err := emulator.ParseSeed([]byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.engine.Plant(t.Context(), seed); err != nil {
		t.Fatal(err)
	}
	for n := range kinds {
		c.over(byte(n), second)
		c.start(n)
	}
	page, err := st.List(t.Context(), "", "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	met := map[string]bool{}
	for _, item := range page.Items {
		if err := emulator.CheckItem(item); err != nil {
			t.Errorf("%s: %v", item.Key, err)
		}
		met[item.Key[:strings.LastIndex(item.Key, "/")+1]] = true
		if broken := (store.Item{Key: item.Key, Value: []byte("x")}); emulator.CheckItem(broken) == nil {
			t.Errorf("%s with the value x is sound", item.Key)
		}
	}
	if len(met) != 5 {
		t.Errorf("there was nothing of some sorts: %v", met)
	}
	for _, item := range page.Items {
		for _, table := range []string{"active", "history"} {
			other := map[string]string{"active": "history", "history": "active"}[table]
			if id, found := strings.CutPrefix(item.Key, "operations/"+table+"/"); found {
				if emulator.CheckItem(store.Item{Key: "operations/" + other + "/" + id, Value: item.Value}) == nil {
					t.Errorf("%s is sound in the other table", item.Key)
				}
			}
		}
	}
	for _, record := range brokenRecords {
		if emulator.CheckItem(store.Item{Key: fmt.Sprintf("operations/active/%s", uuid.UUID{1}), Value: []byte(record)}) == nil {
			t.Errorf("%q is sound", record)
		}
	}
	if err := emulator.CheckItem(store.Item{Key: "of/somebody/else", Value: []byte("x")}); err != nil {
		t.Errorf("a key of nobody: %v", err)
	}
}

func write(t *testing.T, st store.Store, key, value string) {
	t.Helper()
	if _, err := st.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: key, Value: []byte(value)}}}); err != nil {
		t.Fatal(err)
	}
}

var brokenRecords = []string{``, `x`, `[]`, `{"id": 5}`, `{"due": "yesterday"}`, `{"failed": {"undo": 1.5}}`,
	`{"id": "01000000-0000-0000-0000-000000000000", "kind": "PartitionRestart", "step": "Nowhere", "rollback": "NotRollingBack"}`,
	`{"id": "02000000-0000-0000-0000-000000000000", "kind": "PartitionRestart", "step": "Failed", "rollback": "NotRollingBack"}`, // somebody else's
}

// A record that cannot be read fails the calls that are about it, with a FabricError that
// gives nothing away, and no other operation.
func TestABrokenRecordIsNobodyElsesAffair(t *testing.T) {
	for _, record := range brokenRecords {
		for _, table := range []string{"active", "history"} {
			st := memory.New()
			c := newCluster(t, server.Runtime, st)
			id := uuid.UUID{1}
			write(t, st, "operations/"+table+"/"+id.String(), record)
			for n, k := range kinds {
				if a := c.send(http.MethodGet, k.progress+"?api-version=6.0&OperationId="+id.String()); a.status != 500 || a.code != generated.ErrorCodeFail {
					t.Errorf("%q: progress: %+v", record, a)
				}
				if a := c.startAs(n, id); a.status != 500 {
					t.Errorf("%q: a start with its id: %+v", record, a)
				}
				other := c.start(n)
				if a := c.cancel(other, "false"); a.status != http.StatusOK {
					t.Errorf("%q: the cancel of another one: %+v", record, a)
				}
				c.ends(n, other, generated.OperationStateRollingBack, 0)
			}
			want := 500
			if table == "history" {
				want = 404 // a cancel looks in the active table only
			}
			if a := c.cancel(id, "false"); a.status != want {
				t.Errorf("%q: cancel: %+v, want %d", record, a, want)
			}
		}
	}
}

// TestABrokenRecordHidesNoOther: the others get on, and are cleaned up. The list fails,
// because one that left an operation out would say of it that it never existed.
func TestABrokenRecordHidesNoOther(t *testing.T) {
	for _, table := range []string{"active", "history"} {
		t.Run(table, func(t *testing.T) {
			st := memory.New()
			defer st.Close()
			c := newCluster(t, server.Runtime, st, emulator.WithSettings(emulator.Settings{MaxStoredActionCount: -1, CompletedActionKeepDuration: -1}))
			write(t, st, "operations/"+table+"/00000000-0000-0000-0000-000000000000", "x") // the first of all
			id := c.start(0)
			if a := c.send(http.MethodGet, everything); a.status != http.StatusInternalServerError || a.code != generated.ErrorCodeFail {
				t.Errorf("list: %+v", a)
			}
			c.pass(10 * second)
			if err := c.engine.Sweep(t.Context()); (err != nil) != (table == "active") {
				t.Errorf("sweep: %v", err)
			}
			if _, ok := contents(t, st)["operations/history/"+id.String()]; !ok {
				t.Error("another operation was not swept")
			}
			c.pass(10 * second)
			if err := c.engine.CleanUp(t.Context()); err == nil || !strings.Contains(err.Error(), "operations/"+table) {
				t.Errorf("the clean-up does not tell of it: %v", err)
			}
			if _, ok := contents(t, st)["operations/history/"+id.String()]; ok {
				t.Error("another operation was not cleaned up")
			}
		})
	}
}

// A node whose holder is over, or is nobody, is free. No store should ever hold that, but
// one that does must not make a start go round for ever.
func TestANodeWithoutAHolderIsFree(t *testing.T) {
	node := sha256.Sum256([]byte("_Node_0"))
	key := "operations/node/" + hex.EncodeToString(node[:])
	t.Run("its holder is unknown", func(t *testing.T) {
		st := memory.New()
		defer st.Close()
		c := newCluster(t, server.Runtime, st)
		write(t, st, key, uuid.NewString())
		c.start(transitionKind)
	})
	t.Run("its holder is over", func(t *testing.T) {
		st := memory.New()
		defer st.Close()
		c := newCluster(t, server.Runtime, st)
		write(t, st, key, c.over(1, 0).String())
		ctx, cancel := context.WithTimeout(t.Context(), hang)
		defer cancel()
		if _, _, err := c.engine.Node(ctx, "_Node_0"); err != nil {
			t.Fatalf("this went round and round: %v", err)
		}
		c.start(transitionKind)
	})
	t.Run("its holder is no id", func(t *testing.T) {
		st := memory.New()
		defer st.Close()
		c := newCluster(t, server.Runtime, st)
		write(t, st, key, "x")
		if a := c.startAs(transitionKind, uuid.New()); a.status != 500 {
			t.Errorf("%+v", a)
		}
		if n, _, err := c.engine.Node(t.Context(), "_Node_0"); err == nil {
			t.Errorf("the node is said to be %+v", n)
		}
		if a := c.tryTransition(uuid.New(), "other", "Stop", "5"); a.status != http.StatusAccepted {
			t.Errorf("another node: %+v", a)
		}
	})
}

// unread is a store whose n-th read fails, the first being 0, and only that one.
type unread struct {
	store.Store
	n int
}

func (u *unread) Get(ctx context.Context, key string) (store.Item, error) {
	u.n--
	if u.n == -1 {
		return store.Item{}, errDisk
	}
	return u.Store.Get(ctx, key)
}

// A start that could not read what it needs is refused, not accepted by half: what was
// accepted leaves its node stopped.
func TestAStartThatCannotRead(t *testing.T) {
	for n, refused := 0, true; refused; n++ {
		shared := memory.New()
		ours, other := newCluster(t, server.Runtime, &unread{shared, n}), newCluster(t, server.Runtime, shared)
		a := ours.startAs(transitionKind, uuid.New())
		refused = a.status != http.StatusAccepted
		other.pass(10 * second)
		if is, _ := other.node("_Node_0"); is.Down == refused || refused && a.code != generated.ErrorCodeFail {
			t.Errorf("read %d fails: %+v, and then the node is %+v", n, a, is)
		}
		_ = shared.Close()
	}
}

// The same for what is said of the cluster.
func TestABrokenClusterIsAFailure(t *testing.T) {
	node := sha256.Sum256([]byte("_Node_0"))
	for _, key := range []string{"cluster/services", "cluster/nodes/" + hex.EncodeToString(node[:]), "cluster/seed"} {
		st := memory.New()
		c := newCluster(t, server.Runtime, st)
		before := c.start(0)
		write(t, st, key, "x")
		if err := c.engine.Plant(t.Context(), emulator.Seed{}); err == nil {
			t.Errorf("%s: a seed was planted on top", key)
		}
		for n := range kinds {
			if a := c.startAs(n, uuid.New()); a.status != http.StatusAccepted && a.code != generated.ErrorCodeFail {
				t.Errorf("%s: %+v", key, a)
			}
		}
		c.pass(10 * second)
		c.ends(0, before, generated.OperationStateCompleted, 0)
	}
}
