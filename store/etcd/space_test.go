package etcd_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/sfcancel/sfcancel/internal/etcdtest"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/etcd"
)

// etcd applies the transaction that crosses its quota, and answers that there was no
// space for it.
func TestClusterIsFull(t *testing.T) {
	t.Parallel()
	cluster := etcdtest.Start(t, 1, etcdtest.WithQuota(4<<20))
	s := open(t, cluster.Endpoints())
	from := now(t, s)
	value := make([]byte, 20<<10)
	const goroutines = 8
	revisions := make([]map[string]store.Revision, goroutines) // of a key, 0 for an error
	var group sync.WaitGroup
	for g := range goroutines {
		revisions[g] = make(map[string]store.Revision)
		group.Go(func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%d/%d", g, i)
				revision, err := s.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: key, Value: value}}})
				revisions[g][key] = revision
				if err != nil {
					if !strings.Contains(err.Error(), "space exceeded") || errors.Is(err, store.ErrOutcomeUnknown) || !errors.Is(err, store.ErrUnavailable) {
						t.Errorf("Commit: %v, want that there is no space", err)
					}
					return
				}
			}
		})
	}
	group.Wait()
	happened := make(map[string]store.Revision)
	page, err := s.List(t.Context(), "", "", 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range page.Items {
		happened[item.Key] = item.Revision
	}
	for _, of := range revisions {
		for key, revision := range of {
			if happened[key] != revision {
				t.Errorf("%s is at revision %d, but Commit returned %d", key, happened[key], revision)
			}
		}
	}
	if page.Revision <= from || len(page.Items) == 0 {
		t.Errorf("nothing was written: %d items at %d", len(page.Items), page.Revision)
	}
	// A store that comes later can read.
	other := open(t, cluster.Endpoints(), etcd.WithRequestTimeout(etcd.DefaultRequestTimeout))
	if _, err := other.Get(t.Context(), page.Items[0].Key); err != nil {
		t.Error(err)
	}
}
