package emulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// TestConformanceSeeds: the "given" of every conformance case is a seed as it stands
// there, and the operations are shown as §5.1 says.
func TestConformanceSeeds(t *testing.T) {
	var file struct {
		Cases []struct {
			ID    string
			Given json.RawMessage
		}
	}
	text, err := os.ReadFile("testdata/conformance-cases.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 100 {
		t.Fatalf("only %d cases", len(file.Cases))
	}
	for _, tt := range file.Cases {
		t.Run(tt.ID, func(t *testing.T) {
			var given struct {
				Operations []struct {
					ID        uuid.UUID
					Kind      generated.OperationType
					Step      emulator.Step
					Rollback  emulator.Rollback
					ErrorCode int32
					Node      string
				}
				Service       emulator.Availability
				FabricVersion string
				Security      struct {
					Mode  string
					Roles bool
				}
			}
			if err := json.Unmarshal(tt.Given, &given); err != nil {
				t.Fatal(err)
			}
			seed, err := emulator.ParseSeed(tt.Given)
			if err != nil {
				t.Fatal(err)
			}
			if given.Service == "" {
				given.Service = emulator.Ready
			}
			if given.Security.Mode == "" {
				given.Security.Mode = "None"
			}
			if seed.Availability != given.Service || seed.RuntimeVersion != given.FabricVersion ||
				seed.Security != (emulator.SeedSecurity{Mode: given.Security.Mode, Roles: given.Security.Roles}) {
				t.Errorf("read as %+v", seed)
			}
			c := newCluster(t, server.Runtime, nil, emulator.WithSettings(seed.Settings))
			if err := c.engine.Plant(t.Context(), seed); err != nil {
				t.Fatal(err)
			}
			if got := len(c.list("65535", "65535")); got != len(given.Operations) {
				t.Errorf("%d operations are listed, want %d", got, len(given.Operations))
			}
			for _, op := range given.Operations {
				want := emulator.Record{Step: op.Step, Rollback: op.Rollback}
				got := c.record(op.ID)
				if got.Kind != op.Kind || got.Step != op.Step || got.Rollback != op.Rollback || got.ErrorCode != op.ErrorCode ||
					op.Node != "" && got.Target.NodeName != op.Node {
					t.Errorf("planted as %+v, want %+v", got, op)
				}
				if state := c.state(op.ID); state != want.State() {
					t.Errorf("shown as %s, want %s", state, want.State())
				}
			}
		})
	}
}

func TestParseSeedDefaults(t *testing.T) {
	want := emulator.Seed{
		Cluster: emulator.Cluster{
			Services: []emulator.Service{{Name: "fabric:/app/svc", Partitions: []uuid.UUID{uuid.MustParse(aPartition)}}},
			Nodes:    []emulator.Node{{Name: "_Node_0", InstanceID: "5"}},
		},
		Availability: emulator.Ready,
		Security:     emulator.SeedSecurity{Mode: "None"},
	}
	if diff := cmp.Diff(emulator.DefaultCluster(), want.Cluster); diff != "" {
		t.Errorf("the default cluster: %s", diff)
	}
	for _, file := range []string{`{}`, " {\n}\n", `{"operations":[]}`} {
		got := parsed(t, file)
		if diff := cmp.Diff(want, got, ignoreDigest, cmp.Transformer("none", func(ops []emulator.SeedOperation) int { return len(ops) })); diff != "" {
			t.Errorf("%q: %s", file, diff)
		}
	}
}

// ignoreDigest leaves out what is not for the eyes of a caller.
var ignoreDigest = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".digest" }, cmp.Ignore())

// TestParseSeed has everything that a file may say.
func TestParseSeed(t *testing.T) {
	other := uuid.MustParse("2daae3f5-7fd6-42e9-b1ba-8c05f873994d")
	cluster := func(file string) emulator.Cluster { return parsed(t, file).Cluster }
	partitions := []uuid.UUID{uuid.MustParse(aPartition)}
	for _, tt := range []struct {
		name string
		got  any
		want any
	}{
		{"no services", cluster(`{"services":[]}`).Services, []emulator.Service(nil)},
		{"no nodes", cluster(`{"nodes":[]}`).Nodes, []emulator.Node(nil)},
		{"services alone: the nodes are the default", cluster(`{"services":[]}`).Nodes, emulator.DefaultCluster().Nodes},
		{"a service by its name alone", cluster(`{"services":[{"name":"fabric:/a/b"}]}`).Services,
			[]emulator.Service{{Name: "fabric:/a/b", Partitions: partitions}}},
		{"kinds", cluster(`{"services":[{"name":"fabric:/a","kind":"Stateful"},{"name":"fabric:/b","kind":"Stateless"},
			{"name":"fabric:/c","kind":"Stateful","persisted":false},{"name":"fabric:/d","hasPersistedState":false},
			{"name":"fabric:/e","persisted":true},{"name":"fabric:/f","kind":"Stateless","persisted":false}]}`).Services,
			[]emulator.Service{{Name: "fabric:/a", Partitions: partitions}, {Name: "fabric:/b", Stateless: true, Partitions: partitions},
				{Name: "fabric:/c", Volatile: true, Partitions: partitions}, {Name: "fabric:/d", Volatile: true, Partitions: partitions},
				{Name: "fabric:/e", Partitions: partitions}, {Name: "fabric:/f", Stateless: true, Partitions: partitions}}},
		{"partitions", cluster(`{"services":[{"name":"fabric:/a","partitions":["` + other.String() + `"]},{"name":"fabric:/b","partitions":[]}]}`).Services,
			[]emulator.Service{{Name: "fabric:/a", Partitions: []uuid.UUID{other}}, {Name: "fabric:/b"}}},
		{"nodes", cluster(`{"nodes":[{"name":"a"},{"name":"b","instance":"7"},{"name":"c","instance":18446744073709551615},
			{"name":"d","status":"Down"},{"name":"e","status":"Down","stoppedByFas":true},{"name":"f","status":"Up","stoppedByFas":true}]}`).Nodes,
			[]emulator.Node{{Name: "a", InstanceID: "5"}, {Name: "b", InstanceID: "7"}, {Name: "c", InstanceID: "18446744073709551615"},
				{Name: "d", InstanceID: "5", Down: true}, {Name: "e", InstanceID: "5", Down: true, Stopped: true}, {Name: "f", InstanceID: "5", Stopped: true}}},
		{"config", parsed(t, `{"config":{"MaxStoredActionCount":1,"CompletedActionKeepDurationInSeconds":2,"StoredActionCleanupIntervalInSeconds":3,
			"CommandStepRetryBackoffInSeconds":"4","StopNodeMinDurationInSeconds":5,"StopNodeMaxDurationInSeconds":6,
			"RequestTimeoutInSeconds":1,"OperationTimeoutInSeconds":1,"ConcurrentRequests":7,"DataLossCheckWaitDurationInSeconds":1,
			"DataLossCheckPollIntervalInSeconds":1,"ReplicaDropWaitDurationInSeconds":1}}`).Settings,
			emulator.Settings{MaxStoredActionCount: 1, CompletedActionKeepDuration: 2 * second, StoredActionCleanupInterval: 3 * second,
				CommandStepRetryBackoff: 4 * second, StopNodeMinDuration: 5 * second, StopNodeMaxDuration: 6 * second, ConcurrentRequests: 7}},
		{"a least stop alone", parsed(t, `{"config":{"StopNodeMinDurationInSeconds":5}}`).Settings, emulator.Settings{StopNodeMinDuration: 5 * second}},
		{"one length of stop", parsed(t, `{"config":{"StopNodeMinDurationInSeconds":5,"StopNodeMaxDurationInSeconds":5}}`).Settings,
			emulator.Settings{StopNodeMinDuration: 5 * second, StopNodeMaxDuration: 5 * second}},
		{"a node that has been in a transition, and is in another", len(parsed(t, `{"operations":[
			{"id":"11111111-1111-4111-8111-111111111111","kind":"NodeTransition","step":"IntentSaved"},
			{"id":"21111111-1111-4111-8111-111111111111","kind":"NodeTransition","step":"Failed"}]}`).Operations), 2},
		{"availability", parsed(t, `{"service":"noWriteQuorum"}`).Availability, emulator.NoWriteQuorum},
		{"cluster id", parsed(t, `{"clusterId":"mine"}`).ClusterID, "mine"},
		{"version", parsed(t, `{"fabricVersion":"7.1"}`).RuntimeVersion, "7.1"},
		{"security", parsed(t, `{"security":{"mode":"X509","roles":true,"clientCert":"admin"}}`).Security, emulator.SeedSecurity{Mode: "X509", Roles: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A setting of 0 is no setting that was left out.
func TestParseSeedConfigOfZero(t *testing.T) {
	s := parsed(t, `{"config":{"MaxStoredActionCount":0,"CompletedActionKeepDurationInSeconds":0,"StopNodeMinDurationInSeconds":0,
		"StopNodeMaxDurationInSeconds":0,"CommandStepRetryBackoffInSeconds":0,"StoredActionCleanupIntervalInSeconds":0,"ConcurrentRequests":0}}`)
	got := emulator.New(nil, emulator.WithSettings(s.Settings)).Settings()
	if want := (emulator.Settings{CommandStepRetryBackoff: millisecond, StoredActionCleanupInterval: second, ConcurrentRequests: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestParseSeedOperations(t *testing.T) {
	const id = `"id":"11111111-1111-4111-8111-111111111111"`
	one := func(fields string) emulator.SeedOperation {
		t.Helper()
		return parsed(t, `{"operations":[{`+id+`,`+fields+`}]}`).Operations[0]
	}
	partition := one(`"kind":"PartitionQuorumLoss","step":"LookingUpState","mode":"AllReplicas","durationSeconds":90,"ageSeconds":5`)
	if partition.Rollback != emulator.NotRollingBack || partition.ErrorCode != 0 || partition.Age != 5*second || partition.Scenario != (emulator.Scenario{}) {
		t.Errorf("%+v", partition)
	}
	if want := (emulator.Target{ServiceName: "fabric:/app/svc", PartitionID: uuid.MustParse(aPartition), Mode: "AllReplicas", Duration: 90 * second}); partition.Target != want {
		t.Errorf("%+v, want %+v", partition.Target, want)
	}
	const elsewhere = "2daae3f5-7fd6-42e9-b1ba-8c05f873994d"
	partition = one(`"kind":"PartitionRestart","step":"Failed","service":"fabric:/a","partition":"` + elsewhere + `"`)
	if want := (emulator.Target{ServiceName: "fabric:/a", PartitionID: uuid.MustParse(elsewhere)}); partition.Target != want {
		t.Errorf("%+v, want %+v", partition.Target, want)
	}
	for kind, modes := range map[string][]string{
		"PartitionDataLoss":   {"PartialDataLoss", "FullDataLoss"},
		"PartitionQuorumLoss": {"QuorumReplicas", "QuorumLossReplicas", "AllReplicas"}, // of one or the other profile
		"PartitionRestart":    {"AllReplicasOrInstances", "OnlyActiveSecondaries"},
	} {
		for _, mode := range modes {
			if got := one(`"step":"Failed","kind":"` + kind + `","mode":"` + mode + `"`).Target.Mode; got != mode {
				t.Errorf("%s became %q", mode, got)
			}
		}
	}
	node := one(`"kind":"NodeTransition","step":"Failed","rollback":"RollingBackForce","errorCode":-5`)
	if node.ErrorCode != -5 || node.Rollback != emulator.RollingBackForce {
		t.Errorf("%+v", node)
	}
	if want := (emulator.Target{NodeName: "_Node_0", NodeInstanceID: "5", Transition: generated.NodeTransitionTypeStop, Duration: 600 * second}); node.Target != want {
		t.Errorf("%+v, want %+v", node.Target, want)
	}
	node = one(`"kind":"NodeTransition","step":"Failed","node":"x","instance":7,"transition":"Start"`)
	if node.Target.NodeName != "x" || node.Target.NodeInstanceID != "7" || node.Target.Transition != generated.NodeTransitionTypeStart {
		t.Errorf("%+v", node.Target)
	}
}

// §5.6: of the restarts of a stateless service only that of active secondaries is wrong,
// and one without a mode is none.
func TestSeedOperationWithoutAMode(t *testing.T) {
	c := newCluster(t, server.Runtime, nil)
	if err := c.engine.Plant(t.Context(), parsed(t, fmt.Sprintf(`{"services":[{"name":"fabric:/app/svc","kind":"Stateless"}],
		"operations":[{"id":"%s","kind":"PartitionRestart","step":"LookingUpState"}]}`, uuid.Max))); err != nil {
		t.Fatal(err)
	}
	c.pass(10 * second)
	c.ends(2, uuid.Max, generated.OperationStateCompleted, 0)
}

// §5.3: an operation whose step keeps failing is under way until it is forced, whether it
// goes forward or back; a node transition tries on.
func TestStepKeepsFailing(t *testing.T) {
	for n, k := range kinds {
		for _, step := range steps[:3] {
			for _, flag := range []emulator.Rollback{emulator.NotRollingBack, emulator.RollingBackAndWillFail, emulator.RollingBackDueToUserCancel} {
				if flag == emulator.RollingBackDueToUserCancel && step == emulator.StepIntentSaved && n != transitionKind {
					continue // in the queue there is no step that could fail
				}
				if flag == emulator.RollingBackAndWillFail && n == transitionKind {
					continue // nothing of a transition is undone; see §5.4, "not worth emulating"
				}
				t.Run(fmt.Sprintf("%s/%s/%s", k.kind, step, flag), func(t *testing.T) {
					c := newCluster(t, server.Runtime, nil)
					if err := c.engine.Plant(t.Context(), parsed(t, fmt.Sprintf(
						`{"operations":[{"id":"%s","kind":"%s","step":"%s","rollback":"%s","stepKeepsFailing":true}]}`, uuid.Max, k.kind, step, flag))); err != nil {
						t.Fatal(err)
					}
					c.pass(12 * time.Hour)
					if r := c.record(uuid.Max); r.Terminal() {
						t.Fatalf("it ended: %+v", r)
					}
					c.cancel(uuid.Max, "false")
					c.pass(12 * time.Hour)
					if got := c.state(uuid.Max); got != generated.OperationStateRollingBack {
						t.Fatalf("after a graceful cancel it is shown as %s", got)
					}
					c.cancel(uuid.Max, "true")
					c.pass(time.Minute)
					if got := c.state(uuid.Max); got != generated.OperationStateForceCancelled {
						t.Errorf("after a force it is shown as %s", got)
					}
				})
			}
		}
	}
}

// anOperation is a seed file with one operation that has these fields besides.
func anOperation(fields string) string {
	return `{"operations": [{"id": "11111111-1111-4111-8111-111111111111", "kind": "PartitionDataLoss", "step": "IntentSaved", ` + fields + `}]}`
}

// TestParseSeedRefuses: whatever is wrong, there is an error that names the place and
// says what is allowed there.
func TestParseSeedRefuses(t *testing.T) {
	const id = `"id": "11111111-1111-4111-8111-111111111111", `
	for _, tt := range []struct {
		name, file string
		says       []string
	}{
		{"nothing", ``, []string{"ends before"}},
		{"blanks", " \n\t", []string{"ends before"}},
		{"half", `{"operations": [`, []string{"ends before"}},
		{"no JSON", "{\n\"operations\": nothing}", []string{"line 2", "invalid character"}},
		{"YAML", "operations:\n  - id: 1", []string{"line 1", "must be JSON", "invalid character"}},
		{"two objects", "{}\n{}", []string{"line 2", "follows"}},
		{"more brackets", "{}}", []string{"line 1", "follows"}},
		{"nested without end", strings.Repeat("[", 1_000_000), []string{"depth"}},
		{"an array", `[]`, []string{"array"}},
		{"a text", `"operations"`, []string{"string"}},
		{"an unknown member", `{"operation": []}`, []string{`"operation"`}},
		{"an unknown member of an operation", anOperation(`"state": "Running"`), []string{`"state"`}},
		{"an unknown member of a service", `{"services": [{"name": "fabric:/a", "stateless": true}]}`, []string{`"stateless"`}},
		{"an unknown member of a node", `{"nodes": [{"name": "a", "down": true}]}`, []string{`"down"`}},
		{"an unknown member of security", `{"security": {"cert": ""}}`, []string{`"cert"`}},

		{"an operation that is no object", "{\n\n\"operations\": [5]}", []string{"operations[0]", "number"}},
		{"operations that are no list", `{"operations": {}}`, []string{"operations", "object"}},
		{"an operation without a kind", `{"operations": [{` + id + `"step": "Failed"}]}`, []string{"operations[0]", `kind ""`, "PartitionRestart"}},
		{"an operation without a step", `{"operations": [{` + id + `"kind": "PartitionRestart"}]}`, []string{"operations[0]", `step ""`, "LookingUpState"}},
		{"all that is wrong with an operation", `{"operations": [{"kind": "restart", "step": "Running", "rollback": "no", "errorCode": "x", "mode": "all"}]}`,
			[]string{"operations[0]: id is missing", `kind "restart"`, `step "Running"`, `rollback "no"`, "errorCode", `mode "all"`}},
		{"a mode of another kind", `{"operations": [{` + id + `"kind": "PartitionQuorumLoss", "step": "Failed", "mode": "FullDataLoss"}]}`,
			[]string{"operations[0]", `mode "FullDataLoss"`, "PartitionQuorumLoss"}},
		{"the second operation", `{"operations": [{"id": "21111111-1111-4111-8111-111111111111", "kind": "PartitionRestart", "step": "Failed"}, {` + id + `"kind": "restart", "step": "Failed"}]}`,
			[]string{"operations[1]", `kind "restart"`}},
		{"a flag of nobody's", anOperation(`"rollback": "RollingBack"`), []string{"operations[0]", `rollback "RollingBack"`, "RollingBackForce"}},
		{"the same id twice", `{"operations": [{` + id + `"kind": "PartitionRestart", "step": "Failed"}, {` + id + `"kind": "PartitionRestart", "step": "Failed"}]}`,
			[]string{"operations[1]", "11111111-1111-4111-8111-111111111111", "another"}},
		{"a transition of nobody's", `{"operations": [{` + id + `"kind": "NodeTransition", "step": "Failed", "transition": "Restart"}]}`,
			[]string{"operations[0]", `transition "Restart"`, "Start or Stop"}},
		{"a transition without a node", `{"operations": [{` + id + `"kind": "NodeTransition", "step": "Failed", "node": ""}]}`, []string{"operations[0]", "node"}},
		{"a code that is a text", anOperation(`"errorCode": "E_FAIL"`), []string{"errorCode", "string"}},
		{"a code that is too large", anOperation(`"errorCode": 2147483648`), []string{"errorCode", "2147483648"}},
		{"a negative age", anOperation(`"ageSeconds": -1`), []string{"ageSeconds", "-1"}},
		{"a duration with a fraction", anOperation(`"durationSeconds": 1.5`), []string{"durationSeconds", "1.5"}},
		{"an instance of 0", anOperation(`"instance": 0`), []string{"instance", "from 1 to"}},
		{"a negative instance", anOperation(`"instance": -5`), []string{"instance", "from 1 to"}},
		{"an instance in hexadecimal", `{"nodes": [{"name": "a", "instance": "0x5"}]}`, []string{"instance", "from 1 to"}},
		{"an instance that is too large", `{"nodes": [{"name": "a", "instance": 18446744073709551616}]}`, []string{"instance", "18446744073709551615"}},

		{"a service without a name", `{"services": [{}]}`, []string{"services[0]", `name ""`, "fabric:/"}},
		{"a service without its scheme", `{"services": [{"name": "fabric:/a"}, {"name": "app/svc"}]}`, []string{"services[1]", `name "app/svc"`, "fabric:/"}},
		{"a kind of service", `{"services": [{"name": "fabric:/a", "kind": "stateless"}]}`, []string{"services[0]", `kind "stateless"`, "Stateful or Stateless"}},
		{"a service twice", `{"services": [{"name": "fabric:/a"}, {"name": "fabric:/a"}]}`, []string{"services[1]", `"fabric:/a"`, "another service"}},
		{"a node without a name", `{"nodes": [{}]}`, []string{"nodes[0]", "name"}},
		{"a node twice", `{"nodes": [{"name": "a"}, {"name": "b"}, {"name": "a"}]}`, []string{"nodes[2]", `"a"`, "another node"}},
		{"a node in between", `{"nodes": [{"name": "a", "status": "Disabled"}]}`, []string{"nodes[0]", `status "Disabled"`, "Up or Down"}},

		{"a condition of nobody's", `{"service": "down"}`, []string{`"down"`, "ready", "gatewayCannotReachNaming"}},
		{"a condition in other letters", `{"service": "Ready"}`, []string{`"Ready"`, "ready"}},
		{"a setting of nobody's", `{"config": {"MaxStored": 1}}`, []string{"config", `"MaxStored"`, "MaxStoredActionCount"}},
		{"a negative setting", `{"config": {"MaxStoredActionCount": -1}}`, []string{"config.MaxStoredActionCount", "-1", "from 0 to 2147483647"}},
		{"a setting that is too large", `{"config": {"CompletedActionKeepDurationInSeconds": 2147483648}}`, []string{"config.CompletedActionKeepDurationInSeconds", "from 0 to 2147483647"}},
		{"a setting that is an object", `{"config": {"ConcurrentRequests": {}}}`, []string{"config.ConcurrentRequests", "from 0 to"}},
		{"a mode of nobody's", `{"security": {"mode": "x509"}}`, []string{"security", `mode "x509"`, "None, X509, AAD or Windows"}},
		{"a version that is a number", `{"fabricVersion": 8.2}`, []string{"fabricVersion", "number"}},

		{"all that is wrong at once", `{"nodes": [{}], "services": [{}], "service": "x"}`, []string{"nodes[0]", "services[0]", `"x"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := emulator.ParseSeed([]byte(tt.file))
			if err == nil {
				t.Fatal("it was read")
			}
			for _, part := range append(tt.says, "seed file: ") {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
}

// TestParseSeedRefusesWhatItWouldMisread has files that look right and are not: what is
// read of them is not what is in them.
func TestParseSeedRefusesWhatItWouldMisread(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		says       []string
	}{
		{"an operation without an id", `{"operations": [{"kind": "PartitionRestart", "step": "Failed"}]}`, []string{"operations[0]", "id"}},
		{"null for a file", `null`, []string{"null"}},
		{"null for an operation", `{"operations": [null]}`, []string{"operations[0]"}},
		{"null for a list", `{"operations": null}`, []string{"operations: it must be a list, not null"}},
		{"null for a text", `{"clusterId": null}`, []string{"clusterId: it must be a text, not null"}},
		{"an id in braces", `{"operations": [{"id": "{11111111-1111-4111-8111-111111111111}"}]}`, []string{"operations[0].id", "36 characters"}},
		{"an id without hyphens", `{"operations": [{"id": "11111111111141118111111111111111"}]}`, []string{"operations[0].id", "36 characters"}},
		{"a member twice", `{"nodes": [{"name": "a", "status": "Down"}], "nodes": [{"name": "b"}]}`, []string{"nodes"}},
		{"a member in other letters", `{"Operations": []}`, []string{"Operations"}},
		{"two live transitions of a node", `{"operations": [
			{"id": "11111111-1111-4111-8111-111111111111", "kind": "NodeTransition", "step": "IntentSaved"},
			{"id": "22222222-2222-4222-8222-222222222222", "kind": "NodeTransition", "step": "PerformingActions"}]}`, []string{"operations[1]", "_Node_0"}},
		{"a service of an operation without its scheme", anOperation(`"service": "app/svc"`), []string{"operations[0]", "fabric:/"}},
		{"a version that is none", `{"fabricVersion": "new"}`, []string{"fabricVersion"}},
		{"half a version", `{"fabricVersion": "8"}`, []string{"fabricVersion", "MAJOR.MINOR"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := emulator.ParseSeed([]byte(tt.file))
			if err == nil {
				t.Fatal("it was read")
			}
			for _, part := range tt.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
}

var lineOf = regexp.MustCompile(`line (\d+)`)

// TestFilesErrorsNameTheLine: an error that names a line names the right one. Each file
// has one mistake, on the line that ends with "here", which is cut off.
func TestFileErrorsNameTheLine(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		parse      func([]byte) error
	}{
		{"seed: syntax", "{\n \"operations\":\n [}here\n ]\n}", parseSeed},
		{"seed: a wrong type", "{\n \"operations\": [{\n  \"errorCode\": \"x\"here\n  }]\n}\n", parseSeed},
		{"seed: an unknown member", "{\n \"operations\": [{\n  \"state\": 5here\n  }]\n}\n", parseSeed},
		{"seed: an id", "{\n \"operations\": [{\n  \"id\": \"11\"here\n  }]\n}\n", parseSeed},
		{"seed: an instance", "{\n \"nodes\": [{\n  \"instance\": 0here\n  }]\n}\n", parseSeed},
		{"seed: something behind", "{\n}\n\n{}here\n\n", parseSeed},
		{"scenario: syntax", "{\n \"rules\":\n [}here\n ]\n}", parseScenarios},
		{"scenario: a duration", "{\n \"rules\": [{\n  \"queue\": \"1\"here\n  }]\n}\n", parseScenarios},
		{"scenario: a code", "{\n \"default\": {\n  \"undo\": {\"code\": \"E_NONE\"}here\n  }\n}\n", parseScenarios},
		{"scenario: a number", "{\n \"default\": {\n  \"undo\": {\"fails\": -1}here\n  }\n}\n", parseScenarios},
		{"scenario: an id", "{\n \"rules\": [{\n  \"id\": \"11\"here\n  }]\n}\n", parseScenarios},
		{"scenario: an unknown member", "{\n \"rules\": [{\n  \"name\": \"11\"here\n  }]\n}\n", parseScenarios},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before, after, _ := strings.Cut(tt.file, "here")
			err := tt.parse([]byte(before + after))
			if err == nil {
				t.Fatal("it was read")
			}
			match := lineOf.FindStringSubmatch(err.Error())
			if match == nil {
				return // it names no line, but it may name the member; see the tables
			}
			if line, want := match[1], 1+strings.Count(before, "\n"); line != strconv.Itoa(want) {
				t.Errorf("%q, but it is on line %d", err, want)
			}
		})
	}
}

func parseSeed(data []byte) error {
	_, err := emulator.ParseSeed(data)
	return err
}

func parseScenarios(data []byte) error {
	_, err := emulator.ParseScenarios(data)
	return err
}

// An error is for a person: no names of Go, and the same every time.
func TestFileErrorsAreForPeople(t *testing.T) {
	for _, tt := range []struct {
		file  string
		parse func([]byte) error
		not   string
	}{
		{`{"rules": [{"perform": 5}]}`, parseScenarios, "scenarioSteps"},
		{`[]`, parseSeed, "  "},
		{`[]`, parseScenarios, "  "},
		{`{"operation": []}`, parseSeed, "json:"},
		{`{"operations": [{"id": "1"}]}`, parseSeed, "UUID length"},
		{`{"nodes": [{}, {}]}`, parseSeed, "another"}, // what is missing is not there twice
		{`{"operations": "` + strings.Repeat("x", 1000) + `"}`, parseSeed, strings.Repeat("x", 41)},
	} {
		if err := tt.parse([]byte(tt.file)); err == nil || strings.Contains(err.Error(), tt.not) {
			t.Errorf("%s: %v", tt.file, err)
		}
	}
	var texts []string
	for range 20 {
		texts = append(texts, fmt.Sprint(parseSeed([]byte(`{"config": {"A": 1, "B": 2, "C": 3, "D": "x"}}`))))
	}
	if slices.Sort(texts); texts[0] != texts[len(texts)-1] {
		t.Errorf("the same file gives %q and %q", texts[0], texts[len(texts)-1])
	}
}

// TestSeedSentences has every sentence of the two documents about what a cancel and a
// force do, for both of their api-versions, over the wire. What they say of parameters
// is in the tests of the document and of the server.
func TestSeedSentences(t *testing.T) {
	const failing = "FullDataLoss" // the operations of this mode fail by themselves
	for _, version := range []string{"3.0", "6.0"} {
		sentences := []struct {
			name  string
			holds func(t *testing.T, s seed)
		}{
			{"cancels a user-induced fault operation", func(t *testing.T, s seed) {
				s.cancel(s.start(2), "false").is(t, http.StatusOK, "")
			}},
			{"four APIs start operations that may be cancelled", func(t *testing.T, s seed) {
				for n := range kinds {
					id := s.start(n)
					s.cancel(id, "false").is(t, http.StatusOK, "")
					s.pass(10 * second)
					s.shows(t, id, generated.OperationStateCancelled)
				}
			}},
			{"force false: gracefully stopped and cleaned up", func(t *testing.T, s seed) {
				id := s.start(2)
				s.pass(1500 * millisecond) // it looks up its target
				s.cancel(id, "false").is(t, http.StatusOK, "")
				s.pass(second)
				if r := s.record(t, id); r.Phase != emulator.PhaseUndoing {
					t.Errorf("nothing is cleaned up: %+v", r)
				}
				s.pass(second)
				s.shows(t, id, generated.OperationStateCancelled)
			}},
			{"force true: aborted, and internal state may be left behind", func(t *testing.T, s seed) {
				id := s.start(2)
				s.pass(1500 * millisecond)
				s.cancel(id, "false").is(t, http.StatusOK, "")
				s.cancel(id, "true").is(t, http.StatusOK, "")
				s.pass(500 * millisecond) // the step ends, and nothing is cleaned up after it
				s.shows(t, id, generated.OperationStateForceCancelled)
			}},
			{"force is not allowed until called with force false first", func(t *testing.T, s seed) {
				id := s.start(2)
				s.cancel(id, "true").is(t, http.StatusBadRequest, generated.ErrorCodeInvalidTestCommandState)
				s.shows(t, id, generated.OperationStateRunning)
				s.cancel(id, "false").is(t, http.StatusOK, "")
				s.cancel(id, "true").is(t, http.StatusOK, "")
			}},
			{"on the same test command", func(t *testing.T, s seed) {
				s.cancel(s.start(2), "false").is(t, http.StatusOK, "")
				s.cancel(s.start(2), "true").is(t, http.StatusBadRequest, generated.ErrorCodeInvalidTestCommandState)
			}},
			{"unless it is RollingBack already", func(t *testing.T, s seed) {
				id := s.start(0)
				s.pass(3500 * millisecond) // it has failed, and is cleaned up
				s.shows(t, id, generated.OperationStateRollingBack)
				s.cancel(id, "true").is(t, http.StatusOK, "")
				s.pass(10 * second)
				s.shows(t, id, generated.OperationStateForceCancelled)
			}},
			{"RollingBack: the system will be, or is, cleaning up", func(t *testing.T, s seed) {
				id := s.start(2)
				s.pass(1500 * millisecond)
				s.cancel(id, "false").is(t, http.StatusOK, "")
				s.shows(t, id, generated.OperationStateRollingBack) // it will be
				s.pass(second)
				s.shows(t, id, generated.OperationStateRollingBack) // it is
			}},
			{"data that was lost is not restored", func(t *testing.T, s seed) {
				id := s.start(1) // of the kinds that do not fail here, one that acts on data
				s.pass(2500 * millisecond)
				s.cancel(id, "false").is(t, http.StatusOK, "")
				s.pass(10 * second)
				s.shows(t, id, generated.OperationStateCancelled)
				if r := s.record(t, id); r.Step != emulator.StepCompletedSuccessfully {
					t.Errorf("an operation that got as far as acting ended as %s", r.Step)
				}
			}},
			{"the id is passed into the corresponding progress call", func(t *testing.T, s seed) {
				for n, k := range kinds {
					id := s.start(n)
					a := s.send(http.MethodGet, k.progress+"?api-version="+s.version+"&OperationId="+id.String())
					var body struct{ State generated.OperationState }
					if err := json.Unmarshal([]byte(a.body), &body); err != nil || body.State != generated.OperationStateRunning {
						t.Errorf("%+v: %v", a, err)
					}
				}
			}},
			{"200 has no schema", func(t *testing.T, s seed) {
				if a := s.cancel(s.start(2), "false"); a.answer.body != "" {
					t.Errorf("the body is %q", a.answer.body)
				}
			}},
			{"all other status codes are a FabricError", func(t *testing.T, s seed) {
				// answered by send for every failure; these are one of each sort
				s.cancel(uuid.New(), "false").is(t, http.StatusNotFound, generated.ErrorCodeKeyNotFound)
				s.cancel(uuid.New(), "perhaps").is(t, http.StatusBadRequest, generated.ErrorCodeInvalidArg)
			}},
		}
		for _, sentence := range sentences {
			t.Run(version+"/"+sentence.name, func(t *testing.T) {
				s := seed{newCluster(t, server.Documented, nil, emulator.WithScenario(func(r emulator.Record) emulator.Scenario {
					play := emulator.Scenario{Queue: second, LookUp: second, Perform: second, Undo: second}
					if r.Target.Mode == failing {
						play.PerformFails = always(-2147017753)
					}
					return play
				})), version}
				sentence.holds(t, s)
			})
		}
	}
}

const millisecond = second / 1000

// seed is a cluster that is spoken to in one api-version.
type seed struct {
	*cluster
	version string
}

type said struct {
	what   string
	answer answer
}

func (s seed) cancel(id uuid.UUID, force string) said {
	s.t.Helper()
	path := "/Faults/$/Cancel?api-version=" + s.version + "&OperationId=" + id.String() + "&Force=" + force
	return said{path, s.send(http.MethodPost, path)}
}

func (a said) is(t *testing.T, status int, code generated.ErrorCode) {
	t.Helper()
	if a.answer.status != status || a.answer.code != code {
		t.Errorf("%s: %d %s, want %d %s", strings.TrimPrefix(a.what, "/Faults/$/"), a.answer.status, a.answer.code, status, code)
	}
}

func (s seed) shows(t *testing.T, id uuid.UUID, want generated.OperationState) {
	t.Helper()
	if got := s.state(id); got != want {
		t.Errorf("shown as %s, want %s", got, want)
	}
}

func (s seed) record(t *testing.T, id uuid.UUID) emulator.Record {
	t.Helper()
	r, err := s.engine.Record(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
