package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/sfcancel/sfcancel/store"
)

// batching are the rules for [store.CommitEach], which every store has to bear.
func batching() []clause {
	outcomes := func(t *testing.T, got []store.Outcome, want ...error) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("%d outcomes, want %d: %v", len(got), len(want), got)
		}
		for i, out := range got {
			if !errors.Is(out.Err, want[i]) || (out.Err == nil) != (out.Revision > 0) {
				t.Errorf("outcome %d = %d, %v, want %v", i, out.Revision, out.Err, want[i])
			}
		}
	}
	write := func(key, value string, at ...store.Revision) store.Txn {
		txn := store.Txn{Then: []store.Write{{Key: key, Value: []byte(value)}}}
		for _, revision := range at {
			txn.If = append(txn.If, store.Condition{Key: key, Revision: revision})
		}
		return txn
	}
	return []clause{
		{"batch/each has a revision and a change of its own", func(t *testing.T, s store.Store) {
			from := revision(t, s)
			got := store.CommitEach(t.Context(), s, []store.Txn{write("a", "1"), write("b", "2"), write("a", "3")})
			outcomes(t, got, nil, nil, nil)
			want := []store.Change{
				{Revision: got[0].Revision, Writes: []store.Write{{Key: "a", Value: []byte("1")}}},
				{Revision: got[1].Revision, Writes: []store.Write{{Key: "b", Value: []byte("2")}}},
				{Revision: got[2].Revision, Writes: []store.Write{{Key: "a", Value: []byte("3")}}},
			}
			same(t, "changes", watch(t, s, "", from, got[2].Revision), want)
		}},
		{"batch/each is judged after those before it", func(t *testing.T, s store.Store) {
			outcomes(t, store.CommitEach(t.Context(), s, []store.Txn{
				write("a", "1", 0), write("a", "2", 0), write("b", "3", 0), write("b", "4", 0), write("c", "5", 0),
			}), nil, store.ErrConflict, nil, store.ErrConflict, nil)
			same(t, "values", []string{string(get(t, s, "a").Value), string(get(t, s, "b").Value), string(get(t, s, "c").Value)}, []string{"1", "3", "5"})
		}},
		{"batch/ends at what is no conflict", func(t *testing.T, s store.Store) {
			outcomes(t, store.CommitEach(t.Context(), s, []store.Txn{write("a", "1"), {}, write("b", "2")}), nil, store.ErrInvalid)
			get(t, s, "a")
			absent(t, s, "b")
		}},
		{"batch/none", func(t *testing.T, s store.Store) {
			outcomes(t, store.CommitEach(t.Context(), s, nil))
		}},
		{"batch/many", func(t *testing.T, s store.Store) {
			const n = 1_100
			txns := make([]store.Txn, n)
			for i := range txns {
				txns[i] = write(fmt.Sprintf("%04d", i), "", 0)
			}
			last := revision(t, s)
			for i, out := range store.CommitEach(t.Context(), s, txns) {
				if out.Err != nil || out.Revision <= last {
					t.Fatalf("outcome %d = %d, %v after %d", i, out.Revision, out.Err, last)
				}
				last = out.Revision
			}
			if items := all(t, s); len(items) != n {
				t.Errorf("%d items, want %d", len(items), n)
			}
		}},
		{"batch/after the end of the context", func(t *testing.T, s store.Store) {
			nothing := unchanged(t, s)
			over, end := context.WithCancel(t.Context())
			end()
			got := store.CommitEach(over, s, []store.Txn{write("a", "1"), write("b", "2")})
			if len(got) == 0 || !errors.Is(got[0].Err, context.Canceled) {
				t.Errorf("outcomes = %v, want context.Canceled", got)
			}
			nothing()
		}},
		{"batch/after Close", func(t *testing.T, s store.Store) {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			got := store.CommitEach(t.Context(), s, []store.Txn{write("a", "1")})
			outcomes(t, got, store.ErrClosed)
		}},
	}
}
