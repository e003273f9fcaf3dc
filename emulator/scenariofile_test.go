package emulator_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

func chosen(t *testing.T, file string, r emulator.Record) emulator.Scenario {
	t.Helper()
	choose, err := emulator.ParseScenarios([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return choose(r)
}

// TestScenarioInheritance: what a rule leaves out is as in "default", and what that
// leaves out is as in DefaultScenario.
func TestScenarioInheritance(t *testing.T) {
	const timeout = -2147017729
	base := emulator.DefaultScenario()
	with := func(edit func(*emulator.Scenario)) emulator.Scenario {
		s := base
		edit(&s)
		return s
	}
	for _, tt := range []struct {
		name, file string
		want       emulator.Scenario
	}{
		{"an empty file", `{}`, base},
		{"nothing but a default", `{"default": {"queue": "1m", "lookUp": {"takes": "0s"}, "perform": {"takes": "1h30m"}, "undo": {"takes": "1ms"}}}`,
			emulator.Scenario{Queue: time.Minute, Perform: 90 * time.Minute, Undo: millisecond}},
		{"an empty rule", `{"default": {"queue": "1m"}, "rules": [{}]}`, with(func(s *emulator.Scenario) { s.Queue = time.Minute })},
		{"a rule over a default", `{"default": {"queue": "1m", "undo": {"takes": "1s"}}, "rules": [{"queue": "2m"}]}`,
			with(func(s *emulator.Scenario) { s.Queue, s.Undo = 2*time.Minute, second })},
		{"part of a step", `{"default": {"perform": {"takes": "5s", "fails": 2, "code": "FABRIC_E_TIMEOUT"}}, "rules": [{"perform": {"takes": "6s"}}]}`,
			with(func(s *emulator.Scenario) {
				s.Perform, s.PerformFails = 6*second, emulator.Failure{Times: 2, Code: timeout}
			})},
		{"a rule that lets it succeed", `{"default": {"perform": {"fails": 2, "code": "FABRIC_E_TIMEOUT"}}, "rules": [{"perform": {"fails": 0}}]}`,
			with(func(s *emulator.Scenario) { s.PerformFails = emulator.Failure{Code: timeout} })},
		{"a number without a code", `{"default": {"undo": {"fails": 3}}}`, with(func(s *emulator.Scenario) { s.UndoFails.Times = 3 })},
		{"always", `{"default": {"lookUp": {"fails": "always"}}}`, with(func(s *emulator.Scenario) { s.LookUpFails.Times = emulator.Always })},
		{"a code without a number", `{"default": {"lookUp": {"code": "FABRIC_E_TIMEOUT"}}}`, with(func(s *emulator.Scenario) { s.LookUpFails = always(timeout) })},
		{"a code as a number", `{"default": {"lookUp": {"code": -2147017729}}}`, with(func(s *emulator.Scenario) { s.LookUpFails = always(timeout) })},
		{"a code without its sign", `{"default": {"lookUp": {"code": 2147949567}}}`, with(func(s *emulator.Scenario) { s.LookUpFails = always(timeout) })},
		{"a code in hexadecimal", `{"default": {"lookUp": {"code": "0x80071BFF"}}}`, with(func(s *emulator.Scenario) { s.LookUpFails = always(timeout) })},
		{"a code as a decimal text", `{"default": {"lookUp": {"code": "-2147017729"}}}`, with(func(s *emulator.Scenario) { s.LookUpFails = always(timeout) })},
		{"the least code", `{"default": {"lookUp": {"code": -2147483648}}}`, with(func(s *emulator.Scenario) { s.LookUpFails = always(math.MinInt32) })},
		{"the largest code", `{"default": {"lookUp": {"code": "0xFFFFFFFF"}}}`, with(func(s *emulator.Scenario) { s.LookUpFails = always(-1) })},
		{"the longest duration", `{"default": {"queue": "876000h"}}`, with(func(s *emulator.Scenario) { s.Queue = 876000 * time.Hour })},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := chosen(t, tt.file, emulator.Record{}); got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}

// TestScenarioRules: a rule applies to what matches all that it names, and the first
// that applies wins.
func TestScenarioRules(t *testing.T) {
	const file = `{"rules": [
		{"id": "11111111-1111-4111-8111-111111111111", "queue": "1s"},
		{"kind": "NodeTransition", "node": "_Node_0", "queue": "2s"},
		{"node": "_Node_0", "queue": "3s"},
		{"kind": "NodeTransition", "queue": "4s"},
		{"service": "fabric:/shop/orders", "partition": "1daae3f5-7fd6-42e9-b1ba-8c05f873994d", "queue": "5s"},
		{"partition": "1daae3f5-7fd6-42e9-b1ba-8c05f873994d", "kind": "PartitionRestart", "queue": "6s"},
		{"service": "fabric:/shop/orders", "queue": "7s"},
		{"service": "fabric:/shop/orders", "queue": "8s"},
		{"node": "", "service": "fabric:/shop/cart", "queue": "9s"}
	]}`
	partition := uuid.MustParse(aPartition)
	for _, tt := range []struct {
		name   string
		record emulator.Record
		want   time.Duration
	}{
		{"by its id, which comes first", emulator.Record{ID: uuid.MustParse("11111111-1111-4111-8111-111111111111"), Kind: kinds[3].kind}, 1},
		{"by kind and node", emulator.Record{Kind: kinds[3].kind, Target: emulator.Target{NodeName: "_Node_0"}}, 2},
		{"by kind, of another node", emulator.Record{Kind: kinds[3].kind, Target: emulator.Target{NodeName: "_node_0"}}, 4},
		{"by service and partition", emulator.Record{Kind: kinds[2].kind, Target: emulator.Target{ServiceName: "fabric:/shop/orders", PartitionID: partition}}, 5},
		{"by partition and kind", emulator.Record{Kind: kinds[2].kind, Target: emulator.Target{ServiceName: "fabric:/shop/web", PartitionID: partition}}, 6},
		{"by partition, of another kind", emulator.Record{Kind: kinds[1].kind, Target: emulator.Target{ServiceName: "fabric:/shop/web", PartitionID: partition}}, 0},
		{"by service: the first of two", emulator.Record{Kind: kinds[0].kind, Target: emulator.Target{ServiceName: "fabric:/shop/orders"}}, 7},
		{"an empty node is one that has to be empty", emulator.Record{Kind: kinds[0].kind, Target: emulator.Target{ServiceName: "fabric:/shop/cart"}}, 9},
		{"none", emulator.Record{Kind: kinds[0].kind, Target: emulator.Target{ServiceName: "fabric:/shop"}}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := chosen(t, file, tt.record).Queue; got != tt.want*second {
				t.Errorf("%v, want %v", got, tt.want*second)
			}
		})
	}
}

// The rules are asked with what the request says.
func TestScenarioRulesOverTheWire(t *testing.T) {
	choose, err := emulator.ParseScenarios([]byte(`{
		"default": {"lookUp": {"takes": "1s"}, "perform": {"takes": "1s"}},
		"rules": [
			{"kind": "PartitionQuorumLoss", "perform": {"takes": "1m"}},
			{"service": "fabric:/shop/orders", "partition": "1daae3f5-7fd6-42e9-b1ba-8c05f873994d", "perform": {"code": "FABRIC_E_PARTITION_NOT_FOUND"}},
			{"node": "_Node_0", "lookUp": {"fails": "always", "code": "FABRIC_E_NODE_NOT_FOUND"}}
		]}`))
	if err != nil {
		t.Fatal(err)
	}
	c := newCluster(t, server.Documented, nil, emulator.WithScenario(choose))
	ids := []uuid.UUID{c.start(0), c.start(1), c.start(2), c.start(3)}
	c.pass(20 * second)
	c.ends(0, ids[0], generated.OperationStateFaulted, partitionNotFound)
	c.ends(1, ids[1], generated.OperationStateRunning, 0)
	c.ends(2, ids[2], generated.OperationStateFaulted, partitionNotFound)
	c.ends(3, ids[3], generated.OperationStateFaulted, nodeNotFound)
	c.pass(time.Minute)
	c.ends(1, ids[1], generated.OperationStateCompleted, 0)
}

func TestParseScenariosRefuses(t *testing.T) {
	const codes, times, durations = "a name such as FABRIC_E_TIMEOUT", `from 0 up, or "always"`, `"30s"`
	step := func(fields string) string { return `{"default": {"perform": {` + fields + `}}}` }
	for _, tt := range []struct {
		name, file string
		says       []string
	}{
		{"nothing", ``, []string{"ends before"}},
		{"half", `{"rules": [{}`, []string{"ends before"}},
		{"no JSON", "{\n\n\"rules\": no}", []string{"line 3", "invalid character"}},
		{"two objects", "{}\n\n{}", []string{"line 3", "follows"}},
		{"an array", `[]`, []string{"array"}},
		{"an unknown member", `{"rule": []}`, []string{`"rule"`}},
		{"an unknown member of a rule", `{"rules": [{"perfom": {}}]}`, []string{`"perfom"`}},
		{"an unknown member of a step", step(`"take": "1s"`), []string{`"take"`}},
		{"a selector in the default", `{"default": {"node": "a"}}`, []string{`"node"`}},
		{"a step that is no object", `{"rules": [{"perform": "1s"}]}`, []string{"perform", "string"}},
		{"rules that are no list", `{"rules": {}}`, []string{"rules", "object"}},
		{"a kind of nobody's", `{"rules": [{}, {"kind": "DataLoss"}]}`, []string{"rules[1]", `kind "DataLoss"`, "PartitionDataLoss", "NodeTransition"}},
		{"an empty kind", `{"rules": [{"kind": ""}]}`, []string{"rules[0]", `kind ""`, "PartitionDataLoss"}},
		{"a service without its scheme", `{"rules": [{"service": "shop/orders"}]}`, []string{"rules[0]", `service "shop/orders"`, "fabric:/"}},
		{"a code that never comes", `{"rules": [{"undo": {"fails": 0, "code": "E_FAIL"}}]}`, []string{"rules[0]", "undo", "never"}},
		{"a code that never comes, in the default", step(`"fails": 0, "code": "E_FAIL"`), []string{"default", "perform", "never"}},
		{"a code of nobody's", step(`"code": "FABRIC_E_NONE"`), []string{`"FABRIC_E_NONE"`, codes}},
		{"a code in other letters", step(`"code": "fabric_e_timeout"`), []string{codes}},
		{"success", step(`"code": 0`), []string{"0", codes}},
		{"a positive code", step(`"code": 5`), []string{"5", codes}},
		{"a code that is too large", step(`"code": 4294967296`), []string{codes}},
		{"a code that is too small", step(`"code": -2147483649`), []string{codes}},
		{"a code with a fraction", step(`"code": -1.5`), []string{codes}},
		{"a code that is an object", step(`"code": {}`), []string{codes}},
		{"an empty code", step(`"code": ""`), []string{codes}},
		{"a negative number", step(`"fails": -1`), []string{"-1", times}},
		{"a number with a fraction", step(`"fails": 1.5`), []string{times}},
		{"a number too large", step(`"fails": 2147483648`), []string{times}},
		{"a number as a text", step(`"fails": "3"`), []string{times}},
		{"never", step(`"fails": "never"`), []string{times}},
		{"a duration as a number", step(`"takes": 5`), []string{"5", durations}},
		{"a duration without a unit", step(`"takes": "5"`), []string{`"5"`, durations}},
		{"a negative duration", step(`"takes": "-1s"`), []string{`"-1s"`, durations, "from 0"}},
		{"a duration that is too long", step(`"takes": "876001h"`), []string{durations, "876000h"}},
		{"a duration that overflows", step(`"takes": "99999999999h"`), []string{durations}},
		{"two mistakes in one rule", `{"rules": [{"undo": {"fails": 0, "code": "E_FAIL"}, "perform": {"fails": 0, "code": "E_FAIL"}}]}`, []string{"undo", "perform"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := emulator.ParseScenarios([]byte(tt.file))
			if err == nil {
				t.Fatal("it was read")
			}
			for _, part := range append(tt.says, "scenario file: ") {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
}

// TestParseScenariosRefusesWhatItWouldMisread has files that look right and are not.
func TestParseScenariosRefusesWhatItWouldMisread(t *testing.T) {
	for _, tt := range []struct{ name, file string }{
		{"null for a file", `null`},
		{"null for a rule", `{"rules": [null]}`},
		{"null for the rules", `{"rules": null}`},
		{"null for whom a rule is for", `{"rules": [{"kind": null}]}`},
		{"a member twice", `{"rules": [{"node": "a"}], "rules": [{"kind": "NodeTransition"}]}`},
		{"a member in other letters", `{"rules": [{"LOOKUP": {"takes": "1s"}}]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := parseScenarios([]byte(tt.file)); err == nil {
				t.Error("it was read")
			}
		})
	}
}
