package emulator

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// ParseScenarios reads a scenario file and returns the choice that it describes, for
// [WithScenario]. A file is one JSON object:
//
//	{
//	  "default": {"lookUp": {"takes": "2s"}, "perform": {"takes": "10s"}},
//	  "rules": [
//	    {"kind": "NodeTransition", "queue": "1m"},
//	    {"service": "fabric:/shop/orders", "perform": {"fails": 3, "code": "FABRIC_E_TIMEOUT"}},
//	    {"id": "5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01", "perform": {"code": "E_FAIL"}, "undo": {"fails": "always"}}
//	  ]
//	}
//
// A rule applies to the operations that match all of its id, kind, service, partition
// and node; the first that applies wins. What a rule leaves out is as in "default", and
// what that leaves out is as in [DefaultScenario].
//
// "queue" is a duration in Go's notation. "lookUp", "perform" and "undo" are a step each:
// "takes" is a duration, "fails" the number of tries that fail first or "always", and
// "code" says with what: a name such as FABRIC_E_TIMEOUT, or an HRESULT as a decimal or
// 0x number. A step that has a code and whose number is said nowhere fails always, one
// with a number and no code fails with E_FAIL. [Failure] tells what follows from which
// code.
//
// An error names every place where something is wrong, and what is allowed there.
func ParseScenarios(data []byte) (func(Record) Scenario, error) {
	var f struct {
		Default scenarioSteps  `json:"default"`
		Rules   []scenarioRule `json:"rules"`
	}
	m := mistakes{decodeFile(data, &f)}
	base := f.Default.over(DefaultScenario(), m.at("default"))
	scenarios := make([]Scenario, len(f.Rules))
	for i, rule := range f.Rules {
		wrong := m.at("rules[%d]", i)
		if rule.Kind != nil && !isKind(*rule.Kind) {
			wrong(fmt.Errorf("kind %q: %s", *rule.Kind, kindsText))
		}
		if rule.Service != nil && !strings.HasPrefix(*rule.Service, fabricScheme) {
			wrong(fmt.Errorf("service %q: it must begin with %s", *rule.Service, fabricScheme))
		}
		scenarios[i] = rule.over(base, wrong)
	}
	if err := errors.Join(m...); err != nil {
		return nil, fmt.Errorf("scenario file: %w", err)
	}
	return func(r Record) Scenario {
		for i, rule := range f.Rules {
			if rule.applies(r) {
				return scenarios[i]
			}
		}
		return base
	}, nil
}

// scenarioRule is a rule of the file. What it does not name is nil.
type scenarioRule struct {
	ID        *uuid.UUID               `json:"id"`
	Kind      *generated.OperationType `json:"kind"`
	Service   *string                  `json:"service"`
	Partition *uuid.UUID               `json:"partition"`
	Node      *string                  `json:"node"`
	scenarioSteps
}

func (s scenarioRule) applies(r Record) bool {
	return is(s.ID, r.ID) && is(s.Kind, r.Kind) && is(s.Service, r.Target.ServiceName) &&
		is(s.Partition, r.Target.PartitionID) && is(s.Node, r.Target.NodeName)
}

// is compares where there is something to compare with.
func is[T comparable](want *T, got T) bool { return want == nil || *want == got }

// scenarioSteps is how the steps go, as far as the file says.
type scenarioSteps struct {
	Queue   *time.Duration `json:"queue"`
	LookUp  scenarioStep   `json:"lookUp"`
	Perform scenarioStep   `json:"perform"`
	Undo    scenarioStep   `json:"undo"`
}

func (s scenarioSteps) over(base Scenario, wrong func(error)) Scenario {
	override(&base.Queue, s.Queue)
	wrong(s.LookUp.over("lookUp", &base.LookUp, &base.LookUpFails))
	wrong(s.Perform.over("perform", &base.Perform, &base.PerformFails))
	wrong(s.Undo.over("undo", &base.Undo, &base.UndoFails))
	return base
}

type scenarioStep struct {
	Takes *time.Duration `json:"takes"`
	Fails *times         `json:"fails"`
	Code  *errorNumber   `json:"code"`
}

func (s scenarioStep) over(name string, takes *time.Duration, fails *Failure) error {
	override(takes, s.Takes)
	override((*times)(&fails.Times), s.Fails)
	override((*errorNumber)(&fails.Code), s.Code)
	if s.Code == nil || fails.Times != 0 {
		return nil
	}
	if s.Fails != nil {
		return fmt.Errorf("%s: it has a code but never fails", name)
	}
	fails.Times = Always
	return nil
}

const kindsText = "it must be PartitionDataLoss, PartitionQuorumLoss, PartitionRestart or NodeTransition"

func isKind(k generated.OperationType) bool {
	switch k {
	case generated.OperationTypePartitionDataLoss, generated.OperationTypePartitionQuorumLoss,
		generated.OperationTypePartitionRestart, generated.OperationTypeNodeTransition:
		return true
	default:
		return false
	}
}

const fabricScheme = "fabric:/"
