package server_test

import (
	"net/http"
	"testing"

	"github.com/sfcancel/sfcancel/generated"
)

func reached(operation string) func(*testing.T, *spy) {
	return func(t *testing.T, s *spy) {
		t.Helper()
		if s.operation != operation {
			t.Errorf("reached %s, want %s", s.operation, operation)
		}
	}
}

func service(name string) func(*testing.T, *spy) {
	return func(t *testing.T, s *spy) {
		t.Helper()
		r, ok := s.request.(generated.StartDataLossRequestObject)
		if !ok || r.ServiceID != name || r.PartitionID.String() != partition {
			t.Errorf("got %+v, want service %q", s.request, name)
		}
	}
}

func node(name string) func(*testing.T, *spy) {
	return func(t *testing.T, s *spy) {
		t.Helper()
		switch r := s.request.(type) {
		case generated.StartNodeTransitionRequestObject:
			if r.NodeName != name {
				t.Errorf("node %q, want %q", r.NodeName, name)
			}
		case generated.GetNodeTransitionProgressRequestObject:
			if r.NodeName != name {
				t.Errorf("node %q, want %q", r.NodeName, name)
			}
		default:
			t.Errorf("got %T", r)
		}
	}
}

const onServices = "/Faults/Services/"

func lossOf(service string) string {
	return onServices + service + "/$/GetPartitions/" + partition + "/$/StartDataLoss" + withID + "&DataLossMode=FullDataLoss"
}

func TestRoutes(t *testing.T) {
	const filters = "&StateFilter=1&TypeFilter=1"
	run(t, []row{
		{name: "runtime §1.1: CancelOperation", target: gracefully, documented: ok, runtime: ok, sees: reached("CancelOperation")},
		{name: "runtime §1.1: GetFaultOperationList", method: "GET", target: list + filters, documented: ok, runtime: ok, sees: reached("GetFaultOperationList")},
		{name: "runtime §1.1: StartDataLoss", target: dataLoss + "&DataLossMode=FullDataLoss", documented: accepted, runtime: accepted, sees: reached("StartDataLoss")},
		{name: "runtime §1.1: StartQuorumLoss", target: quorumLoss + "&QuorumLossMode=AllReplicas&QuorumLossDuration=1", documented: accepted, runtime: accepted, sees: reached("StartQuorumLoss")},
		{name: "runtime §1.1: StartPartitionRestart", target: restart + "&RestartPartitionMode=OnlyActiveSecondaries", documented: accepted, runtime: accepted, sees: reached("StartPartitionRestart")},
		{name: "runtime §1.1: GetDataLossProgress", method: "GET", target: lossProgress, documented: ok, runtime: ok, sees: reached("GetDataLossProgress")},
		{name: "runtime §1.1: GetQuorumLossProgress", method: "GET", target: onPartition + "GetQuorumLossProgress" + withID, documented: ok, runtime: ok, sees: reached("GetQuorumLossProgress")},
		{name: "runtime §1.1: GetPartitionRestartProgress", method: "GET", target: onPartition + "GetRestartProgress" + withID, documented: ok, runtime: ok, sees: reached("GetPartitionRestartProgress")},
		{name: "runtime §1.1: StartNodeTransition", target: transition + "&NodeInstanceId=5&NodeTransitionType=Stop&StopDurationInSeconds=600", documented: accepted, runtime: accepted, sees: reached("StartNodeTransition")},
		{name: "runtime §1.1: GetNodeTransitionProgress", method: "GET", target: onNode + "GetTransitionProgress" + withID, documented: ok, runtime: ok, sees: reached("GetNodeTransitionProgress")},

		{name: "runtime §1.2: case of the first segment", target: "/faults/$/Cancel" + withID + "&Force=true", documented: invalid, runtime: invalid},
		{name: "runtime §1.2: case of another segment", target: "/Faults/$/cancel" + withID + "&Force=true", documented: invalid, runtime: invalid},
		{name: "runtime §1.2: no trailing slash on the list", method: "GET", target: "/Faults?api-version=6.0" + filters, documented: ok, runtime: ok, sees: reached("GetFaultOperationList")},
		{name: "runtime §1.2: trailing slash on the list", method: "GET", target: list + filters, documented: ok, runtime: ok},
		{name: "runtime §1.2: several trailing slashes", method: "GET", target: "/Faults///?api-version=6.0" + filters, documented: ok, runtime: ok},
		{name: "runtime §1.2: trailing slash on cancel", target: "/Faults/$/Cancel/" + withID + "&Force=true", documented: ok, runtime: ok, sees: forced},
		{name: "runtime §1.2: double slashes", target: "/Faults//$//Cancel/" + withID + "&Force=true", documented: ok, runtime: ok, sees: forced},
		{name: "runtime §1.2: double slash in front", target: "//Faults/$/Cancel" + withID + "&Force=true", documented: ok, runtime: ok, sees: forced},
		{name: "runtime §1.2: no trailing slash on a start that has one", target: onNode + "StartTransition" + withID + "&NodeInstanceId=5&NodeTransitionType=Start&StopDurationInSeconds=0", documented: accepted, runtime: accepted},
		{name: "runtime §1.2: unknown path", target: "/Faults/$/Nothing" + withID, documented: invalid, runtime: invalid},
		{name: "runtime §1.2: unknown path with an id in it", target: "/Faults/" + id + "/$/Cancel?api-version=6.0", documented: invalid, runtime: invalid},
		{name: "runtime §1.2: path outside /Faults", method: "GET", target: "/Nodes?api-version=6.0", documented: invalid, runtime: invalid},
		{name: "runtime §1.2: the root has a GET of its own, and nothing else", target: "/", documented: invalid, runtime: invalid},
		{name: "runtime §1.2: path of an ordinary file server", method: "GET", target: "/Faults/../etc?api-version=6.0", documented: invalid, runtime: invalid},
		{name: "runtime §1.2: more after the end", target: "/Faults/$/Cancel/now" + withID + "&Force=true", documented: invalid, runtime: invalid},
		{name: "runtime §1.2: wrong verb GET", method: "GET", target: gracefully, documented: invalid, runtime: invalid},
		{name: "runtime §1.2: wrong verb PUT", method: "PUT", target: gracefully, documented: invalid, runtime: invalid},
		{name: "runtime §1.2: wrong verb HEAD of a GET", method: "HEAD", target: list + filters, documented: invalid, runtime: invalid},
		{name: "runtime §1.2: wrong verb OPTIONS", method: "OPTIONS", target: gracefully, documented: invalid, runtime: invalid},
		{name: "runtime §1.2: verbs mind their case", method: "post", target: gracefully, documented: invalid, runtime: invalid},
		{name: "runtime §1.2: POST to the list", target: list + filters, documented: invalid, runtime: invalid},

		{name: "runtime §1.2: hierarchical service id", target: lossOf("app/svc"), documented: accepted, runtime: accepted, sees: service("app/svc")},
		{name: "runtime §1.2: deep service id", target: lossOf("a/b/c//d"), documented: accepted, runtime: accepted, sees: service("a/b/c/d")},
		{name: "runtime §1.4: service id with ~", target: lossOf("app~svc"), documented: accepted, runtime: accepted, sees: service("app~svc")},
		{name: "runtime §1.2: extra segment after a partition id", target: onServices + "a/$/GetPartitions/" + partition + "/x/$/StartDataLoss" + withID + "&DataLossMode=FullDataLoss", documented: invalid, runtime: invalid},
		{name: "runtime §1.2: no service id", target: onServices + "$/GetPartitions/" + partition + "/$/StartDataLoss" + withID + "&DataLossMode=FullDataLoss", documented: invalid, runtime: invalid},
		{name: "runtime §1.2: a $ is never part of a service id", target: onServices + "$/$/GetPartitions/" + partition + "/$/StartDataLoss" + withID + "&DataLossMode=FullDataLoss", documented: invalid, runtime: invalid},
		{name: "runtime §1.2: a $ ends a service id", target: onServices + "a/$/b/$/GetPartitions/" + partition + "/$/StartDataLoss" + withID + "&DataLossMode=FullDataLoss", documented: invalid, runtime: invalid},
		{name: "real clients: raw space in a service id", target: lossOf("My%20App/Svc"), documented: accepted, runtime: accepted, sees: service("My App/Svc")},
		{name: "real clients: escaped slash in a service id", target: lossOf("app%2Fsvc"), documented: accepted, runtime: accepted, sees: service("app/svc")},
		{name: "real clients: escaped node name", method: "GET", target: "/Faults/Nodes/N%20%C3%B6%2F1%2Bx/$/GetTransitionProgress" + withID, documented: ok, runtime: ok, sees: node("N ö/1+x")},
		{name: "real clients: raw plus in a node name", method: "GET", target: "/Faults/Nodes/a+b/$/GetTransitionProgress" + withID, documented: ok, runtime: ok, sees: node("a+b")},
		{name: "decoded once", method: "GET", target: "/Faults/Nodes/a%252Fb/$/GetTransitionProgress" + withID, documented: ok, runtime: ok, sees: node("a%2Fb")},
		{name: "a node that is called $", method: "GET", target: "/Faults/Nodes/%24/$/GetTransitionProgress" + withID, documented: ok, runtime: ok, sees: node("$")},
		{name: "%24 is as good as $", target: "/Faults/%24/Cancel" + withID + "&Force=true", documented: ok, runtime: ok, sees: forced},
		{name: "%24 after a variable", method: "GET", target: "/Faults/Nodes/n/%24/GetTransitionProgress" + withID, documented: ok, runtime: ok, sees: node("n")},
		{name: "absolute form of the request line", target: "http://elsewhere" + gracefully, documented: ok, runtime: ok, sees: graceful},
		{name: "CONNECT has no path", method: "CONNECT", target: "cluster:19080", documented: invalid, runtime: invalid},
		{name: "OPTIONS *", method: "OPTIONS", target: "*", documented: invalid, runtime: invalid},
	})
}

// §1.2: URI and version, then ClusterId, then body, then parameters. The first
// failure wins.
func TestOrderOfChecks(t *testing.T) {
	other := http.Header{"Clusterid": {"other"}}
	tests := []struct {
		name   string
		target string
		header http.Header
		length int64
		want   want
	}{
		{"unknown path before everything", "/Faults/$/Nothing?api-version=99.0", other, 5 << 20, invalid},
		{"api-version before ClusterId", cancelPath + "?api-version=99.0", other, 5 << 20, invalid},
		{"ClusterId before the body", cancelPath + "?api-version=6.0", other, 5 << 20, want{403, generated.ErrorCodeAccessDenied}},
		{"the body before the parameters", cancelPath + "?api-version=6.0", nil, 5 << 20, want{413, generated.ErrorCodeMessageTooLarge}},
		{"the parameters last", cancelPath + "?api-version=6.0", nil, 0, missing},
		{"timeout after the other parameters", cancelPath + "?api-version=6.0&timeout=0", nil, 0, missing},
		{"timeout is still judged", gracefully + "&timeout=0", nil, 0, invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := parse("POST", tt.target)
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range tt.header {
				r.Header[k] = v
			}
			r.ContentLength = tt.length
			if got := askWith(t, &spy{}, r, serverCluster); got.want != tt.want {
				t.Errorf("got %v %s, want %v", got.want, got.message, tt.want)
			}
		})
	}
}
