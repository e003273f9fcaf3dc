package server_test

import (
	"net/http"
	"testing"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
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
		{"timeout is still checked", gracefully + "&timeout=0", nil, 0, invalid},
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

// The paths of operations that a document may gain: variables at the end, side by side and within a
// piece, and whatever verb.
func TestPathsOfADocumentThatGrows(t *testing.T) {
	t.Parallel()
	paths := []struct{ method, path string }{
		{"POST", "/Faults/Services/{serviceId}/$/Mend"},
		{"GET", "/Faults/Racks/{rack}"},
		{"GET", "/Faults/Racks/$/All"},
		{"POST", "/Faults/Racks/{rack}/{slot}/$/Pull"},
		{"POST", "/Faults/Racks/{rack}:drain"},
		{"POST", "/Faults/Racks/v{version}.json"},
		{"", "/Faults/Any"},
	}
	tests := []struct {
		name, method, target string
		want                 want
		route                string
		values               map[string]string
	}{
		{"a variable that spans pieces", "POST", "/Faults/Services/a/b/$/Mend?api-version=6.0", ok, "/Faults/Services/{serviceId}/$/Mend", map[string]string{"serviceId": "a/b"}},
		{"a variable is decoded once", "POST", "/Faults/Services/a%252F%20b/$/Mend?api-version=6.0", ok, "/Faults/Services/{serviceId}/$/Mend", map[string]string{"serviceId": "a%2F b"}},
		{"a literal may be escaped", "POST", "/Faults/Services/a/%24/M%65nd?api-version=6.0", ok, "/Faults/Services/{serviceId}/$/Mend", map[string]string{"serviceId": "a"}},
		{"an escaped literal is no variable's", "POST", "/Faults/Services/%24/$/Mend?api-version=6.0", ok, "/Faults/Services/{serviceId}/$/Mend", map[string]string{"serviceId": "$"}},
		{"a variable at the end", "GET", "/Faults/Racks/one/two?api-version=6.0", ok, "/Faults/Racks/{rack}", map[string]string{"rack": "one/two"}},
		{"the more a route spells out, the earlier it is tried", "GET", "/Faults/Racks/$/All?api-version=6.0", ok, "/Faults/Racks/$/All", nil},
		{"two variables side by side", "POST", "/Faults/Racks/one/two/three/$/Pull?api-version=6.0", ok, "/Faults/Racks/{rack}/{slot}/$/Pull", map[string]string{"rack": "one", "slot": "two/three"}},
		{"too few pieces", "POST", "/Faults/Racks/one/$/Pull?api-version=6.0", invalid, "", nil},
		{"a verb behind a variable", "POST", "/Faults/Racks/one:drain?api-version=6.0", ok, "/Faults/Racks/{rack}:drain", map[string]string{"rack": "one"}},
		{"another verb behind a variable", "POST", "/Faults/Racks/one:fill?api-version=6.0", invalid, "", nil},
		{"nothing before the verb", "POST", "/Faults/Racks/:drain?api-version=6.0", invalid, "", nil},
		{"texts around a variable", "POST", "/Faults/Racks/v2.json?api-version=6.0", ok, "/Faults/Racks/v{version}.json", map[string]string{"version": "2"}},
		{"any verb", "BREW", "/Faults/Any?api-version=6.0", ok, "/Faults/Any", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := bareHandler(t, &spy{}) // the document does not have these operations
			var route string
			var values map[string]string
			for _, p := range paths {
				h.AddRoute(p.method, p.path, func(w http.ResponseWriter, variables map[string]string) {
					route, values = p.path, variables
					w.WriteHeader(http.StatusOK)
				})
			}
			r, err := parse(tt.method, tt.target)
			if err != nil {
				t.Fatal(err)
			}
			got := serve(t, h, r)
			if got.want != tt.want || route != tt.route || len(values) != len(tt.values) {
				t.Fatalf("got %v %q by %s with %v, want %v by %s with %v", got.want, got.message, route, values, tt.want, tt.route, tt.values)
			}
			for name, value := range tt.values {
				if values[name] != value {
					t.Errorf("%s is %q, want %q", name, values[name], value)
				}
			}
		})
	}
}

// What came after the api-version of a request is answered as what is nowhere: the same status, the
// same code and the same words. What was there before is found all the same.
func TestOperationsThatCameLater(t *testing.T) {
	for _, profile := range []server.Profile{server.Documented, server.Runtime} {
		h := bareHandler(t, &spy{}, server.WithProfile(profile))
		answers := func(status int) func(http.ResponseWriter, map[string]string) {
			return func(w http.ResponseWriter, _ map[string]string) { w.WriteHeader(status) }
		}
		h.AddRouteSince("3.0", "GET", "/Faults/Racks/{name}", answers(203))
		h.AddRouteSince("6.0", "GET", "/Faults/Racks/Busy", answers(205))
		h.AddRouteSince("6.0", "POST", "/Faults/Racks", answers(206))
		for _, tt := range []struct {
			name, method, target string
			status               int    // in both profiles
			says                 string // the message; "" if there is none
		}{
			{"with its version", "POST", "/Faults/Racks?api-version=6.0", 206, ""},
			{"with a later one", "POST", "/Faults/Racks?api-version=6.1", 206, ""},
			{"with an earlier one", "POST", "/Faults/Racks?api-version=3.0", 400, `No operation has the path "/Faults/Racks". The letter case of a path matters.`},
			{"with one between the documents", "POST", "/Faults/Racks?api-version=5.9", 400, `No operation has the path "/Faults/Racks". The letter case of a path matters.`},
			{"another verb, with an earlier one", "PUT", "/Faults/Racks?api-version=3.0", 400, `No operation has the path "/Faults/Racks". The letter case of a path matters.`},
			{"a path that an older one has", "GET", "/Faults/Racks/Busy?api-version=6.0", 205, ""},
			{"a path that an older one has, with an earlier one", "GET", "/Faults/Racks/Busy?api-version=3.0", 203, ""},
		} {
			t.Run(profile.String()+"/"+tt.name, func(t *testing.T) {
				r, err := parse(tt.method, tt.target)
				if err != nil {
					t.Fatal(err)
				}
				if got := serve(t, h, r); got.status != tt.status || got.message != tt.says {
					t.Errorf("got %v %s, want %d %s", got.want, got.message, tt.status, tt.says)
				}
			})
		}
	}
}
