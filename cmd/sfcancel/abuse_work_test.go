//go:build linux

package main

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/internal/abuse"
	"github.com/sfcancel/sfcancel/internal/racedetector"
)

// listOf10000 measures what a list of 10 000 operations costs the server: one after a change, and one
// without a change since the last list. Each cost is that of the best round: other load on the process
// and the machine only adds to it. The list itself may allocate once for 100 operations, which
// TestListAllocates of bench/scale checks; this figure also contains the rest of the server.
func listOf10000(t *testing.T) []abuse.Figure {
	const n = 20
	if racedetector.On {
		t.Skip("the race detector uses and allocates more than the server does")
	}
	type cost struct {
		cpu         time.Duration
		allocations int
	}
	var figures []abuse.Figure
	for _, storage := range []string{"bolt:" + filepath.Join(t.TempDir(), "faults.db"), "memory"} {
		name, _, _ := strings.Cut(storage, ":")
		c := newCrowd(t, "--store", storage, "--admin-addr", "127.0.0.1:0")
		steps := []func(){func() {}, func() { c.cancel(t) }, func() { c.cancel(t); c.list(t) }, func() { c.list(t) }}
		best := make([]cost, len(steps))
		for round := range rounds(10) {
			for i, do := range steps {
				allocated, used := c.allocations(t), c.cpu(t)
				for range n {
					do()
				}
				now := cost{(c.cpu(t) - used) / n, (c.allocations(t) - allocated) / n}
				if round == 0 {
					best[i] = now
				}
				best[i] = cost{min(best[i].cpu, now.cpu), min(best[i].allocations, now.allocations)}
			}
		}
		c.terminate(t)
		for _, list := range []struct {
			name       string
			with, less cost
		}{{"changed", best[2], best[1]}, {"same", best[3], best[0]}} {
			figures = append(figures,
				abuse.Time(fmt.Sprintf("cpu-%s-%s", name, list.name), list.with.cpu-list.less.cpu, 3*time.Millisecond),
				abuse.Count(fmt.Sprintf("allocations-%s-%s", name, list.name), list.with.allocations-list.less.allocations, 1000))
		}
	}
	return figures
}

// allocations returns how often the process has allocated.
func (c *crowd) allocations(t *testing.T) int {
	t.Helper()
	_, _, text := exchange(t, c.client, http.MethodGet, c.beside+"/metrics", nil, "")
	_, rest, _ := strings.Cut(string(text), "\ngo_memstats_mallocs_total ")
	var n float64
	if _, err := fmt.Sscan(rest, &n); err != nil {
		t.Fatalf("go_memstats_mallocs_total: got %v, want a number", err)
	}
	return int(n)
}

// firstListOfDue measures the first list after the clock moved by an hour in which 2 000 operations fell
// due. The time includes the move and all transitions of the operations.
func firstListOfDue(t *testing.T) []abuse.Figure {
	const n = 2_000
	p := serveProcess(t, "--freeze", "--control", "--admin-addr", "127.0.0.1:0", "--store", "bolt:"+filepath.Join(t.TempDir(), "faults.db"))
	control := func(path, body string) {
		t.Helper()
		if status, _, answer := exchange(t, http.DefaultClient, http.MethodPost, p.beside+path, nil, body); status != http.StatusOK {
			t.Fatalf("%s: got %d %s, want 200", path, status, answer)
		}
	}
	best, left := time.Duration(math.MaxInt64), 0
	for i := range rounds(3) {
		seed, _ := operations(t, n)
		control("/control/plant", seed)
		begun := time.Now()
		control("/control/clock", `{"advance": "1h"}`)
		status, _, body := exchange(t, http.DefaultClient, http.MethodGet, p.url+everyOperation, nil, "")
		best = min(best, time.Since(begun))
		if status != http.StatusOK {
			t.Fatalf("list: got %d %s, want 200", status, body)
		}
		left += (i+1)*n - bytes.Count(body, []byte(`"Completed"`))
	}
	p.end(t)
	return []abuse.Figure{abuse.Time("list", best, time.Second/2), abuse.Count("not-over", left, 0)}
}

// repeatedCancel checks that a cancel that changes nothing does not write to the file of the store.
func repeatedCancel(t *testing.T) []abuse.Figure {
	const n = 100
	path := filepath.Join(t.TempDir(), "faults.db")
	p := serveProcess(t, "--freeze", "--store", "bolt:"+path)
	cancel := p.url + "/Faults/$/Cancel?api-version=6.0&Force=false&OperationId=" + start(t, p.url, dataLoss...)
	writes, before := -1, "" // the first cancel writes
	for range n + 1 {
		if status, _, body := exchange(t, http.DefaultClient, http.MethodPost, cancel, nil, ""); status != http.StatusOK {
			t.Fatalf("cancel: got %d %s, want 200", status, body)
		}
		if now := contentsOf(t, path); now != before {
			writes, before = writes+1, now
		}
	}
	if writes < 0 {
		t.Error("first cancel: got an unchanged file, want a write")
	}
	p.end(t)
	return []abuse.Figure{abuse.Count("cancels", n, 0).Free(), abuse.Count("writes", writes, 0)}
}
