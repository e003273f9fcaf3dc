package storetest

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/store"
)

// refusing are the arguments that are ErrInvalid.
func refusing() []clause {
	long := strings.Repeat("k", store.MaxKey+1)
	clauses := []clause{
		{"invalid/get", func(t *testing.T, s store.Store) {
			for name, key := range map[string]string{"empty key": "", "long key": long} {
				item, err := s.Get(t.Context(), key)
				if !errors.Is(err, store.ErrInvalid) {
					t.Errorf("%s: Get: %v, want ErrInvalid", name, err)
				}
				same(t, "item with ErrInvalid", item, store.Item{})
			}
		}},
		{"invalid/list", func(t *testing.T, s store.Store) {
			set(t, s, "a", "")
			for _, limit := range []int{0, -1, math.MinInt} {
				page, err := s.List(t.Context(), "", "", limit)
				if !errors.Is(err, store.ErrInvalid) {
					t.Errorf("List with limit %d: %v, want ErrInvalid", limit, err)
				}
				same(t, "page with ErrInvalid", page, store.Page{})
			}
		}},
		{"invalid/watch", func(t *testing.T, s store.Store) {
			for _, after := range []store.Revision{-1, math.MinInt64} {
				watchFails(t, s.Watch(t.Context(), "", after), store.ErrInvalid)
			}
		}},
	}
	one := []store.Write{{Key: "a"}}
	for name, txn := range map[string]store.Txn{
		"nothing":                 {},
		"conditions alone":        {If: []store.Condition{{Key: "a"}}},
		"empty key":               {Then: []store.Write{{Key: "a"}, {Value: []byte("1")}}},
		"empty key to delete":     {Then: []store.Write{{Delete: true}}},
		"empty key in condition":  {If: []store.Condition{{}}, Then: one},
		"long key":                {Then: []store.Write{{Key: long}}},
		"long key to delete":      {Then: []store.Write{{Key: long, Delete: true}}},
		"long key in condition":   {If: []store.Condition{{Key: long}}, Then: one},
		"negative revision":       {If: []store.Condition{{Key: "a", Revision: -1}}, Then: one},
		"key twice":               {Then: []store.Write{{Key: "a"}, {Key: "b"}, {Key: "a"}}},
		"key written and deleted": {Then: []store.Write{{Key: "a"}, {Key: "a", Delete: true}}},
		"key deleted twice":       {Then: []store.Write{{Key: "a", Delete: true}, {Key: "a", Delete: true}}},
		"long value":              {Then: []store.Write{{Key: "a", Value: make([]byte, store.MaxValue+1)}}},
		"too many writes":         {Then: writes(store.MaxOps + 1)},
		"too many conditions":     {If: make([]store.Condition, store.MaxOps+1), Then: one},
		"too many bytes":          oneByteMore(largest()),
	} {
		clauses = append(clauses, clause{"invalid/commit of " + name, func(t *testing.T, s store.Store) {
			set(t, s, "a", "1")
			check := unchanged(t, s)
			revision, err := s.Commit(t.Context(), txn)
			if !errors.Is(err, store.ErrInvalid) || revision != 0 {
				t.Errorf("Commit = %d, %v, want 0, ErrInvalid", revision, err)
			}
			check()
		}})
	}
	return clauses
}

func writes(n int) []store.Write {
	all := make([]store.Write, n)
	for i := range all {
		all[i].Key = fmt.Sprintf("%04d", i)
	}
	return all
}

// largest returns a transaction that reaches every bound but that on values.
func largest() store.Txn {
	txn := store.Txn{Then: writes(store.MaxOps)}
	size := 0
	for i := range txn.Then {
		key := &txn.Then[i].Key
		*key += strings.Repeat("k", store.MaxKey-len(*key))
		txn.If = append(txn.If, store.Condition{Key: *key})
		size += 2 * len(*key)
	}
	first, second := &txn.Then[0], &txn.Then[1]
	first.Value = make([]byte, (store.MaxTxn-size)/2)
	second.Value = make([]byte, store.MaxTxn-size-len(first.Value))
	return txn
}

func oneByteMore(txn store.Txn) store.Txn {
	txn.Then[2].Value = []byte{1}
	return txn
}
