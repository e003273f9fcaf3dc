package server_test

import (
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/openapi/loaded"
	"github.com/sfcancel/sfcancel/server"
)

var (
	badName     = want{400, generated.ErrorCodeInvalidNameURI}
	badInstance = want{400, generated.ErrorCodeInvalidInstanceID}
	tooLong     = want{413, generated.ErrorCodeValueTooLarge}
)

func TestCancelParameters(t *testing.T) {
	on := func(operation string) string {
		return cancelPath + "?api-version=6.0&OperationId=" + operation + "&Force=true"
	}
	run(t, []row{
		{name: "runtime §1.4: OperationId missing", target: cancelPath + "?api-version=6.0&Force=true", documented: missing, runtime: missing},
		{name: "runtime §1.4: OperationId no GUID", target: on("not-a-guid"), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: OperationId of 32 digits", target: on(strings.ReplaceAll(id, "-", "")), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: OperationId in braces", target: on("{" + id + "}"), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: OperationId as a urn", target: on("urn:uuid:" + id), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: OperationId with hyphens in the wrong places", target: on("1111111-11111-4111-8111-111111111111"), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: OperationId with digits for hyphens", target: on("111111111-111-4111-8111-111111111111"), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: OperationId with a letter beyond f", target: on("g1111111-1111-4111-8111-111111111111"), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: OperationId in upper case", target: on("ABCDEFAB-1111-4111-8111-ABCDEFABCDEF"), documented: ok, runtime: ok, sees: func(t *testing.T, s *spy) {
			if got := s.cancel().OperationID.String(); got != "abcdefab-1111-4111-8111-abcdefabcdef" {
				t.Errorf("OperationId %s", got)
			}
		}},
		{name: "runtime §1.4: the zero GUID is legal", target: on(uuid.Nil.String()), documented: ok, runtime: ok},
		{name: "runtime §1.4: Force missing", target: cancel, documented: missing, runtime: ok, sees: graceful},
		{name: "runtime §1.4: Force=TRUE", target: cancel + "&Force=TRUE", documented: ok, runtime: ok, sees: forced},
		{name: "real clients: .NET sends Force=True", target: cancel + "&Force=True", documented: ok, runtime: ok, sees: forced},
		{name: "real clients: .NET sends Force=False", target: cancel + "&Force=False", documented: ok, runtime: ok, sees: graceful},
		{name: "runtime §1.4: Force=1 is bad", target: cancel + "&Force=1", documented: invalid, runtime: invalid},
		{name: "runtime §1.4: Force=0 is bad", target: cancel + "&Force=0", documented: invalid, runtime: invalid},
		{name: "runtime §1.4: Force=t is bad", target: cancel + "&Force=t", documented: invalid, runtime: invalid},
		{name: "runtime §1.4: Force=yes is bad", target: cancel + "&Force=yes", documented: invalid, runtime: invalid},
		{name: "runtime §1.4: OperationId is checked before Force", target: cancelPath + "?Force=maybe&api-version=6.0", documented: missing, runtime: missing},
	})
}

func TestListParameters(t *testing.T) {
	filters := func(state, kind int) func(*testing.T, *spy) {
		return func(t *testing.T, s *spy) {
			t.Helper()
			p := s.request.(generated.GetFaultOperationListRequestObject).Params
			if p.StateFilter != state || p.TypeFilter != kind {
				t.Errorf("got %+v", p)
			}
		}
	}
	state := func(text string) string { return list + "&StateFilter=" + text + "&TypeFilter=1" }
	kind := func(text string) string { return list + "&StateFilter=1&TypeFilter=" + text }
	run(t, []row{
		{name: "real clients: 65535 for both", method: "GET", target: list + "&TypeFilter=65535&StateFilter=65535", documented: ok, runtime: ok, sees: filters(65535, 65535)},
		{name: "official example: 0xFF", method: "GET", target: list + "&StateFilter=0xFFFF&TypeFilter=0xFF", documented: ok, runtime: ok, sees: filters(65535, 255)},
		{name: "runtime §1.4: 0X, lower-case digits", method: "GET", target: kind("0Xff"), documented: ok, runtime: ok, sees: filters(1, 255)},
		{name: "runtime §1.4: StateFilter missing", method: "GET", target: list + "&TypeFilter=1", documented: missing, runtime: ok, sees: filters(0, 1)},
		{name: "runtime §1.4: TypeFilter missing", method: "GET", target: list + "&StateFilter=1", documented: missing, runtime: ok, sees: filters(1, 0)},
		{name: "runtime §1.4: both missing", method: "GET", target: list, documented: missing, runtime: ok, sees: filters(0, 0)},
		{name: "runtime §1.4: 0", method: "GET", target: state("0"), documented: ok, runtime: ok, sees: filters(0, 1)},
		{name: "runtime §1.4: largest", method: "GET", target: state("4294967295"), documented: ok, runtime: ok, sees: filters(4294967295, 1)},
		{name: "runtime §1.4: more than 32 bits", method: "GET", target: state("4294967296"), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: hexadecimal of more than 32 bits", method: "GET", target: state("0x100000000"), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: negative", method: "GET", target: state("-1"), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: octal is off", method: "GET", target: kind("010"), documented: ok, runtime: ok, sees: filters(1, 10)},
		{name: "runtime §1.4: leading plus", method: "GET", target: kind("+8"), documented: ok, runtime: ok, sees: filters(1, 8)},
		{name: "runtime §1.4: 0x alone", method: "GET", target: kind("0x"), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: names are refused", method: "GET", target: kind("All"), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: StateFilter is checked first", method: "GET", target: list + "&TypeFilter=x", documented: missing, runtime: invalid},
	})
}

func TestPartitionParameters(t *testing.T) {
	quorum := func(mode generated.QuorumLossMode, seconds int) func(*testing.T, *spy) {
		return func(t *testing.T, s *spy) {
			t.Helper()
			p := s.request.(generated.StartQuorumLossRequestObject).Params
			if p.QuorumLossMode != mode || p.QuorumLossDuration != seconds {
				t.Errorf("got %+v", p)
			}
		}
	}
	lasting := func(seconds string) string {
		return quorumLoss + "&QuorumLossMode=AllReplicas&QuorumLossDuration=" + seconds
	}
	at := func(partition string) string {
		return onServices + "app~svc/$/GetPartitions/" + partition + "/$/StartDataLoss" + withID + "&DataLossMode=FullDataLoss"
	}
	run(t, []row{
		{name: "runtime §1.4: DataLossMode PartialDataLoss", target: dataLoss + "&DataLossMode=PartialDataLoss", documented: accepted, runtime: accepted},
		{name: "runtime §1.4: DataLossMode FullDataLoss", target: dataLoss + "&DataLossMode=FullDataLoss", documented: accepted, runtime: accepted},
		{name: "runtime §1.4: DataLossMode Invalid", target: dataLoss + "&DataLossMode=Invalid", documented: invalid, runtime: invalid},
		{name: "runtime §1.4: DataLossMode in other letter case", target: dataLoss + "&DataLossMode=fullDataLoss", documented: invalid, runtime: invalid},
		{name: "runtime §1.4: DataLossMode missing", target: dataLoss, documented: missing, runtime: missing},

		{name: "runtime §1.4: QuorumLossMode QuorumLossReplicas", target: quorumLoss + "&QuorumLossMode=QuorumLossReplicas&QuorumLossDuration=60", documented: accepted, runtime: accepted, sees: quorum("QuorumLossReplicas", 60)},
		{name: "runtime §1.4: QuorumLossMode QuorumReplicas", target: quorumLoss + "&QuorumLossMode=QuorumReplicas&QuorumLossDuration=60", documented: accepted, runtime: invalid, sees: quorum("QuorumReplicas", 60)},
		{name: "runtime §1.4: QuorumLossMode AllReplicas", target: lasting("0"), documented: accepted, runtime: accepted, sees: quorum("AllReplicas", 0)},
		{name: "runtime §1.4: QuorumLossMode Invalid", target: quorumLoss + "&QuorumLossMode=Invalid&QuorumLossDuration=60", documented: invalid, runtime: invalid},
		{name: "runtime §1.4: QuorumLossMode missing", target: quorumLoss + "&QuorumLossDuration=60", documented: missing, runtime: missing},
		{name: "runtime §1.4: QuorumLossDuration missing", target: quorumLoss + "&QuorumLossMode=AllReplicas", documented: missing, runtime: missing},
		{name: "runtime §1.4: QuorumLossDuration no number", target: lasting("abc"), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: QuorumLossDuration negative", target: lasting("-1"), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: QuorumLossDuration largest", target: lasting("4294967295"), documented: accepted, runtime: accepted, sees: quorum("AllReplicas", 4294967295)},
		{name: "runtime §1.4: QuorumLossDuration of more than 32 bits", target: lasting("4294967296"), documented: invalid, runtime: invalid},
		{name: "Parse.cpp: QuorumLossDuration in hexadecimal", target: lasting("0x3C"), documented: invalid, runtime: accepted, sees: quorum("AllReplicas", 60)},
		{name: "runtime §1.4: mode is checked before duration", target: quorumLoss + "&QuorumLossDuration=x", documented: missing, runtime: missing},

		{name: "runtime §1.4: RestartPartitionMode AllReplicasOrInstances", target: restart + "&RestartPartitionMode=AllReplicasOrInstances", documented: accepted, runtime: accepted},
		{name: "runtime §1.4: RestartPartitionMode OnlyActiveSecondaries", target: restart + "&RestartPartitionMode=OnlyActiveSecondaries", documented: accepted, runtime: accepted},
		{name: "runtime §1.4: RestartPartitionMode Invalid", target: restart + "&RestartPartitionMode=Invalid", documented: invalid, runtime: invalid},
		{name: "runtime §1.4: RestartPartitionMode missing", target: restart, documented: missing, runtime: missing},

		{name: "runtime §1.4: partitionId no GUID", target: at("not-a-guid"), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: partitionId of 32 digits", target: at(strings.ReplaceAll(partition, "-", "")), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: partitionId in upper case", target: at(strings.ToUpper(partition)), documented: accepted, runtime: accepted, sees: service("app~svc")},
		{name: "runtime §1.4: serviceId with an empty level", target: lossOf("a~~b"), documented: badName, runtime: badName},
		{name: "runtime §1.4: serviceId with a ~ in front", target: lossOf("~a"), documented: badName, runtime: badName},
		{name: "runtime §1.4: serviceId with a ~ behind", target: lossOf("a~"), documented: badName, runtime: badName},
		{name: "runtime §1.4: serviceId with dots for a level", target: lossOf("a~.."), documented: badName, runtime: badName},
		{name: "NamingUri.cpp: serviceId with a reserved character", target: lossOf("a+b"), documented: badName, runtime: badName},
		{name: "Uri.Parser.cpp: serviceId with a character no URI has", target: lossOf("a%5Eb"), documented: badName, runtime: badName},
		{name: "Uri.Parser.cpp: serviceId that is no text", target: lossOf("a%FFb"), documented: badName, runtime: badName},
		{name: "Uri.Parser.cpp: serviceId beyond ASCII", target: lossOf("%C3%B6~%E3%81%82"), documented: accepted, runtime: accepted, sees: service("ö~あ")},
		{name: "NamingUri.cpp: serviceId of a service group", target: lossOf("a~b%23c"), documented: accepted, runtime: accepted, sees: service("a~b#c")},
		{name: "NamingUri.cpp: longest serviceId", target: lossOf(strings.Repeat("s", 504)), documented: accepted, runtime: accepted},
		{name: "NamingUri.cpp: serviceId too long", target: lossOf(strings.Repeat("s", 505)), documented: badName, runtime: badName},

		{name: "runtime §1.4: service before partition", target: onServices + "a~~b/$/GetPartitions/x/$/StartDataLoss?api-version=6.0", documented: badName, runtime: badName},
		{name: "runtime §1.4: partition before OperationId", target: onServices + "a/$/GetPartitions/x/$/StartDataLoss?api-version=6.0", documented: invalid, runtime: invalid},
		{name: "runtime §1.4: OperationId before mode", target: onPartition + "StartDataLoss?api-version=6.0&DataLossMode=x", documented: missing, runtime: missing},
	})
}

func TestNodeParameters(t *testing.T) {
	stop := func(seconds int32) func(*testing.T, *spy) {
		return func(t *testing.T, s *spy) {
			t.Helper()
			p := s.request.(generated.StartNodeTransitionRequestObject).Params
			if p.NodeInstanceID != "5" || p.StopDurationInSeconds != seconds {
				t.Errorf("got %+v", p)
			}
		}
	}
	instance := func(text string) string {
		return transition + "&NodeInstanceId=" + text + "&NodeTransitionType=Start&StopDurationInSeconds=0"
	}
	stopping := func(seconds string) string {
		return transition + "&NodeInstanceId=5&NodeTransitionType=Stop&StopDurationInSeconds=" + seconds
	}
	starting := transition + "&NodeInstanceId=5&NodeTransitionType=Start"
	named := func(name string) string {
		return "/Faults/Nodes/" + name + "/$/StartTransition/" + withID + "&NodeInstanceId=5&NodeTransitionType=Start&StopDurationInSeconds=0"
	}
	run(t, []row{
		{name: "runtime §1.4: Stop", target: stopping("600"), documented: accepted, runtime: accepted, sees: stop(600)},
		{name: "runtime §1.4: the 300 s of the code are for the engine", target: stopping("1"), documented: accepted, runtime: accepted, sees: stop(1)},
		{name: "runtime §1.4: StopDurationInSeconds no number", target: stopping("junk"), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: StopDurationInSeconds negative", target: stopping("-600"), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: StopDurationInSeconds largest of the model", target: stopping("2147483647"), documented: accepted, runtime: accepted, sees: stop(2147483647)},
		{name: "runtime §9.3: StopDurationInSeconds above 2^31 is refused either way", target: stopping("2147483648"), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: StopDurationInSeconds of more than 32 bits", target: stopping("4294967296"), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: StopDurationInSeconds missing for Stop", target: transition + "&NodeInstanceId=5&NodeTransitionType=Stop", documented: missing, runtime: missing},
		{name: "runtime §1.4: StopDurationInSeconds missing for Start", target: starting, documented: missing, runtime: accepted, sees: stop(0)},
		{name: "runtime §1.4: StopDurationInSeconds not even parsed for Start", target: starting + "&StopDurationInSeconds=junk", documented: invalid, runtime: accepted, sees: stop(0)},
		{name: "runtime §1.4: StopDurationInSeconds of a Start", target: starting + "&StopDurationInSeconds=700", documented: accepted, runtime: accepted},

		{name: "runtime §1.4: NodeInstanceId missing", target: transition + "&NodeTransitionType=Start", documented: missing, runtime: missing},
		{name: "runtime §1.4: NodeInstanceId 0", target: instance("0"), documented: badInstance, runtime: badInstance},
		{name: "runtime §1.4: NodeInstanceId 0 is checked before the type", target: transition + "&NodeInstanceId=0", documented: badInstance, runtime: badInstance},
		{name: "runtime §1.4: NodeInstanceId no number", target: instance("abc"), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: NodeInstanceId negative", target: instance("-5"), documented: invalid, runtime: invalid},
		{name: "runtime §1.4: NodeInstanceId largest", target: instance("18446744073709551615"), documented: accepted, runtime: accepted},
		{name: "runtime §1.4: NodeInstanceId of more than 64 bits", target: instance("18446744073709551616"), documented: invalid, runtime: invalid},
		{name: "Parse.cpp: NodeInstanceId in hexadecimal", target: instance("0x5"), documented: invalid, runtime: accepted, sees: stop(0)},
		{name: "Parse.cpp: NodeInstanceId with a plus", target: instance("+5"), documented: invalid, runtime: accepted, sees: stop(0)},
		{name: "NodeInstanceId is handed over without its zeros", target: instance("005"), documented: accepted, runtime: accepted, sees: stop(0)},

		{name: "runtime §1.4: NodeTransitionType missing", target: transition + "&NodeInstanceId=5", documented: missing, runtime: missing},
		{name: "runtime §1.4: NodeTransitionType Invalid", target: transition + "&NodeInstanceId=5&NodeTransitionType=Invalid", documented: invalid, runtime: invalid},
		{name: "runtime §1.4: NodeTransitionType in other letter case", target: transition + "&NodeInstanceId=5&NodeTransitionType=stop", documented: invalid, runtime: invalid},

		{name: "runtime §1.4: longest node name", target: named(strings.Repeat("n", 4096)), documented: accepted, runtime: accepted},
		{name: "runtime §1.4: longest node name counts characters", target: named(strings.Repeat("%C3%B6", 4096)), documented: accepted, runtime: accepted},
		{name: "runtime §1.4: node name too long", target: named(strings.Repeat("n", 4097)), documented: tooLong, runtime: tooLong},
		{name: "runtime §1.4: node name before OperationId", target: "/Faults/Nodes/" + strings.Repeat("n", 4097) + "/$/StartTransition?api-version=6.0", documented: tooLong, runtime: tooLong},
		{name: "runtime §1.4: OperationId before NodeInstanceId", target: onNode + "StartTransition?api-version=6.0&NodeInstanceId=0", documented: missing, runtime: missing},
	})
}

func TestProgressParameters(t *testing.T) {
	loss := func(service string, partition string) func(*testing.T, *spy) {
		return func(t *testing.T, s *spy) {
			t.Helper()
			r := s.request.(generated.GetDataLossProgressRequestObject)
			if r.ServiceID != service || r.PartitionID.String() != partition || r.Params.OperationID.String() != id {
				t.Errorf("got %+v", r)
			}
		}
	}
	progress := func(service, partition string) string {
		return onServices + service + "/$/GetPartitions/" + partition + "/$/GetDataLossProgress" + withID
	}
	zero := uuid.Nil.String()
	run(t, []row{
		{name: "runtime §1.4: progress checks OperationId, missing", method: "GET", target: onPartition + "GetDataLossProgress?api-version=6.0", documented: missing, runtime: missing},
		{name: "runtime §1.4: progress checks OperationId, bad", method: "GET", target: onPartition + "GetDataLossProgress?api-version=6.0&OperationId=5", documented: invalid, runtime: invalid},
		{name: "runtime §1.4: progress hands the path over", method: "GET", target: progress("app~svc", partition), documented: ok, runtime: ok, sees: loss("app~svc", partition)},
		{name: "runtime §1.4: progress does not look at the partition", method: "GET", target: progress("app~svc", "any"), documented: invalid, runtime: ok, sees: loss("app~svc", zero)},
		{name: "runtime §1.4: progress does not look at a partition of two pieces", method: "GET", target: progress("app~svc", partition+"/x"), documented: invalid, runtime: ok, sees: loss("app~svc", zero)},
		{name: "runtime §1.4: progress does not look at the service", method: "GET", target: progress("a~~b", partition), documented: badName, runtime: ok, sees: loss("a~~b", partition)},
		{name: "runtime §1.4: progress does not look at the node", method: "GET", target: "/Faults/Nodes/" + strings.Repeat("n", 4097) + "/$/GetTransitionProgress" + withID, documented: tooLong, runtime: ok},
		{name: "runtime §1.4: progress checks OperationId before an odd path", method: "GET", target: onServices + "a~~b/$/GetPartitions/x/$/GetRestartProgress?api-version=6.0", documented: badName, runtime: missing},
	})
}

// complete is one good request per operation with everything that its model
// has. A document that gains a parameter or an operation shows up here.
var complete = map[string]struct{ method, target string }{
	"GetFaultOperationList":       {"GET", list + "&StateFilter=1&TypeFilter=1"},
	"CancelOperation":             {"POST", gracefully},
	"StartDataLoss":               {"POST", dataLoss + "&DataLossMode=FullDataLoss"},
	"StartQuorumLoss":             {"POST", quorumLoss + "&QuorumLossMode=AllReplicas&QuorumLossDuration=1"},
	"StartPartitionRestart":       {"POST", restart + "&RestartPartitionMode=AllReplicasOrInstances"},
	"StartNodeTransition":         {"POST", transition + "&NodeInstanceId=5&NodeTransitionType=Stop&StopDurationInSeconds=600"},
	"GetDataLossProgress":         {"GET", lossProgress},
	"GetQuorumLossProgress":       {"GET", onPartition + "GetQuorumLossProgress" + withID},
	"GetPartitionRestartProgress": {"GET", onPartition + "GetRestartProgress" + withID},
	"GetNodeTransitionProgress":   {"GET", onNode + "GetTransitionProgress" + withID},
}

func TestEveryParameterOfTheDocumentIsRequired(t *testing.T) {
	impl := reflect.TypeFor[generated.StrictServerInterface]()
	for i := range impl.NumMethod() {
		method := impl.Method(i)
		good, known := complete[method.Name]
		if !known {
			t.Errorf("no case for %s", method.Name)
			continue
		}
		t.Run(method.Name, func(t *testing.T) {
			if got := ask(t, good.method, good.target); got.status >= 400 || got.spy.operation != method.Name {
				t.Fatalf("complete request: %v %s, reached %q", got.want, got.message, got.spy.operation)
			}
			path, query, _ := strings.Cut(good.target, "?")
			values, err := url.ParseQuery(query)
			if err != nil {
				t.Fatal(err)
			}
			params, _ := method.Type.In(1).FieldByName("Params")
			for _, field := range reflect.VisibleFields(params.Type) {
				name, _, _ := strings.Cut(field.Tag.Get("form"), ",")
				if name == "timeout" {
					continue
				}
				if !values.Has(name) {
					t.Errorf("no value for %s", name)
					continue
				}
				without := strings.ReplaceAll("&"+query, "&"+name+"="+values.Get(name), "")
				w := missing
				if name == "api-version" {
					w = invalid
				}
				if got := ask(t, good.method, path+"?"+strings.TrimPrefix(without, "&")); got.want != w {
					t.Errorf("without %s: %v, want %v", name, got.want, w)
				} else if !strings.Contains(got.message, name) {
					t.Errorf("without %s: %q does not name it", name, got.message)
				}
				values.Del(name)
			}
			if len(values) > 0 {
				t.Errorf("the model does not have %v", values)
			}
		})
	}
}

// Refusals name the parameter, say what is accepted and repeat little of what
// was sent.
func TestMessages(t *testing.T) {
	tests := []struct{ name, method, target, message string }{
		{"bad boolean", "POST", cancel + "&Force=maybe", `Force must be true or false, not "maybe".`},
		{"missing", "POST", cancel, `Force is missing. It must be true or false.`},
		{"bad GUID", "POST", cancelPath + "?api-version=6.0&OperationId=5", `OperationId must be a GUID of 36 characters with hyphens, not "5".`},
		{"long text is cut", "POST", cancel + "&Force=" + strings.Repeat("x", 5000), `Force must be true or false, not "` + strings.Repeat("x", 32) + `...".`},
		{"nothing but printable ASCII", "POST", cancel + "&Force=a\"b\\c\u202eé", `Force must be true or false, not "a?b?c??".`},
		{"bad enum", "POST", restart + "&RestartPartitionMode=x", `RestartPartitionMode must be AllReplicasOrInstances or OnlyActiveSecondaries, not "x".`},
		{"bad filter", "GET", list + "&StateFilter=All", `StateFilter must be a number from 0 to 4294967295, not "All".`},
		{"bad timeout", "POST", gracefully + "&timeout=0", `timeout must be a number from 1 to 4294967295, not "0".`},
		{"bad version", "POST", cancelPath + "?api-version=9.0", `api-version "9.0" is not accepted. A version from 3.0 to 8.2 is, as MAJOR.MINOR.`},
		{"missing version", "POST", cancelPath, `api-version is missing. A version from 3.0 to 8.2 is, as MAJOR.MINOR.`},
		{"wrong verb", "DELETE", gracefully, `This path answers to POST, not to "DELETE".`},
		{"unknown path", "GET", "/nope", `No operation has the path "/nope". The letter case of a path matters.`},
		{"path with script in it", "GET", "/<script>", `No operation has the path "/%3Cscript%3E". The letter case of a path matters.`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ask(t, tt.method, tt.target); got.message != tt.message {
				t.Errorf("\n got %s\nwant %s", got.message, tt.message)
			}
		})
	}
}

func TestTimeoutParameter(t *testing.T) {
	with := func(text string) string { return gracefully + "&timeout=" + text }
	older := func(text string) string {
		return cancelPath + "?api-version=5.9&Force=false&OperationId=" + id + "&timeout=" + text
	}
	ignored := timeout(60, -1)
	run(t, []row{
		{name: "runtime §3: default 60", target: gracefully, documented: ok, runtime: ok, sees: ignored},
		{name: "runtime §3: 60", target: with("60"), documented: ok, runtime: ok, sees: timeout(60, 60)},
		{name: "runtime §3: smallest", target: with("1"), documented: ok, runtime: ok, sees: timeout(1, 1)},
		{name: "runtime §3: largest", target: with("4294967295"), documented: ok, runtime: ok, sees: timeout(4294967295, 4294967295)},
		{name: "runtime §3: abc is ignored", target: with("abc"), documented: invalid, runtime: ok, sees: ignored},
		{name: "runtime §3: -1 is ignored", target: with("-1"), documented: invalid, runtime: ok, sees: ignored},
		{name: "runtime §3: 1.5 is ignored", target: with("1.5"), documented: invalid, runtime: ok, sees: ignored},
		{name: "runtime §3: 0x10 is ignored", target: with("0x10"), documented: invalid, runtime: ok, sees: ignored},
		{name: "runtime §3: 4294967296 is ignored", target: with("4294967296"), documented: invalid, runtime: ok, sees: ignored},
		{name: "runtime §3: 0 is refused", target: with("0"), documented: invalid, runtime: invalid},
		{name: "runtime §3: 000 is 0", target: with("000"), documented: invalid, runtime: invalid},
		{name: "runtime §3: lower-case name", target: gracefully + "&Timeout=0", documented: ok, runtime: ok, sees: ignored},
		{name: "runtime §3: empty value is absent", target: with(""), documented: ok, runtime: ok, sees: ignored},
		{name: "Parse.cpp: plus", target: with("+5"), documented: invalid, runtime: ok, sees: timeout(5, 5)},
		{name: "zeros in front", target: with("0005"), documented: ok, runtime: ok, sees: timeout(5, 5)},
		{name: "runtime §9.1: works below 6.0", target: older("5"), documented: ok, runtime: ok, sees: timeout(5, 5)},
		{name: "below 6.0 no document speaks of it, abc", target: older("abc"), documented: ok, runtime: ok, sees: ignored},
		{name: "below 6.0 no document speaks of it, 4294967296", target: older("4294967296"), documented: ok, runtime: ok, sees: ignored},
		{name: "below 6.0 no document speaks of it, 0", target: older("0"), documented: invalid, runtime: invalid},
	})
}

func TestQueryRules(t *testing.T) {
	run(t, []row{
		{name: "runtime §1.3: names are case-sensitive, operationid", target: cancelPath + "?api-version=6.0&operationid=" + id + "&Force=true", documented: missing, runtime: missing},
		{name: "runtime §1.3: names are case-sensitive, force", target: cancel + "&force=true", documented: missing, runtime: ok, sees: graceful},
		{name: "runtime §1.3: an unknown name in another case does no harm", target: gracefully + "&force=true", documented: ok, runtime: ok, sees: graceful},
		{name: "runtime §1.3: Force= is absent", target: cancel + "&Force=", documented: missing, runtime: ok, sees: graceful},
		{name: "runtime §1.3: OperationId= is absent", target: cancelPath + "?api-version=6.0&OperationId=&Force=true", documented: missing, runtime: missing},
		{name: "runtime §1.3: a name without = is absent", target: cancel + "&Force", documented: missing, runtime: ok, sees: graceful},
		{name: "runtime §1.3: a=b=c is dropped", target: cancel + "&Force=true=x", documented: missing, runtime: ok, sees: graceful},
		{name: "runtime §1.3: Force==true is accepted", target: cancel + "&Force==true", documented: ok, runtime: ok, sees: forced},
		{name: "runtime §1.3: empty pieces anywhere are skipped", target: cancel + "&=Force==true=", documented: ok, runtime: ok, sees: forced},
		{name: "runtime §1.3: first occurrence wins", target: cancel + "&Force=true&Force=false", documented: ok, runtime: ok, sees: forced},
		{name: "runtime §1.3: first occurrence wins, even a bad one", target: cancel + "&Force=x&Force=false", documented: invalid, runtime: invalid},
		{name: "runtime §1.3: a pair that does not count is no occurrence", target: cancel + "&Force=&Force=a=b&Force=true", documented: ok, runtime: ok, sees: forced},
		{name: "runtime §1.3: first OperationId wins", target: gracefully + "&OperationId=" + partition, documented: ok, runtime: ok, sees: graceful},
		{name: "runtime §1.3: first api-version wins", target: gracefully + "&api-version=99.0", documented: ok, runtime: ok, sees: version("6.0")},
		{name: "runtime §1.3: first timeout wins", target: gracefully + "&timeout=5&timeout=0", documented: ok, runtime: ok, sees: timeout(5, 5)},
		{name: "runtime §1.3: values are not percent-decoded", target: cancelPath + "?api-version=6.0&OperationId=" + strings.ReplaceAll(id, "-", "%2D") + "&Force=true", documented: invalid, runtime: invalid},
		{name: "runtime §1.3: api-version is not percent-decoded", target: cancelPath + "?api-version=6%2E0&OperationId=" + id + "&Force=true", documented: invalid, runtime: ok, sees: version("6%2E0")},
		{name: "runtime §1.3: a plus is a plus", target: cancel + "&Force=true+", documented: invalid, runtime: invalid},
		{name: "runtime §1.3: names are not percent-decoded", target: cancel + "&%46orce=true", documented: missing, runtime: ok, sees: graceful},
		{name: "runtime §1.3: a name that decodes to a known one is no second value", target: gracefully + "&%46orce=true&Fo%72ce=true", documented: ok, runtime: ok, sees: graceful},
		{name: "runtime §1.3: nor the same for timeout", target: gracefully + "&time%6Fut=0", documented: ok, runtime: ok, sees: timeout(60, -1)},
		{name: "runtime §1.3: unknown parameters are ignored", target: gracefully + "&a=b&a=c&$top=5&x[]=1;&&%zz=1", documented: ok, runtime: ok, sees: graceful},
		{name: "runtime §1.3: thousands of unknown parameters are ignored", target: gracefully + strings.Repeat("&a", 20000), documented: ok, runtime: ok, sees: graceful},
		{name: "runtime §1.3: a parameter of another operation is unknown", target: gracefully + "&StateFilter=junk&DataLossMode=junk", documented: ok, runtime: ok, sees: graceful},
		{name: "runtime §1.3: the query of a path variable's name is ignored", method: "GET", target: lossProgress + "&partitionId=junk&serviceId=x", documented: ok, runtime: ok},
		{name: "no query", target: cancelPath, documented: invalid, runtime: invalid},
		{name: "empty query", target: cancelPath + "?", documented: invalid, runtime: invalid},
	})
}

// pairs is the model of §1.3: the whole of it.
func pairs(raw string) map[string]string {
	m := make(map[string]string)
	for _, piece := range strings.Split(raw, "&") {
		var parts []string
		for _, part := range strings.Split(piece, "=") {
			if part != "" {
				parts = append(parts, part)
			}
		}
		if len(parts) == 2 {
			if _, seen := m[parts[0]]; !seen {
				m[parts[0]] = parts[1]
			}
		}
	}
	return m
}

// predict says what a cancel with that query comes to in the runtime profile.
// The api-version is checked elsewhere, so the query has a good one in front.
func predict(m map[string]string) (w want, force bool) {
	guid, ok1 := m["OperationId"]
	if !ok1 {
		return missing, false
	}
	if !isGUID(guid) {
		return invalid, false
	}
	switch f := m["Force"]; {
	case f == "", sameASCII(f, "false"):
	case sameASCII(f, "true"):
		force = true
	default:
		return invalid, false
	}
	digits := strings.TrimPrefix(strings.Trim(m["timeout"], " "), "+")
	if strings.Trim(digits, "0123456789") == "" && digits != "" {
		if n, _ := new(big.Int).SetString(digits, 10); n.Sign() == 0 {
			return invalid, false
		}
	}
	return ok, force
}

func sameASCII(a, b string) bool {
	return len(a) == len(b) && strings.EqualFold(a, b)
}

func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range s {
		if wantHyphen := i == 8 || i == 13 || i == 18 || i == 23; wantHyphen != (r == '-') {
			return false
		}
		if !strings.ContainsRune("0123456789abcdefABCDEF-", r) {
			return false
		}
	}
	return true
}

func checkAgainstModel(t testing.TB, raw string) {
	raw = "api-version=6.0&" + raw
	r, err := parse("POST", cancelPath)
	if err != nil {
		t.Fatal(err)
	}
	r.URL.RawQuery = raw
	got := askWith(t, &spy{}, r, server.WithProfile(server.Runtime))
	m := pairs(raw)
	w, force := predict(m)
	if got.want != w {
		t.Fatalf("%q: got %v %s, want %v", raw, got.want, got.message, w)
	}
	if w == ok {
		p := got.spy.cancel()
		if p.Force != force || !strings.EqualFold(p.OperationID.String(), m["OperationId"]) {
			t.Fatalf("%q: got %+v, want force %v", raw, p, force)
		}
	}
	if r.URL.RawQuery != raw || r.URL.Path != cancelPath {
		t.Fatalf("the caller's request was changed to %v", r.URL)
	}
}

func TestQueryMatchesModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.SampledFrom([]string{
			"OperationId", "OperationId", id, strings.ToUpper(id), "Force", "Force", "true", "False", "timeout", "0", "5", "+07", "4294967296",
			"%46orce", "force", "api-version", "x", "%2D", "+", ";", "%", "é",
		})
		piece := rapid.Custom(func(r *rapid.T) string {
			parts := rapid.SliceOfN(text, 0, 3).Draw(r, "parts")
			eq := rapid.SampledFrom([]string{"=", "=", "=", "=="}).Draw(r, "eq")
			return rapid.SampledFrom([]string{"", "", "="}).Draw(r, "lead") + strings.Join(parts, eq)
		})
		raw := strings.Join(rapid.SliceOfN(piece, 0, 6).Draw(r, "pieces"), "&")
		if rapid.Bool().Draw(r, "withID") {
			raw += "&OperationId=" + id
		}
		checkAgainstModel(t, raw)
	})
}

func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"", "OperationId=" + id, "OperationId=" + id + "&Force=true&timeout=1", "Force==true&OperationId=" + id,
		"OperationId=" + id + "&Force=&Force=TRUE", "%4FperationId=" + id, "OperationId=" + id + "&%46orce=true", "a=b=c&;&+&%zz&OperationId=" + id,
		"OperationId=" + id + "&timeout=%31", url.QueryEscape("OperationId=" + id), "OperationId=" + id + "&Force=fal\u017fe",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) { checkAgainstModel(t, raw) })
}

// atGateway says whether a request is for an address that the gateway has besides
// the operations.
func atGateway(r *http.Request) bool {
	pieces := strings.FieldsFunc(r.URL.Path, func(c rune) bool { return c == '/' })
	path := strings.Join(pieces, "/")
	return r.Method == http.MethodGet && (path == "" || path == "$/GetClusterVersion" || path == "$/GetAadMetadata")
}

// Whatever comes in a request line, the answer is one: never a 500, never a
// failure that is no FabricError, never a redirect, never a panic.
func FuzzRequestLine(f *testing.F) {
	for _, r := range complete {
		f.Add(r.method, r.target)
	}
	for _, target := range []string{
		"/", "*", "//", "/Faults", "/Faults/$/Cancel/..", "/Faults/%24/Cancel" + withID, "http://x/Faults/?", "/Faults/Nodes/%00%ff/$/GetTransitionProgress" + withID,
		lossOf("a~~b"), lossOf("a%2f%2fb"), cancel + "&Force=%00", cancelPath + "?api-version=1e308&OperationId=;", cancelPath + "?api-version=6.0&timeout=99999999999999999999",
	} {
		f.Add("POST", target)
		f.Add("GET", target)
	}
	f.Fuzz(func(t *testing.T, method, target string) {
		if r, err := parse(method, target); err == nil && atGateway(r) {
			t.Skip("the gateway answers that itself")
		}
		for _, p := range []server.Profile{server.Documented, server.Runtime} {
			r, err := parse(method, target)
			if err != nil {
				t.Skip()
			}
			got := askWith(t, &spy{}, r, server.WithProfile(p))
			switch got.status {
			case 200, 202, 400, 404, 413:
			default:
				t.Errorf("%s: %q %q: %v %s", p, method, target, got.want, got.message)
			}
			if reached := got.spy.operation != ""; reached != (got.status < 300) {
				t.Errorf("%s: %q %q: %v, but reached the implementation: %v", p, method, target, got.want, reached)
			}
		}
	})
}

func TestAPIVersion(t *testing.T) {
	with := func(text string) string { return cancelPath + "?OperationId=" + id + "&Force=true&api-version=" + text }
	run(t, []row{
		{name: "runtime §2: missing", target: cancelPath + "?OperationId=" + id + "&Force=true", documented: invalid, runtime: invalid},
		{name: "runtime §2: empty value", target: with(""), documented: invalid, runtime: invalid},
		{name: "runtime §2: 3.0", target: with("3.0"), documented: ok, runtime: ok, sees: version("3.0")},
		{name: "runtime §2: 6.0", target: with("6.0"), documented: ok, runtime: ok, sees: version("6.0")},
		{name: "runtime §2: 3.5", target: with("3.5"), documented: ok, runtime: ok, sees: version("3.5")},
		{name: "runtime §2: 2", target: with("2"), documented: invalid, runtime: ok, sees: version("2")},
		{name: "runtime §2: 2.9 is below the first documented one", target: with("2.9"), documented: invalid, runtime: ok},
		{name: "runtime §2: 1.0", target: with("1.0"), documented: invalid, runtime: ok, sees: version("1.0")},
		{name: "runtime §2: 0.9 is below 1.0", target: with("0.9"), documented: invalid, runtime: invalid},
		{name: "runtime §2: 8.2 equals the running version", target: with("8.2"), documented: ok, runtime: ok},
		{name: "runtime §2: 8.3 is above the running version", target: with("8.3"), documented: invalid, runtime: invalid},
		{name: "runtime §2: 99.0", target: with("99.0"), documented: invalid, runtime: invalid},
		{name: "runtime §2: abc is 0", target: with("abc"), documented: invalid, runtime: invalid},
		{name: "runtime §2: 6.0-preview", target: with("6.0-preview"), documented: invalid, runtime: ok, sees: version("6.0-preview")},
		{name: "runtime §2: 8.3-preview is still above", target: with("8.3-preview"), documented: invalid, runtime: invalid},
		{name: "runtime §2: -preview alone", target: with("-preview"), documented: invalid, runtime: invalid},
		{name: "runtime §2: the suffix is a set of characters", target: with("6.0e-preview"), documented: invalid, runtime: ok},
		{name: "runtime §2: 6", target: with("6"), documented: invalid, runtime: ok, sees: version("6")},
		{name: "runtime §2: 6.", target: with("6."), documented: invalid, runtime: ok},
		{name: "runtime §2: 6.0foo", target: with("6.0foo"), documented: invalid, runtime: ok, sees: version("6.0foo")},
		{name: "runtime §2: foo6.0", target: with("foo6.0"), documented: invalid, runtime: invalid},
		{name: "runtime §2: 6.0.1", target: with("6.0.1"), documented: invalid, runtime: invalid},
		{name: "runtime §2: 6.0foo.1, the second point comes too late", target: with("6.0foo.1"), documented: invalid, runtime: ok},
		{name: "runtime §2: Api-Version counts as missing", target: cancelPath + "?OperationId=" + id + "&Force=true&Api-Version=6.0", documented: invalid, runtime: invalid},
		{name: "runtime §2: 6.10 equals 6.1", target: with("6.10"), opts: []server.Option{server.WithRuntimeVersion("6.1")}, documented: invalid, runtime: ok},
		{name: "runtime §2: 8.10 is 8.1 to the runtime and after 8.2 to the documents", target: with("8.10"), documented: invalid, runtime: ok},
		{name: "runtime §2: 6.10 is a version to both when 8.2 runs", target: with("6.10"), documented: ok, runtime: ok},
		{name: "Parse.cpp: exponent", target: with("6e0"), documented: invalid, runtime: ok},
		{name: "Parse.cpp: exponent that goes too far", target: with("6e1"), documented: invalid, runtime: invalid},
		{name: "Parse.cpp: exponent without a number", target: with("6e"), documented: invalid, runtime: invalid},
		{name: "Parse.cpp: exponent out of all range", target: with("6e999999"), documented: invalid, runtime: invalid},
		{name: "Parse.cpp: plus", target: with("+6.0"), documented: invalid, runtime: ok},
		{name: "Parse.cpp: minus", target: with("-6.0"), documented: invalid, runtime: invalid},
		{name: "pattern of the document: no minor", target: with("6.x"), documented: invalid, runtime: ok},
		{name: "pattern of the document: no major", target: with(".6"), documented: invalid, runtime: invalid},
		{name: "pattern of the document: a number beyond 64 bits", target: with("99999999999999999999999.0"), documented: invalid, runtime: invalid},
	})
}

// The edge enforces the bounds of the document on timeout, although it reads that parameter by
// rules of its own: they reach it through the generated table.
func TestBoundsAreTheDocuments(t *testing.T) {
	t.Parallel()
	doc, err := loaded.View(t.Context(), "6.0")
	if err != nil {
		t.Fatal(err)
	}
	timeout := doc.Components.Parameters["Timeout"].Value.Schema.Value
	least, most := int64(*timeout.Min), int64(*timeout.Max)
	h := newHandler(t, server.Unimplemented{})
	for seconds, want := range map[int64]int{
		least - 1: http.StatusBadRequest, least: http.StatusNotImplemented,
		most: http.StatusNotImplemented, most + 1: http.StatusBadRequest,
	} {
		target := "/Faults/$/Cancel?api-version=6.0&OperationId=5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01&Force=false&timeout=" + strconv.FormatInt(seconds, 10)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, nil))
		if w.Code != want {
			t.Errorf("timeout=%d: %d, want %d", seconds, w.Code, want)
		}
	}
}

func forced(t *testing.T, s *spy) {
	t.Helper()
	if p := s.cancel(); !p.Force || p.OperationID != uuid.MustParse(id) {
		t.Errorf("got %+v", p)
	}
}

func graceful(t *testing.T, s *spy) {
	t.Helper()
	if p := s.cancel(); p.Force || p.OperationID != uuid.MustParse(id) {
		t.Errorf("got %+v", p)
	}
}

func version(v generated.APIVersion) func(*testing.T, *spy) {
	return func(t *testing.T, s *spy) {
		t.Helper()
		if got := s.cancel().APIVersion; got != v {
			t.Errorf("api-version %q", got)
		}
	}
}

// timeout checks the deadline of the implementation, and what the request
// carries: -1 stands for nothing.
func timeout(seconds time.Duration, carried int64) func(*testing.T, *spy) {
	return func(t *testing.T, s *spy) {
		t.Helper()
		if want := seconds * time.Second; s.left > want || s.left < want-10*time.Second {
			t.Errorf("deadline in %v, want %v", s.left, want)
		}
		switch got := s.cancel().Timeout; {
		case got == nil && carried != -1:
			t.Errorf("no timeout, want %d", carried)
		case got != nil && *got != carried:
			t.Errorf("timeout %d, want %d", *got, carried)
		}
	}
}

// Every sentence of the two seed documents that speaks of the request.
func TestSeeds(t *testing.T) {
	const (
		v3 = cancelPath + "?api-version=3.0"
		v6 = cancelPath + "?api-version=6.0"
		op = "&OperationId=" + id
		no = "&Force=false"
	)
	run(t, []row{
		// Cancel Operation, 3.0.
		{name: "seed 3.0: POST with api-version, OperationId and Force", target: v3 + op + no, documented: ok, runtime: ok, sees: graceful},
		{name: "seed 3.0: method is POST", method: http.MethodGet, target: v3 + op + no, documented: invalid, runtime: invalid},
		{name: "seed 3.0: request URI is /Faults/$/Cancel", target: "/Faults/$/Canceled?api-version=3.0" + op + no, documented: invalid, runtime: invalid},
		{name: "seed 3.0: api-version is required", target: cancelPath + "?OperationId=" + id + no, documented: invalid, runtime: invalid},
		{name: "seed 3.0: api-version default 3.0 does not stand in for a required one", target: cancelPath + "?api-version=" + op + no, documented: invalid, runtime: invalid},
		{name: "seed 3.0: api-version value must be 3.0", target: v3 + op + no, documented: ok, runtime: ok, sees: version("3.0")},
		{name: "seed 3.0: api-version is a string in the query", target: cancelPath + "?api-version=three" + op + no, documented: invalid, runtime: invalid},
		{name: "seed 3.0: OperationId is required", target: v3 + no, documented: missing, runtime: missing},
		{name: "seed 3.0: OperationId is a uuid", target: v3 + "&OperationId=5" + no, documented: invalid, runtime: invalid},
		{name: "seed 3.0: OperationId is a GUID that identifies a call", target: v3 + op + no, documented: ok, runtime: ok, sees: graceful},
		{name: "seed 3.0: Force is required", target: v3 + op, documented: missing, runtime: ok, sees: graceful},
		{name: "seed 3.0: Force default false does not stand in for a required one", target: v3 + op + "&Force=", documented: missing, runtime: ok, sees: graceful},
		{name: "seed 3.0: Force is a boolean, false", target: v3 + op + no, documented: ok, runtime: ok, sees: graceful},
		{name: "seed 3.0: Force is a boolean, true", target: v3 + op + "&Force=true", documented: ok, runtime: ok, sees: forced},
		{name: "seed 3.0: Force is a boolean, no number", target: v3 + op + "&Force=1", documented: invalid, runtime: invalid},
		{name: "seed 3.0: timeout is not spoken of, the runtime takes it", target: v3 + op + no + "&timeout=90", documented: ok, runtime: ok, sees: timeout(90, 90)},
		{name: "seed 3.0: timeout is not spoken of, so its bounds do not hold", target: v3 + op + no + "&timeout=4294967296", documented: ok, runtime: ok, sees: timeout(60, -1)},
		{name: "seed 3.0: 200 for success", target: v3 + op + "&Force=true", documented: ok, runtime: ok},
		{name: "seed 3.0: all other status codes are a FabricError", target: v3, documented: missing, runtime: missing},

		// Cancel Operation, 6.0.
		{name: "seed 6.0: POST with api-version, OperationId, Force and timeout", target: v6 + op + no + "&timeout=60", documented: ok, runtime: ok, sees: graceful},
		{name: "seed 6.0: method is POST", method: http.MethodPut, target: v6 + op + no, documented: invalid, runtime: invalid},
		{name: "seed 6.0: request URI is /Faults/$/Cancel", target: "/Faults/Cancel?api-version=6.0" + op + no, documented: invalid, runtime: invalid},
		{name: "seed 6.0: api-version is required", target: cancelPath + "?OperationId=" + id + no, documented: invalid, runtime: invalid},
		{name: "seed 6.0: api-version default 6.0 does not stand in for a required one", target: cancelPath + "?api-version" + op + no, documented: invalid, runtime: invalid},
		{name: "seed 6.0: api-version value must be 6.0", target: v6 + op + no, documented: ok, runtime: ok, sees: version("6.0")},
		{name: "seed 6.0: more than one version is supported, a lower one is passed", target: v3 + op + no, documented: ok, runtime: ok, sees: version("3.0")},
		{name: "seed 6.0: any higher version up to the runtime's, 6.1 with runtime 6.1", target: cancelPath + "?api-version=6.1" + op + no, opts: []server.Option{server.WithRuntimeVersion("6.1")}, documented: ok, runtime: ok, sees: version("6.1")},
		{name: "seed 6.0: not a higher version than the runtime's, 6.2 with runtime 6.1", target: cancelPath + "?api-version=6.2" + op + no, opts: []server.Option{server.WithRuntimeVersion("6.1")}, documented: invalid, runtime: invalid},
		{name: "seed 6.0: 6.1 behaves as documented for 6.0, accepted timeout", target: cancelPath + "?api-version=6.1" + op + no + "&timeout=5", documented: ok, runtime: ok, sees: timeout(5, 5)},
		{name: "seed 6.0: 6.1 behaves as documented for 6.0, bounds of timeout", target: cancelPath + "?api-version=6.1" + op + no + "&timeout=4294967296", documented: invalid, runtime: ok},
		{name: "seed 6.0: OperationId is required", target: v6 + no, documented: missing, runtime: missing},
		{name: "seed 6.0: OperationId is a uuid", target: v6 + "&OperationId=xyz" + no, documented: invalid, runtime: invalid},
		{name: "seed 6.0: OperationId is a GUID that identifies a call", target: v6 + op + no, documented: ok, runtime: ok, sees: graceful},
		{name: "seed 6.0: Force is required", target: v6 + op, documented: missing, runtime: ok, sees: graceful},
		{name: "seed 6.0: Force default false does not stand in for a required one", target: v6 + op + "&Force", documented: missing, runtime: ok, sees: graceful},
		{name: "seed 6.0: Force is a boolean, false", target: v6 + op + no, documented: ok, runtime: ok, sees: graceful},
		{name: "seed 6.0: Force is a boolean, true", target: v6 + op + "&Force=true", documented: ok, runtime: ok, sees: forced},
		{name: "seed 6.0: Force is a boolean, nothing else", target: v6 + op + "&Force=yes", documented: invalid, runtime: invalid},
		{name: "seed 6.0: timeout is not required", target: v6 + op + no, documented: ok, runtime: ok, sees: timeout(60, -1)},
		{name: "seed 6.0: timeout default 60", target: v6 + op + no + "&timeout=", documented: ok, runtime: ok, sees: timeout(60, -1)},
		{name: "seed 6.0: timeout is an integer", target: v6 + op + no + "&timeout=1.5", documented: invalid, runtime: ok, sees: timeout(60, -1)},
		{name: "seed 6.0: timeout is an int64", target: v6 + op + no + "&timeout=9223372036854775808", documented: invalid, runtime: ok, sees: timeout(60, -1)},
		{name: "seed 6.0: timeout InclusiveMaximum 4294967295", target: v6 + op + no + "&timeout=4294967295", documented: ok, runtime: ok, sees: timeout(4294967295, 4294967295)},
		{name: "seed 6.0: timeout above InclusiveMaximum", target: v6 + op + no + "&timeout=4294967296", documented: invalid, runtime: ok, sees: timeout(60, -1)},
		{name: "seed 6.0: timeout InclusiveMinimum 1", target: v6 + op + no + "&timeout=1", documented: ok, runtime: ok, sees: timeout(1, 1)},
		{name: "seed 6.0: timeout below InclusiveMinimum", target: v6 + op + no + "&timeout=0", documented: invalid, runtime: invalid},
		{name: "seed 6.0: timeout is in seconds", target: v6 + op + no + "&timeout=120", documented: ok, runtime: ok, sees: timeout(120, 120)},
		{name: "seed 6.0: 200 for success", target: v6 + op + "&Force=true", documented: ok, runtime: ok},
		{name: "seed 6.0: all other status codes are a FabricError", target: v6, documented: missing, runtime: missing},
	})
}
