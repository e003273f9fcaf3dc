package storetest

import (
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/store"
)

func getting() []clause {
	return []clause{
		{"get/an absent key is not found", func(t *testing.T, s store.Store) {
			absent(t, s, "a")
			set(t, s, "ab", "1")
			absent(t, s, "a")
			absent(t, s, "abc")
		}},
		{"get/returns key, value and revision", func(t *testing.T, s store.Store) {
			revision := set(t, s, "a", "one")
			set(t, s, "b", "two")
			same(t, "item", get(t, s, "a"), store.Item{Key: "a", Value: []byte("one"), Revision: revision})
		}},
		{"get/an empty and a nil value are items", func(t *testing.T, s store.Store) {
			commit(t, s, store.Txn{Then: []store.Write{{Key: "nil"}, {Key: "empty", Value: []byte{}}}})
			for _, key := range []string{"nil", "empty"} {
				if item := get(t, s, key); len(item.Value) != 0 || item.Revision == 0 {
					t.Errorf("Get(%q) = %+v, want an item of length 0", key, item)
				}
			}
		}},
		{"get/keys and values can be any bytes", func(t *testing.T, s store.Store) {
			for _, text := range []string{"\x00", "\xff\xfe", "a/b//", " ", "ключ", "\n"} {
				set(t, s, text, text+text)
				if got := string(get(t, s, text).Value); got != text+text {
					t.Errorf("value at %q = %q", text, got)
				}
			}
		}},
		{"get/the longest key and value", func(t *testing.T, s store.Store) {
			key, value := strings.Repeat("k", store.MaxKey), strings.Repeat("v", store.MaxValue)
			revision := set(t, s, key, value)
			same(t, "item", get(t, s, key), store.Item{Key: key, Value: []byte(value), Revision: revision})
			same(t, "list", list(t, s, key, "", 1), []store.Item{{Key: key, Value: []byte(value), Revision: revision}})
		}},
	}
}
