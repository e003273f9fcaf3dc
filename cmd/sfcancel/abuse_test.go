//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
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

	"github.com/sfcancel/sfcancel/internal/abuse"
	"github.com/sfcancel/sfcancel/internal/racedetector"
)

// hang is where waiting ends and a failure begins. It guards against a server that hangs;
// how fast a server is, no test here asserts.
const hang = time.Minute

var (
	playAbuse = flag.Bool("abuse", false, "run TestAbuse, which takes a minute or two")
	holdTimes = flag.Bool("times", false, "hold what TestAbuse measures in time to its limits as well")
)

// played is an abuse. What it returns are the figures that it is judged by.
type played struct {
	name string
	do   func(t *testing.T) []abuse.Figure
}

// TestAbuse: clients that mean harm, or are broken, disks that fail, and strangers neither bring the server
// down, nor make it hold more and more memory, nor keep it from others, nor get anything changed. Each
// abuse has processes of its own, so that a peak of memory is its own, and prints a line. Times have
// limits with -times alone.
//
// What needs a million operations is in bench/scale. That more than ten intermediates are not read, which
// nobody sees from outside, is in TestIntermediates of package server; that an engine does not
// write for a repeated cancel, whatever the driver, in TestARepeatedCancelWritesNothing of package emulator.
func TestAbuse(t *testing.T) {
	if !*playAbuse {
		t.Skip("make abuse runs it")
	}
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
	play := func(p played) {
		t.Run(p.name, func(t *testing.T) {
			var figures []abuse.Figure
			t.Cleanup(func() { tell(t, p.name, figures) }) // the last one
			figures = p.do(t)
			for tries := 2; *holdTimes && late(figures) && tries <= 3; tries++ {
				t.Logf("once more, as it took too long: %v", figures)
				figures = append(p.do(t), abuse.Count("tries", tries, 0).Free())
			}
		})
	}
	// They wait most of the time.
	var meanwhile sync.WaitGroup
	for _, p := range []played{
		{"slow-headers", onVictim(96, 448, slowHeaders)},
		{"sigterm-with-slow-body", endsInTheDrain},
	} {
		meanwhile.Go(func() { play(p) })
	}
	// The numbers are how many MB the process may grow, without and with the race
	// detector: at least twice what it does, and less than without its limits.
	for _, p := range []played{
		{"idle-connections", onVictim(800, 1400, idleConnections)},
		{"slow-bodies", onVictim(96, 256, slowBodies)},
		{"large-bodies", onVictim(64, 192, largeBodies)},
		{"large-headers", onVictim(96, 256, largeHeaders)},
		{"pipelining", onVictim(64, 128, pipelining)},
		{"large-queries", onVictim(192, 512, largeQueries)},
	} {
		play(p)
	}
	meanwhile.Wait()
	for _, p := range []played{
		{"lists-given-up", listsGivenUp},
		{"streams-not-read", streamsNotRead},
		{"stream-resets", streamResets},
		{"lists-at-once", listsAtOnce},
		{"list-of-10000", listOf10000},
		{"first-list-with-2000-due", firstListOfDue},
		{"repeated-cancel", repeatedCancel},
		{"outsider-with-intermediates", outsider},
		{"full-disk", fullDisk},
		{"failed-fsync", failedFsync},
		{"damaged-record", whatTests(TestStoreRepair)},
		{"second-signal", whatTests(TestSecondSignalEnds)},
		{"cross-origin-write", crossOrigin},
		{"rebound-host", reboundHost},
		{"certificates-change", whatTests(TestServeReadsAgain)},
		{"weak-certificates", weakCertificates},
		{"proxy-before-etcd", whatTests(TestEtcdTakesNoProxyOfTheEnvironment)},
		{"password-in-store", whatTests(TestPasswordsAreNeitherTakenNorEchoed)},
	} {
		play(p)
	}
}

// late reports whether nothing but times is over a limit. What else the machine does only adds to
// those, so that the best of three tries counts.
func late(figures []abuse.Figure) bool {
	over := slices.DeleteFunc(slices.Clone(figures), func(f abuse.Figure) bool { return !f.Over() })
	return len(over) > 0 && !slices.ContainsFunc(over, func(f abuse.Figure) bool { return !f.Timed() })
}

// tell prints the line of an abuse.
func tell(t *testing.T, name string, figures []abuse.Figure) {
	t.Helper()
	if t.Skipped() {
		fmt.Printf("abuse=%s skipped\n", name)
		return
	}
	for i, f := range figures {
		if f.Timed() && !*holdTimes {
			figures[i] = f.Free()
		}
	}
	failed := 0
	if t.Failed() {
		failed = 1
	}
	line, ok := abuse.Line(name, append(figures, abuse.Count("failed", failed, 0))...)
	fmt.Println(line)
	if !ok {
		t.Error("it failed, or a figure is over its limit")
	}
}

// whatTests plays what a test of its own, which other systems have too, says all about.
func whatTests(test func(*testing.T)) func(*testing.T) []abuse.Figure {
	return func(t *testing.T) []abuse.Figure {
		begun := time.Now()
		test(t)
		return []abuse.Figure{abuse.Time("took", time.Since(begun), 0).Free()}
	}
}

// onVictim plays an abuse beside well-behaved callers.
func onVictim(bound, raced int, do func(*testing.T, *victim)) func(*testing.T) []abuse.Figure {
	return func(t *testing.T) []abuse.Figure {
		v := newVictim(t)
		stop := v.callers(t)
		do(t, v)
		stop()
		return v.verify(t, unraced(bound, raced))
	}
}

// rounds is how often something is measured of which the best counts: few times where no limit of a time
// depends on that.
func rounds(n int) int {
	if *holdTimes {
		return n
	}
	return min(n, unraced(3, 1))
}

// unraced is the first number, or with the race detector the second.
func unraced(bound, raced int) int {
	if racedetector.On {
		return raced
	}
	return bound
}

// victim is a serving process that is being abused.
type victim struct {
	*process
	addr   string
	conns  int             // at most
	fds    int             // before
	before int             // memory, KiB
	calls  []time.Duration // of well-behaved callers
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
	v.conns = max(v.conns, conns)
	fds, ok := v.await(t, func(fds int) bool { return fds >= v.fds+conns })
	if !ok {
		t.Fatalf("the server has %d open files; it does not hold %d connections", fds, conns)
	}
}

// verify is what has to be true after the abuse, whatever it was. The process may have grown by
// so many MB.
func (v *victim) verify(t *testing.T, bound int) []abuse.Figure {
	t.Helper()
	left, _ := v.await(t, func(fds int) bool { return fds <= v.fds })
	grown := v.memory(t, "VmHWM") - v.before
	v.endWell(t)
	slices.Sort(v.calls)
	return []abuse.Figure{
		abuse.Count("connections", v.conns, 0).Free(), abuse.Memory("rss", grown, bound<<10), abuse.Count("files-left", max(left-v.fds, 0), 0),
		abuse.Time("call", middle(v.calls), 0).Free(), abuse.Time("longest", v.calls[len(v.calls)-1], 0).Free(),
	}
}

// endWell asks the server to end. It has to end well, and how long that takes is returned.
func (v *victim) endWell(t *testing.T) time.Duration {
	t.Helper()
	begun := time.Now()
	if err := v.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	overdue := time.AfterFunc(drainTime+hang, func() { _ = v.cmd.Process.Kill() })
	defer overdue.Stop()
	err := v.cmd.Wait()
	took := time.Since(begun)
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
	return took
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

// middle is the median of what is sorted.
func middle(sorted []time.Duration) time.Duration { return sorted[len(sorted)/2] }

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
	v.fds, v.before = v.openFiles(t), v.memory(t, "VmRSS")

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
			v.calls = append(v.calls, c.took...)
		}
	}
}
