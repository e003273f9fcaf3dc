package scale

import (
	"path/filepath"
	"testing"
)

// BenchmarkOpen is the opening of a file that is in the cache of the system, with all that is
// looked at before it is trusted.
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
	// As a process leaves it that was killed: a copy of an open store has no list of free pages
	// if there are many.
	s = openStore(b, path)
	defer s.Close()
	b.Run("killed", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			plant(b, s, 5_000) // again, which leaves the pages of before free
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
