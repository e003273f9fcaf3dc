package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/racedetector"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// The result of every call matches what the server recorded: for every situation and call, with up to two
// faults on its first three requests.
func TestExhaustive(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		budgets := []int{2, 3, 8}
		if testing.Short() {
			budgets = budgets[1:2] // which excludes pairs: see worthIt
		}
		for _, attempts := range budgets {
			t.Run(fmt.Sprintf("%d attempts", attempts), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					x := &exploration{t: t, profile: profile, attempts: attempts, count: map[string]int{}}
					for _, from := range situations {
						for _, ask := range askings {
							x.explore(from, ask, script{}, 0)
						}
					}
					x.report()
				})
			})
		}
	})
}

type exploration struct {
	t        *testing.T
	profile  server.Profile
	attempts int
	count    map[string]int
}

// explore runs a script, and then each script with one more fault on a later request. It skips faults on requests that
// the call does not make.
func (x *exploration) explore(from situation, ask asking, s script, next int) {
	tr := &trial{c: newCluster(x.t, x.profile), from: from, ask: ask, script: s, attempts: x.attempts}
	tr.run(x.t)
	for _, wrong := range tr.judge(x.t) {
		x.t.Errorf("%s: %s", wrong, tr)
		if x.count["wrong"]++; x.count["wrong"] == 10 {
			x.t.Fatal("got 10 failures, want none: the rest is not tried")
		}
	}
	x.count[tr.outcome()]++
	x.count["calls"]++
	x.count["requests"] += tr.requests
	deep := 3
	switch {
	case ask.name == "Stop":
		deep = 4 // the cancel, a list, the force, a list
	case ask.wait != nil:
		deep = 2
	}
	for at := next; at < min(tr.requests, deep); at++ {
		for _, one := range spoils {
			more := script{at: one}
			maps.Copy(more, s)
			if x.worthIt(more, from, ask) {
				x.explore(from, ask, more, at+1)
			}
		}
	}
}

// worthIt excludes triples and, under the race detector or with -short, pairs that are similar to others. make whole
// tries all pairs.
func (x *exploration) worthIt(s script, from situation, ask asking) bool {
	if len(s) != 2 || !racedetector.On && !testing.Short() {
		return len(s) <= 2
	}
	if ask.wait != nil {
		return false
	}
	situations := []string{"queued", "faulted", "cancelled and over"} // similar to running and the two other ends
	calls := []string{"Cancel again", "ForceCancel without evidence", "ForceCancel, graceful first",
		string(wrapper.KindQuorumLoss), string(wrapper.KindPartitionRestart), string(wrapper.KindNodeTransition)}
	faults := []string{"502 before", "502 after", "504 before", "504 after", "cut after", "HTML before", "hang after", "not sent", "403"}
	return x.attempts == 8 && !slices.Contains(situations, from.name) && !slices.Contains(calls, ask.name) &&
		!s.any(func(f spoil) bool { return slices.Contains(faults, f.name) })
}

func (x *exploration) report() {
	var parts []string
	for what, n := range x.count {
		parts = append(parts, fmt.Sprintf("%s %d", what, n))
	}
	slices.Sort(parts)
	x.t.Log(strings.Join(parts, ", "))
}

// deeds are the events that may happen between two requests of a call.
var deeds = []struct {
	name string // for readers of this list
	do   func(tb testing.TB, tr *trial)
}{
	{"nothing", func(testing.TB, *trial) {}},
	{"another cancels", func(_ testing.TB, tr *trial) {
		if tr.c.otherCancels(opID, false) == nil {
			tr.othersCancelled = true
		}
	}},
	{"another forces", func(_ testing.TB, tr *trial) {
		if tr.c.otherCancels(opID, true) == nil {
			tr.othersCancelled, tr.othersForced = true, true
		}
	}},
	{"another starts it", func(tb testing.TB, tr *trial) {
		if _, found := tr.c.record(tb, opID); !found {
			tr.c.start(tb, opID, "orders")
		}
	}},
	{"a step passes", func(_ testing.TB, tr *trial) { tr.c.clock.advance(stepTime) }},
	{"all time passes", func(_ testing.TB, tr *trial) { tr.c.clock.advance(allTime) }},
}

// The result of a call is true even if requests or answers are lost or arrive late, and other clients cancel, force or
// start the operation between its requests.
func TestTruth(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		rounds := 5 // of rapid's 100 checks each
		if racedetector.On || testing.Short() {
			rounds = 2 // make whole runs all 5
		}
		for range rounds {
			rapid.Check(t, func(rt *rapid.T) {
				from := situations[rapid.IntRange(0, len(situations)-1).Draw(rt, "situation")]
				attempts := rapid.IntRange(1, 9).Draw(rt, "attempts")
				faults := rapid.SliceOfN(rapid.IntRange(-1, len(spoils)-1), 0, 6).Draw(rt, "faults")
				between := rapid.SliceOfN(rapid.IntRange(0, len(deeds)-1), 0, 6).Draw(rt, "deeds")
				for _, ask := range askings {
					tr := &trial{from: from, ask: ask, attempts: attempts, script: script{}}
					for at, f := range faults {
						if f >= 0 {
							tr.script[at] = spoils[f]
						}
					}
					for _, wrong := range tr.among(t, profile, between) {
						rt.Errorf("%s: %s", wrong, tr)
					}
				}
			})
		}
	})
}

// among runs the trial with events between its requests, in virtual time, and judges it.
func (tr *trial) among(t *testing.T, profile server.Profile, between []int) (wrong []string) {
	synctest.Test(t, func(t *testing.T) {
		tr.c = newCluster(t, profile)
		tr.before = func(n int) {
			if n < len(between) {
				deeds[between[n]].do(t, tr)
			}
		}
		tr.run(t)
		wrong = tr.judge(t)
	})
	return wrong
}

// As TestExhaustive, for the four starts, with an id that is free, or that belongs to a running or a completed operation.
func TestExhaustiveStart(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		synctest.Test(t, func(t *testing.T) {
			x := &exploration{t: t, profile: profile, attempts: 8, count: map[string]int{}}
			for _, name := range []string{"unknown id", "running", "completed"} {
				for kind, start := range starts {
					x.explore(situationNamed(t, name), asking{name: string(kind), start: start}, script{}, 0)
				}
			}
			x.report()
		})
	})
}

func (tr *trial) judgeStart(tb testing.TB) []string {
	tb.Helper()
	var wrong []string
	check := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	record, found := tr.c.record(tb, opID)
	isStart := func(what string) bool { return strings.HasPrefix(what, "Start") }
	did := slices.ContainsFunc(tr.c.carried, isStart)
	out := slices.ContainsFunc(tr.late, func(r *http.Request) bool { return isStart(inShort([]string{r.Method + " " + r.URL.RequestURI()})[0]) })

	if tr.err == nil && tr.got.Verdict == wrapper.AlreadyStarted {
		check(tr.from.state != "" && tr.ask.name == string(wrapper.KindDataLoss), "got %+v, want AlreadyStarted only if an operation of the kind had the id before", tr.got)
		check(!did && !out, "got AlreadyStarted, want no start of this call carried out or in transit")
		return wrong
	}
	if tr.err == nil {
		check(tr.got.Verdict == wrapper.Accepted && tr.got.OperationID == opID, "got %+v, want Accepted for %s", tr.got, opID)
		check(found && string(record.Kind) == tr.ask.name && tr.got.Kind == wrapper.Kind(record.Kind), "got kind %s and record %+v, want %s in both", tr.got.Kind, record, tr.ask.name)
		check(tr.got.State == wrapper.State(record.State()), "got state %s, want %s as on the server", tr.got.State, record.State())
		// An operation of the same kind that had the id before cannot be told from the lost start.
		alike := tr.from.state != "" && tr.got.Resolved && tr.ask.name == string(wrapper.KindDataLoss)
		check(did || alike, "got Accepted, want a start of this call carried out")
		check(len(tr.got.Attempts) == tr.requests, "got %d attempts in the result, want %d", len(tr.got.Attempts), tr.requests)
		return wrong
	}
	var e *wrapper.Error
	if !errors.As(tr.err, &e) {
		return append(wrong, fmt.Sprintf("got error type %T, want *wrapper.Error", tr.err))
	}
	if errors.Is(e, wrapper.ErrOutcomeUnknown) {
		taken := tr.from.state != ""
		refused := tr.script.any(func(s spoil) bool { return s.fault.Status == 403 })
		check((len(tr.script) > 0 || len(e.Attempts()) >= tr.attempts) && (taken || refused || len(e.Attempts()) >= tr.attempts), "got ErrOutcomeUnknown, want the remaining attempts used to resolve it")
		return wrong
	}
	check(!did && !out, "got an error, want no start carried out or in transit")
	check(errors.Is(e, wrapper.ErrServerRefused) || errors.Is(e, wrapper.ErrNotSent), "got an error of another kind, want ErrServerRefused or ErrNotSent")
	check(!errors.Is(e, wrapper.ErrNotSent) || !slices.ContainsFunc(tr.wire, isStart), "got ErrNotSent, want no start on the wire")
	return wrong
}

type waitCall func(context.Context, *wrapper.Client) (wrapper.Result, error)

// The interval is long, so that the first requests of a Stop are the cancel, a list, the force, and a list.
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

// As TestExhaustive, for the calls that wait, read, or cancel many operations, with a clock that advances.
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
	check := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	record, found := tr.c.record(tb, opID)
	did := func(what string) bool { return slices.Contains(tr.c.carried, what) }
	asks := tr.ask.name == "Stop" || tr.ask.name == "CancelAll"
	check(asks || !slices.Contains(tr.wire, "graceful"), "got a graceful cancel, want none from this call")
	check(tr.ask.name == "Stop" || !slices.Contains(tr.wire, "force"), "got a force, want none from this call")
	tr.judgeGrace(check)

	if tr.err != nil {
		tr.judgeWaitError(check, did)
		return wrong
	}
	switch got := tr.got; got.Verdict {
	case wrapper.Finished:
		check(found && record.Terminal(), "got Finished, want a terminal record, not %+v", record)
		check(got.State == wrapper.State(record.State()), "got state %s, want %s as on the server", got.State, record.State())
		check(tr.ask.name != "Stop" || got.Force == slices.Contains(tr.wire, "force"), "got Force %v, want %v", got.Force, !got.Force)
	case wrapper.NotFound:
		check(!found && got.State == "", "got NotFound with state %q, want no state and no record, not %+v", got.State, record)
	case "nothing selected":
		check(!found || record.Terminal(), "got nothing selected, want the operation of record %+v", record)
	case wrapper.Accepted, wrapper.AlreadyForced:
		check(tr.ask.name == "CancelAll", "got %s, want the call to wait", got.Verdict)
		check(got.Verdict == wrapper.AlreadyForced || did("graceful"), "got Accepted, want a graceful cancel carried out")
		check(got.State == wrapper.State(record.State()), "got state %s, want %s as on the server", got.State, record.State())
	default: // a read
		check(found && got.State == wrapper.State(record.State()), "got state %s, want %s as on the server", got.State, record.State())
	}
	return wrong
}

// judgeGrace checks that a force is sent only after a graceful cancel took effect, and after its grace.
func (tr *trial) judgeGrace(check checker) {
	force := -1
	attempts := tr.wire
	for i, what := range attempts {
		if what == "force" {
			force = i
			break
		}
	}
	if force < 0 || len(tr.times) != len(tr.wire) { // some requests were not sent
		return
	}
	first := slices.Index(tr.wire, "graceful")
	check(first >= 0 && first < force, "got requests %v, want a graceful cancel before the force", tr.wire)
	check(tr.times[force].Sub(tr.times[first]) >= stopGrace, "got a grace of %v, want at least %v", tr.times[force].Sub(tr.times[first]), stopGrace)
	check(tr.gracefulFirst, "got a force, want a graceful cancel in effect before it")
}

func (tr *trial) judgeWaitError(check checker, did func(string) bool) {
	var e *wrapper.Error
	if !errors.As(tr.err, &e) {
		check(false, "got error type %T, want *wrapper.Error", tr.err)
		return
	}
	meanings := 0
	for _, kind := range kinds {
		if errors.Is(e, kind) {
			meanings++
		}
	}
	check(meanings == 1, "got an error with %d meanings, want 1", meanings)
	refused := tr.script.any(func(s spoil) bool { return s.fault.Status == 403 })
	check(len(tr.script) > 0, "got an error, want none without a fault")
	check(!resentBlindly(e.Attempts()), "got a second force, want a probe or list answered before it")
	switch {
	case errors.Is(e, wrapper.ErrOutcomeUnknown):
		check(tr.ask.name == "Stop" || tr.ask.name == "CancelAll", "got ErrOutcomeUnknown, want another kind for a read")
		check(refused || len(e.Attempts()) >= tr.attempts || lostWhileRunning(e), "got ErrOutcomeUnknown, want the remaining attempts used to resolve it")
	case errors.Is(e, wrapper.ErrNotFinished):
		stopping := did("graceful") || tr.from.flag == emulator.RollingBackForce
		check(tr.ask.name == "Stop" && stopping && refused, "got ErrNotFinished, want it only from a Stop that is refused after its cancel: %v", tr.script)
	default:
		check(errors.Is(e, wrapper.ErrNotSent) || errors.Is(e, wrapper.ErrServerRefused) || errors.Is(e, wrapper.ErrUnavailable), "got an error of another kind, want ErrNotSent, ErrServerRefused or ErrUnavailable")
		check(!did("force") && !tr.isOut("force"), "got an error, want no force carried out or in transit")
		check(e.Force() || !did("graceful") && !tr.isOut("graceful"), "got an error, want no graceful cancel carried out or in transit")
	}
}

// judge compares the result of a call with what the server recorded. It returns all differences.
func (tr *trial) judge(tb testing.TB) []string {
	tb.Helper()
	switch {
	case tr.ask.start != nil:
		return tr.judgeStart(tb)
	case tr.ask.wait != nil:
		return tr.judgeWait(tb)
	}
	var wrong []string
	check := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	record, found := tr.c.record(tb, opID)
	did := func(what string) bool { return slices.Contains(tr.c.carried, what) }

	if tr.err == nil {
		tr.judgeVerdict(check, record, found, did)
	} else {
		tr.judgeError(check, did)
	}

	// Which requests were sent.
	force := slices.Index(tr.wire, "force")
	switch {
	case !tr.ask.force:
		check(force < 0, "got a force, want none from this call")
	case tr.ask.policy == wrapper.RequireGraceful{} && !tr.ask.evidence:
		check(len(tr.wire) == 0 && errors.Is(tr.err, wrapper.ErrForceRefused), "got requests %v, %v, want none and ErrForceRefused from the policy", tr.wire, tr.err)
	case tr.ask.policy == wrapper.GracefulFirst{}:
		check(force < 0 || tr.gracefulFirst, "got a force, want a graceful cancel in effect before it")
	}
	attempts := tr.got.Attempts
	if e := (*wrapper.Error)(nil); errors.As(tr.err, &e) {
		attempts = e.Attempts()
	}
	check(!resentBlindly(attempts), "got a second force, want a probe or list answered before it")
	check(len(attempts) == tr.requests, "got %d attempts in the result, want %d", len(attempts), tr.requests)

	// The ledger records nothing as done that was not.
	entries, err := tr.ledger.Entries(background(), opID)
	must(tb, err)
	if tr.ask.evidence {
		entries = entries[1:]
	}
	for _, e := range entries {
		inEffect := e.Verdict == wrapper.Accepted || e.Verdict == wrapper.AlreadyStopping
		check(!inEffect || e.Action != "graceful" || did("graceful"), "got entry %+v, want it only after a graceful cancel was carried out", e)
		check(!inEffect || e.Action != "force" || record.Rollback == emulator.RollingBackForce, "got entry %+v, want it only if a force is in effect", e)
		check(e.Action != "seen" || tr.from.state == wrapper.StateRollingBack || tr.othersCancelled || did("graceful"), "got entry %+v, want it only if the operation was RollingBack", e)
	}
	return wrong
}

// resentBlindly reports whether a force that may have arrived was followed by another
// without an answer to a probe or a list in between.
func resentBlindly(attempts []wrapper.Attempt) bool {
	open := false
	for _, a := range attempts {
		switch {
		case a.Purpose() != "force":
			open = open && a.Class() != "done"
		case open:
			return true
		default:
			open = a.Class() == "ambiguous"
		}
	}
	return false
}

type checker func(ok bool, format string, args ...any)

func (tr *trial) judgeVerdict(check checker, record emulator.Record, found bool, did func(string) bool) {
	got := tr.got
	if found {
		check(got.State == wrapper.State(record.State()), "got state %s, want %s as on the server", got.State, record.State())
	} else {
		check(got.State == "", "got state %s, want none without a record", got.State)
	}
	check(got.OperationID == opID && got.Force == tr.ask.force, "got %+v, want a result for %s with Force %v", got, opID, tr.ask.force)
	check(got.LedgerErr == nil, "got LedgerErr %v, want nil", got.LedgerErr)

	switch got.Verdict {
	case wrapper.Accepted:
		if !tr.ask.force {
			check(record.Rollback == emulator.RollingBackDueToUserCancel && did("graceful"), "got Accepted, the server recorded %s, want %s by a graceful cancel", record.Rollback, emulator.RollingBackDueToUserCancel)
			break
		}
		check(record.Rollback == emulator.RollingBackForce, "got Accepted, the server recorded %s, want %s", record.Rollback, emulator.RollingBackForce)
		// If a probe finds a force in effect, the server does not tell whose it is.
		theirs := got.Resolved && tr.othersForced && slices.Contains(tr.wire, "force")
		check(did("force") || theirs, "got Accepted, want a force of this call carried out")
	case wrapper.AlreadyStopping:
		check(!tr.ask.force && tr.ask.evidence, "got AlreadyStopping, want it only for a Cancel with a graceful cancel in the ledger")
		check(record.Rollback == emulator.RollingBackDueToUserCancel, "got AlreadyStopping, the server recorded %s, want %s", record.Rollback, emulator.RollingBackDueToUserCancel)
	case wrapper.AlreadyForced:
		check(tr.othersForced && record.Rollback == emulator.RollingBackForce, "got AlreadyForced, the server recorded %s before and %s after, want a force of another client", tr.from.flag, record.Rollback)
	case wrapper.Finished:
		check(found && record.Terminal() && got.State.Final(), "got Finished with state %s, want a final state and a terminal record", got.State)
	case wrapper.NotFound:
		check(!found, "got NotFound, want no record, not %+v", record)
	default:
		check(false, "got verdict %q without an error, want a verdict of a cancel", got.Verdict)
	}
}

func (tr *trial) judgeError(check checker, did func(string) bool) {
	check(tr.got.Verdict == "", "got verdict %s with the error, want none", tr.got.Verdict)
	var e *wrapper.Error
	if !errors.As(tr.err, &e) {
		check(false, "got error type %T, want *wrapper.Error", tr.err)
		return
	}
	meanings := 0
	for _, kind := range kinds {
		if errors.Is(e, kind) {
			meanings++
		}
	}
	check(meanings == 1, "got an error with %d meanings, want 1", meanings)

	if !errors.Is(e, wrapper.ErrOutcomeUnknown) { // the only kind after which the request may have been carried out
		check(!did(tr.asked()), "got an error, want no %s carried out", tr.asked())
		check(!tr.isOut(tr.asked()), "got an error, want no %s in transit", tr.asked())
	} else {
		used := len(e.Attempts()) >= tr.attempts
		refused := tr.script.any(func(s spoil) bool { return s.fault.Status == 403 })
		// A copy of a request may have caused its refusal, until a list shows otherwise.
		copied := used && slices.ContainsFunc(e.Attempts(), func(a wrapper.Attempt) bool {
			return a.Purpose() == "force" && a.Code == wrapper.Code(generated.ErrorCodeInvalidTestCommandState) || a.Code == wrapper.Code(generated.ErrorCodeKeyNotFound)
		})
		check(len(tr.script) > 0 || copied, "got ErrOutcomeUnknown, want it only after a fault")
		check(used || refused || lostWhileRunning(e), "got ErrOutcomeUnknown, want the remaining attempts used to resolve it")
	}
	if errors.Is(e, wrapper.ErrNotSent) {
		check(!slices.Contains(tr.wire, tr.asked()), "got ErrNotSent, want no %s on the wire", tr.asked())
	}
	check(!errors.Is(e, wrapper.ErrForceRefused) || !slices.Contains(tr.wire, "force"), "got ErrForceRefused, want no force on the wire")
	check(errors.Is(e, wrapper.ErrNotSent) || errors.Is(e, wrapper.ErrServerRefused) ||
		errors.Is(e, wrapper.ErrOutcomeUnknown) || errors.Is(e, wrapper.ErrForceRefused), "got an error of another kind, want one of a cancel")
}

// lostWhileRunning reports whether a force was lost and another one refused while the operation was Running. Such
// an outcome stays unknown, because the lost force may still arrive.
func lostWhileRunning(e *wrapper.Error) bool {
	var lost, refused bool
	for _, a := range e.Attempts() {
		force := a.Purpose() == "force"
		lost = lost || force && a.Class() == "ambiguous"
		refused = refused || force && a.Code == wrapper.Code(generated.ErrorCodeInvalidTestCommandState)
	}
	return lost && refused && e.State() == wrapper.StateRunning
}

// isOut reports whether a request is still in transit.
func (tr *trial) isOut(what string) bool {
	for _, r := range tr.late {
		if slices.Contains(inShort([]string{r.Method + " " + r.URL.RequestURI()}), what) {
			return true
		}
	}
	return false
}

// spoil is a fault of a request.
type spoil struct {
	name  string
	fault wirefault.Fault
	dial  bool // the request is not sent
	late  bool // the answer is lost, and the request arrives after the next one
}

var spoils = []spoil{
	{name: "lost before", fault: wirefault.Fault{}},
	{name: "lost after", fault: wirefault.Fault{Apply: true}},
	{name: "lost and late", late: true},
	{name: "502 before", fault: wirefault.Fault{Status: 502, Body: fabricError("FABRIC_E_GATEWAY_NOT_REACHABLE")}},
	{name: "502 after", fault: wirefault.Fault{Apply: true, Status: 502, Body: htmlPage}},
	{name: "503 before", fault: wirefault.Fault{Status: 503, Body: fabricError("E_ABORT")}},
	{name: "503 after", fault: wirefault.Fault{Apply: true, Status: 503}},
	{name: "504 before", fault: wirefault.Fault{Status: 504, Body: fabricError("FABRIC_E_TIMEOUT")}},
	{name: "504 after", fault: wirefault.Fault{Apply: true, Status: 504, Body: fabricError("FABRIC_E_TIMEOUT")}},
	{name: "cut after", fault: wirefault.Fault{Apply: true, Status: 200, Body: "[     ]", Cut: 3}},
	{name: "HTML before", fault: wirefault.Fault{Status: 200, Body: htmlPage}},
	{name: "429", fault: wirefault.Fault{Status: 429, Body: fabricError(wrapper.Code(generated.ErrorCodeServiceTooBusy))}},
	{name: "hang before", fault: wirefault.Fault{Hang: true}},
	{name: "hang after", fault: wirefault.Fault{Hang: true, Apply: true}},
	{name: "not sent", dial: true},
	{name: "403", fault: wirefault.Fault{Status: 403}},
}

// script maps requests of a call, counted from 0, to their faults.
type script map[int]spoil

func (s script) String() string {
	var parts []string
	for n := range 10 {
		if f, ok := s[n]; ok {
			parts = append(parts, fmt.Sprintf("request %d %s", n+1, f.name))
		}
	}
	if len(parts) == 0 {
		return "no faults"
	}
	return strings.Join(parts, ", ")
}

func (s script) any(is func(spoil) bool) bool {
	for _, f := range s {
		if is(f) {
			return true
		}
	}
	return false
}

// asking is a call to make.
type asking struct {
	name     string
	force    bool
	policy   wrapper.ForcePolicy
	evidence bool // the ledger has a graceful cancel
	start    startCall
	wait     waitCall // with a clock of the cluster that advances
}

var askings = []asking{
	{name: "Cancel"},
	{name: "ForceCancel, the server decides", force: true, policy: wrapper.ServerDecides{}},
	{name: "ForceCancel on evidence", force: true, policy: wrapper.RequireGraceful{}, evidence: true},
	{name: "Cancel again", evidence: true},
	{name: "ForceCancel without evidence", force: true, policy: wrapper.RequireGraceful{}},
	{name: "ForceCancel, graceful first", force: true, policy: wrapper.GracefulFirst{}},
}

// trial is one call under one script, with its result and everything recorded about it.
type trial struct {
	c        *cluster
	from     situation
	ask      asking
	script   script
	attempts int         // MaxAttempts of Retry
	before   func(n int) // called before request n arrives, if not nil

	othersCancelled, othersForced bool

	ledger        wrapper.MemoryLedger
	requests      int
	wire          []string // the requests that were sent; see inShort
	gracefulFirst bool     // a graceful cancel was in effect when the first force was sent
	late          []*http.Request
	times         []time.Time // of all requests
	got           wrapper.Result
	err           error
}

func (tr *trial) run(tb testing.TB) {
	tb.Helper()
	tr.from.make(tb, tr.c)
	tr.othersForced = tr.from.flag == emulator.RollingBackForce
	if tr.ask.evidence {
		entries, _ := knowsGraceful(tb).Entries(background(), opID)
		must(tb, tr.ledger.Append(background(), entries[0]))
	}
	n := -1 // the current request
	for at, s := range tr.script {
		tr.c.wire.Spoil(func(*http.Request) bool { return n == at }, s.fault)
	}
	through := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n++; tr.before != nil {
			tr.before(n)
		}
		tr.requests++
		tr.times = append(tr.times, time.Now())
		now := tr.script[n]
		if now.dial {
			panic(refuseDial{})
		}
		tr.wire = append(tr.wire, inShort([]string{r.Method + " " + r.URL.RequestURI()})...)
		if slices.Index(tr.wire, "force") == len(tr.wire)-1 {
			tr.gracefulFirst = slices.Contains(tr.c.carried, "graceful")
		}
		defer tr.deliver(len(tr.late))
		if now.late {
			tr.late = append(tr.late, r.Clone(context.Background()))
			panic(http.ErrAbortHandler)
		}
		tr.c.handler.ServeHTTP(w, r)
	})
	retry := fast
	retry.MaxAttempts = tr.attempts
	client := directClient(tb, through, wrapper.WithRetry(retry), wrapper.WithLedger(&tr.ledger), wrapper.WithCluster(itsCluster))
	switch {
	case tr.ask.wait != nil:
		tr.c.clock.follow()
		tr.got, tr.err = tr.ask.wait(context.Background(), client)
	case tr.ask.start != nil:
		tr.got, tr.err = tr.ask.start(context.Background(), client, wrapper.StartOptions{OperationID: opID})
	case tr.ask.force:
		tr.got, tr.err = client.ForceCancel(context.Background(), opID, wrapper.ForceOptions{Policy: tr.ask.policy})
	default:
		tr.got, tr.err = client.Cancel(context.Background(), opID, wrapper.CancelOptions{})
	}
}

// deliver lets the first late requests arrive.
func (tr *trial) deliver(some int) {
	for _, r := range tr.late[:some] {
		tr.c.server.ServeHTTP(httptest.NewRecorder(), r)
	}
	tr.late = tr.late[some:]
}

// asked returns the request that was asked for, as inShort names it.
func (tr *trial) asked() string {
	if tr.ask.force {
		return "force"
	}
	return "graceful"
}

func (tr *trial) outcome() string {
	if tr.err == nil {
		return string(tr.got.Verdict)
	}
	for _, kind := range kinds {
		if strings.Contains(tr.err.Error(), ": "+kind.Error()) {
			return kind.Error()
		}
	}
	return "another error"
}

func (tr *trial) String() string {
	return fmt.Sprintf("%s, %s, %s, %d attempts\n\tgot %q %q resolved %v, error %v\n\tthe wire saw %v, the server carried out %v",
		tr.from.name, tr.ask.name, tr.script, tr.attempts, tr.got.Verdict, tr.got.State, tr.got.Resolved, tr.err, tr.wire, tr.c.carried)
}
