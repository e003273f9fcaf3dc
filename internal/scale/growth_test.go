package scale

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

var growthRounds = flag.Int("rounds", 60, "how many rounds BenchmarkGrowth compares")

// BenchmarkGrowth is what one call costs among many operations as a multiple of what it costs
// among a thousand. The two take turns; what is reported is the median of the rounds.
//
//	go test -run '^$' -bench Growth -benchtime 1x -timeout 1h ./internal/scale
func BenchmarkGrowth(b *testing.B) {
	const few, limit = 1000, 1.15
	for _, driver := range []struct {
		name string
		open func(n int) store.Store
	}{
		{"memory", func(int) store.Store { return memory.New() }},
		{"bolt", func(n int) store.Store { return openStore(b, filepath.Join(b.TempDir(), fmt.Sprint(n))) }},
	} {
		b.Run(driver.name, func(b *testing.B) {
			small, large := newGrown(b, driver.open(few), few), newGrown(b, driver.open(*operations), *operations)
			defer small.st.Close()
			defer large.st.Close()
			for _, call := range []struct {
				name  string
				times int // in a round
				do    func(g *grown) error
			}{
				{"start", 40, (*grown).start},
				{"cancel", 40, (*grown).cancel},
				{"progress", 400, (*grown).progress},
			} {
				b.Run(call.name, func(b *testing.B) {
					for b.Loop() {
						var ratios, times []float64
						for range *growthRounds {
							base := small.round(b, call.times, call.do)
							many := large.round(b, call.times, call.do)
							ratios, times = append(ratios, many/base), append(times, many/float64(call.times))
						}
						slices.Sort(ratios)
						slices.Sort(times)
						b.ReportMetric(0, "ns/op")
						b.ReportMetric(times[len(times)/2], "ns/call")
						b.ReportMetric(ratios[len(ratios)/2], fmt.Sprintf("ratio-to-%d", few))
						b.ReportMetric(limit, "limit")
					}
				})
			}
		})
	}
}

// grown is a store with n operations and an emulator on it.
type grown struct {
	st     store.Store
	e      *emulator.Emulator
	n      int
	next   int
	tb     testing.TB
	random *rand.Rand
	begun  []operation // not cancelled yet
}

func newGrown(tb testing.TB, st store.Store, n int) *grown {
	plant(tb, st, n)
	return &grown{st: st, e: newEmulator(st), n: n, next: n, tb: tb, random: rand.New(rand.NewPCG(1, 0))}
}

// round is how long some calls take, in nanoseconds.
func (g *grown) round(b *testing.B, times int, do func(*grown) error) float64 {
	begin := time.Now()
	for range times {
		if err := do(g); err != nil {
			b.Fatal(err)
		}
	}
	return float64(time.Since(begin))
}

// start starts an operation that is no node transition.
func (g *grown) start() error {
	g.next++
	o := newOperation(4 * g.next)
	g.begun = append(g.begun, o)
	return startOne(g.tb, g.e, o)
}

// cancel cancels one that was started.
func (g *grown) cancel() error {
	if len(g.begun) == 0 {
		if err := g.start(); err != nil {
			return err
		}
	}
	o := g.begun[0]
	g.begun = g.begun[1:]
	return cancelOne(g.tb, g.e, o.record.ID)
}

func (g *grown) progress() error {
	_, err := g.e.Record(g.tb.Context(), newOperation(g.random.IntN(g.n)).record.ID)
	return err
}
