package etcd_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/internal/etcdtest"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/etcd"
)

// A read that begins after a Commit has returned sees its transaction, through every store and every
// member: a member that was cut off must not answer from stale data.
func TestReadsAreLinearizable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		trouble func(c *etcdtest.Cluster, member int, commits func())
	}{
		{"silent", func(c *etcdtest.Cluster, member int, commits func()) {
			c.Pause(member)
			commits()
			c.Resume(member)
		}},
		{"stopped", func(c *etcdtest.Cluster, member int, commits func()) {
			c.Stop(member)
			commits()
			c.Restart(member)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() && c.name != "silent" {
				t.Skip("it waits for connections and elections; make test runs it")
			}
			t.Parallel()
			cluster, open := roughly(t)
			writer := open(cluster.Endpoints(), etcd.WithRequestTimeout(hang), etcd.WithOutcomeWait(time.Minute))
			var acknowledged atomic.Int64 // the revision of the last commit that has returned
			ctx, stop := context.WithCancel(t.Context())
			var reading sync.WaitGroup
			defer reading.Wait()
			defer stop()
			reads := make([]atomic.Int64, 3)
			for member := range reads { // each store uses only one member
				s := open(cluster.Proxied()[member:member+1], etcd.WithRequestTimeout(time.Second))
				reading.Go(func() {
					for i := 0; ctx.Err() == nil; i++ {
						time.Sleep(time.Millisecond) // leave time for other goroutines
						least := store.Revision(acknowledged.Load())
						var seen store.Revision
						var err error
						if i%2 == 0 {
							var item store.Item
							item, err = s.Get(ctx, "a")
							seen = item.Revision
						} else {
							var page store.Page
							if page, err = s.List(ctx, "a", "", 1); err == nil && len(page.Items) == 1 {
								seen = page.Items[0].Revision
							}
						}
						switch {
						case err == nil && seen < least:
							t.Errorf("member %d returned revision %d, want at least %d", member, seen, least)
						case err == nil:
							reads[member].Add(1)
						case ctx.Err() == nil && !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrNotFound):
							t.Error(err)
						}
					}
				})
			}
			commits := func() {
				for i := range 15 {
					revision, err := writer.Commit(t.Context(), write("a", fmt.Sprint(i)))
					if err != nil {
						t.Error(err)
						return
					}
					acknowledged.Store(int64(revision))
				}
			}
			for round := range 3 {
				commits()
				c.trouble(cluster, round, commits)
				commits()
				for member := range reads { // wait until each member answers again
					for before := reads[member].Load(); reads[member].Load() < before+3 && !t.Failed(); {
						time.Sleep(time.Millisecond)
					}
				}
			}
		})
	}
}

// A list of more than one portion is a consistent snapshot, even if its revision is
// compacted meanwhile.
func TestLongListIsSnapshot(t *testing.T) {
	t.Parallel()
	cluster := etcdtest.Start(t, 1) // not shared, because it is compacted
	for _, compact := range []bool{false, true} {
		t.Run(fmt.Sprint("compacted ", compact), func(t *testing.T) {
			s := open(t, cluster.Endpoints(), withNewPrefix())
			const items = 260
			// One portion and a long one.
			filler := make([]byte, 4<<10)
			for i := 0; i < items; i += 20 {
				var txn store.Txn
				for j := i; j < i+20; j++ {
					txn.Then = append(txn.Then, store.Write{Key: fmt.Sprintf("%04d", j), Value: filler})
				}
				if _, err := s.Commit(t.Context(), txn); err != nil {
					t.Fatal(err)
				}
			}
			client := cluster.Client(t)
			ctx, stop := context.WithCancel(t.Context())
			var writing sync.WaitGroup
			writing.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					value := fmt.Append(nil, i)
					revision, err := s.Commit(t.Context(), store.Txn{Then: []store.Write{
						{Key: "0000x", Value: value}, {Key: "0130x", Value: value}, {Key: "0259x", Value: value},
					}})
					if err != nil {
						t.Errorf("Commit: %v", err)
						return
					}
					if compact {
						if _, err := client.Compact(t.Context(), int64(revision)); err != nil {
							t.Errorf("Compact: %v", err)
						}
					}
				}
			})
			for range 5 {
				page, err := s.List(t.Context(), "", "0000", math.MaxInt)
				if err != nil {
					t.Fatal(err)
				}
				var marks []string
				for _, item := range page.Items {
					if len(item.Key) == 5 {
						marks = append(marks, fmt.Sprintf("%s@%d", item.Value, item.Revision))
						if item.Revision > page.Revision {
							t.Errorf("item of revision %d in a page of revision %d, want no later one", item.Revision, page.Revision)
						}
					}
				}
				if n := len(page.Items); n != items-1+len(marks) || len(marks) != 0 && (len(marks) != 3 || marks[0] != marks[1] || marks[1] != marks[2]) {
					t.Errorf("%d items with marks %v, want %d and the marks, three equal ones or none", n, marks, items-1)
				}
			}
			stop()
			writing.Wait()
		})
	}
}
