package emulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// sequenceCase is a case of the conformance file in which the engine has a part. The
// others are asked of the whole program: see cmd/sfcancel.
type sequenceCase struct {
	ID       string
	Given    json.RawMessage
	Sequence []sequenceStep
	Note     string
}

// sequenceStep is something that happens, something that must then be true, or both.
type sequenceStep struct {
	Do     string
	Force  bool
	Status int

	Visible        generated.OperationState
	InternalStep   emulator.Step
	CleanupRun     any // false, "stopped", or the steps that were cleaned up, in order
	StepsRun       *int
	NodeWasStopped *bool
}

func TestConformanceSequences(t *testing.T) {
	data, err := os.ReadFile("testdata/conformance-cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []sequenceCase }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, c := range file.Cases {
		if c.Sequence == nil {
			continue
		}
		played++
		t.Run(c.ID, func(t *testing.T) {
			seed, err := emulator.ParseSeed(c.Given)
			if err != nil {
				t.Fatal(err)
			}
			p := &sequence{cluster: newCluster(t, server.Runtime, nil, emulator.WithSettings(seed.Settings)), id: seed.Operations[0].ID, note: c.Note}
			if err := p.engine.Plant(t.Context(), seed); err != nil {
				t.Fatal(err)
			}
			p.see()
			for _, step := range c.Sequence {
				p.do(step)
				p.check(step)
			}
		})
	}
	if played == 0 {
		t.Error("the file has no sequences")
	}
}

// sequence plays one case, and remembers what the engine was seen doing.
type sequence struct {
	*cluster
	id   uuid.UUID
	note string

	carried, cleaned []emulator.Step
}

func (p *sequence) see() emulator.Record {
	p.t.Helper()
	r, err := p.engine.Record(p.t.Context(), p.id)
	if err != nil {
		p.t.Fatal(err)
	}
	seen := &p.carried
	if r.Phase == emulator.PhaseUndoing {
		seen = &p.cleaned
	}
	if !r.Terminal() && r.Step != emulator.StepIntentSaved && !slices.Contains(*seen, r.Step) {
		*seen = append(*seen, r.Step)
	}
	return r
}

// until lets time pass, a little at a time, as long as nothing has come of it.
func (p *sequence) until(done func(before, now emulator.Record) bool) {
	p.t.Helper()
	before := p.see()
	for range 10000 {
		p.pass(100 * millisecond)
		if now := p.see(); now.Terminal() || done(before, now) {
			return
		}
	}
	p.t.Fatalf("nothing comes of it: %+v", p.see())
}

func (p *sequence) do(step sequenceStep) {
	p.t.Helper()
	play := func(change func(*emulator.Scenario)) {
		p.t.Helper()
		s := p.see().Scenario
		change(&s)
		if err := p.engine.SetScenario(p.t.Context(), p.id, s); err != nil {
			p.t.Fatal(err)
		}
	}
	switch step.Do {
	case "":
		p.until(func(_, _ emulator.Record) bool { return false }) // a statement about the end
	case "cancel":
		if a := p.cancel(p.id, fmt.Sprint(step.Force)); a.status != step.Status {
			p.t.Errorf("cancel, force %t: %+v, want %d (%s)", step.Force, a, step.Status, p.note)
		}
	case "dequeue":
		p.until(func(before, now emulator.Record) bool { return before.Step != now.Step })
	case "stepSucceeds", "stepsSucceed":
		p.until(func(_, _ emulator.Record) bool { return false })
	case "stepThrows":
		play(func(s *emulator.Scenario) {
			s.PerformFails = always(-2147467259) // E_FAIL
			s.LookUpFails = s.PerformFails
		})
		p.until(func(_, now emulator.Record) bool { return now.Phase == emulator.PhaseUndoing })
	case "cleanupThrowsForever":
		play(func(s *emulator.Scenario) { s.UndoFails = always(0) })
		p.pass(1000 * second)
	case "cleanupTimer":
		if err := p.engine.CleanUp(p.t.Context()); err != nil {
			p.t.Fatal(err)
		}
	case "progress":
		a := p.send(http.MethodGet, onPartition+"GetDataLossProgress?api-version=6.0&OperationId="+p.id.String())
		if a.status != step.Status {
			p.t.Errorf("progress: %+v, want %d (%s)", a, step.Status, p.note)
		}
	default:
		p.t.Fatalf("the file does %q, which this test does not know", step.Do)
	}
}

func (p *sequence) check(step sequenceStep) {
	p.t.Helper()
	r := p.see()
	if step.Visible != "" && p.state(p.id) != step.Visible {
		p.t.Errorf("shown as %s, want %s (%s)", p.state(p.id), step.Visible, p.note)
	}
	if step.InternalStep != "" && r.Step != step.InternalStep {
		p.t.Errorf("it is %s, want %s (%s)", r.Step, step.InternalStep, p.note)
	}
	if step.StepsRun != nil && len(p.carried) != *step.StepsRun {
		p.t.Errorf("carried out %v, want %d steps (%s)", p.carried, *step.StepsRun, p.note)
	}
	switch want := step.CleanupRun.(type) {
	case nil:
	case bool:
		if (len(p.cleaned) > 0) != want {
			p.t.Errorf("cleaned up %v, want %t (%s)", p.cleaned, want, p.note)
		}
	case string: // stopped: the first step was never done
		if !reflect.DeepEqual(p.cleaned, []emulator.Step{emulator.StepPerformingActions}) || !r.Terminal() {
			p.t.Errorf("cleaned up %v and is %s; it should have stopped at the first (%s)", p.cleaned, r.Step, p.note)
		}
	case []any:
		if fmt.Sprint(p.cleaned) != fmt.Sprint(want) {
			p.t.Errorf("cleaned up %v, want %v (%s)", p.cleaned, want, p.note)
		}
	}
	if step.NodeWasStopped != nil {
		node, _, err := p.engine.Node(p.t.Context(), "_Node_0")
		if err != nil || node.Stopped != *step.NodeWasStopped {
			p.t.Errorf("%+v, %v; want stopped %t (%s)", node, err, *step.NodeWasStopped, p.note)
		}
	}
}
