package main

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
)

var (
	kills = flag.Int("kills", 20, "how often TestKill kills the server")
	seed  = flag.Uint64("seed", 1, "seed of the times at which the server is killed")
)

// acknowledged is what the server has acknowledged, by operation.
type acknowledged struct {
	mu     sync.Mutex
	latest map[uuid.UUID]lastWord
}

// lastWord is the last request for an operation that the server acknowledged.
type lastWord struct {
	what string
	more bool // the next request was sent, and may have been carried out
}

func (a *acknowledged) note(id uuid.UUID, word lastWord) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.latest[id] = word
}

// allows reports whether an operation may be in this state after the last word.
func (w lastWord) allows(state wrapper.State) bool {
	switch state {
	case wrapper.StateRollingBack:
		return w.what != "start" || w.more
	case wrapper.StateCancelled:
		return w.what == "graceful" || w.more
	case wrapper.StateForceCancelled:
		return w.what == "force" || w.what == "graceful" && w.more
	case wrapper.StateRunning, wrapper.StateCompleted:
		return w.what == "start"
	default:
		return false
	}
}

// A server on bolt that is killed with SIGKILL at any time during starts, cancels and forces
// loses nothing that it answered.
func TestKill(t *testing.T) {
	t.Parallel()
	t.Logf("kills=%d seed=%d", *kills, *seed)
	const room = 8000 // operations: a list has no more than 10 000
	random := rand.New(rand.NewPCG(*seed, 0))
	var path string
	known, total := new(acknowledged), 0
	rounds := *kills
	if testing.Short() {
		rounds = min(rounds, 5)
	}
	for range rounds {
		if path == "" || len(known.latest) > room {
			path, known = filepath.Join(t.TempDir(), "faults.db"), &acknowledged{latest: make(map[uuid.UUID]lastWord)}
		}
		p := serveProcess(t, "--store", "bolt:"+path)
		verify(t, p.url, known)
		before := len(known.latest)

		var done sync.WaitGroup
		var requests atomic.Int64
		enough := make(chan struct{})
		ctx, stop := context.WithCancel(t.Context())
		target := int64(20 + random.IntN(200))
		var reached sync.Once
		for range 8 {
			done.Go(func() {
				load(ctx, t, p.url, known, func() {
					if requests.Add(1) >= target {
						reached.Do(func() { close(enough) })
					}
				})
			})
		}
		for waiting := true; waiting; {
			before := requests.Load()
			select {
			case <-enough:
				waiting = false
			case <-time.After(time.Minute):
				if requests.Load() == before {
					t.Fatalf("got no answer in a minute after %d answers, want %d", before, target)
				}
			}
		}
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = p.cmd.Wait()
		stop()
		done.Wait()
		t.Logf("killed after %d answers, %d operations acknowledged", requests.Load(), len(known.latest)-before)
		total += len(known.latest) - before
		if len(known.latest) > room {
			verify(t, serveProcess(t, "--store", "bolt:"+path).url, known)
		}
	}
	verify(t, serveProcess(t, "--store", "bolt:"+path).url, known)
	t.Logf("kills=%d operations=%d", rounds, total)
}

// load starts, cancels and forces operations until the server is gone, with one attempt per
// call: the server is only bound by what it answered.
func load(ctx context.Context, t *testing.T, url string, known *acknowledged, answered func()) {
	client, err := wrapper.New(url, wrapper.WithRetry(wrapper.Retry{MaxAttempts: 1}))
	if err != nil {
		t.Error(err)
		return
	}
	defer client.Close()
	for ctx.Err() == nil {
		id := uuid.New()
		target := wrapper.Partition{Service: "fabric:/shop/orders", ID: uuid.New()}
		result, err := client.StartDataLoss(ctx, target, "FullDataLoss", wrapper.StartOptions{OperationID: id})
		if !known.heard(t, id, lastWord{}, "start", result, err) {
			return
		}
		answered()
		result, err = client.Cancel(ctx, id, wrapper.CancelOptions{})
		if !known.heard(t, id, lastWord{what: "start"}, "graceful", result, err) {
			return
		}
		answered()
		if id[0]%2 == 0 && result.Verdict != wrapper.Finished {
			result, err = client.ForceCancel(ctx, id, wrapper.ForceOptions{})
			if !known.heard(t, id, lastWord{what: "graceful"}, "force", result, err) {
				return
			}
			answered()
		}
	}
}

// heard records the outcome of a call for an operation whose last word was before. It
// reports false once the server is gone; any other failure is an error of the test.
func (a *acknowledged) heard(t *testing.T, id uuid.UUID, before lastWord, what string, result wrapper.Result, err error) bool {
	switch {
	case err == nil && result.Verdict == wrapper.Finished: // the operation ended before the call
		if !before.allows(result.State) {
			t.Errorf("operation %s: got final state %s, want one that is allowed after an acknowledged %s", id, result.State, before.what)
		}
		return true
	case err == nil:
		a.note(id, lastWord{what: what})
		return true
	case !errors.Is(err, wrapper.ErrOutcomeUnknown) && !errors.Is(err, wrapper.ErrNotSent):
		t.Error(err)
	case before.what != "": // an unanswered start may not exist
		a.note(id, lastWord{what: before.what, more: true})
	}
	return false
}

// verify checks that the server still has everything that it acknowledged.
func verify(t *testing.T, url string, known *acknowledged) {
	t.Helper()
	client, err := wrapper.New(url)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	listed, err := client.Operations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(listed) >= 10_000 {
		t.Fatalf("got a list of %d operations, want less than 10 000, because a full list may be incomplete", len(listed))
	}
	states := make(map[uuid.UUID]wrapper.State)
	for _, op := range listed {
		states[op.ID] = op.State
	}
	for id, word := range known.latest {
		if !word.allows(states[id]) {
			t.Errorf("operation %s: got state %q, want one that is allowed after an acknowledged %s", id, states[id], word.what)
		}
	}
}
