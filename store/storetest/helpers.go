package storetest

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sfcancel/sfcancel/store"
)

// tester is what the helpers need of *testing.T and *rapid.T.
type tester interface {
	Helper()
	Context() context.Context
	Fatalf(format string, args ...any)
}

func commit(t tester, s store.Store, txn store.Txn) store.Revision {
	t.Helper()
	revision, err := s.Commit(t.Context(), txn)
	if err != nil {
		t.Fatalf("Commit(%+v): %v", txn, err)
	}
	if revision <= 0 {
		t.Fatalf("Commit(%+v) = revision %d, want a positive one", txn, revision)
	}
	return revision
}

// set writes value at key, whatever is there.
func set(t tester, s store.Store, key, value string) store.Revision {
	t.Helper()
	return commit(t, s, store.Txn{Then: []store.Write{{Key: key, Value: []byte(value)}}})
}

func get(t tester, s store.Store, key string) store.Item {
	t.Helper()
	item, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatalf("Get(%.32q): %v", key, err)
	}
	return item
}

// absent fails t if there is an item at key.
func absent(t tester, s store.Store, key string) {
	t.Helper()
	item, err := s.Get(t.Context(), key)
	if !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("Get(%.32q) = %+v, %v, want ErrNotFound", key, item, err)
	}
	same(t, "item with ErrNotFound", item, store.Item{})
}

func list(t tester, s store.Store, prefix, after string, limit int) []store.Item {
	t.Helper()
	page, err := s.List(t.Context(), prefix, after, limit)
	if err != nil {
		t.Fatalf("List(%q, %q, %d): %v", prefix, after, limit, err)
	}
	scanned(t, s, prefix, after, limit, page)
	items := page.Items
	if len(items) > limit {
		t.Fatalf("List(%q, %q, %d) has %d items", prefix, after, limit, len(items))
	}
	// Checked here so that no test goes round in circles.
	for last, i := after, 0; i < len(items); last, i = items[i].Key, i+1 {
		if items[i].Key <= last || !strings.HasPrefix(items[i].Key, prefix) {
			t.Fatalf("List(%q, %q, %d) has %q after %q", prefix, after, limit, items[i].Key, last)
		}
		if items[i].Revision > page.Revision {
			t.Fatalf("List(%q, %q, %d) at revision %d has %+v", prefix, after, limit, page.Revision, items[i])
		}
	}
	return items
}

// all returns every item, read in pages.
func all(t tester, s store.Store) []store.Item {
	t.Helper()
	const page = 50
	var items []store.Item
	for {
		after := ""
		if len(items) > 0 {
			after = items[len(items)-1].Key
		}
		next := list(t, s, "", after, page)
		items = append(items, next...)
		if len(next) < page {
			return items
		}
	}
}

func keys(items []store.Item) string {
	var names []string
	for _, item := range items {
		names = append(names, item.Key)
	}
	return strings.Join(names, " ")
}

// same compares with nil and empty slices equal, as the contract has them.
func same(t tester, what string, got, want any) {
	t.Helper()
	// Left to itself, cmp takes a minute for a value of MaxValue.
	equal := cmp.Comparer(func(a, b store.Item) bool {
		return a.Key == b.Key && a.Revision == b.Revision && bytes.Equal(a.Value, b.Value)
	})
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), equal); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// unchanged returns a function that fails t if the store does not hold what it holds
// now, or if anything was written meanwhile.
func unchanged(t tester, s store.Store) func() {
	t.Helper()
	before, after := all(t, s), revision(t, s)
	return func() {
		t.Helper()
		same(t, "items", all(t, s), before)
		probe := set(t, s, "\x00probe", "")
		want := []store.Change{{Revision: probe, Writes: []store.Write{{Key: "\x00probe"}}}}
		same(t, "changes", watch(t, s, "", after, probe), want)
	}
}

// revision is that of the store as it is now.
func revision(t tester, s store.Store) store.Revision {
	t.Helper()
	page, err := s.List(t.Context(), "", "", 1)
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	return page.Revision
}
