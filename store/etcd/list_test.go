package etcd_test

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/sfcancel/sfcancel/internal/etcdtest"
	"github.com/sfcancel/sfcancel/store"
)

// A list of more than one portion is still of one moment, also if that moment is
// compacted in the middle of it.
func TestLongListIsOfOneMoment(t *testing.T) {
	t.Parallel()
	cluster := etcdtest.Start(t, 1) // as it is compacted
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
							t.Errorf("item of revision %d in a page of %d", item.Revision, page.Revision)
						}
					}
				}
				if n := len(page.Items); n != items-1+len(marks) || len(marks) != 0 && (len(marks) != 3 || marks[0] != marks[1] || marks[1] != marks[2]) {
					t.Errorf("%d items with %v", n, marks)
				}
			}
			stop()
			writing.Wait()
		})
	}
}
