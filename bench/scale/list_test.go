package scale

import (
	"bufio"
	"math"
	"net/http"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/abuse"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// lists returns stores by name, each with 10 000 operations.
func lists(tb testing.TB) map[string]store.Store {
	const n = 10_000
	all := map[string]store.Store{"memory": memory.New(), "bolt": openStore(tb, filepath.Join(tb.TempDir(), "state.db")), "bolt, all active": openStore(tb, filepath.Join(tb.TempDir(), "active.db"))}
	for name, s := range all {
		tb.Cleanup(func() {
			if err := s.Close(); err != nil {
				tb.Error(err)
			}
		})
		if name == "bolt, all active" {
			plantActive(tb, s, n)
		} else {
			plant(tb, s, n)
		}
		if err := newEmulator(s).Sweep(tb.Context()); err != nil {
			tb.Fatal(err)
		}
	}
	return all
}

// answerList reads a list of all operations and writes it as an answer.
func answerList(tb testing.TB, e *emulator.Emulator) {
	answer, err := e.GetFaultOperationList(tb.Context(), generated.GetFaultOperationListRequestObject{
		Params: generated.GetFaultOperationListParams{TypeFilter: everything, StateFilter: everything},
	})
	if err != nil {
		tb.Fatal(err)
	}
	w := &discard{header: http.Header{}}
	if err := answer.VisitGetFaultOperationListResponse(w); err != nil {
		tb.Fatal(err)
	}
	if w.n < 900_000 {
		tb.Fatalf("got an answer of %d bytes, want at least 900000", w.n)
	}
}

// discard is a response writer that counts the bytes of the body.
type discard struct {
	header http.Header
	n      int
}

func (d *discard) Header() http.Header { return d.header }
func (d *discard) WriteHeader(int)     {}
func (d *discard) Write(b []byte) (int, error) {
	d.n += len(b)
	return len(b), nil
}

// BenchmarkList reads and writes ten lists of 10 000 operations per iteration. It reports the CPU time of the process for
// one list in the best round, and the allocations and bytes of ten lists.
func BenchmarkList(b *testing.B) {
	for name, s := range lists(b) {
		b.Run(name, func(b *testing.B) {
			e := newEmulator(s)
			b.ReportAllocs()
			const round = 10
			best := time.Duration(math.MaxInt64) // of all rounds: other processes can only slow a round down
			for b.Loop() {
				before := cpu(b)
				for range round {
					answerList(b, e)
				}
				best = min(best, (cpu(b)-before)/round)
			}
			b.ReportMetric(float64(best.Microseconds())/1000, "cpu-ms-a-list")
			b.ReportMetric(3, "limit")
		})
	}
}

// The allocations of a list do not grow with each operation.
func TestListAllocates(t *testing.T) {
	const operations, perAllocation, bytes = 10_000, 100, 1 << 20
	for name, s := range lists(t) {
		e := newEmulator(s)
		allocations := testing.AllocsPerRun(5, func() { answerList(t, e) })
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		answerList(t, e)
		runtime.ReadMemStats(&after)
		grown := after.TotalAlloc - before.TotalAlloc
		t.Logf("%s: %.0f allocations, %d bytes", name, allocations, grown)
		if allocations > operations/perAllocation || grown > bytes {
			t.Errorf("%s: got %.0f allocations and %d bytes for %d operations, want at most %d and %d", name, allocations, grown, operations, operations/perAllocation, bytes)
		}
	}
}

// cpu returns the CPU time used by the process.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkListen measures the start of "sfcancel serve" with a file in the page cache: from
// the start of the process to the line "listening on".
//
//	go test -run '^$' -bench Listen -benchtime 1x -timeout 1h ./scale
func BenchmarkListen(b *testing.B) {
	const limit, starts = 1200 * time.Millisecond, 5
	program, path := filepath.Join(b.TempDir(), "sfcancel"), filepath.Join(b.TempDir(), "state.db")
	build := exec.CommandContext(b.Context(), "go", "build", "-o", program, "./cmd/sfcancel")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	s := openStore(b, path)
	plant(b, s, *operations)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		best := time.Duration(math.MaxInt64)
		for range starts {
			best = min(best, listen(b, program, path))
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(best.Seconds(), "s-to-listen")
		b.ReportMetric(limit.Seconds(), "limit")
		tell("listen-at-many", abuse.Time("listen", best, limit))
	}
}

func listen(b *testing.B, program, path string) time.Duration {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), program, "serve", "--freeze", "--addr", "127.0.0.1:0", "--store", "bolt:"+path)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	took := time.Since(begun)
	if err != nil || !strings.HasPrefix(line, "listening on ") {
		b.Fatalf("got the first line %q, %v, want \"listening on ...\"", line, err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		b.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
	return took
}
