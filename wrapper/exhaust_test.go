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
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// After every call you know what happened: for every situation, call, and none, one or
// two faults on its first three requests, what the call says is what the server recorded.
func TestExhaustive(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		budgets := []int{2, 3, 8}
		if testing.Short() {
			budgets = budgets[1:2] // and so no pairs: see worthIt
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

// explore runs a script and all that go on from it, with one more fault on a later
// request. Faults on requests that the call does not make would change nothing.
func (x *exploration) explore(from situation, ask asking, s script, next int) {
	tr := &trial{c: newCluster(x.t, x.profile), from: from, ask: ask, script: s, attempts: x.attempts}
	tr.run(x.t)
	for _, wrong := range tr.judge(x.t) {
		x.t.Errorf("%s: %s", wrong, tr)
		if x.count["wrong"]++; x.count["wrong"] == 10 {
			x.t.Fatal("and so on")
		}
	}
	x.count[tr.outcome()]++
	x.count["calls"]++
	x.count["requests"] += tr.requests
	deep := 3
	switch {
	case ask.name == "Stop":
		deep = 4 // the cancel, a look, the force, a look
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

// worthIt leaves out triples, and under the race detector or with -short the pairs that are
// most like others: make whole tries them all.
func (x *exploration) worthIt(s script, from situation, ask asking) bool {
	if len(s) != 2 || !underRace && !testing.Short() {
		return len(s) <= 2
	}
	if ask.wait != nil {
		return false
	}
	situations := []string{"queued", "faulted", "cancelled and over"} // running, and the two other ends
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

// deeds are what others may do between two requests of a call.
var deeds = []struct {
	name string // for those who read a failure
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

// What a call says is true, whatever is lost, whatever arrives late, and whoever else
// cancels, forces, or starts the operation between its requests.
func TestTruth(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		rounds := 5 // of rapid's hundred
		if underRace || testing.Short() {
			rounds = 2 // make whole plays them all
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

// among runs the trial with others about, in virtual time, and judges it.
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

// The same for the four starts, with the id free, taken by an operation that runs, and
// taken by one that is over.
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
	say := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	record, found := tr.c.record(tb, opID)
	isStart := func(what string) bool { return strings.HasPrefix(what, "Start") }
	did := slices.ContainsFunc(tr.c.carried, isStart)
	out := slices.ContainsFunc(tr.late, func(r *http.Request) bool { return isStart(inShort([]string{r.Method + " " + r.URL.RequestURI()})[0]) })

	if tr.err == nil && tr.got.Verdict == wrapper.AlreadyStarted {
		say(tr.from.state != "" && tr.ask.name == string(wrapper.KindDataLoss), "no operation of the kind had the id before: %+v", tr.got)
		say(!did && !out, "a start of this call was carried out, or may still be")
		return wrong
	}
	if tr.err == nil {
		say(tr.got.Verdict == wrapper.Accepted && tr.got.OperationID == opID, "the result is %+v", tr.got)
		say(found && string(record.Kind) == tr.ask.name && tr.got.Kind == wrapper.Kind(record.Kind), "the server recorded %+v", record)
		say(tr.got.State == wrapper.State(record.State()), "the state is %s, the server has %s", tr.got.State, record.State())
		// An operation of the same kind that had the id before is taken for the lost one.
		alike := tr.from.state != "" && tr.got.Resolved && tr.ask.name == string(wrapper.KindDataLoss)
		say(did || alike, "no start of this call was carried out")
		say(len(tr.got.Attempts) == tr.requests, "%d requests were made, and %d are told of", tr.requests, len(tr.got.Attempts))
		return wrong
	}
	var e *wrapper.Error
	if !errors.As(tr.err, &e) {
		return append(wrong, fmt.Sprintf("the error is a %T", tr.err))
	}
	if errors.Is(e, wrapper.ErrOutcomeUnknown) {
		taken := tr.from.state != ""
		refused := tr.script.any(func(s spoil) bool { return s.fault.Status == 403 })
		say((len(tr.script) > 0 || len(e.Attempts()) >= tr.attempts) && (taken || refused || len(e.Attempts()) >= tr.attempts), "there were attempts left to find it out with")
		return wrong
	}
	say(!did && !out, "it was carried out, or may still be")
	say(errors.Is(e, wrapper.ErrServerRefused) || errors.Is(e, wrapper.ErrNotSent), "no error of a start")
	say(!errors.Is(e, wrapper.ErrNotSent) || !slices.ContainsFunc(tr.wire, isStart), "it was sent")
	return wrong
}

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

// judge holds what a call said against what the server recorded, where nothing has
// happened since. It returns everything that is not true.
func (tr *trial) judge(tb testing.TB) []string {
	tb.Helper()
	switch {
	case tr.ask.start != nil:
		return tr.judgeStart(tb)
	case tr.ask.wait != nil:
		return tr.judgeWait(tb)
	}
	var wrong []string
	say := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	record, found := tr.c.record(tb, opID)
	did := func(what string) bool { return slices.Contains(tr.c.carried, what) }

	if tr.err == nil {
		tr.judgeVerdict(say, record, found, did)
	} else {
		tr.judgeError(say, did)
	}

	// What goes out at all.
	force := slices.Index(tr.wire, "force")
	switch {
	case !tr.ask.force:
		say(force < 0, "a force went out, and none was asked for")
	case tr.ask.policy == wrapper.RequireGraceful{} && !tr.ask.evidence:
		say(len(tr.wire) == 0 && errors.Is(tr.err, wrapper.ErrForceRefused), "the policy forbids it, and something went out")
	case tr.ask.policy == wrapper.GracefulFirst{}:
		say(force < 0 || tr.gracefulFirst, "a force went out before a graceful cancel was in effect")
	}
	attempts := tr.got.Attempts
	if e := (*wrapper.Error)(nil); errors.As(tr.err, &e) {
		attempts = e.Attempts()
	}
	say(!resentBlindly(attempts), "a force was sent again before anything told what became of the one before")
	say(len(attempts) == tr.requests, "%d requests were made, and %d are told of", tr.requests, len(attempts))

	// Nothing is noted as done that was not.
	entries, err := tr.ledger.Entries(background(), opID)
	must(tb, err)
	if tr.ask.evidence {
		entries = entries[1:]
	}
	for _, e := range entries {
		inEffect := e.Verdict == wrapper.Accepted || e.Verdict == wrapper.AlreadyStopping
		say(!inEffect || e.Action != "graceful" || did("graceful"), "the ledger notes a graceful cancel that was not: %+v", e)
		say(!inEffect || e.Action != "force" || record.Rollback == emulator.RollingBackForce, "the ledger notes a force that was not: %+v", e)
		say(e.Action != "seen" || tr.from.state == wrapper.StateRollingBack || tr.othersCancelled || did("graceful"), "the ledger notes what nobody saw: %+v", e)
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

type sayer func(ok bool, format string, args ...any)

func (tr *trial) judgeVerdict(say sayer, record emulator.Record, found bool, did func(string) bool) {
	got := tr.got
	if found {
		say(got.State == wrapper.State(record.State()), "the state is %s, the server has %s", got.State, record.State())
	} else {
		say(got.State == "", "there is a state %s, and no record", got.State)
	}
	say(got.OperationID == opID && got.Force == tr.ask.force, "the result is about something else: %+v", got)
	say(got.LedgerErr == nil, "LedgerErr is %v", got.LedgerErr)

	switch got.Verdict {
	case wrapper.Accepted:
		if !tr.ask.force {
			say(record.Rollback == emulator.RollingBackDueToUserCancel && did("graceful"), "the server recorded %s", record.Rollback)
			break
		}
		say(record.Rollback == emulator.RollingBackForce, "the server recorded %s", record.Rollback)
		// Whose force it was that a probe found in effect, no server tells.
		theirs := got.Resolved && tr.othersForced && slices.Contains(tr.wire, "force")
		say(did("force") || theirs, "no force of this call was carried out")
	case wrapper.AlreadyStopping:
		say(!tr.ask.force && tr.ask.evidence, "no graceful cancel was known")
		say(record.Rollback == emulator.RollingBackDueToUserCancel, "the server recorded %s", record.Rollback)
	case wrapper.AlreadyForced:
		say(tr.othersForced && record.Rollback == emulator.RollingBackForce, "the server had %s and has %s", tr.from.flag, record.Rollback)
	case wrapper.Finished:
		say(found && record.Terminal() && got.State.Final(), "the operation is not over")
	case wrapper.NotFound:
		say(!found, "there is a record: %+v", record)
	default:
		say(false, "neither a verdict nor an error")
	}
}

func (tr *trial) judgeError(say sayer, did func(string) bool) {
	say(tr.got.Verdict == "", "a verdict %s beside the error", tr.got.Verdict)
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

	if !errors.Is(e, wrapper.ErrOutcomeUnknown) { // the only error after which something may have happened
		say(!did(tr.asked()), "it was carried out")
		say(!tr.isOut(tr.asked()), "it may still arrive")
	} else {
		used := len(e.Attempts()) >= tr.attempts
		refused := tr.script.any(func(s spoil) bool { return s.fault.Status == 403 })
		// What is refused may be in the way of a copy of itself, until a list tells.
		copied := used && slices.ContainsFunc(e.Attempts(), func(a wrapper.Attempt) bool {
			return a.Purpose() == "force" && a.Code == wrapper.Code(generated.ErrorCodeInvalidTestCommandState) || a.Code == wrapper.Code(generated.ErrorCodeKeyNotFound)
		})
		say(len(tr.script) > 0 || copied, "nothing went wrong, and the outcome is unknown")
		say(used || refused || lostWhileRunning(e), "there were attempts left to find it out with")
	}
	if errors.Is(e, wrapper.ErrNotSent) {
		say(!slices.Contains(tr.wire, tr.asked()), "it was sent")
	}
	say(!errors.Is(e, wrapper.ErrForceRefused) || !slices.Contains(tr.wire, "force"), "refused by the policy, and a force was sent")
	say(errors.Is(e, wrapper.ErrNotSent) || errors.Is(e, wrapper.ErrServerRefused) ||
		errors.Is(e, wrapper.ErrOutcomeUnknown) || errors.Is(e, wrapper.ErrForceRefused), "no error of a cancel")
}

// lostWhileRunning: a force that was lost may arrive late, and while the operation is
// Running nothing settles that, not even the refusal of another one.
func lostWhileRunning(e *wrapper.Error) bool {
	var lost, refused bool
	for _, a := range e.Attempts() {
		force := a.Purpose() == "force"
		lost = lost || force && a.Class() == "ambiguous"
		refused = refused || force && a.Code == wrapper.Code(generated.ErrorCodeInvalidTestCommandState)
	}
	return lost && refused && e.State() == wrapper.StateRunning
}

// isOut reports whether a request is still on its way.
func (tr *trial) isOut(what string) bool {
	for _, r := range tr.late {
		if slices.Contains(inShort([]string{r.Method + " " + r.URL.RequestURI()}), what) {
			return true
		}
	}
	return false
}

// spoil is one thing that may happen to a request.
type spoil struct {
	name  string
	fault wirefault.Fault
	dial  bool // it never leaves
	late  bool // its answer is lost, and it arrives after the next one
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

// script is what happens to which request of a call, counted from 0.
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

// asking is one call to make.
type asking struct {
	name     string
	force    bool
	policy   wrapper.ForcePolicy
	evidence bool // the ledger knows of a graceful cancel
	start    startCall
	wait     waitCall // with an engine that goes on as time does
}

var askings = []asking{
	{name: "Cancel"},
	{name: "ForceCancel, the server decides", force: true, policy: wrapper.ServerDecides{}},
	{name: "ForceCancel on evidence", force: true, policy: wrapper.RequireGraceful{}, evidence: true},
	{name: "Cancel again", evidence: true},
	{name: "ForceCancel without evidence", force: true, policy: wrapper.RequireGraceful{}},
	{name: "ForceCancel, graceful first", force: true, policy: wrapper.GracefulFirst{}},
}

// trial is one call under one script, and everything there is to know about it.
type trial struct {
	c        *cluster
	from     situation
	ask      asking
	script   script
	attempts int         // as Retry allows
	before   func(n int) // what others do before a request arrives; nil for nothing

	othersCancelled, othersForced bool

	ledger        wrapper.MemoryLedger
	requests      int
	wire          []string // those of them that left, in short
	gracefulFirst bool     // a graceful cancel was in effect when the first force left
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
	n := -1 // the request that is under way
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

// deliver lets the first so many late requests arrive.
func (tr *trial) deliver(some int) {
	for _, r := range tr.late[:some] {
		tr.c.server.ServeHTTP(httptest.NewRecorder(), r)
	}
	tr.late = tr.late[some:]
}

// asked is what was asked for, as the wire shows it.
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
