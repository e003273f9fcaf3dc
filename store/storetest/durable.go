package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/sfcancel/sfcancel/store"
)

// RunDurable checks that what was committed is there when the store is opened
// again. open opens the store that is kept in dir, makes it if there is none
// yet, and fails t if it cannot; dir is an empty directory at first. RunDurable
// closes each store before it opens the next in the same directory.
//
// It cannot kill the process: that a transaction outlives SIGKILL is for the
// driver's own tests.
func RunDurable(t *testing.T, open func(t *testing.T, dir string) store.Store) {
	t.Helper()
	for _, c := range []struct {
		name  string
		check func(t *testing.T, open func() store.Store)
	}{
		{"durable/an empty store", func(t *testing.T, open func() store.Store) {
			shut(t, open())
			same(t, "items", all(t, open()), []store.Item(nil))
		}},
		{"durable/items and revisions", func(t *testing.T, open func() store.Store) {
			s := open()
			set(t, s, "a", "1")
			set(t, s, "b", "2")
			set(t, s, "nothing", "")
			set(t, s, "a", "3")
			commit(t, s, store.Txn{Then: []store.Write{{Key: "b", Delete: true}}})
			want := all(t, s)
			for range 3 {
				shut(t, s)
				s = open()
				same(t, "items", all(t, s), want)
				absent(t, s, "b")
			}
		}},
		{"durable/the largest transaction", func(t *testing.T, open func() store.Store) {
			s := open()
			commit(t, s, largest())
			want := all(t, s)
			shut(t, s)
			same(t, "items", all(t, open()), want)
		}},
		{"durable/revisions go on", func(t *testing.T, open func() store.Store) {
			s := open()
			set(t, s, "a", "")
			for range 3 {
				// It leaves no item that could tell its revision.
				last := commit(t, s, store.Txn{Then: []store.Write{{Key: "none", Delete: true}}})
				shut(t, s)
				s = open()
				if next := set(t, s, "b", ""); next <= last {
					t.Fatalf("revision %d after %d", next, last)
				}
			}
		}},
		{"durable/watches go on from a list", func(t *testing.T, open func() store.Store) {
			s := open()
			set(t, s, "a", "1")
			from := revision(t, s)
			shut(t, s)
			s = open()
			at := set(t, s, "b", "2")
			want := []store.Change{{Revision: at, Writes: []store.Write{{Key: "b", Value: []byte("2")}}}}
			same(t, "changes", watch(t, s, "", from, at), want)
		}},
		{"durable/watches from before show everything or ErrCompacted", func(t *testing.T, open func() store.Store) {
			s := open()
			var changes []store.Change
			add := func(key string) {
				at := set(t, s, key, key)
				changes = append(changes, store.Change{Revision: at, Writes: []store.Write{{Key: key, Value: []byte(key)}}})
			}
			add("a")
			add("b")
			add("c")
			shut(t, s)
			s = open()
			fromZero, fromFirst := startWatch(t, s, 0), startWatch(t, s, changes[0].Revision)
			const owed = 0 // of what was committed before the store was opened
			knowsZero := fromZero.showsAllOrNone(t, changes, owed)
			knowsFirst := fromFirst.showsAllOrNone(t, changes[1:], owed)
			add("d")
			for w, knows := range map[*watcher]bool{&fromZero: knowsZero, &fromFirst: knowsFirst} {
				if knows {
					w.shows(t, changes[3:], remembered)
				}
			}
		}},
		{"durable/conditions go on", func(t *testing.T, open func() store.Store) {
			s := open()
			before, now := set(t, s, "a", ""), set(t, s, "a", "")
			shut(t, s)
			s = open()
			txn := store.Txn{
				If:   []store.Condition{{Key: "a", Revision: before}},
				Then: []store.Write{{Key: "a", Value: []byte("next")}},
			}
			if _, err := s.Commit(t.Context(), txn); !errors.Is(err, store.ErrConflict) {
				t.Fatalf("Commit on the revision before: %v, want ErrConflict", err)
			}
			txn.If[0].Revision = now
			commit(t, s, txn)
		}},
		{"durable/a conflict leaves nothing", func(t *testing.T, open func() store.Store) {
			s := open()
			last := set(t, s, "a", "")
			_, err := s.Commit(t.Context(), store.Txn{
				If:   []store.Condition{{Key: "a"}},
				Then: []store.Write{{Key: "b"}},
			})
			if !errors.Is(err, store.ErrConflict) {
				t.Fatalf("Commit: %v, want ErrConflict", err)
			}
			shut(t, s)
			s = open()
			absent(t, s, "b")
			if next := set(t, s, "c", ""); next <= last {
				t.Fatalf("revision %d after %d", next, last)
			}
		}},
		{"durable/closed while calls are under way", func(t *testing.T, open func() store.Store) {
			committed := closeUnderWay(t, open())
			items := all(t, open())
			for _, item := range items {
				if revision, ok := committed[item.Key]; !ok || revision != item.Revision {
					t.Errorf("item %+v, but Commit had returned %d (0: an error)", item, revision)
				}
			}
			if len(items) != len(committed) {
				t.Errorf("%d items after %d commits", len(items), len(committed))
			}
		}},
		{"durable/many items", func(t *testing.T, open func() store.Store) {
			s := open()
			for i := range 20 {
				var txn store.Txn
				for j := range store.MaxOps {
					key := fmt.Sprintf("%03d/%03d", j, i)
					txn.Then = append(txn.Then, store.Write{Key: key, Value: []byte(key)})
				}
				commit(t, s, txn)
			}
			want := all(t, s)
			shut(t, s)
			same(t, "items", all(t, open()), want)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.check(t, func() store.Store {
				s := open(t, dir)
				t.Cleanup(func() { shut(t, s) })
				return s
			})
		})
	}
}

func shut(t *testing.T, s store.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}
