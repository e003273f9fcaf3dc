package server_test

import (
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
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
		{name: "runtime §1.4: OperationId is judged before Force", target: cancelPath + "?Force=maybe&api-version=6.0", documented: missing, runtime: missing},
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
		{name: "runtime §1.4: StateFilter is judged first", method: "GET", target: list + "&TypeFilter=x", documented: missing, runtime: invalid},
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
		{name: "runtime §1.4: mode is judged before duration", target: quorumLoss + "&QuorumLossDuration=x", documented: missing, runtime: missing},

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
		{name: "runtime §1.4: NodeInstanceId 0 is judged before the type", target: transition + "&NodeInstanceId=0", documented: badInstance, runtime: badInstance},
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
		{name: "runtime §1.4: progress judges OperationId, missing", method: "GET", target: onPartition + "GetDataLossProgress?api-version=6.0", documented: missing, runtime: missing},
		{name: "runtime §1.4: progress judges OperationId, bad", method: "GET", target: onPartition + "GetDataLossProgress?api-version=6.0&OperationId=5", documented: invalid, runtime: invalid},
		{name: "runtime §1.4: progress hands the path over", method: "GET", target: progress("app~svc", partition), documented: ok, runtime: ok, sees: loss("app~svc", partition)},
		{name: "runtime §1.4: progress does not look at the partition", method: "GET", target: progress("app~svc", "any"), documented: invalid, runtime: ok, sees: loss("app~svc", zero)},
		{name: "runtime §1.4: progress does not look at a partition of two pieces", method: "GET", target: progress("app~svc", partition+"/x"), documented: invalid, runtime: ok, sees: loss("app~svc", zero)},
		{name: "runtime §1.4: progress does not look at the service", method: "GET", target: progress("a~~b", partition), documented: badName, runtime: ok, sees: loss("a~~b", partition)},
		{name: "runtime §1.4: progress does not look at the node", method: "GET", target: "/Faults/Nodes/" + strings.Repeat("n", 4097) + "/$/GetTransitionProgress" + withID, documented: tooLong, runtime: ok},
		{name: "runtime §1.4: progress judges OperationId before an odd path", method: "GET", target: onServices + "a~~b/$/GetPartitions/x/$/GetRestartProgress?api-version=6.0", documented: badName, runtime: missing},
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
