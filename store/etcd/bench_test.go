package etcd_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/sfcancel/sfcancel/internal/etcdtest"
	"github.com/sfcancel/sfcancel/store"
)

const benchValue = 200 // bytes

// BenchmarkCommit measures transactions that write one item on the condition that it is
// unchanged, from several goroutines with one item each: through the store, and directly
// through etcd's client. The two alternate within one run, because each
// varies more between runs than the two differ. An op is one round of each.
// "throughput" is the store's divided by that of the bare client. There are three members,
// with fsync.
func BenchmarkCommit(b *testing.B) {
	cluster := etcdtest.Start(b, 3, etcdtest.WithFsync())
	client, s := cluster.Client(b), open(b, cluster.Endpoints())
	value := make([]byte, benchValue)
	throughStore := func(key string, at int64) (int64, error) {
		revision, err := s.Commit(b.Context(), store.Txn{
			If:   []store.Condition{{Key: key, Revision: store.Revision(at)}},
			Then: []store.Write{{Key: key, Value: value}},
		})
		return int64(revision), err
	}
	bare := func(key string, at int64) (int64, error) {
		key = "bare/item/" + key
		answer, err := client.Txn(b.Context()).
			If(clientv3.Compare(clientv3.ModRevision(key), "=", at)).
			Then(clientv3.OpPut(key, string(value))).
			Commit()
		if err != nil {
			return 0, err
		}
		if !answer.Succeeded {
			return 0, store.ErrConflict
		}
		return answer.Header.Revision, nil
	}
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			// Each run has its own keys, because they must be absent at first.
			run := fmt.Sprint(writers, "/", time.Now().UnixNano(), "/")
			storeRound, bareRound := newRound(b, run, writers, throughStore), newRound(b, run, writers, bare)
			var storeTime, bareTime time.Duration
			rounds := 0
			for b.Loop() {
				storeTime += storeRound()
				bareTime += bareRound()
				rounds++
			}
			each := float64(rounds * writers * benchEach)
			b.ReportMetric(float64(storeTime.Nanoseconds())/each, "store-ns/commit")
			b.ReportMetric(float64(bareTime.Nanoseconds())/each, "bare-ns/commit")
			b.ReportMetric(float64(bareTime)/float64(storeTime), "throughput")
		})
	}
}

const benchEach = 8 // commits of each writer in a round

// newRound returns a function that runs the commits of all writers and returns how long
// they took.
func newRound(b *testing.B, run string, writers int, write func(key string, at int64) (int64, error)) func() time.Duration {
	at := make([]int64, writers)
	return func() time.Duration {
		begin := time.Now()
		var group sync.WaitGroup
		for g := range writers {
			group.Go(func() {
				for range benchEach {
					next, err := write(fmt.Sprintf("%s%03d", run, g), at[g])
					if err != nil {
						b.Error(err)
						return
					}
					at[g] = next
				}
			})
		}
		group.Wait()
		return time.Since(begin)
	}
}
