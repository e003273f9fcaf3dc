package bolt_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/sfcancel/sfcancel/store"
)

const (
	benchKeys  = 1000
	benchValue = 200 // bytes
)

// BenchmarkCommit is one transaction that writes one item, from a number of
// goroutines at once, through the store and in a db.Update of its own.
func BenchmarkCommit(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("writers=%d/store", writers), func(b *testing.B) {
			s := open(b, filepath.Join(b.TempDir(), "state.db"))
			value := make([]byte, benchValue)
			inParallel(b, writers, func(key string) error {
				_, err := s.Commit(b.Context(), store.Txn{Then: []store.Write{{Key: key, Value: value}}})
				return err
			})
		})
		b.Run(fmt.Sprintf("writers=%d/bare", writers), func(b *testing.B) {
			db := openBare(b)
			value := make([]byte, benchValue)
			inParallel(b, writers, func(key string) error {
				return db.Update(func(tx *bbolt.Tx) error {
					return tx.Bucket([]byte("items")).Put([]byte(key), value)
				})
			})
		})
	}
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

// inParallel calls write b.N times in all, each time with the next key.
func inParallel(b *testing.B, writers int, write func(key string) error) {
	keys := make([]string, benchKeys)
	for i := range keys {
		keys[i] = fmt.Sprintf("item/%06d", i)
	}
	if writers == 1 {
		i := 0
		for b.Loop() {
			if err := write(keys[i%benchKeys]); err != nil {
				b.Fatal(err)
			}
			i++
		}
		return
	}
	var next atomic.Int64
	procs := runtime.GOMAXPROCS(0)
	b.SetParallelism((writers + procs - 1) / procs) // in goroutines for each of procs
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := write(keys[int(next.Add(1))%benchKeys]); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
