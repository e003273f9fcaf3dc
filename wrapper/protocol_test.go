package wrapper

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// The decisions of a call are functions of the purpose wanted, the purpose sent, the answer, and the belief. The tests
// below check each rule of the package comment for all combinations.

var (
	writes = map[purpose][]purpose{ // what may be sent, by what is wanted
		purposeGraceful: {purposeGraceful},
		purposeForce:    {purposeForce, purposeProbe},
		purposeStart:    {purposeStart},
	}
	everyState = []State{"", StateRunning, StateRollingBack, StateCompleted, StateFaulted, StateCancelled, StateForceCancelled, "Unheard"}
	everyCode  = []Code{"", codeInvalidTestCommandState, codeKeyNotFound, codeTestCommandOperationIDExists, codeNodeTransitionInProgress, codeServiceTooBusy}
)

// everyAnswer returns an answer of each class, refusals with each code, and both kinds of "not sent".
func everyAnswer() (answers []Attempt) {
	answers = append(answers, Attempt{class: classDone}, Attempt{class: classAmbiguous}, Attempt{class: classNotSent}, Attempt{class: classNotSent, hopeless: true})
	for _, code := range everyCode {
		for _, status := range []int{400, 404, 409, 429} {
			answers = append(answers, Attempt{class: classRefused, Status: status, Code: code})
		}
	}
	return answers
}

// everyBelief returns each belief that the decisions distinguish.
func everyBelief() (beliefs []belief) {
	known := []evidence{
		{}, {graceful: time.Unix(1, 0)}, {rolling: time.Unix(1, 0)}, {graceful: time.Unix(1, 0), forced: true}, {forced: true}, {unproved: true},
	}
	for _, ev := range known {
		for _, ours := range []bool{false, true} {
			for _, state := range everyState {
				for _, once := range []doubt{none, copied, taken, lost} {
					for _, unsure := range []bool{false, true} {
						beliefs = append(beliefs, belief{evidence: ev, ours: ours, state: state, kind: KindDataLoss, once: once, unsure: unsure})
					}
				}
			}
		}
	}
	return beliefs
}

// decision is one combination and its move. before is the belief before the answer, and b the one after.
type decision struct {
	want, sent purpose
	a          Attempt
	before, b  belief
	m          move
}

func (d decision) String() string {
	return fmt.Sprintf("want %s, sent %s, answer %s %d %q, belief %+v: %+v", d.want, d.sent, d.a.class, d.a.Status, d.a.Code, d.b, d.m)
}

// ends reports whether the move ends the call with a verdict; "" is an error.
func (d decision) ends(v Verdict) bool { return d.m.send == "" && d.m.verdict == v }

func eachDecision(do func(decision)) (n int) {
	for want, purposes := range writes {
		for _, sent := range purposes {
			for _, a := range everyAnswer() {
				for _, before := range everyBelief() {
					b := before
					b.observe(sent, a, KindDataLoss)
					do(decision{want, sent, a, before, b, afterWrite(want, sent, a, b)})
					n++
				}
			}
		}
	}
	return n
}

// rules are the rules for what follows a write: if when reports true for a decision, then must as well.
var rules = []struct {
	sentence string
	when     func(decision) bool
	then     func(decision) bool
}{
	{"after a force that may have arrived, a probe or a read is sent, never another force",
		func(d decision) bool { return d.sent == purposeForce && d.a.class == classAmbiguous },
		func(d decision) bool {
			return d.m.send == purposeProbe || d.m.send == purposeRead && d.m.why == isForced
		}},
	{"after a refused force, a probe or a read is sent, never another force",
		func(d decision) bool {
			return d.sent == purposeForce && d.a.refusedWith(codeInvalidTestCommandState)
		},
		func(d decision) bool { return d.m.send == purposeProbe || d.m.send == purposeRead }},
	{"a probe is sent only if this call has seen the operation RollingBack, because it could be the missing graceful cancel",
		func(d decision) bool { return d.m.send == purposeProbe },
		func(d decision) bool { return d.b.state == StateRollingBack || d.sent == purposeProbe }},
	{"a force is retried only if it was not sent, a busy server refused it, or a probe was accepted",
		func(d decision) bool { return d.m.send == purposeForce },
		func(d decision) bool {
			return d.sent == purposeProbe && d.a.class == classDone ||
				d.sent == purposeForce && (d.a.class == classNotSent || d.a.class == classRefused && retryable(d.a))
		}},
	{"a lost graceful cancel is retried, because it is idempotent",
		func(d decision) bool { return d.sent == purposeGraceful && d.a.class == classAmbiguous },
		func(d decision) bool { return d.m.send == purposeGraceful }},
	{"a lost start is retried, because its id makes it safe",
		func(d decision) bool { return d.sent == purposeStart && d.a.class == classAmbiguous },
		func(d decision) bool { return d.m.send == purposeStart && d.b.once == lost }},
	{"after a start that is refused as existing, a list is read",
		func(d decision) bool {
			return d.sent == purposeStart && (d.a.refusedWith(codeTestCommandOperationIDExists) || d.a.refusedWith(codeNodeTransitionInProgress))
		},
		func(d decision) bool { return d.m.send == purposeRead && d.m.why == isTaken && d.b.open() }},
	{"after a 404 to a cancel, a list is read to distinguish a finished operation from one that never existed",
		func(d decision) bool { return d.want != purposeStart && d.a.refusedWith(codeKeyNotFound) },
		func(d decision) bool { return d.m.send == purposeRead && d.m.why == isOver && d.m.then == d.sent }},
	{"a probe refused because of the state means that a force is in effect; it is the caller's if one was lost, or was refused after a graceful cancel, and no other is known",
		func(d decision) bool {
			return d.sent == purposeProbe && d.a.refusedWith(codeInvalidTestCommandState)
		},
		func(d decision) bool {
			ours := !d.b.forced && (d.b.once == lost || d.b.once == copied && !d.b.graceful.IsZero())
			return d.m.resolved && (ours && d.ends(Accepted) || !ours && d.ends(AlreadyForced))
		}},
	{"a graceful cancel refused because of the state is AlreadyForced",
		func(d decision) bool {
			return d.sent == purposeGraceful && d.a.refusedWith(codeInvalidTestCommandState)
		},
		func(d decision) bool { return d.ends(AlreadyForced) && d.b.state == StateRollingBack }},
	{"a request that is done is a verdict, except a probe, which means that no force is in effect, so one is sent",
		func(d decision) bool { return d.a.class == classDone },
		func(d decision) bool {
			if d.sent == purposeProbe {
				return d.m.send == purposeForce
			}
			return d.m.send == "" && d.m.verdict != "" && !d.m.resolved
		}},
	{"evidence makes an accepted cancel AlreadyStopping, and an accepted force AlreadyForced; nothing else does",
		func(d decision) bool { return d.a.class == classDone && d.sent != purposeProbe },
		func(d decision) bool {
			switch {
			case d.want == purposeGraceful && !d.before.graceful.IsZero():
				return d.ends(AlreadyStopping)
			case d.want == purposeForce && d.before.forced:
				return d.ends(AlreadyForced)
			default:
				return d.ends(Accepted)
			}
		}},
	{"an answer that a retry cannot change ends the call without a verdict",
		func(d decision) bool {
			return d.a.hopeless || d.a.class == classRefused && !retryable(d.a) && !slices.Contains(everyCode[1:5], d.a.Code)
		},
		func(d decision) bool { return d.ends("") }},
	{"a request that was not sent, or that a busy server refused, is retried unchanged",
		func(d decision) bool {
			busy := d.a.class == classRefused && retryable(d.a) && !slices.Contains(everyCode[1:5], d.a.Code)
			return busy || d.a.class == classNotSent && !d.a.hopeless
		},
		func(d decision) bool { return d.m.send == d.sent }},
	{"a lost request stays in doubt until a verdict, whatever other requests are answered",
		func(d decision) bool { return d.before.once == lost && d.m.verdict == "" && d.a.class != classDone },
		func(d decision) bool { return d.b.once == lost && d.b.open() }},
	{"a refusal that a copy of the request may have caused leaves the outcome open",
		func(d decision) bool {
			return d.m.verdict == "" && (d.a.inTheWay(d.sent) || d.a.refusedWith(codeKeyNotFound) && d.want != purposeStart)
		},
		func(d decision) bool { return d.b.open() }},
	{"an answer does not change the evidence", // other clients may add entries meanwhile
		func(decision) bool { return true },
		func(d decision) bool { return d.before.evidence == d.b.evidence && d.before.ours == d.b.ours }},
}

func TestEachWriteDecides(t *testing.T) {
	t.Parallel()
	holds := make([]int, len(rules))
	n := eachDecision(func(d decision) {
		for i, rule := range rules {
			switch {
			case !rule.when(d):
			case rule.then(d):
				holds[i]++
			default:
				t.Fatalf("got %s, want: %s", d, rule.sentence)
			}
		}
	})
	for i, rule := range rules {
		if holds[i] == 0 {
			t.Errorf("%s: got no decision to which this applies, want some", rule.sentence)
		}
	}
	t.Logf("%d decisions", n)
}

// questions are the reasons to read a list, by what is wanted.
var questions = map[purpose][]question{
	purposeGraceful: {isOver},
	purposeForce:    {isOver, isForced, mayForce},
	purposeStart:    {isStarted, isTaken},
}

// The decision after a list follows the rules for all combinations of purpose, question, operation and belief.
func TestEachListDecides(t *testing.T) {
	t.Parallel()
	n := 0
	for want, purposes := range writes {
		for _, why := range questions[want] {
			for _, then := range purposes {
				for _, kind := range []Kind{KindDataLoss, KindPartitionRestart} {
					for _, state := range everyState {
						for _, before := range everyBelief() {
							op, found := Operation{Kind: kind, State: state}, state != ""
							b := before
							b.see(op, found)
							asked := move{send: purposeRead, why: why, then: then}
							got := afterList(want, asked, op, found, KindDataLoss, b)
							if wrong := checkList(want, asked, op, found, before, b, got); wrong != "" {
								t.Fatalf("purpose %s, %+v, found %t %+v, belief %+v: got %+v, want: %s", want, asked, found, op, b, got, wrong)
							}
							n++
						}
					}
				}
			}
		}
	}
	t.Logf("%d decisions", n)
}

// checkList returns the rule that does not hold; "" if all hold.
func checkList(want purpose, asked move, op Operation, found bool, before, b belief, got move) string {
	start := want == purposeStart
	alike := found && op.Kind == KindDataLoss
	for _, rule := range []struct {
		sentence string
		when     bool
		then     bool
	}{
		{"if a start finds an operation of its kind, the operation is the caller's if a start was lost or the id is the call's own, and AlreadyStarted otherwise",
			start && alike, got.resolved && got.verdict == map[bool]Verdict{true: Accepted, false: AlreadyStarted}[before.once == lost || before.ours]},
		{"a start that was refused, and whose id or node belongs to something else, is an error and is not retried",
			start && !alike && asked.why == isTaken, got.send == "" && got.verdict == ""},
		{"a start whose operation another gateway does not list is sent there",
			start && !alike && asked.why != isTaken, got.send == purposeStart},
		{"for a cancel, an operation that is not listed is NotFound",
			!start && !found, got.verdict == NotFound && got.resolved},
		{"for a cancel, an operation in a final state is Finished",
			!start && found && op.State.Final(), got.verdict == Finished && got.resolved},
		{"if the operation is active after all, the cancel is retried",
			!start && found && !op.State.Final() && asked.why == isOver, got.send == asked.then},
		{"while the operation is RollingBack, a probe finds out whether a force is in effect",
			!start && found && op.State == StateRollingBack && asked.why != isOver, got.send == purposeProbe},
		{"a force refused while the operation is not RollingBack is an error: there was no graceful cancel",
			!start && found && !op.State.Final() && op.State != StateRollingBack && asked.why == mayForce, got.send == "" && got.verdict == "" && got.cause != nil},
		{"a force lost while the operation is not RollingBack is not in effect, and is retried",
			!start && found && !op.State.Final() && op.State != StateRollingBack && asked.why == isForced, got.send == purposeForce},
		{"a lost request stays in doubt, and the list resolves a possible copy",
			true, (before.once == lost) == (b.once == lost) && (b.once != copied || op.State == StateRollingBack) && (b.once != taken || !found)},
	} {
		if rule.when && !rule.then {
			return rule.sentence
		}
	}
	return ""
}

// The share of a request in the remaining time of its call leaves enough for the requests after it
// ([Retry].AttemptTimeout).
func TestShareOfRemainingTime(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for _, tc := range []struct {
		name            string
		left            time.Duration
		last, elsewhere bool
		want            time.Duration
	}{
		{"30 s: enough for an answer after 10 s, and 18 s are left", 30 * s, false, false, 12 * s},
		{"another gateway: less than half", 30 * s, false, true, 12 * s},
		{"20 s, after an answer of 10 s: enough for another one", 20 * s, false, false, 12 * s},
		{"a short time: three fifths", 10 * s, false, false, 6 * s},
		{"a short time, another gateway: two fifths", 10 * s, false, true, 4 * s},
		{"a long time: two fifths", 100 * s, false, false, 40 * s},
		{"the last request: all", 30 * s, true, true, 30 * s},
		{"300 ms: all", 300 * time.Millisecond, false, false, 300 * time.Millisecond},
		{"600 ms: at least 500 ms", 600 * time.Millisecond, false, true, 500 * time.Millisecond},
	} {
		if got := share(tc.left, tc.last, tc.elsewhere); got != tc.want {
			t.Errorf("%s: got %v of %v, want %v", tc.name, got, tc.left, tc.want)
		}
	}
}
