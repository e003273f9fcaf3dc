package scale

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/store"
)

// BenchmarkListDue is the first list after a pause in which all transitions of many operations
// have fallen due: three of each, a transaction for each.
//
//	go test -run '^$' -bench ListDue -benchtime 1x ./scale
func BenchmarkListDue(b *testing.B) {
	const limit = 0.5 // seconds, for 2 000
	for _, n := range []int{2_000, 10_000} {
		b.Run(fmt.Sprintf("due=%d", n), func(b *testing.B) {
			var total time.Duration
			rounds := 0
			for b.Loop() {
				s := openStore(b, filepath.Join(b.TempDir(), uuid.NewString()))
				plantActive(b, s, n)
				e := emulator.New(s, emulator.WithClock(func() time.Time { return start.Add(time.Hour) }))
				begin := time.Now()
				list := listOf(b, e)
				total += time.Since(begin)
				rounds++
				for _, o := range list[:n] {
					if o.State != generated.OperationStateCompleted {
						b.Fatalf("%+v, want it Completed", o)
					}
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(total.Seconds()/float64(rounds), "s-to-list")
			if n == 2_000 {
				b.ReportMetric(limit, "limit")
			}
		})
	}
}

// plantActive writes n active operations and nothing else.
func plantActive(tb testing.TB, s store.Store, n int) {
	tb.Helper()
	txns := make([]store.Txn, n)
	for k := range txns {
		writes, err := newOperation(activeShare*k + k%4).writes()
		if err != nil {
			tb.Fatal(err)
		}
		txns[k].Then = writes
	}
	for _, out := range store.CommitEach(tb.Context(), s, txns) {
		if out.Err != nil {
			tb.Fatal(out.Err)
		}
	}
}
