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
//	    {"id": "5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01", "undo": {"fails": "always"}}
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
// 0x number. A step with a code and no number fails always, one with a number and no
// code with E_FAIL. [Failure] tells what follows from which code.
func ParseScenarios(data []byte) (func(Record) Scenario, error) {
	var file struct {
		Default scenarioSteps  `json:"default"`
		Rules   []scenarioRule `json:"rules"`
	}
	if err := decodeStrict(data, &file); err != nil {
		return nil, fmt.Errorf("scenario file: %w", err)
	}
	base, err := file.Default.over(DefaultScenario())
	if err != nil {
		return nil, fmt.Errorf("scenario file: default: %w", err)
	}
	scenarios := make([]Scenario, len(file.Rules))
	for i, rule := range file.Rules {
		if err := rule.check(); err != nil {
			return nil, fmt.Errorf("scenario file: rules[%d]: %w", i, err)
		}
		if scenarios[i], err = rule.over(base); err != nil {
			return nil, fmt.Errorf("scenario file: rules[%d]: %w", i, err)
		}
	}
	return func(r Record) Scenario {
		for i, rule := range file.Rules {
			if rule.applies(r) {
				return scenarios[i]
			}
		}
		return base
	}, nil
}

// scenarioRule is a rule of the file: whom it is for, and what they do.
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

func (s scenarioRule) check() error {
	if s.Kind != nil && !isKind(*s.Kind) {
		return fmt.Errorf("kind %q: %s", *s.Kind, kindsText)
	}
	if s.Service != nil && !strings.HasPrefix(*s.Service, "fabric:/") {
		return fmt.Errorf("service %q: it must begin with fabric:/", *s.Service)
	}
	return nil
}

// scenarioSteps is how the steps go, as far as the file says.
type scenarioSteps struct {
	Queue   *fileDuration `json:"queue"`
	LookUp  *scenarioStep `json:"lookUp"`
	Perform *scenarioStep `json:"perform"`
	Undo    *scenarioStep `json:"undo"`
}

func (s scenarioSteps) over(base Scenario) (Scenario, error) {
	if s.Queue != nil {
		base.Queue = time.Duration(*s.Queue)
	}
	return base, errors.Join(
		s.LookUp.over("lookUp", &base.LookUp, &base.LookUpFails),
		s.Perform.over("perform", &base.Perform, &base.PerformFails),
		s.Undo.over("undo", &base.Undo, &base.UndoFails))
}

type scenarioStep struct {
	Takes *fileDuration `json:"takes"`
	Fails *fileTimes    `json:"fails"`
	Code  *fileCode     `json:"code"`
}

func (s *scenarioStep) over(name string, takes *time.Duration, fails *Failure) error {
	if s == nil {
		return nil
	}
	if s.Takes != nil {
		*takes = time.Duration(*s.Takes)
	}
	if s.Code != nil {
		fails.Code = int32(*s.Code)
		if s.Fails == nil {
			fails.Times = Always
		}
	}
	if s.Fails != nil {
		fails.Times = int(*s.Fails)
	}
	if fails.Times == 0 && s.Code != nil {
		return fmt.Errorf("%s: it has a code but never fails", name)
	}
	return nil
}

// fileDuration is a duration such as "1m30s".
type fileDuration time.Duration

func (d *fileDuration) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf(`%s: a duration is a text such as "30s"`, data)
	}
	parsed, err := time.ParseDuration(text)
	if err != nil || parsed < 0 || parsed > maxFileDuration {
		return fmt.Errorf(`%q: a duration is a text such as "30s", from 0 to %v`, text, maxFileDuration)
	}
	*d = fileDuration(parsed)
	return nil
}

// maxFileDuration keeps sums of durations far from where they would overflow.
const maxFileDuration = 100 * 365 * 24 * time.Hour

// fileTimes is a number of failures, or "always".
type fileTimes int

func (n *fileTimes) UnmarshalJSON(data []byte) error {
	if string(data) == `"always"` {
		*n = Always
		return nil
	}
	parsed, err := strconv.ParseInt(string(data), 10, 32)
	if err != nil || parsed < 0 {
		return fmt.Errorf(`%s: fails is a number from 0 up, or "always"`, data)
	}
	*n = fileTimes(parsed)
	return nil
}

// fileCode is an HRESULT: its name, its signed number, or a text with a 0x number.
type fileCode int32

func (c *fileCode) UnmarshalJSON(data []byte) error {
	text := strings.Trim(string(data), `"`)
	if n, ok := HRESULT(text); ok {
		*c = fileCode(n)
		return nil
	}
	n, err := strconv.ParseInt(text, 0, 64)
	if err == nil && n > 0x7fffffff {
		n -= 1 << 32 // written without its sign, as 0x80071C54
	}
	if err != nil || n >= 0 || n < -1<<31 {
		return fmt.Errorf("%s: a code is a name such as FABRIC_E_TIMEOUT, or a negative HRESULT", data)
	}
	*c = fileCode(n)
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
