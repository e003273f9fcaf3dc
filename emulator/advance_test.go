package emulator

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// Two seconds a step and one to undo it.
var paced = Scenario{Queue: 2 * time.Second, LookUp: 2 * time.Second, Perform: 2 * time.Second, Undo: time.Second}

func at(seconds float64) time.Time {
	return time.Unix(0, 0).UTC().Add(time.Duration(seconds * float64(time.Second)))
}

// play is advance with a scenario, and a second between two tries.
func play(r Record, s Scenario, now time.Time) Record {
	r.Scenario = s
	return advance(r, time.Second, now)
}

// TestWhenTheFlagTakesEffect plays the rows of runtime §5.3 by the clock.
func TestWhenTheFlagTakesEffect(t *testing.T) {
	const (
		partition = generated.OperationTypePartitionDataLoss
		node      = generated.OperationTypeNodeTransition
		fatal     = hresultPartitionNotFound
		retry     = hresultTimeout
		never     = -1 // no stop time
	)
	type event struct {
		at    float64
		force bool
	}
	failing, stuck, failingNode, hangingNode, retried := paced, paced, paced, paced, paced
	failing.PerformFails = Failure{Times: Always, Code: fatal}
	stuck.UndoFails.Times = Always
	failingNode.PerformFails = Failure{Times: Always, Code: hresultInstanceIDMismatch}
	hangingNode.LookUpFails = Failure{Times: Always}
	retried.PerformFails = Failure{Times: 2, Code: retry}
	lateNode := paced
	lateNode.PerformFails = Failure{Times: 3}
	slowUndo := failing
	slowUndo.UndoFails = Failure{Times: 2}
	pauses := [2]float64{}
	for i := range pauses {
		pauses[i] = Record{Failed: Failed{Perform: i + 1}}.pause().Seconds()
	}
	for _, c := range []struct {
		name     string
		kind     generated.OperationType
		scenario Scenario
		cancels  []event
		want     generated.OperationState
		step     Step
		stopped  float64
	}{
		{"nobody interferes", partition, paced, nil, generated.OperationStateCompleted, StepCompletedSuccessfully, 6},
		{"it fails by itself: both steps are undone", partition, failing, nil, generated.OperationStateFaulted, StepFailed, 8},
		{"queued, graceful: no step runs", partition, paced, []event{{1, false}}, generated.OperationStateCancelled, StepFailed, 2},
		{"queued, force: nobody notes the time", partition, paced, []event{{1, false}, {1.5, true}}, generated.OperationStateForceCancelled, StepFailed, never},
		{"step in progress, graceful: it runs to its end and is undone", partition, paced, []event{{3, false}}, generated.OperationStateCancelled, StepFailed, 5},
		{"step in progress, force: no undo", partition, paced, []event{{3, false}, {3.5, true}}, generated.OperationStateForceCancelled, StepFailed, 4},
		{"last step in progress, graceful: nothing is undone", partition, paced, []event{{5, false}}, generated.OperationStateCancelled, StepCompletedSuccessfully, 6},
		{"last step in progress, force: nothing is undone", partition, paced, []event{{5, false}, {5.5, true}}, generated.OperationStateForceCancelled, StepCompletedSuccessfully, 6},
		{"last step fails after a graceful cancel: undone in reverse", partition, failing, []event{{5, false}}, generated.OperationStateCancelled, StepFailed, 8},
		{"last step fails after a force: no undo", partition, failing, []event{{5, false}, {5.5, true}}, generated.OperationStateForceCancelled, StepFailed, 6},
		{"graceful while a failure is undone: Cancelled instead of Faulted", partition, failing, []event{{6.5, false}}, generated.OperationStateCancelled, StepFailed, 8},
		{"undo that never ends, force: the try ends, and there is no next one", partition, stuck, []event{{3, false}, {100.5, true}}, generated.OperationStateForceCancelled, StepFailed, 102},
		{"node, queued, graceful: it runs to its end all the same", node, paced, []event{{1, false}}, generated.OperationStateCancelled, StepCompletedSuccessfully, 6},
		{"node, step in progress, graceful: not stopped", node, paced, []event{{3, false}}, generated.OperationStateCancelled, StepCompletedSuccessfully, 6},
		{"node, force: stops at the next check", node, paced, []event{{3, false}, {3.5, true}}, generated.OperationStateForceCancelled, StepFailed, 4},
		{"node that fails by itself: nothing to undo", node, failingNode, nil, generated.OperationStateFaulted, StepFailed, 6},
		{"node that fails after a graceful cancel", node, failingNode, []event{{3, false}}, generated.OperationStateCancelled, StepFailed, 6},
		{"node that fails after a force", node, failingNode, []event{{5, false}, {5.5, true}}, generated.OperationStateForceCancelled, StepFailed, 6},
		{"node whose step fails: the same step again, a second apart", node, lateNode, nil, generated.OperationStateCompleted, StepCompletedSuccessfully, 15},
		{"node whose step never succeeds, force: the try ends, and there is no next one", node, hangingNode, []event{{500.5, false}, {900.5, true}}, generated.OperationStateForceCancelled, StepFailed, 902},
		{"retryable failures: undone, a pause, and from the start", partition, retried, nil,
			generated.OperationStateCompleted, StepCompletedSuccessfully, 6 + (2 + pauses[0] + 4) + (2 + pauses[1] + 4)},
		{"retryable failure, graceful while it is undone: no new round", partition, retried, []event{{6.5, false}}, generated.OperationStateCancelled, StepFailed, 8},
		{"retryable failure, force while it is undone", partition, retried, []event{{6.25, false}, {6.5, true}}, generated.OperationStateForceCancelled, StepFailed, 7},
		{"graceful in the pause: acted on when it is over, one step is undone", partition, retried, []event{{9, false}}, generated.OperationStateCancelled, StepFailed, 8 + pauses[0] + 1},
		{"force in the pause: acted on when it is over", partition, retried, []event{{9, false}, {10, true}}, generated.OperationStateForceCancelled, StepFailed, 4},
		{"node that waits for its next try, which would succeed, force: there is no next try", node, lateNode, []event{{12.5, false}, {12.75, true}},
			generated.OperationStateForceCancelled, StepFailed, 13},
		{"node that waits for its next try, graceful: not stopped", node, lateNode, []event{{12.5, false}}, generated.OperationStateCancelled, StepCompletedSuccessfully, 15},
		{"undo that fails twice: repeated a second apart", partition, slowUndo, nil, generated.OperationStateFaulted, StepFailed, 12},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Record{Kind: c.kind, Step: StepIntentSaved, Rollback: NotRollingBack, Due: at(2)}
			if c.kind == node {
				r.Target = Target{NodeName: "_Node_0", NodeInstanceID: "5", Transition: generated.NodeTransitionTypeStop}
				r.Found.Node = Node{Name: "_Node_0", InstanceID: "5"}
			}
			for _, e := range c.cancels {
				var err error
				if r, err = cancel(play(r, c.scenario, at(e.at)), e.force, server.Runtime); err != nil {
					t.Fatal(err)
				}
				if r.State() != generated.OperationStateRollingBack {
					t.Errorf("after the cancel at %v s it is shown as %s", e.at, r.State())
				}
			}
			r = play(r, c.scenario, at(1000))
			stopped := at(c.stopped)
			if c.stopped == never {
				stopped = time.Time{}
			}
			if r.State() != c.want || r.Step != c.step || !r.Stopped.Equal(stopped) {
				t.Errorf("ended %s, %s, after %v; want %s, %s, after %v s",
					r.State(), r.Step, r.Stopped.Sub(at(0)), c.want, c.step, c.stopped)
			}
		})
	}
}

func TestUndoThatNeverEndsIsShownAsRollingBack(t *testing.T) {
	s := paced
	s.UndoFails.Times = Always
	r := Record{Kind: generated.OperationTypePartitionRestart, Step: StepLookingUpState, Rollback: RollingBackDueToUserCancel, Due: at(2)}
	r = play(r, s, at(1e9))
	if r.State() != generated.OperationStateRollingBack {
		t.Errorf("shown as %s", r.State())
	}
}

// §5.4: 10 to 59 seconds, and in the end each of them.
func TestPause(t *testing.T) {
	seen := make(map[time.Duration]bool)
	for n := range 10_000 {
		r := Record{ID: uuid.UUID{byte(n), byte(n >> 8)}, Failed: Failed{LookUp: n % 1000, Perform: n % 7}}
		d := r.pause()
		if d < 10*time.Second || d > 59*time.Second || d%time.Second != 0 {
			t.Fatalf("%+v: %v", r, d)
		}
		seen[d] = true
	}
	if len(seen) != 50 {
		t.Errorf("%d different pauses, want 50", len(seen))
	}
}

// §5.5: the code and the flag of an earlier round do not stick to a success.
func TestSuccessHasNoErrorCode(t *testing.T) {
	r := Record{Kind: generated.OperationTypePartitionDataLoss, Step: StepPerformingActions, Rollback: RollingBackAndWillRetry, ErrorCode: -1, Due: at(2)}
	if r := play(r, paced, at(2)); r.State() != generated.OperationStateCompleted || r.ErrorCode != 0 || r.Rollback != NotRollingBack {
		t.Errorf("%+v", r)
	}
}

func TestQuorumLossActsForItsDuration(t *testing.T) {
	r := Record{Kind: generated.OperationTypePartitionQuorumLoss, Step: StepIntentSaved, Rollback: NotRollingBack, Due: at(2)}
	r.Target.Duration = time.Minute
	if r := play(r, paced, at(65)); r.Terminal() {
		t.Errorf("over after %v", r.Stopped.Sub(at(0)))
	}
	if r := play(r, paced, at(66)); r.State() != generated.OperationStateCompleted {
		t.Errorf("shown as %s when its minute is over", r.State())
	}
}

// Anyone may advance a record at any time, so doing it in two goes must be the same
// as doing it in one, and doing it twice the same as once.
func TestAdvanceInGoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, s := anyRecord(t), anyScenario(t)
		early := at(float64(rapid.IntRange(0, 200).Draw(t, "early")) / 10)
		late := early.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "more")) * 100 * time.Millisecond)
		once := play(r, s, late)
		if twice := play(play(r, s, early), s, late); twice != once {
			t.Fatalf("in one go %+v, in two %+v", once, twice)
		}
		if again := play(once, s, late); again != once {
			t.Fatalf("once %+v, again %+v", once, again)
		}
		if !once.Terminal() && !once.Due.After(late) {
			t.Fatalf("something was due at %v and was not done by %v", once.Due, late)
		}
	})
}

// The same over more rounds than are played one by one (§5.4: as often as it takes), also
// when it is another step that fails after some of them.
func TestAdvanceOverManyRounds(t *testing.T) {
	for _, c := range []struct{ lookUp, perform, undo int }{
		{Always, 0, 0}, {300, 0, 0}, {0, Always, 0}, {0, 300, 0},
		{3, Always, 0}, {100, 300, 0}, {64, 3000, 0}, {130, 64, 0}, {0, Always, 3}, {100, Always, 3},
	} {
		for _, phase := range []Phase{PhaseForward, PhasePausing} {
			s := paced
			s.LookUpFails, s.PerformFails = Failure{c.lookUp, hresultTimeout}, Failure{c.perform, hresultTimeout}
			s.UndoFails.Times = c.undo
			r := Record{Kind: generated.OperationTypePartitionDataLoss, Step: StepLookingUpState, Phase: phase, Rollback: NotRollingBack, Due: at(2)}
			r.Scenario = s
			inGoes := r
			for hour := 1; hour <= 72; hour++ {
				now := at(float64(hour) * 3600)
				inGoes = play(inGoes, s, now)
				if once := play(r, s, now); once != inGoes {
					t.Fatalf("%+v %s, hour %d: in one go %+v, in several %+v", c, phase, hour, once, inGoes)
				}
			}
		}
	}
}

// A start that is tried again and again ends with the first try that finds the node up
// (§5.5, §5.6), whenever somebody looks.
func TestANodeThatComesUpBetweenTries(t *testing.T) {
	s := paced
	s.LookUpFails = Failure{Times: Always} // a try every three seconds, from the fourth on
	for up, ends := range map[float64]float64{99.5: 100, 100: 100, 100.5: 103} {
		r := Record{
			Kind: generated.OperationTypeNodeTransition, Step: StepLookingUpState, Rollback: NotRollingBack, Due: at(4),
			Target: Target{NodeName: "_Node_0", NodeInstanceID: "5", Transition: generated.NodeTransitionTypeStart},
			Found:  Found{Node: Node{Name: "_Node_0", InstanceID: "5", Down: true, Stopped: true, Until: at(up)}},
		}
		if r = play(r, s, at(1000)); r.State() != generated.OperationStateFaulted || r.ErrorCode != hresultNodeIsUp || !r.Stopped.Equal(at(ends)) {
			t.Errorf("up at %v s: %+v, want the end at %v s", up, r, ends)
		}
	}
}

// A cancel that was accepted is never forgotten, whatever comes after it.
func TestAnAcceptedCancelDecidesTheEnding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, s := anyRecord(t), anyScenario(t)
		s.UndoFails = Failure{}
		for _, f := range []*Failure{&s.LookUpFails, &s.PerformFails} {
			f.Times = max(f.Times, 0) // a transition that never succeeds ends by force only
		}
		now, want := at(0), generated.OperationState("")
		for range rapid.IntRange(1, 6).Draw(t, "calls") {
			now = now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "wait")) * 100 * time.Millisecond)
			force := rapid.Bool().Draw(t, "force")
			after, err := cancel(play(r, s, now), force, server.Runtime)
			if err != nil {
				continue
			}
			r, want = after, generated.OperationStateCancelled
			if force {
				want = generated.OperationStateForceCancelled
			}
		}
		if end := play(r, s, now.Add(time.Hour)); want != "" && end.State() != want {
			t.Fatalf("ended %s, want %s", end.State(), want)
		}
	})
}

func anyRecord(t *rapid.T) Record {
	r := Record{
		Kind: rapid.SampledFrom([]generated.OperationType{
			generated.OperationTypePartitionDataLoss, generated.OperationTypePartitionQuorumLoss, generated.OperationTypeNodeTransition,
		}).Draw(t, "kind"),
		Step:     rapid.SampledFrom([]Step{StepIntentSaved, StepLookingUpState, StepPerformingActions}).Draw(t, "step"),
		Rollback: rapid.SampledFrom([]Rollback{NotRollingBack, RollingBackAndWillFail, RollingBackDueToUserCancel}).Draw(t, "flag"),
		Due:      at(float64(rapid.IntRange(0, 50).Draw(t, "due")) / 10),
	}
	if r.turnsBack() {
		r.Phase = PhaseUndoing
	}
	return r
}

// anyFailure has a code of each sort: retried from the start, ending the operation,
// ending a node transition only.
func anyFailure(t *rapid.T, name string) Failure {
	return Failure{
		Times: rapid.SampledFrom([]int{0, 0, 1, 3, Always}).Draw(t, name),
		Code:  rapid.SampledFrom([]int32{hresultTimeout, hresultPartitionNotFound, hresultNodeNotFound}).Draw(t, name+" with"),
	}
}

func anyScenario(t *rapid.T) Scenario {
	tenths := rapid.IntRange(0, 30)
	d := func(name string) time.Duration {
		return time.Duration(tenths.Draw(t, name)) * 100 * time.Millisecond
	}
	return Scenario{
		Queue: d("queue"), LookUp: d("lookup"), Perform: d("perform"), Undo: d("undo"),
		LookUpFails: anyFailure(t, "lookup fails"), PerformFails: anyFailure(t, "perform fails"), UndoFails: anyFailure(t, "undo fails"),
	}
}

// TestAdvanceHasAnEnd: whatever is in a record, playing it ends. advance looks at no
// context, so a record that it cannot play to its end takes every list, sweep and clean-up
// with it.
func TestAdvanceHasAnEnd(t *testing.T) {
	now := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct{ name, record string }{
		{"a transition that fails for ever, due in the year 1",
			`{"kind":"NodeTransition","step":"LookingUpState","target":{"nodeName":"n"},"found":{"node":{"name":"n"}},"scenario":{"lookUpFails":{"times":-1}}}`},
		{"an undoing that fails for ever, due in the year 1",
			`{"kind":"PartitionRestart","step":"LookingUpState","phase":"Undoing","scenario":{"undoFails":{"times":-1}}}`},
		{"more failures than there should have been",
			`{"kind":"NodeTransition","step":"LookingUpState","due":"2026-01-01T00:00:00Z","found":{"fault":-1},"failed":{"lookUp":5},"scenario":{"lookUpFails":{"times":1}}}`},
		{"a retry for ever, due in the year 1",
			`{"kind":"PartitionRestart","step":"LookingUpState","scenario":{"lookUpFails":{"times":-1,"code":-2147017729}}}`},
		{"no kind, no step", `{}`},
		{"a negative number of failures",
			`{"kind":"NodeTransition","step":"LookingUpState","due":"2026-01-01T00:00:00Z","target":{"nodeName":"n"},"found":{"node":{"name":"n"}},"failed":{"lookUp":-9223372036854775808},"scenario":{"lookUpFails":{"times":1}}}`},
		{"a phase and a step of nobody's",
			`{"kind":"PartitionRestart","step":"Nowhere","phase":"Pausing","rollback":"Perhaps","due":"2026-01-01T00:00:00Z"}`},
	} {
		var r Record
		if err := json.Unmarshal([]byte(c.record), &r); err != nil {
			t.Fatal(err)
		}
		done := make(chan Record)
		go func() { done <- advance(r, time.Second, now) }()
		select {
		case end := <-done:
			if !end.Terminal() && !end.Due.After(now) {
				t.Errorf("%s: something was due at %v and was not done", c.name, end.Due)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("%s: it has no end in 30 s", c.name) // the goroutine goes on, so nothing more here
		}
	}
}

// A try that takes 292 years has not failed twice by tomorrow.
func TestTryingForVeryLong(t *testing.T) {
	r := Record{Kind: "NodeTransition", Step: StepPerformingActions, Due: at(2), Scenario: Scenario{Perform: 1<<63 - 1, PerformFails: Failure{Times: Always}}}
	if r = advance(r, time.Second, at(86_400)); r.Failed.Perform != 1 || r.Terminal() {
		t.Errorf("%+v", r)
	}
}

// A duration that nobody can reckon with is a very long one, not none.
func TestActingForVeryLong(t *testing.T) {
	r := Record{Kind: "PartitionQuorumLoss", Step: StepPerformingActions, Target: Target{Duration: time.Hour}}
	if d := (Scenario{Perform: 1<<63 - 1}).lasts(r); d < time.Hour {
		t.Errorf("a quorum loss that acts for 292 years and an hour acts for %v", d)
	}
	if d := (Scenario{Perform: -time.Minute}).lasts(r); d != time.Hour {
		t.Errorf("a negative time counts as zero: a quorum loss of an hour acts for %v", d)
	}
}

// anyPlay is a record and when it is looked at: soon, much later, or after an absence.
func anyPlay(t *rapid.T) (Record, time.Time) {
	r := anyRecord(t)
	r.Scenario = anyScenario(t)
	late := rapid.SampledFrom([]time.Duration{20 * time.Second, time.Hour, 30 * 24 * time.Hour}).Draw(t, "absence")
	return r, at(0).Add(time.Duration(rapid.Int64Range(0, int64(late)).Draw(t, "now")))
}

// The law: repeating next is advance, and no step of it jumps over a transition.
func TestNextAddsUpToAdvance(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, now := anyPlay(t)
		backoff := rapid.SampledFrom([]time.Duration{time.Second, time.Millisecond, time.Minute}).Draw(t, "backoff")
		want, writes, transitions := advance(r, backoff, now), 0, 0
		for {
			after, due := next(r, backoff, now)
			if !due {
				if after != r {
					t.Fatalf("nothing is due, and %+v becomes %+v", r, after)
				}
				break
			}
			writes++
			moved := after.stage() != r.stage()
			if !moved && (r.Step != after.Step || r.Rollback != after.Rollback) && r.stage().flag != RollingBackAndWillRetry {
				t.Fatalf("%+v becomes %+v, which is not counted", r, after)
			}
			if !moved && r.State() != after.State() {
				t.Fatalf("%s becomes %s, which is not counted", r.State(), after.State())
			}
			if moved {
				transitions++
			} else if after.Terminal() || !now.Before(after.Due) {
				t.Fatalf("it stopped short of a transition, and something is due: %+v", after)
			}
			r = after
		}
		if r != want {
			t.Fatalf("transition by transition %+v, in one go %+v", r, want)
		}
		if transitions > 10 || writes > transitions+1 {
			t.Fatalf("%d transitions in %d writes", transitions, writes)
		}
	})
}

// What next jumps over is no transition: whoever looks at every moment at which something
// is due sees no stage that the writes do not have.
func TestNextJumpsOverNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRecord(t)
		r.Scenario = anyScenario(t)
		now := at(float64(rapid.IntRange(0, 3000).Draw(t, "now")) / 10)
		var closely, inWrites []stage
		add := func(to *[]stage, r Record) {
			if n := len(*to); n == 0 || (*to)[n-1] != r.stage() {
				*to = append(*to, r.stage())
			}
		}
		slow := r
		for add(&closely, slow); !slow.Terminal() && !slow.Due.After(now); add(&closely, slow) {
			slow = carry(slow, time.Second, slow.Due, func(Record) bool { return true }) // one thing at a time
		}
		for add(&inWrites, r); ; add(&inWrites, r) {
			var due bool
			if r, due = next(r, time.Second, now); !due {
				break
			}
		}
		if len(closely) != len(inWrites) {
			t.Fatalf("closely %v, in writes %v", closely, inWrites)
		}
		for i := range closely {
			if closely[i] != inWrites[i] {
				t.Fatalf("closely %v, in writes %v", closely, inWrites)
			}
		}
	})
}

// A transition comes at its moment, and not before.
func TestMoment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, now := anyPlay(t)
		r = advance(r, time.Second, now)
		comes, ok := moment(r, time.Second, now.Add(24*time.Hour))
		before, end := r.stage(), now.Add(24*time.Hour)
		if ok {
			end = comes.Add(-1)
			if after, _ := next(r, time.Second, comes); after.stage() == before {
				t.Fatalf("at %v there is no transition of %+v", comes, r)
			}
		}
		if after := advance(r, time.Second, end); after.stage() != before {
			t.Fatalf("by %v there was one already: %+v became %+v", end, r, after)
		}
	})
}

// An operation that was left alone for ten years of rounds is a handful of writes.
func TestTransitionsAreFew(t *testing.T) {
	s := paced
	s.PerformFails = Failure{Times: Always, Code: hresultTimeout}
	r := Record{Kind: generated.OperationTypePartitionDataLoss, Step: StepIntentSaved, Rollback: NotRollingBack, Due: at(2), Scenario: s}
	now, writes := at(10*365*24*3600), 0
	for due := true; due; writes++ {
		r, due = next(r, time.Second, now)
	}
	if writes != 5 { // looks up, acts, starts over, and once more to now; the last finds nothing
		t.Errorf("%d writes", writes)
	}
	if r, _ = cancel(r, false, server.Runtime); r.stage() != (stage{r.Step, RollingBackDueToUserCancel}) {
		t.Errorf("a cancel is no transition: %+v", r)
	}
}
