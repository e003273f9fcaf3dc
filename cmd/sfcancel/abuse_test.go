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

// hang is the time after which a wait fails. It guards against a server that hangs, and does
// not assert how fast the server is.
const hang = time.Minute

var (
	playAbuse = flag.Bool("abuse", false, "run TestAbuse, which takes a minute or two")
	holdTimes = flag.Bool("times", false, "check the times that TestAbuse measures against their limits, too")
)

// played is an abuse. do returns the figures that are compared with their limits.
type played struct {
	name string
	do   func(t *testing.T) []abuse.Figure
}

// TestAbuse checks that malicious or broken clients, failing disks and strangers cannot crash the server, grow
// its memory without a limit, block other clients, or change anything. Each abuse has its own processes, because
// it measures their peak memory, and prints a line. Times have limits only with -times.
//
// Abuses with a million operations are in bench/scale. TestIntermediates of package server checks that more than
// ten intermediates are not read, which is not visible from outside. TestARepeatedCancelWritesNothing of package
// emulator checks that an engine does not write for a repeated cancel, whatever the driver.
func TestAbuse(t *testing.T) {
	if !*playAbuse {
		t.Skip("make abuse runs it")
	}
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
	play := func(p played) {
		t.Run(p.name, func(t *testing.T) {
			var figures []abuse.Figure
			t.Cleanup(func() { tell(t, p.name, figures) }) // runs after the other cleanups
			figures = p.do(t)
			for tries := 2; *holdTimes && late(figures) && tries <= 3; tries++ {
				t.Logf("trying again, because it took too long: %v", figures)
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
	// detector: at least twice what it grows, and less than it would grow without its limits.
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
		{"damaged-record", fromTest(TestStoreRepair)},
		{"second-signal", fromTest(TestSecondSignalEnds)},
		{"cross-origin-write", crossOrigin},
		{"rebound-host", reboundHost},
		{"certificates-change", fromTest(TestServeReloads)},
		{"weak-certificates", weakCertificates},
		{"proxy-before-etcd", fromTest(TestEtcdTakesNoProxyOfTheEnvironment)},
		{"password-in-store", fromTest(TestPasswordsAreRefusedAndHidden)},
	} {
		play(p)
	}
}

// late reports whether only times are over a limit. Other load on the machine only adds to times,
// so the best of three tries counts.
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
		t.Errorf("%s: got a failure or a figure over its limit, want neither", name)
	}
}

// fromTest plays a test that also runs by itself, on other systems too.
func fromTest(test func(*testing.T)) func(*testing.T) []abuse.Figure {
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

// rounds returns how often to measure a figure of which the best counts: less often if times have no limits.
func rounds(n int) int {
	if *holdTimes {
		return n
	}
	return min(n, unraced(3, 1))
}

// unraced returns bound, or raced with the race detector.
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
	conns  int             // the most at once
	fds    int             // open files before the abuse
	before int             // memory before the abuse, in KiB
	calls  []time.Duration // of well-behaved callers
}

func newVictim(t *testing.T) *victim {
	t.Helper()
	// No operation of a caller ends before the caller's next request.
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

// height waits until the server holds conns connections at once.
func (v *victim) height(t *testing.T, conns int) {
	t.Helper()
	v.conns = max(v.conns, conns)
	fds, ok := v.await(t, func(fds int) bool { return fds >= v.fds+conns })
	if !ok {
		t.Fatalf("got %d open files of the server, want %d for its connections", fds, v.fds+conns)
	}
}

// verify ends the server and returns the figures of any abuse. The process may have grown by bound MB.
func (v *victim) verify(t *testing.T, bound int) []abuse.Figure {
	t.Helper()
	left, _ := v.await(t, func(fds int) bool { return fds <= v.fds })
	grown := v.memory(t, "VmHWM") - v.before
	v.terminate(t)
	slices.Sort(v.calls)
	return []abuse.Figure{
		abuse.Count("connections", v.conns, 0).Free(), abuse.Memory("rss", grown, bound<<10), abuse.Count("files-left", max(left-v.fds, 0), 0),
		abuse.Time("call", middle(v.calls), 0).Free(), abuse.Time("longest", v.calls[len(v.calls)-1], 0).Free(),
	}
}

// terminate terminates the server, which must exit with 0, and returns how long that takes.
func (v *victim) terminate(t *testing.T) time.Duration {
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
		t.Errorf("after SIGTERM: got %v, want exit 0; the end of the log:\n%s", err, log[max(0, len(log)-4096):])
	}
	// A client causes no error of the server, except for the note that the client has gone
	// before its answer.
	for line := range strings.Lines(log) {
		broken := strings.Contains(line, "level=ERROR") && !strings.Contains(line, "aborted=true")
		if broken || strings.Contains(line, "panic") || strings.Contains(line, "DATA RACE") {
			t.Errorf("got %q in the log, want no error, panic or race", line)
			break
		}
	}
	return took
}

// await polls the number of open files until it is right, and reports whether it is.
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

// openFiles returns how many files the process has open, including connections.
func (v *victim) openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", v.cmd.Process.Pid))
	if err != nil {
		t.Fatalf("got %v, want a running server", err)
	}
	return len(entries)
}

// memory returns the memory that the process holds (VmRSS), or its peak (VmHWM), in KiB.
func (v *victim) memory(t *testing.T, which string) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", v.cmd.Process.Pid))
	if err != nil {
		t.Fatalf("got %v, want a running server", err)
	}
	_, rest, _ := strings.Cut(string(status), which+":")
	text, _, _ := strings.Cut(rest, "kB")
	kib, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		t.Fatalf("%s: got %q, want the memory of a running server", which, text)
	}
	return kib
}

// middle returns the median of sorted times.
func middle(sorted []time.Duration) time.Duration { return sorted[len(sorted)/2] }

// callers runs well-behaved callers until the returned function is called.
// One keeps its connection; the other makes a new one for each call.
func (v *victim) callers(t *testing.T) (stop func()) {
	t.Helper()
	all := []*caller{newCaller(t, v.url, true), newCaller(t, v.url, false)}
	for _, c := range all {
		if err := c.round(t.Context()); err != nil {
			t.Fatalf("before the abuse: got %v, want nil", err)
		}
	}
	v.fds, v.before = v.openFiles(t), v.memory(t, "VmRSS")

	ctx, cancel := context.WithCancel(t.Context())
	whole := context.WithoutCancel(ctx) // an interrupted call would fail
	var done sync.WaitGroup
	for _, c := range all {
		done.Go(func() {
			for ctx.Err() == nil {
				if err := c.round(whole); err != nil {
					t.Errorf("a well-behaved caller: got %v, want nil", err)
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
				t.Errorf("after the abuse: got %v, want nil", err)
			}
			v.calls = append(v.calls, c.took...)
		}
	}
}
