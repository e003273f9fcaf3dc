package storetest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/store"
)

func modelling() []clause {
	return []clause{{"model/random transactions and lists", func(t *testing.T, s store.Store) {
		rapid.Check(t, func(t *rapid.T) { compare(t, s) })
	}}}
}

// model is the contract in the fewest words: every call in one step, no bounds.
type model struct {
	items    map[string]store.Item
	revision store.Revision
	changes  []store.Change
}

// commit carries out what the store did at a revision that it chose.
func (m *model) commit(txn store.Txn, at store.Revision) error {
	for _, c := range txn.If {
		if m.items[c.Key].Revision != c.Revision {
			return store.ErrConflict
		}
	}
	m.revision = at
	change := store.Change{Revision: at}
	for _, w := range txn.Then {
		if _, there := m.items[w.Key]; w.Delete {
			if there {
				change.Writes = append(change.Writes, store.Write{Key: w.Key, Delete: true})
			}
			delete(m.items, w.Key)
			continue
		}
		m.items[w.Key] = store.Item{Key: w.Key, Value: w.Value, Revision: at}
		change.Writes = append(change.Writes, w)
	}
	m.changes = append(m.changes, change)
	return nil
}

// watched is what a watch of a prefix sees after a revision.
func (m *model) watched(prefix string, after store.Revision) []store.Change {
	var seen []store.Change
	for _, c := range m.changes {
		c.Writes = slices.Clone(c.Writes)
		c.Writes = slices.DeleteFunc(c.Writes, func(w store.Write) bool { return !strings.HasPrefix(w.Key, prefix) })
		slices.SortFunc(c.Writes, func(a, b store.Write) int { return strings.Compare(a.Key, b.Key) })
		if c.Revision > after && len(c.Writes) > 0 {
			seen = append(seen, c)
		}
	}
	return seen
}

func (m *model) list(prefix, after string, limit int) []store.Item {
	var found []store.Item
	for _, item := range m.items {
		if strings.HasPrefix(item.Key, prefix) && item.Key > after {
			found = append(found, item)
		}
	}
	slices.SortFunc(found, func(a, b store.Item) int { return strings.Compare(a.Key, b.Key) })
	return found[:min(limit, len(found))]
}

// compare does the same random things to the store and to a model. The store is
// emptied first rather than opened anew, which would take most of the time.
func compare(t *rapid.T, s store.Store) {
	begin := empty(t, s)
	m := &model{items: make(map[string]store.Item), revision: begin}
	steps := rapid.IntRange(1, 12).Draw(t, "steps")
	for range steps {
		txn := randomTxn(t, m)
		got, err := s.Commit(t.Context(), txn)
		if wantErr := m.commit(txn, got); !errors.Is(err, wantErr) || (err == nil) != (got > 0) {
			t.Fatalf("Commit(%+v) = %d, %v, want %v", txn, got, err, wantErr)
		}
		key := keyGen().Draw(t, "key to get")
		if want, there := m.items[key]; there {
			same(t, "item", get(t, s, key), want)
		} else {
			absent(t, s, key)
		}
		prefix := rapid.OneOf(rapid.Just(""), keyGen(), rapid.SampledFrom([]string{"a", "b/", "zz"})).Draw(t, "prefix")
		after := rapid.OneOf(rapid.Just(""), keyGen(), rapid.StringN(0, 3, 6)).Draw(t, "after")
		limit := rapid.IntRange(1, 12).Draw(t, "limit")
		same(t, "list", list(t, s, prefix, after, limit), m.list(prefix, after, limit))
	}
	same(t, "all items", all(t, s), m.list("", "", len(m.items)))
	prefix := rapid.SampledFrom([]string{"", "a", "a/", "b", "\xff", "zz"}).Draw(t, "watched prefix")
	from := begin
	if len(m.changes) > 0 {
		from = rapid.OneOf(rapid.Just(begin), rapid.Custom(func(t *rapid.T) store.Revision {
			return rapid.SampledFrom(m.changes).Draw(t, "change").Revision
		})).Draw(t, "watched from")
	}
	last := store.Txn{Then: []store.Write{{Key: prefix + "the end"}}}
	end := commit(t, s, last)
	if err := m.commit(last, end); err != nil {
		t.Fatal(err)
	}
	same(t, "changes", watch(t, s, prefix, from, end), m.watched(prefix, from))
	recalled(t, s, prefix, from, len(m.changes), m.watched(prefix, from), end)
}

// empty deletes everything and returns the revision at which that was done.
func empty(t tester, s store.Store) store.Revision {
	t.Helper()
	txn := store.Txn{Then: []store.Write{{Key: "a", Delete: true}}}
	for _, item := range all(t, s) {
		if item.Key != "a" {
			txn.Then = append(txn.Then, store.Write{Key: item.Key, Delete: true})
		}
	}
	return commit(t, s, txn)
}

// keyGen draws from few keys, so that transactions meet, with shared prefixes
// and bytes at both ends of the order.
func keyGen() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"a", "a\x00", "a/", "a/1", "a/10", "a/2", "a\xff", "b", "b/1", "\x00", "\xff"})
}

func randomTxn(t *rapid.T, m *model) store.Txn {
	revision := rapid.Custom(func(t *rapid.T) store.Revision {
		return max(0, m.revision-store.Revision(rapid.IntRange(-1, 8).Draw(t, "age")))
	})
	condition := rapid.Custom(func(t *rapid.T) store.Condition {
		key := keyGen().Draw(t, "key")
		if rapid.IntRange(0, 3).Draw(t, "kind") > 0 { // mostly true, or nothing would ever be written
			return store.Condition{Key: key, Revision: m.items[key].Revision}
		}
		return store.Condition{Key: key, Revision: revision.Draw(t, "revision")}
	})
	write := rapid.Custom(func(t *rapid.T) store.Write {
		return store.Write{
			Key:    keyGen().Draw(t, "key"),
			Value:  rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "value"),
			Delete: rapid.IntRange(0, 2).Draw(t, "kind") == 0,
		}
	})
	return store.Txn{
		If:   rapid.SliceOfN(condition, 0, 3).Draw(t, "if"),
		Then: rapid.SliceOfNDistinct(write, 1, 4, func(w store.Write) string { return w.Key }).Draw(t, "then"),
	}
}
