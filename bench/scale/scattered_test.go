package scale

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/internal/abuse"
)

// BenchmarkScattered measures the share of the disk in the time of a commit after a large clean-up.
func BenchmarkScattered(b *testing.B) {
	for b.Loop() {
		ratio := scattered(b)
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(ratio, "ratio")
		tell("scattered-pages", abuse.Ratio("to-adjacent", ratio, 0).Free())
	}
}

// scattered writes four pages at random places of a file of 1 GiB, syncs, and writes and syncs a meta page, as bbolt
// does after a clean-up has left free pages everywhere. It returns the median time, divided by the time for
// four adjacent pages.
func scattered(b *testing.B) float64 {
	const page, pages, rounds = 4096, 1 << 18, 300
	file, err := os.Create(filepath.Join(b.TempDir(), "pages"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	for range pages / 256 {
		if _, err := file.Write(make([]byte, 256*page)); err != nil {
			b.Fatal(err)
		}
	}
	if err := file.Sync(); err != nil {
		b.Fatal(err)
	}
	commit := func(ids ...int) float64 {
		begin := time.Now()
		for _, write := range [][]int{ids, {0}} {
			for _, id := range write {
				if _, err := file.WriteAt(make([]byte, page), int64(id)*page); err != nil {
					b.Fatal(err)
				}
			}
			if err := file.Sync(); err != nil {
				b.Fatal(err)
			}
		}
		return float64(time.Since(begin))
	}
	random := rand.New(rand.NewPCG(1, 0))
	anywhere := func() int { return 1 + random.IntN(pages-1) }
	ratios := make([]float64, rounds)
	for i := range ratios {
		ratios[i] = commit(anywhere(), anywhere(), anywhere(), anywhere()) / commit(1, 2, 3, 4)
	}
	slices.Sort(ratios)
	return ratios[rounds/2]
}
