//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// hang is where waiting ends and a failure begins. It guards against a server that hangs;
// how fast a server is, no test here asserts.
const hang = time.Minute

// TestAbuse: clients that mean harm, or are broken, neither bring the server down,
// nor make it hold more and more memory, nor keep it from others. Each abuse has a
// process of its own, so that its peak of memory is its own. What was measured is
// in the log.
func TestAbuse(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
	var all report
	t.Cleanup(func() { t.Log(all.String()) })

	run := func(name string, bound, raced int, do func(*testing.T, *victim)) {
		t.Run(name, func(t *testing.T) {
			v := newVictim(t)
			v.row.name = name
			stop := v.callers(t)
			do(t, v)
			stop()
			if underRace {
				bound = raced
			}
			v.verify(t, bound)
			all.add(v.row)
		})
	}
	// The numbers are how many MiB the process may grow, without and with the race
	// detector: at least twice what it does, and less than without its limits.
	var meanwhile sync.WaitGroup
	meanwhile.Go(func() { run("slow headers", 96, 448, slowHeaders) }) // it waits most of the time
	run("idle connections", 800, 1400, idleConnections)
	run("slow bodies", 96, 256, slowBodies)
	run("large bodies", 64, 192, largeBodies)
	run("large headers", 96, 256, largeHeaders)
	run("pipelining", 64, 128, pipelining)
	run("large queries", 192, 512, largeQueries)
	meanwhile.Wait()
}

// victim is a serving process that is being abused.
type victim struct {
	*process
	addr string
	row  figures
}

func newVictim(t *testing.T) *victim {
	t.Helper()
	// No operation of a caller is over before it asks for the next thing.
	scenario := filepath.Join(t.TempDir(), "scenario.json")
	if err := os.WriteFile(scenario, []byte(`{"default": {"perform": {"takes": "1h"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	v := &victim{process: serveProcess(t, "--scenario", scenario)}
	u, err := url.Parse(v.url)
	if err != nil {
		t.Fatal(err)
	}
	v.addr = u.Host
	c := v.open(t, 1, nil)[0]
	got, _, err := askOn(c, whole(begin, "Connection: close"))
	if err := errors.Join(err, got.is(202, "")); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	return v
}

// height waits until the server holds so many connections at once.
func (v *victim) height(t *testing.T, conns int) {
	t.Helper()
	v.row.conns = max(v.row.conns, conns)
	fds, ok := v.await(t, func(fds int) bool { return fds >= v.row.fds[0]+conns })
	if !ok {
		t.Fatalf("the server has %d open files; it does not hold %d connections", fds, conns)
	}
	v.row.fds[1] = max(v.row.fds[1], fds)
}

// verify is what has to be true after the abuse, whatever it was.
func (v *victim) verify(t *testing.T, bound int) {
	t.Helper()
	if fds, ok := v.await(t, func(fds int) bool { return fds <= v.row.fds[0] }); !ok {
		t.Errorf("the server had %d open files before, and has %d with every connection closed", v.row.fds[0], fds)
	}
	v.row.fds[2] = v.openFiles(t)
	v.row.memory[1], v.row.memory[2] = v.memory(t, "VmHWM"), v.memory(t, "VmRSS")
	if grown := v.row.memory[1] - v.row.memory[0]; grown > bound<<10 {
		t.Errorf("the server grew by %d MiB, and may by %d", grown>>10, bound)
	}
	v.endWell(t)
}

// endWell asks the server to end. It has to end well.
func (v *victim) endWell(t *testing.T) {
	t.Helper()
	if err := v.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	overdue := time.AfterFunc(drainTime+hang, func() { _ = v.cmd.Process.Kill() })
	defer overdue.Stop()
	err := v.cmd.Wait()
	log := v.log.String()
	if err != nil {
		t.Errorf("after a termination: %v; the end of the log:\n%s", err, log[max(0, len(log)-4096):])
	}
	// Whatever a client does, it is no fault of the server; that a client is gone
	// before it has its answer may be noted.
	for line := range strings.Lines(log) {
		broken := strings.Contains(line, "level=ERROR") && !strings.Contains(line, "aborted=true")
		if broken || strings.Contains(line, "panic") || strings.Contains(line, "DATA RACE") {
			t.Errorf("in the log: %s", line)
			break
		}
	}
}

// await looks at the number of open files until it is right, or it takes too long.
func (v *victim) await(t *testing.T, right func(int) bool) (int, bool) {
	t.Helper()
	for deadline := time.Now().Add(hang); ; time.Sleep(10 * time.Millisecond) {
		fds := v.openFiles(t)
		if right(fds) {
			return fds, true
		}
		if time.Now().After(deadline) {
			return fds, false
		}
	}
}

// openFiles is how many files the process has open, connections among them.
func (v *victim) openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", v.cmd.Process.Pid))
	if err != nil {
		t.Fatalf("the server is gone: %v", err)
	}
	return len(entries)
}

// memory is what the process holds (VmRSS), or ever held (VmHWM), in KiB.
func (v *victim) memory(t *testing.T, which string) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", v.cmd.Process.Pid))
	if err != nil {
		t.Fatalf("the server is gone: %v", err)
	}
	_, rest, _ := strings.Cut(string(status), which+":")
	text, _, _ := strings.Cut(rest, "kB")
	kib, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		t.Fatalf("the server has no %s: it is gone", which)
	}
	return kib
}

// figures are what was measured of one abuse: before it, at its height, after it.
type figures struct {
	name   string
	conns  int
	memory [3]int // KiB; the second one is the peak
	fds    [3]int
	calls  []time.Duration
}

type report struct {
	mu   sync.Mutex
	rows []figures
}

func (a *report) add(row figures) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rows = append(a.rows, row)
}

func (a *report) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-17s %6s | %7s %7s %7s %8s | %5s %5s %5s | %5s %9s %9s\n", "abuse", "conns",
		"MiB", "peak", "after", "KiB/conn", "files", "peak", "after", "calls", "median", "maximum")
	for _, r := range a.rows {
		slices.Sort(r.calls)
		mib := func(i int) float64 { return float64(r.memory[i]) / 1024 }
		fmt.Fprintf(&b, "%-17s %6d | %7.1f %7.1f %7.1f %8.1f | %5d %5d %5d | %5d %9s %9s\n", r.name, r.conns,
			mib(0), mib(1), mib(2), float64(r.memory[1]-r.memory[0])/float64(max(r.conns, 1)), r.fds[0], r.fds[1], r.fds[2],
			len(r.calls), middle(r.calls).Round(time.Microsecond), slices.Max(append(r.calls, 0)).Round(time.Microsecond))
	}
	return b.String()
}

// middle is the median of what is sorted.
func middle(sorted []time.Duration) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)/2]
}

// callers makes well-behaved callers work until the returned function is called.
// One keeps its connection; the other needs a new one for each call.
func (v *victim) callers(t *testing.T) (stop func()) {
	t.Helper()
	all := []*caller{newCaller(t, v.url, true), newCaller(t, v.url, false)}
	for _, c := range all {
		if err := c.round(t.Context()); err != nil {
			t.Fatalf("before the abuse: %v", err)
		}
	}
	v.row.fds[0], v.row.memory[0] = v.openFiles(t), v.memory(t, "VmRSS")

	ctx, cancel := context.WithCancel(t.Context())
	whole := context.WithoutCancel(ctx) // an interrupted call would prove nothing
	var done sync.WaitGroup
	for _, c := range all {
		done.Go(func() {
			for ctx.Err() == nil {
				if err := c.round(whole); err != nil {
					t.Errorf("a well-behaved caller: %v", err)
					return
				}
				select {
				case <-ctx.Done():
				case <-time.After(30 * time.Millisecond): // many rounds would make long lists
				}
			}
		})
	}
	t.Cleanup(func() { cancel(); done.Wait() })
	return func() {
		cancel()
		done.Wait()
		for _, c := range all {
			if err := c.round(t.Context()); err != nil {
				t.Errorf("after the abuse: %v", err)
			}
			v.row.calls = append(v.row.calls, c.took...)
		}
	}
}
