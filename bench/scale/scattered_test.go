//go:build linux

package scale

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/internal/abuse"
)

// BenchmarkScattered is what the disk alone makes of a commit after a large clean-up: four pages that are written
// here and there in a file of 1 GiB and synced, and then a meta page, as a multiple of the same with four pages
// side by side. bbolt takes free pages from anywhere in its file.
func BenchmarkScattered(b *testing.B) {
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
			if err := syscall.Fdatasync(int(file.Fd())); err != nil {
				b.Fatal(err)
			}
		}
		return float64(time.Since(begin))
	}
	random := rand.New(rand.NewPCG(1, 0))
	anywhere := func() int { return 1 + random.IntN(pages-1) }
	for b.Loop() {
		ratios := make([]float64, rounds)
		for i := range ratios {
			ratios[i] = commit(anywhere(), anywhere(), anywhere(), anywhere()) / commit(1, 2, 3, 4)
		}
		slices.Sort(ratios)
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(ratios[rounds/2], "ratio")
		tell("scattered-pages", abuse.Ratio("to-adjacent", ratios[rounds/2], 0).Free())
	}
}
