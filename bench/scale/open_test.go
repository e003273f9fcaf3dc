package scale

import (
	"path/filepath"
	"testing"
)

// BenchmarkOpen measures opening a file in the page cache, including the verification of the
// file.
//
//	go test -run '^$' -bench Open -benchtime 5x -timeout 1h ./scale
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "state.db")
	s := openStore(b, path)
	plant(b, s, *operations)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	b.Run("closed", func(b *testing.B) {
		for b.Loop() {
			s := openStore(b, path)
			b.StopTimer()
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s-to-open")
		b.ReportMetric(1.2, "limit")
	})
	// A copy of an open store stands for the file of a killed process: it has no list of free pages
	// if there are many.
	s = openStore(b, path)
	defer s.Close()
	b.Run("killed", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			plant(b, s, 5_000) // overwriting them frees the old pages
			copied := filepath.Join(b.TempDir(), "copy.db")
			if err := s.Backup(b.Context(), copied); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			killed := openStore(b, copied)
			b.StopTimer()
			if err := killed.Close(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s-to-open")
	})
}
