package scale

import (
	"bufio"
	"math"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/internal/abuse"
)

// BenchmarkListen is a start of "sfcancel serve" on a file that is in the cache of the system: from
// the beginning of the process to the line that says where it listens.
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
		b.Fatalf("it said %q, %v", line, err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		b.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
	return took
}
