package wrapper

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// The decisions of a call are functions of what is wanted, what was sent, the answer, and the
// belief. The tests below go over the whole product of them, and hold each rule of the package
// comment as a sentence.

var (
	writes = map[purpose][]purpose{ // what may be sent for what is wanted
		purposeGraceful: {purposeGraceful},
		purposeForce:    {purposeForce, purposeProbe},
		purposeStart:    {purposeStart},
	}
	everyState = []State{"", StateRunning, StateRollingBack, StateCompleted, StateFaulted, StateCancelled, StateForceCancelled, "Unheard"}
	everyCode  = []Code{"", codeInvalidTestCommandState, codeKeyNotFound, codeTestCommandOperationIDExists, codeNodeTransitionInProgress, codeServiceTooBusy}
)

// everyAnswer is each class with each code that goes with it, and both kinds of "not sent".
func everyAnswer() (answers []Attempt) {
	answers = append(answers, Attempt{class: classDone}, Attempt{class: classAmbiguous}, Attempt{class: classNotSent}, Attempt{class: classNotSent, hopeless: true})
	for _, code := range everyCode {
		for _, status := range []int{400, 404, 409, 429} {
			answers = append(answers, Attempt{class: classRefused, Status: status, Code: code})
		}
	}
	return answers
}

// everyBelief is each belief that the decisions tell apart.
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

// decision is one element of the product: before is the belief before the answer.
type decision struct {
	want, sent purpose
	a          Attempt
	before, b  belief
	m          move
}

func (d decision) String() string {
	return fmt.Sprintf("want %s, sent %s, answer %s %d %q, belief %+v: %+v", d.want, d.sent, d.a.class, d.a.Status, d.a.Code, d.b, d.m)
}

// ends reports whether the move ends the call, and how.
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

// rules of what follows a write. when says of which decisions, and then what has to hold.
var rules = []struct {
	sentence string
	when     func(decision) bool
	then     func(decision) bool
}{
	{"a force that may have arrived is never sent again: it is asked about",
		func(d decision) bool { return d.sent == purposeForce && d.a.class == classAmbiguous },
		func(d decision) bool {
			return d.m.send == purposeProbe || d.m.send == purposeRead && d.m.why == isForced
		}},
	{"a force that was refused is not sent again unless a list or a probe says that it can be accepted now",
		func(d decision) bool {
			return d.sent == purposeForce && d.a.refusedWith(codeInvalidTestCommandState)
		},
		func(d decision) bool { return d.m.send == purposeProbe || d.m.send == purposeRead }},
	{"no probe goes out unless this call has seen the operation on its way out: it would be the graceful cancel that was missing",
		func(d decision) bool { return d.m.send == purposeProbe },
		func(d decision) bool { return d.b.state == StateRollingBack || d.sent == purposeProbe }},
	{"a force goes out again only after nothing was sent, a busy server refused it, or a probe was accepted",
		func(d decision) bool { return d.m.send == purposeForce },
		func(d decision) bool {
			return d.sent == purposeProbe && d.a.class == classDone ||
				d.sent == purposeForce && (d.a.class == classNotSent || d.a.class == classRefused && retryable(d.a))
		}},
	{"a graceful cancel that was lost is sent again: repeating it changes nothing",
		func(d decision) bool { return d.sent == purposeGraceful && d.a.class == classAmbiguous },
		func(d decision) bool { return d.m.send == purposeGraceful }},
	{"a start that was lost is sent again: its id makes it safe",
		func(d decision) bool { return d.sent == purposeStart && d.a.class == classAmbiguous },
		func(d decision) bool { return d.m.send == purposeStart && d.b.once == lost }},
	{"a start that is refused as existing is looked up, whatever came before",
		func(d decision) bool {
			return d.sent == purposeStart && (d.a.refusedWith(codeTestCommandOperationIDExists) || d.a.refusedWith(codeNodeTransitionInProgress))
		},
		func(d decision) bool { return d.m.send == purposeRead && d.m.why == isTaken && d.b.open() }},
	{"a 404 to a cancel does not tell over from never was: the list does",
		func(d decision) bool { return d.want != purposeStart && d.a.refusedWith(codeKeyNotFound) },
		func(d decision) bool { return d.m.send == purposeRead && d.m.why == isOver && d.m.then == d.sent }},
	{"a probe that is refused with the state says that a force is in effect; it is the caller's if one was lost, or was refused after a graceful cancel, and no other is known",
		func(d decision) bool {
			return d.sent == purposeProbe && d.a.refusedWith(codeInvalidTestCommandState)
		},
		func(d decision) bool {
			ours := !d.b.forced && (d.b.once == lost || d.b.once == copied && !d.b.graceful.IsZero())
			return d.m.resolved && (ours && d.ends(Accepted) || !ours && d.ends(AlreadyForced))
		}},
	{"a graceful cancel that is refused with the state was forced before",
		func(d decision) bool {
			return d.sent == purposeGraceful && d.a.refusedWith(codeInvalidTestCommandState)
		},
		func(d decision) bool { return d.ends(AlreadyForced) && d.b.state == StateRollingBack }},
	{"what is done is a verdict, but for a probe: no force is in effect then, and one is sent",
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
	{"what asking again cannot change ends the call without a verdict",
		func(d decision) bool {
			return d.a.hopeless || d.a.class == classRefused && !retryable(d.a) && !slices.Contains(everyCode[1:5], d.a.Code)
		},
		func(d decision) bool { return d.ends("") }},
	{"what never left, and what a busy server refused, is sent again as it was",
		func(d decision) bool {
			busy := d.a.class == classRefused && retryable(d.a) && !slices.Contains(everyCode[1:5], d.a.Code)
			return busy || d.a.class == classNotSent && !d.a.hopeless
		},
		func(d decision) bool { return d.m.send == d.sent }},
	{"what was lost stays possible until a verdict, whatever else is answered",
		func(d decision) bool { return d.before.once == lost && d.m.verdict == "" && d.a.class != classDone },
		func(d decision) bool { return d.b.once == lost && d.b.open() }},
	{"a refusal that a copy of the request can have brought about leaves open what happened",
		func(d decision) bool {
			return d.m.verdict == "" && (d.a.inTheWay(d.sent) || d.a.refusedWith(codeKeyNotFound) && d.want != purposeStart)
		},
		func(d decision) bool { return d.b.open() }},
	{"evidence is not changed by an answer", // others may note something meanwhile
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
				t.Fatalf("%s: not so for %s", rule.sentence, d)
			}
		}
	})
	for i, rule := range rules {
		if holds[i] == 0 {
			t.Errorf("%s: no decision is about that", rule.sentence)
		}
	}
	t.Logf("%d decisions", n)
}

// questions are what a list is read for.
var questions = map[purpose][]question{
	purposeGraceful: {isOver},
	purposeForce:    {isOver, isForced, mayForce},
	purposeStart:    {isStarted, isTaken},
}

// What a list decides, over the whole product of wanted, question, operation and belief.
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
								t.Fatalf("%s: not so for want %s, %+v, found %t %+v, belief %+v: %+v", wrong, want, asked, found, op, b, got)
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

// checkList returns the sentence that does not hold.
func checkList(want purpose, asked move, op Operation, found bool, before, b belief, got move) string {
	start := want == purposeStart
	alike := found && op.Kind == KindDataLoss
	for _, rule := range []struct {
		sentence string
		when     bool
		then     bool
	}{
		{"a start finds an operation of its kind: it is the caller's if one was lost or nobody else can have the id, and was there already otherwise",
			start && alike, got.resolved && got.verdict == map[bool]Verdict{true: Accepted, false: AlreadyStarted}[before.once == lost || before.ours]},
		{"a start that was refused, and whose id or node belongs to something else, is no verdict and is not sent again",
			start && !alike && asked.why == isTaken, got.send == "" && got.verdict == ""},
		{"a start that another gateway does not list is sent there",
			start && !alike && asked.why != isTaken, got.send == purposeStart},
		{"an operation that is not listed is not found, for who wants to cancel",
			!start && !found, got.verdict == NotFound && got.resolved},
		{"an operation that is over is finished, for who wants to cancel",
			!start && found && op.State.Final(), got.verdict == Finished && got.resolved},
		{"an operation that is active after all is cancelled as before",
			!start && found && !op.State.Final() && asked.why == isOver, got.send == asked.then},
		{"whether a force is in effect is probed while the operation is RollingBack",
			!start && found && op.State == StateRollingBack && asked.why != isOver, got.send == purposeProbe},
		{"a force that was refused while the operation is not RollingBack is refused for want of a graceful cancel",
			!start && found && !op.State.Final() && op.State != StateRollingBack && asked.why == mayForce, got.send == "" && got.verdict == "" && got.cause != nil},
		{"a force that was lost while the operation is not RollingBack is not in effect, and is sent",
			!start && found && !op.State.Final() && op.State != StateRollingBack && asked.why == isForced, got.send == purposeForce},
		{"what was lost stays possible, and what may be a copy is settled by what the list shows",
			true, (before.once == lost) == (b.once == lost) && (b.once != copied || op.State == StateRollingBack) && (b.once != taken || !found)},
	} {
		if rule.when && !rule.then {
			return rule.sentence
		}
	}
	return ""
}

// The share of a request leaves what the call needs after it ([Retry].AttemptTimeout).
func TestShareOfTheTime(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for _, tc := range []struct {
		name            string
		left            time.Duration
		last, elsewhere bool
		want            time.Duration
	}{
		{"30 s: a server that takes 10 s is heard, and 18 s are left", 30 * s, false, false, 12 * s},
		{"another gateway: less than half", 30 * s, false, true, 12 * s},
		{"after an answer of 10 s: another one is heard", 20 * s, false, false, 12 * s},
		{"a short time: three fifths", 10 * s, false, false, 6 * s},
		{"a short time, another gateway: two fifths", 10 * s, false, true, 4 * s},
		{"a long time: two fifths", 100 * s, false, false, 40 * s},
		{"the last request: all", 30 * s, true, true, 30 * s},
		{"next to nothing: all", 300 * time.Millisecond, false, false, 300 * time.Millisecond},
		{"little: not less than can be answered", 600 * time.Millisecond, false, true, 500 * time.Millisecond},
	} {
		if got := share(tc.left, tc.last, tc.elsewhere); got != tc.want {
			t.Errorf("%s: got %v of %v, want %v", tc.name, got, tc.left, tc.want)
		}
	}
}
