package wrapper_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/wrapper"
)

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
