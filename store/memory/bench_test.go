package memory_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// BenchmarkCommit is a transaction that adds an item somewhere among n, and one that removes it.
func BenchmarkCommit(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprintf("items=%d", n), func(b *testing.B) {
			s := filled(b, n)
			defer s.Close()
			for i := 0; b.Loop(); i++ {
				if err := addAndRemove(b, s, n+i); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// filled is a store with n items.
func filled(tb testing.TB, n int) *memory.Store {
	tb.Helper()
	s := memory.New()
	for i := range n {
		if _, err := s.Commit(tb.Context(), store.Txn{Then: []store.Write{{Key: key(i)}}}); err != nil {
			tb.Fatal(err)
		}
	}
	return s
}

func addAndRemove(tb testing.TB, s *memory.Store, i int) error {
	if _, err := s.Commit(tb.Context(), store.Txn{If: []store.Condition{{Key: key(i)}}, Then: []store.Write{{Key: key(i)}}}); err != nil {
		return err
	}
	_, err := s.Commit(tb.Context(), store.Txn{Then: []store.Write{{Key: key(i), Delete: true}}})
	return err
}

// key is that of the i-th item, anywhere among the others.
func key(i int) string {
	b := binary.BigEndian.AppendUint64([]byte("operations/"), uint64(i)*0x9E3779B97F4A7C15)
	return string(b)
}
