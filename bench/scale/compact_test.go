package scale

import (
	"errors"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/sfcancel/sfcancel/store"
)

// compacted opens a store in which n operations were planted, without the free pages that planting
// many at once leaves. Operations that are started one by one leave few: each commit uses the pages
// that the one before has freed.
func compacted(tb testing.TB, path string, n int) store.Store {
	tb.Helper()
	s := openStore(tb, path+".planted")
	plant(tb, s, n)
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
	from, err := bbolt.Open(path+".planted", 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		tb.Fatal(err)
	}
	to, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		tb.Fatal(err)
	}
	if err := errors.Join(bbolt.Compact(to, from, 64<<20), from.Close(), to.Close()); err != nil {
		tb.Fatal(err)
	}
	return openStore(tb, path)
}
