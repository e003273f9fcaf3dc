package scale

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/abuse"
	"github.com/sfcancel/sfcancel/store"
	"go.etcd.io/bbolt"
)

// BenchmarkCleanUp removes old operations from a file: three times 20 000, and then all finished
// ones except 1 %. It compares the time of a single commit before and after.
//
//	go test -run '^$' -bench CleanUp -benchtime 1x -timeout 1h ./scale
func BenchmarkCleanUp(b *testing.B) {
	n := *operations
	finished := n - n/activeShare
	path := filepath.Join(b.TempDir(), "state.db")
	s := compacted(b, path, n)
	defer func() { s.Close() }()
	other := openStore(b, filepath.Join(b.TempDir(), "other.db"))
	defer func() { other.Close() }()
	probe := &probe{s: s, other: other}
	cleanUp := func(b *testing.B, most int) (took, used time.Duration, mib float64) {
		b.Helper()
		// A month later, so that all finished operations are old.
		e := emulator.New(s, emulator.WithClock(func() time.Time { return start.Add(30 * 24 * time.Hour) }),
			emulator.WithSettings(emulator.Settings{MaxStoredActionCount: most}))
		if err := e.Sweep(b.Context()); err != nil {
			b.Fatal(err)
		}
		grown := watchMemory(b)
		begin, before := time.Now(), cpu(b)
		if err := e.CleanUp(b.Context()); err != nil {
			b.Fatal(err)
		}
		return time.Since(begin), cpu(b) - before, grown()
	}
	for range 2 { // the first commits have extra writes, which do not count
		probe.median(b)
	}
	before := probe.median(b)
	few := min(20_000, n/10)
	for _, c := range []struct {
		name           string
		removed, times int
		line           string
		limited        bool
	}{
		{"removed=20000", few, 3, "clean-up-of-20000", true},
		{"removed=99%", finished*99/100 - 3*few, 1, "clean-up-of-99%", false},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				const seconds, mib = 4, 100
				took, used, grown := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64), 0.0
				for range c.times { // the minimum of time, and the maximum of memory
					n -= c.removed
					oneTook, oneUsed, oneGrown := cleanUp(b, n)
					took, used, grown = min(took, oneTook), min(used, oneUsed), max(grown, oneGrown)
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(took.Seconds(), "s")
				b.ReportMetric(used.Seconds(), "cpu-s")
				b.ReportMetric(grown, "MiB-grown")
				figures := []abuse.Figure{abuse.Time("took", took, seconds*time.Second), abuse.Memory("rss", int(grown*1024), mib<<10)}
				if c.limited {
					b.ReportMetric(seconds, "s-limit")
					b.ReportMetric(mib, "MiB-limit")
				} else {
					figures = []abuse.Figure{figures[0].Free(), figures[1].Free()}
				}
				tell(c.line, append(figures, abuse.Time("cpu", used, 0).Free())...)
			}
		})
	}
	for _, again := range []bool{false, true} {
		name := "commit-after-clean-up"
		if again {
			name = "commit-after-clean-up-reopened"
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			s = openStore(b, path)
			probe.s = s
			probe.median(b)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				after := probe.median(b)
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(before, "before")
				b.ReportMetric(after, "after")
				b.ReportMetric(after/before, "ratio")
				// bbolt takes free pages from anywhere in its file, so a commit cannot be faster than scattered writes.
				disk := scattered(b)
				limit := max(1.2, math.Round(disk*100)/100)
				b.ReportMetric(limit, "limit")
				tell(name, abuse.Ratio("to-before", after/before, limit), abuse.Ratio("scattered-pages", disk, 0).Free())
			}
		})
	}
}

// probe measures a single commit to s, divided by the time of a commit to the small store other.
// The two take turns, because the load of the disk changes from minute to minute.
type probe struct {
	s, other store.Store
	n        int
}

// median returns the median of many commits.
func (p *probe) median(b *testing.B) float64 {
	const times = 300
	all := make([]float64, times)
	for i := range all {
		p.n++
		txn := store.Txn{Then: []store.Write{{Key: fmt.Sprintf("probe/%d", p.n%100), Value: make([]byte, 489)}}}
		all[i] = p.commit(b, p.s, txn) / p.commit(b, p.other, txn)
	}
	slices.Sort(all)
	return all[times/2]
}

func (p *probe) commit(b *testing.B, s store.Store, txn store.Txn) float64 {
	begin := time.Now()
	if _, err := s.Commit(b.Context(), txn); err != nil {
		b.Fatal(err)
	}
	return float64(time.Since(begin))
}

// watchMemory returns a function that returns the maximum growth of the process in MiB, without
// the pages of mapped files.
func watchMemory(b *testing.B) func() float64 {
	b.Helper()
	debug.FreeOSMemory()
	base, most := anonymous(b), 0.0
	stop := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				most = max(most, anonymous(b)-base)
			}
		}
	})
	return func() float64 {
		close(stop)
		watching.Wait()
		return most
	}
}

// anonymous returns the anonymous resident memory in MiB, or 0 if the system does not report it.
func anonymous(b *testing.B) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, found := strings.Cut(string(status), "RssAnon:")
	var kib float64
	if _, err := fmt.Sscan(rest, &kib); found && err != nil {
		b.Error(err)
	}
	return kib / 1024
}

// compacted opens a store with n planted operations, without the free pages that planting
// in batches leaves. Operations started one by one leave few free pages: each commit uses the pages
// that the commit before it freed.
func compacted(tb testing.TB, path string, n int) store.Store {
	tb.Helper()
	s := openStore(tb, path+".planted")
	plant(tb, s, n)
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
	from, err := bbolt.Open(path+".planted", 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		tb.Fatal(err)
	}
	to, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		tb.Fatal(err)
	}
	if err := errors.Join(bbolt.Compact(to, from, 64<<20), from.Close(), to.Close()); err != nil {
		tb.Fatal(err)
	}
	return openStore(tb, path)
}

// BenchmarkListDue measures the first list after a pause in which all transitions of many operations
// have become due: three for each operation, one transaction each.
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
						b.Fatalf("got %+v, want it Completed", o)
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

// plantActive writes n active operations.
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
