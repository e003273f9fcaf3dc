package etcd_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/internal/etcdtest"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/etcd"
)

// A read that begins when a Commit has returned sees it, whichever store and whichever
// member it is asked through: one that was away may not answer from what it remembers.
func TestReadsAreOfNow(t *testing.T) {
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
			var acknowledged atomic.Int64 // the last of all commits that have returned
			ctx, stop := context.WithCancel(t.Context())
			var reading sync.WaitGroup
			defer reading.Wait()
			defer stop()
			reads := make([]atomic.Int64, 3)
			for member := range reads { // each through one member alone
				s := open(cluster.Proxied()[member:member+1], etcd.WithRequestTimeout(time.Second))
				reading.Go(func() {
					for i := 0; ctx.Err() == nil; i++ {
						time.Sleep(time.Millisecond) // leave the machine to others, too
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
							t.Errorf("member %d has shown revision %d after %d", member, seen, least)
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
				for member := range reads { // each is back, and answers
					for before := reads[member].Load(); reads[member].Load() < before+3 && !t.Failed(); {
						time.Sleep(time.Millisecond)
					}
				}
			}
		})
	}
}
