package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/wrapper"
)

// load starts and cancels operations, and remembers the answers.
type load struct {
	mu     sync.Mutex
	phase  int
	tally  []tally                // by phase
	known  map[uuid.UUID]lastWord // by operation
	wrongs []error
}

// tally counts the calls of a phase.
type tally struct {
	calls, found, unknown int
	slowest               time.Duration
}

// lastWord is the last call on an operation whose outcome is known, and a later call that may have
// taken effect.
type lastWord struct{ said, maybe asked }

type asked int

const (
	nothing asked = iota
	aStart
	aCancel
	aForce
)

// work starts, cancels and forces operations until ctx ends. It does not interrupt a call.
func (l *load) work(ctx context.Context, client *wrapper.Client) {
	for ctx.Err() == nil {
		id := uuid.New()
		target := wrapper.Partition{Service: "fabric:/shop/orders", ID: uuid.New()}
		ok := l.call(id, aStart, func(ctx context.Context) (wrapper.Result, error) {
			return client.StartDataLoss(ctx, target, generated.DataLossModePartialDataLoss, wrapper.StartOptions{OperationID: id})
		}) && l.call(id, aCancel, func(ctx context.Context) (wrapper.Result, error) {
			return client.Cancel(ctx, id, wrapper.CancelOptions{})
		})
		if ok && rand.IntN(2) == 0 {
			l.call(id, aForce, func(ctx context.Context) (wrapper.Result, error) {
				return client.ForceCancel(ctx, id, wrapper.ForceOptions{})
			})
		}
	}
}

// callTime is longer than any outage of the demonstration.
const callTime = 30 * time.Second

// call reports whether the outcome is known.
func (l *load) call(id uuid.UUID, what asked, do func(context.Context) (wrapper.Result, error)) bool {
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	begin := time.Now()
	result, err := do(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	t := &l.tally[l.phase]
	t.calls++
	t.slowest = max(t.slowest, time.Since(begin))
	word := l.known[id]
	switch {
	case err == nil:
		if result.Resolved {
			t.found++
		}
		// A force does not change an operation that had already ended.
		if result.Verdict != wrapper.Finished || what != aForce {
			word = lastWord{said: what}
		}
	case errors.Is(err, wrapper.ErrOutcomeUnknown), errors.Is(err, wrapper.ErrNotSent), errors.Is(err, wrapper.ErrUnavailable):
		t.unknown++
		word.maybe = what
	default:
		l.wrongs = append(l.wrongs, err)
	}
	l.known[id] = word
	return err == nil
}

// allows reports whether w permits an operation to be in state s.
func (w lastWord) allows(s wrapper.State) bool {
	either := func(a asked) bool { return w.said == a || w.maybe == a }
	switch s {
	case wrapper.StateRunning:
		return w.said == aStart || w.said == nothing
	case wrapper.StateRollingBack:
		return either(aCancel) || either(aForce)
	case wrapper.StateCancelled:
		return either(aCancel)
	case wrapper.StateForceCancelled:
		return either(aForce)
	case "":
		return w.said == nothing
	default:
		return false
	}
}

// audit compares all answers with what one server lists, and returns the number of operations listed.
func (l *load) audit(ctx context.Context, url string) (int, error) {
	client, err := wrapper.New(url)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	operations, err := client.Operations(ctx)
	if err != nil {
		return 0, err
	}
	states := make(map[uuid.UUID]wrapper.State)
	for _, op := range operations {
		states[op.ID] = op.State
	}
	var wrong []error
	for id, word := range l.known {
		if !word.allows(states[id]) {
			wrong = append(wrong, fmt.Errorf("operation %s: got state %q, which %+v does not allow", id, states[id], word))
		}
	}
	return len(operations), errors.Join(wrong...)
}
