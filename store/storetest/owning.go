package storetest

import (
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/store"
)

// owning are the rules about who may change which bytes. Drivers may keep few
// bytes in one way and many in another, hence both.
func owning() []clause {
	var clauses []clause
	for name, size := range map[string]int{"short": 10, "long": 100_000} {
		first, second := strings.Repeat("1", size), strings.Repeat("2", size)
		clauses = append(clauses,
			clause{"copies/the caller may reuse what it has committed, " + name, func(t *testing.T, s store.Store) {
				value := []byte(first)
				txn := store.Txn{Then: []store.Write{{Key: "a", Value: value[:3]}, {Key: "b", Value: value}}}
				revision := commit(t, s, txn)
				clear(value)
				txn.Then[0].Key = "c"
				want := []store.Item{
					{Key: "a", Value: []byte(first[:3]), Revision: revision},
					{Key: "b", Value: []byte(first), Revision: revision},
				}
				same(t, "items", all(t, s), want)
				// And once more, now that the driver has written something else.
				set(t, s, "d", "")
				same(t, "items", list(t, s, "", "", 2), want)
			}},
			clause{"copies/the caller may change what it got, " + name, func(t *testing.T, s store.Store) {
				set(t, s, "a", first)
				item := get(t, s, "a")
				clear(item.Value)
				_ = append(item.Value, "more"...)
				if got := string(get(t, s, "a").Value); got != first {
					t.Errorf("value = %.32q after the copy was changed", got)
				}
			}},
			clause{"copies/the caller may change what it listed, " + name, func(t *testing.T, s store.Store) {
				set(t, s, "a", first)
				set(t, s, "b", second)
				items := list(t, s, "", "", 2)
				clear(items[0].Value)
				_ = append(items[0].Value, "more"...)
				items[0].Key = "c"
				if got := string(items[1].Value); got != second {
					t.Errorf("the next item's value = %.32q", got)
				}
				for _, item := range list(t, s, "", "", 2) {
					if want := map[string]string{"a": first, "b": second}[item.Key]; string(item.Value) != want {
						t.Errorf("value at %q = %.32q after the copy was changed", item.Key, item.Value)
					}
				}
			}},
			clause{"copies/what the caller got stays as it was, " + name, func(t *testing.T, s store.Store) {
				set(t, s, "a", first)
				item, items := get(t, s, "a"), list(t, s, "", "", 1)
				for range 10 {
					set(t, s, "a", second)
				}
				if string(item.Value) != first || string(items[0].Value) != first {
					t.Errorf("values = %.32q and %.32q, want what was read", item.Value, items[0].Value)
				}
			}})
	}
	return clauses
}
