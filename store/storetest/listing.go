package storetest

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/store"
)

func listing() []clause {
	clauses := []clause{
		{"list/an empty store has no items", func(t *testing.T, s store.Store) {
			same(t, "items", list(t, s, "", "", 10), []store.Item(nil))
		}},
		{"list/returns keys, values and revisions", func(t *testing.T, s store.Store) {
			one := set(t, s, "a/1", "one")
			two := set(t, s, "a/2", "two")
			same(t, "items", list(t, s, "a/", "", 10), []store.Item{
				{Key: "a/1", Value: []byte("one"), Revision: one},
				{Key: "a/2", Value: []byte("two"), Revision: two},
			})
		}},
		{"list/does not show deleted items", func(t *testing.T, s store.Store) {
			for _, key := range []string{"a", "b", "c"} {
				set(t, s, key, "")
			}
			commit(t, s, store.Txn{Then: []store.Write{{Key: "b", Delete: true}}})
			if got := keys(list(t, s, "", "", 10)); got != "a c" {
				t.Errorf("keys = %q", got)
			}
		}},
		{"list/pages visit every item once", func(t *testing.T, s store.Store) {
			const n = 257
			var want []string
			for i := 0; i < n; i += 50 {
				var txn store.Txn
				for j := i; j < min(i+50, n); j++ {
					key := fmt.Sprintf("item/%05d", j)
					want = append(want, key)
					txn.Then = append(txn.Then, store.Write{Key: key, Value: []byte(key)})
				}
				commit(t, s, txn)
			}
			for _, page := range []int{1, 7, n - 1, n, n + 1} {
				var got []string
				for after := ""; ; {
					items := list(t, s, "item/", after, page)
					got = append(got, strings.Fields(keys(items))...)
					if len(items) < page {
						break
					}
					after = items[len(items)-1].Key
				}
				same(t, fmt.Sprintf("keys in pages of %d", page), got, want)
			}
		}},
	}
	clauses = append(clauses, clause{"list/latest is the revision of now", func(t *testing.T, s store.Store) {
		before, err := store.Latest(t.Context(), s)
		if err != nil || before < 0 {
			t.Errorf("Latest = %d, %v", before, err)
		}
		for range 3 {
			at := set(t, s, "a", "")
			latest, err := store.Latest(t.Context(), s)
			if err != nil || latest < at || latest <= before {
				t.Errorf("Latest = %d, %v after %d and a commit at %d", latest, err, before, at)
			}
			before = latest
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if at, err := store.Latest(t.Context(), s); at != 0 || !errors.Is(err, store.ErrClosed) {
			t.Errorf("Latest after Close = %d, %v", at, err)
		}
	}})
	return append(clauses, ranges()...)
}

// ranges are the rules for prefix, after and limit, on the keys of one store.
func ranges() []clause {
	const present = "a a/ a/1 a/10 a/2 a0 b \xff \xff\xff"
	var clauses []clause
	for _, c := range []struct {
		name          string
		prefix, after string
		limit         int
		want          string
	}{
		{"everything in byte order", "", "", 100, present},
		{"limit cuts off", "", "", 3, "a a/ a/1"},
		{"limit is exact", "", "", 9, present},
		{"limit is huge", "", "", math.MaxInt, present},
		{"prefix, which may be a key itself", "a/", "", 100, "a/ a/1 a/10 a/2"},
		{"prefix and limit", "a/", "", 2, "a/ a/1"},
		{"prefix of no key", "c", "", 100, ""},
		{"prefix longer than any key", strings.Repeat("a", 2*store.MaxKey), "", 100, ""},
		{"prefix of 0xff bytes, which has no successor", "\xff", "", 100, "\xff \xff\xff"},
		{"after is left out", "a/", "a/1", 100, "a/10 a/2"},
		{"after is the prefix", "a/", "a/", 100, "a/1 a/10 a/2"},
		{"after is not a key", "a/", "a/15", 100, "a/2"},
		{"after is the last", "", "\xff\xff", 100, ""},
		{"after is before the prefix", "a/", "a", 100, "a/ a/1 a/10 a/2"},
		{"after is behind the prefix", "a/", "b", 100, ""},
		{"after and limit", "", "a/1", 2, "a/10 a/2"},
		{"after without prefix", "", "a/2", 100, "a0 b \xff \xff\xff"},
		{"after longer than any key", "a", strings.Repeat("a", 2*store.MaxKey), 100, ""},
	} {
		clauses = append(clauses, clause{"list/" + c.name, func(t *testing.T, s store.Store) {
			var txn store.Txn
			for _, key := range strings.Fields(present) {
				txn.Then = append([]store.Write{{Key: key}}, txn.Then...)
			}
			commit(t, s, txn)
			if got := keys(list(t, s, c.prefix, c.after, c.limit)); got != c.want {
				t.Errorf("keys = %q, want %q", got, c.want)
			}
		}})
	}
	return clauses
}
