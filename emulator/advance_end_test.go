package emulator

import (
	"encoding/json"
	"testing"
	"time"
)

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
