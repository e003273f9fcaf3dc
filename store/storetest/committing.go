package storetest

import (
	"errors"
	"testing"

	"github.com/sfcancel/sfcancel/store"
)

func committing() []clause {
	clauses := []clause{
		{"commit/every transaction raises the revision", func(t *testing.T, s store.Store) {
			last := set(t, s, "a", "1")
			for _, then := range [][]store.Write{
				{{Key: "a", Value: []byte("2")}},
				{{Key: "a", Value: []byte("2")}}, // the same again
				{{Key: "b"}, {Key: "c"}, {Key: "d"}},
				{{Key: "a", Delete: true}},
				{{Key: "a", Delete: true}}, // absent
				{{Key: "never there", Delete: true}},
			} {
				next := commit(t, s, store.Txn{Then: then})
				if next <= last {
					t.Fatalf("revision of %+v = %d after %d", then, next, last)
				}
				if now := revision(t, s); now < next {
					t.Fatalf("List at revision %d after a Commit of %d", now, next)
				}
				last = next
			}
		}},
		{"commit/items have the revision of their transaction", func(t *testing.T, s store.Store) {
			first := commit(t, s, store.Txn{Then: []store.Write{{Key: "a"}, {Key: "b"}, {Key: "c"}}})
			second := commit(t, s, store.Txn{Then: []store.Write{{Key: "d"}, {Key: "b"}, {Key: "a", Delete: true}}})
			same(t, "items", all(t, s), []store.Item{
				{Key: "b", Revision: second}, {Key: "c", Revision: first}, {Key: "d", Revision: second},
			})
		}},
		{"commit/a delete ignores its value", func(t *testing.T, s store.Store) {
			set(t, s, "a", "1")
			commit(t, s, store.Txn{Then: []store.Write{
				{Key: "a", Delete: true, Value: make([]byte, store.MaxValue+1)},
			}})
			absent(t, s, "a")
		}},
		{"commit/the largest transaction", func(t *testing.T, s store.Store) {
			revision := commit(t, s, largest())
			items := all(t, s)
			if len(items) != store.MaxOps {
				t.Fatalf("%d items, want %d", len(items), store.MaxOps)
			}
			for _, item := range items {
				if item.Revision != revision {
					t.Errorf("item %.32q has revision %d, want %d", item.Key, item.Revision, revision)
				}
			}
		}},
		{"commit/a conflict changes nothing", func(t *testing.T, s store.Store) {
			revision := set(t, s, "a", "1")
			set(t, s, "b", "1")
			check := unchanged(t, s)
			got, err := s.Commit(t.Context(), store.Txn{
				If:   []store.Condition{{Key: "a", Revision: revision}, {Key: "b", Revision: revision}},
				Then: []store.Write{{Key: "a", Value: []byte("2")}, {Key: "b", Delete: true}, {Key: "c"}},
			})
			if !errors.Is(err, store.ErrConflict) || got != 0 {
				t.Fatalf("Commit = %d, %v, want 0, ErrConflict", got, err)
			}
			check()
		}},
	}
	return append(clauses, conditions()...)
}

func at(key string, revision store.Revision) store.Condition {
	return store.Condition{Key: key, Revision: revision}
}

// conditions are the rules for If, on a store with these keys: "old" was
// written once, "new" twice, "back" written, deleted and written again, "gone"
// written and deleted. Revision n stands for that of transaction n, and 9 for one to come.
func conditions() []clause {
	history := []store.Write{
		1: {Key: "old"}, 2: {Key: "new"}, 3: {Key: "new"},
		4: {Key: "back"}, 5: {Key: "back", Delete: true}, 6: {Key: "back"},
		7: {Key: "gone"}, 8: {Key: "gone", Delete: true},
	}
	var clauses []clause
	for _, c := range []struct {
		name  string
		holds bool
		when  []store.Condition
	}{
		{"no condition", true, nil},
		{"present at its revision", true, []store.Condition{at("old", 1)}},
		{"present at its latest revision", true, []store.Condition{at("new", 3)}},
		{"present at an earlier revision", false, []store.Condition{at("new", 2)}},
		{"present at the revision of the store", false, []store.Condition{at("old", 8)}},
		{"present at a revision to come", false, []store.Condition{at("old", 9)}},
		{"present, wanted absent", false, []store.Condition{at("old", 0)}},
		{"never there, wanted absent", true, []store.Condition{at("none", 0)}},
		{"never there, wanted present", false, []store.Condition{at("none", 1)}},
		{"deleted, wanted absent", true, []store.Condition{at("gone", 0)}},
		{"deleted, at its last revision", false, []store.Condition{at("gone", 7)}},
		{"deleted, at the revision of the delete", false, []store.Condition{at("gone", 8)}},
		{"came back, at its new revision", true, []store.Condition{at("back", 6)}},
		{"came back, at its first revision", false, []store.Condition{at("back", 4)}},
		{"came back, wanted absent", false, []store.Condition{at("back", 0)}},
		{"all hold", true, []store.Condition{at("old", 1), at("new", 3), at("none", 0)}},
		{"the first does not hold", false, []store.Condition{at("old", 2), at("new", 3), at("none", 0)}},
		{"the last does not hold", false, []store.Condition{at("old", 1), at("new", 3), at("none", 1)}},
		{"twice the same", true, []store.Condition{at("old", 1), at("old", 1)}},
		{"contradiction", false, []store.Condition{at("old", 1), at("old", 0)}},
		{"on a key that the transaction writes", true, []store.Condition{at("target", 0)}},
	} {
		clauses = append(clauses, clause{"condition/" + c.name, func(t *testing.T, s store.Store) {
			revisions := []store.Revision{0} // those of history, and one to come
			for _, w := range history[1:] {
				revisions = append(revisions, commit(t, s, store.Txn{Then: []store.Write{w}}))
			}
			revisions = append(revisions, revisions[len(history)-1]+1)
			txn := store.Txn{Then: []store.Write{{Key: "target"}}}
			for _, when := range c.when {
				txn.If = append(txn.If, at(when.Key, revisions[when.Revision]))
			}
			_, err := s.Commit(t.Context(), txn)
			if c.holds {
				if err != nil {
					t.Fatalf("Commit: %v, want it done", err)
				}
				get(t, s, "target")
				return
			}
			if !errors.Is(err, store.ErrConflict) {
				t.Fatalf("Commit: %v, want ErrConflict", err)
			}
			absent(t, s, "target")
		}})
	}
	return clauses
}
