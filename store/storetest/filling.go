package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/sfcancel/sfcancel/store"
)

// RunFull checks what [store.Store] promises of a medium that takes no more for a while, such
// as a full disk: a commit is ErrUnavailable and has not happened, all that is there is read as
// ever, and the store is well again by itself. open is as for [Run]; full makes the medium take
// no more, and takes that back.
func RunFull(t *testing.T, open func(t *testing.T) (s store.Store, full func(bool))) {
	t.Helper()
	for _, c := range filling() {
		t.Run(c.name, func(t *testing.T) {
			s, full := open(t)
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			c.check(t, s, full)
		})
	}
}

type fillingClause struct {
	name  string
	check func(t *testing.T, s store.Store, full func(bool))
}

func filling() []fillingClause {
	write := func(key string, at store.Revision) store.Txn {
		return store.Txn{If: []store.Condition{{Key: key, Revision: at}}, Then: []store.Write{{Key: key, Value: []byte("new")}}}
	}
	refused := func(t *testing.T, at store.Revision, err error) {
		t.Helper()
		if at != 0 || !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrOutcomeUnknown) || errors.Is(err, store.ErrClosed) {
			t.Errorf("Commit = %d, %v, want ErrUnavailable", at, err)
		}
	}
	return []fillingClause{
		{"full/a commit has not happened", func(t *testing.T, s store.Store, full func(bool)) {
			at := set(t, s, "a", "old")
			nothing := unchanged(t, s)
			full(true)
			for range 3 {
				revision, err := s.Commit(t.Context(), write("a", at))
				refused(t, revision, err)
				revision, err = s.Commit(t.Context(), write("b", 0))
				refused(t, revision, err)
			}
			full(false)
			nothing()
		}},
		{"full/reads go on", func(t *testing.T, s store.Store, full func(bool)) {
			at := set(t, s, "a", "old")
			items, revisionBefore := all(t, s), revision(t, s)
			full(true)
			for range 3 {
				_, err := s.Commit(t.Context(), write("a", at))
				refused(t, 0, err)
				same(t, "item", get(t, s, "a"), store.Item{Key: "a", Value: []byte("old"), Revision: at})
				absent(t, s, "b")
				same(t, "items", all(t, s), items) // by Scan, too
				if now := revision(t, s); now < revisionBefore {
					t.Errorf("revision = %d after %d", now, revisionBefore)
				}
			}
		}},
		{"full/several at once", func(t *testing.T, s store.Store, full func(bool)) {
			set(t, s, "a", "old")
			nothing := unchanged(t, s)
			full(true)
			var group sync.WaitGroup
			for i := range 16 {
				group.Go(func() {
					revision, err := s.Commit(t.Context(), write(fmt.Sprint(i), 0))
					refused(t, revision, err)
				})
			}
			group.Wait()
			out := store.CommitEach(t.Context(), s, []store.Txn{write("x", 0), write("y", 0)})
			if len(out) == 0 {
				t.Fatal("CommitEach has no outcome")
			}
			for _, o := range out {
				refused(t, o.Revision, o.Err)
			}
			full(false)
			nothing()
		}},
		{"full/well again by itself", func(t *testing.T, s store.Store, full func(bool)) {
			at := set(t, s, "a", "old")
			for range 3 {
				full(true)
				revision, err := s.Commit(t.Context(), write("a", at))
				refused(t, revision, err)
				full(false)
				before := at
				at = commit(t, s, write("a", at)) // the same: it had not happened
				want := []store.Change{{Revision: at, Writes: []store.Write{{Key: "a", Value: []byte("new")}}}}
				same(t, "changes", watch(t, s, "a", before, at), want)
				same(t, "item", get(t, s, "a"), store.Item{Key: "a", Value: []byte("new"), Revision: at})
			}
		}},
		{"full/a watch goes on", func(t *testing.T, s store.Store, full func(bool)) {
			before := set(t, s, "a", "old")
			full(true)
			revision, err := s.Commit(t.Context(), write("b", 0))
			refused(t, revision, err)
			full(false)
			at := set(t, s, "c", "")
			same(t, "changes", watch(t, s, "", before, at), []store.Change{{Revision: at, Writes: []store.Write{{Key: "c"}}}})
		}},
	}
}
