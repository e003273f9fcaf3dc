package bolt_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/sfcancel/sfcancel/store"
)

const (
	benchKeys  = 1000
	benchValue = 200 // bytes
)

// BenchmarkCommit measures transactions that write one item, from several goroutines at
// once: through the store, and each in its own db.Update. The two alternate within one
// run, because each varies more between runs than the two differ. An op is one
// round of each. "throughput" is the store's divided by that of bare bbolt.
func BenchmarkCommit(b *testing.B) {
	s, db := open(b, filepath.Join(b.TempDir(), "state.db")), openBare(b)
	value := make([]byte, benchValue)
	through := func(key string) error {
		_, err := s.Commit(b.Context(), store.Txn{Then: []store.Write{{Key: key, Value: value}}})
		return err
	}
	bare := func(key string) error {
		return db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("items")).Put([]byte(key), value) })
	}
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			var storeTime, bareTime time.Duration
			rounds := 0
			for b.Loop() {
				storeTime += round(b, writers, rounds, through)
				bareTime += round(b, writers, rounds, bare)
				rounds++
			}
			each := float64(rounds * writers * benchEach)
			b.ReportMetric(float64(storeTime.Nanoseconds())/each, "store-ns/commit")
			b.ReportMetric(float64(bareTime.Nanoseconds())/each, "bare-ns/commit")
			b.ReportMetric(float64(bareTime)/float64(storeTime), "throughput")
		})
	}
}

const benchEach = 16 // commits of each writer in a round

// round returns how long it takes all writers to do their commits.
func round(b *testing.B, writers, n int, write func(key string) error) time.Duration {
	begin := time.Now()
	var group sync.WaitGroup
	for g := range writers {
		group.Go(func() {
			for i := range benchEach {
				if err := write(fmt.Sprintf("item/%06d", (n*writers*benchEach+g*benchEach+i)%benchKeys)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	return time.Since(begin)
}

func BenchmarkGet(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "state.db"))
	if _, err := s.Commit(b.Context(), writeOf("a")); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Get(b.Context(), "a"); err != nil {
			b.Fatal(err)
		}
	}
}

func openBare(b *testing.B) *bbolt.DB {
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "bare.db"), 0o600,
		&bbolt.Options{FreelistType: bbolt.FreelistMapType, NoStatistics: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("items"))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return db
}
