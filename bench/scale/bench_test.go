package scale

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/store/bolt"
)

var operations = flag.Int("operations", 1_000_000, "number of operations in the largest store")

// sizes returns the powers of ten from 10 000 that are below the flag -operations, and the flag.
func sizes() []int {
	var all []int
	for n := 10_000; n < *operations; n *= 10 {
		all = append(all, n)
	}
	return append(all, *operations)
}

// BenchmarkScale measures one call each on stores of several sizes. The file is in the page cache.
func BenchmarkScale(b *testing.B) {
	for _, n := range sizes() {
		b.Run(fmt.Sprintf("operations=%d", n), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "state.db")
			begin := time.Now()
			s := openStore(b, path)
			plant(b, s, n)
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			planted := time.Since(begin)
			b.Run("memory", func(b *testing.B) {
				benchmarkMemory(b, path, n)
				b.ReportMetric(planted.Seconds(), "s-to-plant")
			})
			benchmarkSize(b, path, n)
		})
	}
}

// benchmarkSize runs the benchmarks on one store, those that only read it first.
func benchmarkSize(b *testing.B, path string, n int) {
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			s := openStore(b, path)
			b.StopTimer()
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
	s := openStore(b, path)
	defer s.Close()
	e := newEmulator(s)
	random := rand.New(rand.NewPCG(1, 0))
	b.Run("page", func(b *testing.B) {
		const limit = 500
		for b.Loop() {
			if page, err := s.List(b.Context(), historyPrefix, "", limit); err != nil || len(page.Items) != limit {
				b.Fatalf("got %d items, %v, want %d", len(page.Items), err, limit)
			}
		}
	})
	b.Run("record", func(b *testing.B) {
		for b.Loop() {
			if _, err := e.Record(b.Context(), newOperation(random.IntN(n)).record.ID); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			listOf(b, e)
		}
	})
	b.Run("sweep", func(b *testing.B) {
		if err := e.Sweep(b.Context()); err != nil { // only the first sweep has to write
			b.Fatal(err)
		}
		for b.Loop() {
			if err := e.Sweep(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("cleanup", func(b *testing.B) {
		for b.Loop() {
			if err := e.CleanUp(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("backup", func(b *testing.B) {
		for b.Loop() {
			path := filepath.Join(b.TempDir(), "copy.db")
			if err := s.Backup(b.Context(), path); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			if err := os.Remove(path); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
	b.Run("cancel", func(b *testing.B) {
		for b.Loop() {
			if err := cancelOne(b, e, anyOf(random, n, true).record.ID); err != nil {
				b.Fatal(err)
			}
		}
	})
	var next atomic.Int64
	next.Store(int64(n))
	// Multiples of 4 are data losses: a node in a transition accepts no other.
	startNext := func() error { return startOne(b, e, newOperation(4*int(next.Add(1)))) }
	b.Run("start", func(b *testing.B) {
		for b.Loop() {
			if err := startNext(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("start/64-at-once", func(b *testing.B) {
		const callers = 64
		b.SetParallelism(callers / runtime.GOMAXPROCS(0))
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := startNext(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}

// benchmarkMemory reports how much the memory of the process grows when the store is opened, and
// when all operations are listed. It measures no time.
func benchmarkMemory(b *testing.B, path string, n int) {
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	var opened, listed usage
	values := 0
	for b.Loop() {
		before := used(b)
		s := openStore(b, path)
		opened = used(b).minus(before)
		answer := listOf(b, newEmulator(s))
		listed = used(b).minus(before)
		runtime.KeepAlive(answer)
		values = valuesOf(b, s)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(values)/float64(n), "value-B/operation")
	b.ReportMetric(float64(info.Size())/float64(n), "file-B/operation")
	b.ReportMetric(float64(opened.heap)/(1<<20), "heap-MiB-open")
	b.ReportMetric(float64(listed.heap)/(1<<20), "heap-MiB-listed")
	b.ReportMetric(float64(opened.resident)/(1<<20), "rss-MiB-open")
	b.ReportMetric(float64(listed.resident)/(1<<20), "rss-MiB-listed")
}

// valuesOf returns the total size of the values in the history, in bytes.
func valuesOf(b *testing.B, s *bolt.Store) int {
	const limit = 10_000
	values := 0
	for after := ""; ; {
		page, err := s.List(b.Context(), historyPrefix, after, limit)
		if err != nil {
			b.Fatal(err)
		}
		for _, item := range page.Items {
			values += len(item.Value)
			after = item.Key
		}
		if len(page.Items) < limit {
			return values
		}
	}
}

// usage is in bytes.
type usage struct{ heap, resident int64 }

func (u usage) minus(v usage) usage { return usage{u.heap - v.heap, u.resident - v.resident} }

func used(b *testing.B) usage {
	debug.FreeOSMemory() // includes a garbage collection
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	u := usage{heap: int64(stats.HeapAlloc)}
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Logf("no resident size: %v", err) // only Linux has it
		return u
	}
	var total, resident int64
	if _, err := fmt.Sscan(string(statm), &total, &resident); err != nil {
		b.Fatal(err)
	}
	u.resident = resident * int64(os.Getpagesize())
	return u
}
