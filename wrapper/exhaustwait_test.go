package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

type waitCall func(context.Context, *wrapper.Client) (wrapper.Result, error)

// Few looks, so that the first requests of a Stop are the cancel, a look, the force, and a look.
const (
	stopGrace    = time.Second
	stopInterval = 8 * stopGrace
)

var waits = []asking{
	{name: "Stop", wait: func(ctx context.Context, c *wrapper.Client) (wrapper.Result, error) {
		return c.Stop(ctx, opID, wrapper.StopOptions{Grace: stopGrace, Interval: stopInterval})
	}},
	{name: "Wait", wait: func(ctx context.Context, c *wrapper.Client) (wrapper.Result, error) {
		return c.Wait(ctx, opID, wrapper.WaitOptions{Interval: time.Minute})
	}},
	{name: "Watch", wait: func(ctx context.Context, c *wrapper.Client) (wrapper.Result, error) {
		var last wrapper.Operation
		for op, err := range c.Watch(ctx, opID, wrapper.WaitOptions{Interval: time.Minute}) {
			if err != nil {
				return wrapper.Result{}, err
			}
			last = op
		}
		if !last.Found() {
			return wrapper.Result{Verdict: wrapper.NotFound}, nil
		}
		return wrapper.Result{Verdict: wrapper.Finished, OperationID: last.ID, State: last.State, Kind: last.Kind}, nil
	}},
	{name: "Operation", wait: func(ctx context.Context, c *wrapper.Client) (wrapper.Result, error) {
		op, err := c.Operation(ctx, opID)
		if err == nil && !op.Found() {
			return wrapper.Result{Verdict: wrapper.NotFound}, nil
		}
		return wrapper.Result{Verdict: "read", OperationID: op.ID, State: op.State, Kind: op.Kind}, err
	}},
	{name: "Operations", wait: func(ctx context.Context, c *wrapper.Client) (wrapper.Result, error) {
		ops, err := c.Operations(ctx)
		if err != nil || len(ops) == 0 {
			return wrapper.Result{Verdict: wrapper.NotFound}, err
		}
		return wrapper.Result{Verdict: "read", OperationID: ops[0].ID, State: ops[0].State, Kind: ops[0].Kind}, nil
	}},
	{name: "CancelAll", wait: func(ctx context.Context, c *wrapper.Client) (wrapper.Result, error) {
		for result, err := range c.CancelAll(ctx, wrapper.Selector{}, wrapper.CancelAllOptions{}) {
			return result, err
		}
		return wrapper.Result{Verdict: "nothing selected"}, nil
	}},
}

// The same for the calls that wait, read, and deal with many, in a cluster whose time goes on.
func TestExhaustiveWait(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		synctest.Test(t, func(t *testing.T) {
			x := &exploration{t: t, profile: profile, attempts: 8, count: map[string]int{}}
			for _, from := range situations {
				for _, ask := range waits {
					x.explore(from, ask, script{}, 0)
				}
			}
			x.report()
		})
	})
}

func (tr *trial) judgeWait(tb testing.TB) []string {
	tb.Helper()
	var wrong []string
	say := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	record, found := tr.c.record(tb, opID)
	did := func(what string) bool { return slices.Contains(tr.c.carried, what) }
	asks := tr.ask.name == "Stop" || tr.ask.name == "CancelAll"
	say(asks || !slices.Contains(tr.wire, "graceful"), "it cancelled, and nobody had asked for that")
	say(tr.ask.name == "Stop" || !slices.Contains(tr.wire, "force"), "it forced, and nobody had asked for that")
	tr.judgeGrace(say)

	if tr.err != nil {
		tr.judgeWaitError(say, did)
		return wrong
	}
	switch got := tr.got; got.Verdict {
	case wrapper.Finished:
		say(found && record.Terminal(), "the operation is not over: %+v", record)
		say(got.State == wrapper.State(record.State()), "the state is %s, the server has %s", got.State, record.State())
		say(tr.ask.name != "Stop" || got.Force == slices.Contains(tr.wire, "force"), "Force is %v", got.Force)
	case wrapper.NotFound:
		say(!found && got.State == "", "there is a record: %+v", record)
	case "nothing selected":
		say(!found || record.Terminal(), "there was one to cancel: %+v", record)
	case wrapper.Accepted, wrapper.AlreadyForced:
		say(tr.ask.name == "CancelAll", "it did not wait")
		say(got.Verdict == wrapper.AlreadyForced || did("graceful"), "nothing was cancelled")
		say(got.State == wrapper.State(record.State()), "the state is %s, the server has %s", got.State, record.State())
	default: // a read
		say(found && got.State == wrapper.State(record.State()), "the state is %s, the server has %s", got.State, record.State())
	}
	return wrong
}

// judgeGrace: a force only once the grace of a graceful cancel that was answered is over.
func (tr *trial) judgeGrace(say sayer) {
	force := -1
	attempts := tr.wire
	for i, what := range attempts {
		if what == "force" {
			force = i
			break
		}
	}
	if force < 0 || len(tr.times) != len(tr.wire) { // some never left
		return
	}
	first := slices.Index(tr.wire, "graceful")
	say(first >= 0 && first < force, "a force without a graceful cancel: %v", tr.wire)
	say(tr.times[force].Sub(tr.times[first]) >= stopGrace, "the grace was %v", tr.times[force].Sub(tr.times[first]))
	say(tr.gracefulFirst, "a force went out before a graceful cancel was in effect")
}

func (tr *trial) judgeWaitError(say sayer, did func(string) bool) {
	var e *wrapper.Error
	if !errors.As(tr.err, &e) {
		say(false, "the error is a %T", tr.err)
		return
	}
	meanings := 0
	for _, kind := range kinds {
		if errors.Is(e, kind) {
			meanings++
		}
	}
	say(meanings == 1, "%d meanings are behind the error", meanings)
	refused := tr.script.any(func(s spoil) bool { return s.fault.Status == 403 })
	say(len(tr.script) > 0, "nothing went wrong")
	say(!resentBlindly(e.Attempts()), "a force was sent again before anything told what became of the one before")
	switch {
	case errors.Is(e, wrapper.ErrOutcomeUnknown):
		say(tr.ask.name == "Stop" || tr.ask.name == "CancelAll", "a read changes nothing that could be unknown")
		say(refused || len(e.Attempts()) >= tr.attempts || lostWhileRunning(e), "there were attempts left to find it out with")
	case errors.Is(e, wrapper.ErrNotFinished):
		stopping := did("graceful") || tr.from.flag == emulator.RollingBackForce
		say(tr.ask.name == "Stop" && stopping && refused, "only a refusal may end it after the cancel: %v", tr.script)
	default:
		say(errors.Is(e, wrapper.ErrNotSent) || errors.Is(e, wrapper.ErrServerRefused) || errors.Is(e, wrapper.ErrUnavailable), "no error of this call")
		say(!did("force") && !tr.isOut("force"), "it was forced, or may still be")
		say(e.Force() || !did("graceful") && !tr.isOut("graceful"), "it was cancelled, or may still be")
	}
}
