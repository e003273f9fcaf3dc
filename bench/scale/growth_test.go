package scale

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/internal/abuse"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

var growthRounds = flag.Int("rounds", 60, "how many rounds BenchmarkGrowth compares")

// BenchmarkGrowth is what one call costs among many operations as a multiple of what it costs
// among a thousand, as a call in Go and as a request over the loopback. The two take turns; what
// is reported is the median of the rounds.
//
//	go test -run '^$' -bench Growth -benchtime 1x -timeout 1h ./scale
func BenchmarkGrowth(b *testing.B) {
	const few, limit = 1000, 1.15
	for _, driver := range []struct {
		name string
		open func(n int) store.Store
	}{
		{"memory", func(n int) store.Store {
			s := memory.New()
			plant(b, s, n)
			return s
		}},
		{"bolt", func(n int) store.Store { return compacted(b, filepath.Join(b.TempDir(), fmt.Sprint(n)), n) }},
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
				{"progress-of-a-thousand", 400, (*grown).progressOfAThousand},
				{"served/start", 40, (*grown).serveStart},
				{"served/cancel", 40, (*grown).serveCancel},
				{"served/progress", 200, (*grown).serveProgress},
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
						if of, served := strings.CutPrefix(call.name, "served/"); served {
							tell(of+"-at-many-on-"+driver.name, abuse.Ratio(fmt.Sprintf("to-%d", few), ratios[len(ratios)/2], limit))
						}
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
	srv    *httptest.Server
	n      int
	next   int
	tb     testing.TB
	random *rand.Rand
	begun  []operation // not cancelled yet
}

func newGrown(tb testing.TB, st store.Store, n int) *grown {
	e := newEmulator(st)
	handler, err := server.New(e)
	if err != nil {
		tb.Fatal(err)
	}
	srv := httptest.NewServer(handler)
	tb.Cleanup(srv.Close)
	return &grown{st: st, e: e, srv: srv, n: n, next: n, tb: tb, random: rand.New(rand.NewPCG(1, 0))}
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
	o, err := g.taken()
	if err != nil {
		return err
	}
	return cancelOne(g.tb, g.e, o.record.ID)
}

// taken is the next that was started and not cancelled yet.
func (g *grown) taken() (operation, error) {
	if len(g.begun) == 0 {
		if err := g.start(); err != nil {
			return operation{}, err
		}
	}
	o := g.begun[0]
	g.begun = g.begun[1:]
	return o, nil
}

func (g *grown) serveStart() error {
	g.next++
	o := newOperation(4 * g.next) // a data loss, as all in steps of four
	g.begun = append(g.begun, o)
	return g.request(http.MethodPost, onPartition(o)+"StartDataLoss?DataLossMode=FullDataLoss&", o, http.StatusAccepted)
}

func (g *grown) serveCancel() error {
	o, err := g.taken()
	if err != nil {
		return err
	}
	return g.request(http.MethodPost, "/Faults/$/Cancel?Force=false&", o, http.StatusOK)
}

func (g *grown) serveProgress() error {
	o := newOperation(4 * g.random.IntN(g.n/4))
	return g.request(http.MethodGet, onPartition(o)+"GetDataLossProgress?", o, http.StatusOK)
}

func onPartition(o operation) string {
	return "/Faults/Services/" + serviceID(o.record.Target) + "/$/GetPartitions/" + o.record.Target.PartitionID.String() + "/$/"
}

func (g *grown) request(method, path string, o operation, want int) error {
	r, err := http.NewRequestWithContext(g.tb.Context(), method, g.srv.URL+path+"api-version=6.0&OperationId="+o.record.ID.String(), nil)
	if err != nil {
		return err
	}
	answer, err := g.srv.Client().Do(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != want {
		err = fmt.Errorf("%s %s: %d, want %d: %s", method, path, answer.StatusCode, want, body)
	}
	return errors.Join(err, answer.Body.Close())
}

func (g *grown) progress() error {
	_, err := g.e.Record(g.tb.Context(), newOperation(g.random.IntN(g.n)).record.ID)
	return err
}

// progressOfAThousand asks for the same thousand, however many there are: what it costs more among many is not
// the memory that has to be waited for.
func (g *grown) progressOfAThousand() error {
	_, err := g.e.Record(g.tb.Context(), newOperation(g.random.IntN(1000)).record.ID)
	return err
}
