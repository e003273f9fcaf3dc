package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
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
	var defaults scenarioSteps
	var rules []scenarioRule
	err := readFile(data, map[string]member{
		"default": func(raw json.RawMessage) error { return readObject(raw, defaults.members()) },
		"rules":   listOf(&rules, readScenarioRule),
	})
	base, wrong := defaults.over(DefaultScenario())
	if err == nil && wrong != nil {
		err = within("default", wrong)
	}
	scenarios := make([]Scenario, len(rules))
	for i, rule := range rules {
		var wrong error
		if scenarios[i], wrong = rule.over(base); err == nil && wrong != nil {
			err = within(fmt.Sprintf("rules[%d]", i), wrong)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("scenario file: %w", err)
	}
	return func(r Record) Scenario {
		for i, rule := range rules {
			if rule.applies(r) {
				return scenarios[i]
			}
		}
		return base
	}, nil
}

// scenarioRule is a rule of the file: whom it is for, and what they do.
type scenarioRule struct {
	id, partition *uuid.UUID
	kind          *generated.OperationType
	service, node *string
	scenarioSteps
}

func readScenarioRule(raw json.RawMessage) (scenarioRule, error) {
	var s scenarioRule
	members := s.members()
	members["id"] = func(raw json.RawMessage) error { s.id = new(uuid.UUID); return idOf(s.id)(raw) }
	members["partition"] = func(raw json.RawMessage) error { s.partition = new(uuid.UUID); return idOf(s.partition)(raw) }
	members["kind"] = valueOf(&s.kind, "a text")
	members["service"] = valueOf(&s.service, "a text")
	members["node"] = valueOf(&s.node, "a text")
	err := readObject(raw, members)
	if s.kind != nil && !isKind(*s.kind) {
		err = errors.Join(err, fmt.Errorf("kind %q: %s", *s.kind, kindsText))
	}
	if s.service != nil && !strings.HasPrefix(*s.service, fabricScheme) {
		err = errors.Join(err, fmt.Errorf("service %q: it must begin with %s", *s.service, fabricScheme))
	}
	return s, err
}

func (s scenarioRule) applies(r Record) bool {
	return is(s.id, r.ID) && is(s.kind, r.Kind) && is(s.service, r.Target.ServiceName) &&
		is(s.partition, r.Target.PartitionID) && is(s.node, r.Target.NodeName)
}

// is compares where there is something to compare with.
func is[T comparable](want *T, got T) bool { return want == nil || *want == got }

// scenarioSteps is how the steps go, as far as the file says.
type scenarioSteps struct {
	queue                 *time.Duration
	lookUp, perform, undo scenarioStep
}

func (s *scenarioSteps) members() map[string]member {
	return map[string]member{
		"queue":   durationOf(&s.queue),
		"lookUp":  s.lookUp.read,
		"perform": s.perform.read,
		"undo":    s.undo.read,
	}
}

func (s *scenarioSteps) over(base Scenario) (Scenario, error) {
	if s.queue != nil {
		base.Queue = *s.queue
	}
	return base, errors.Join(
		s.lookUp.over("lookUp", &base.LookUp, &base.LookUpFails),
		s.perform.over("perform", &base.Perform, &base.PerformFails),
		s.undo.over("undo", &base.Undo, &base.UndoFails))
}

type scenarioStep struct {
	takes *time.Duration
	fails *int
	code  *int32
}

func (s *scenarioStep) read(raw json.RawMessage) error {
	return readObject(raw, map[string]member{"takes": durationOf(&s.takes), "fails": timesOf(&s.fails), "code": hresultOf(&s.code)})
}

func (s *scenarioStep) over(name string, takes *time.Duration, fails *Failure) error {
	if s.takes != nil {
		*takes = *s.takes
	}
	if s.fails != nil {
		fails.Times = *s.fails
	}
	if s.code == nil {
		return nil
	}
	fails.Code = *s.code
	if s.fails == nil && fails.Times == 0 {
		fails.Times = Always
	}
	if fails.Times == 0 {
		return fmt.Errorf("%s: it has a code but never fails", name)
	}
	return nil
}

// maxFileDuration keeps sums of durations far from where they would overflow.
const maxFileDuration = 100 * 365 * 24 * time.Hour

// durationOf reads a duration such as "1m30s".
func durationOf(into **time.Duration) member {
	return func(raw json.RawMessage) error {
		var text string
		err := json.Unmarshal(raw, &text)
		parsed, wrong := time.ParseDuration(text)
		if err != nil || wrong != nil || parsed < 0 || parsed > maxFileDuration {
			return fmt.Errorf(`it must be a duration such as "30s", from 0 to %v, not %s`, maxFileDuration, sortOf(raw))
		}
		*into = &parsed
		return nil
	}
}

// timesOf reads a number of failures, or "always".
func timesOf(into **int) member {
	return func(raw json.RawMessage) error {
		times := Always
		if string(raw) != `"always"` {
			parsed, err := strconv.ParseInt(string(raw), 10, 32)
			if err != nil || parsed < 0 {
				return fmt.Errorf(`it must be a number from 0 up, or "always", not %s`, sortOf(raw))
			}
			times = int(parsed)
		}
		*into = &times
		return nil
	}
}

// hresultOf reads an HRESULT: its name, its signed number, or a text with a 0x number.
func hresultOf(into **int32) member {
	return func(raw json.RawMessage) error {
		text := strings.Trim(string(raw), `"`)
		code, known := HRESULT(text)
		if !known {
			n, err := strconv.ParseInt(text, 0, 64)
			if err == nil && n > 0x7fffffff {
				n -= 1 << 32 // written without its sign, as 0x80071C54
			}
			if err != nil || n >= 0 || n < -1<<31 {
				return fmt.Errorf("it must be a name such as FABRIC_E_TIMEOUT, or a negative HRESULT, not %s", sortOf(raw))
			}
			code = int32(n)
		}
		*into = &code
		return nil
	}
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
