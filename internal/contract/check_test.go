package contract

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/server"
	"pgregory.net/rapid"
)

// A server that violates the contract is reported; a conforming one is not.
func TestBrokenServers(t *testing.T) {
	var (
		empty      = func(status int) http.Handler { return answers(status, "", "") }
		says       = func(body string) http.Handler { return answers(200, asJSON, body) }
		errs       = func(body string) http.Handler { return answers(404, asJSON, body) }
		notJSON    = "the body is not one JSON value"
		completed  = `{"State":"Completed","InvokeDataLossResult":{"ErrorCode":0,"SelectedPartition":{"ServiceName":"fabric:/a","PartitionId":"` + id + `"}}}`
		inResult   = func(part string) string { return `{"State":"Completed","InvokeDataLossResult":{` + part + `}}` }
		let        = "and it was not refused as malformed"
		refused    = "and it was refused as malformed"
		invalidArg = failure(400, "E_INVALIDARG")
	)
	tests := []struct {
		name, method, target string
		edge                 Edge
		handler              http.Handler
		report               string // part of it; empty for none
	}{
		{name: "cancel, 200", target: gracefully, handler: empty(200)},
		{name: "cancel, undocumented 202", target: gracefully, handler: empty(202), report: "CancelOperation has no answer 202"},
		{name: "cancel, undocumented 204", target: gracefully, handler: empty(204), report: "CancelOperation has no answer 204"},
		{name: "cancel, a redirect", target: gracefully, handler: empty(307), report: "CancelOperation has no answer 307"},
		{name: "cancel, a body", target: gracefully, handler: answers(200, "", "{}"), report: "answers 200 without a body"},
		{name: "cancel, a type without a body", target: gracefully, handler: answers(200, asJSON, ""), report: `Content-Type ["application/json; charset=utf-8"] of an empty body`},
		{name: "cancel, a type without a body, as the runtime has it", target: gracefully, edge: Edge{Profile: server.Runtime}, handler: answers(200, asJSON, "")},
		{name: "cancel, another type without a body", target: gracefully, edge: Edge{Profile: server.Runtime}, handler: answers(200, "text/plain", ""), report: "of an empty body"},
		{name: "cancel, a length without a body", target: gracefully, handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "2") }), report: "answers 200 without a body"},
		{name: "start, 202", target: loss + "&DataLossMode=FullDataLoss", handler: empty(202)},
		{name: "start, undocumented 200", target: loss + "&DataLossMode=FullDataLoss", handler: empty(200), report: "StartDataLoss has no answer 200"},
		{name: "start, a type without a body", target: loss + "&DataLossMode=FullDataLoss", handler: answers(202, asJSON, ""), report: "of an empty body"},

		{name: "progress, running", method: "GET", target: progress, handler: says(`{"State":"Running"}`)},
		{name: "progress, completed", method: "GET", target: progress, handler: says(completed)},
		{name: "progress, extra member", method: "GET", target: progress, handler: says(`{"State":"Running","Extra":1}`), report: "Extra"},
		{name: "progress, member in other letter case", method: "GET", target: progress, handler: says(`{"state":"Running"}`), report: `"state" is unsupported`},
		{name: "progress, wrong enum", method: "GET", target: progress, handler: says(`{"State":"Done"}`), report: "/State: value is not one of the allowed values"},
		{name: "progress, number for an enum", method: "GET", target: progress, handler: says(`{"State":1}`), report: "/State: value is not one of the allowed values"},
		{name: "progress, wrong type of the whole", method: "GET", target: progress, handler: says(`[]`), report: "value must be an object"},
		{name: "progress, extra member deep inside", method: "GET", target: progress, handler: says(inResult(`"SelectedPartition":{"ServiceId":"a"}`)), report: `"ServiceId" is unsupported`},
		{name: "progress, no GUID", method: "GET", target: progress, handler: says(inResult(`"SelectedPartition":{"PartitionId":"5"}`)), report: "/InvokeDataLossResult/SelectedPartition/PartitionId"},
		{name: "progress, error code beyond 32 bits", method: "GET", target: progress, handler: says(inResult(`"ErrorCode":2147943623`)), report: "/InvokeDataLossResult/ErrorCode"},
		{name: "progress, error code with a fraction", method: "GET", target: progress, handler: says(inResult(`"ErrorCode":0.5`)), report: "/InvokeDataLossResult/ErrorCode"},
		{name: "progress, null", method: "GET", target: progress, handler: says(`{"State":"Running","InvokeDataLossResult":null}`), report: "not nullable"},
		{name: "progress, result of another kind", method: "GET", target: progress, handler: says(`{"State":"Running","NodeTransitionResult":{}}`), report: "NodeTransitionResult"},
		{name: "progress, no body", method: "GET", target: progress, handler: answers(200, asJSON, ""), report: notJSON},
		{name: "progress, half a body", method: "GET", target: progress, handler: says(`{"State":`), report: notJSON},
		{name: "progress, two bodies", method: "GET", target: progress, handler: says(`{"State":"Running"}{}`), report: notJSON},
		{name: "progress, nothing in it", method: "GET", target: progress, handler: says(`{}`)},
		{name: "progress, no type", method: "GET", target: progress, handler: answers(200, "", `{"State":"Running"}`), report: "one Content-Type"},
		{name: "progress, text", method: "GET", target: progress, handler: answers(200, "text/plain", `{"State":"Running"}`), report: `"text/plain"`},
		{name: "progress, two types", method: "GET", target: progress, handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{asJSON, "text/html"}
			_, _ = w.Write([]byte(`{"State":"Running"}`))
		}), report: "one Content-Type"},

		{name: "list, empty", method: "GET", target: list, handler: says(`[]`)},
		{name: "list, null", method: "GET", target: list, handler: says(`null`), report: "not nullable"},
		{name: "list, an envelope", method: "GET", target: list, handler: says(`{"value":[]}`), report: "value must be an array"},
		{name: "list, wrong enum", method: "GET", target: list, handler: says(`[{"Type":"DataLoss"}]`), report: "/0/Type: value is not one of the allowed values"},

		{name: "failure", target: gracefully, handler: failure(404, "FABRIC_E_KEY_NOT_FOUND")},
		{name: "failure, a code that no list has", target: gracefully, handler: failure(500, "FMFailoverUnitNotFound")},
		{name: "failure, lower-case error", target: gracefully, handler: errs(`{"error":{"Code":"FABRIC_E_KEY_NOT_FOUND","Message":"No."}}`), report: `"error" is unsupported`},
		{name: "failure, lower-case code", target: gracefully, handler: errs(`{"Error":{"code":"FABRIC_E_KEY_NOT_FOUND","Message":"No."}}`), report: `"code" is unsupported`},
		{name: "failure, no code", target: gracefully, handler: errs(`{"Error":{"Message":"No."}}`), report: `"Code" is missing`},
		{name: "failure, empty code", target: gracefully, handler: errs(`{"Error":{"Code":"","Message":"No."}}`), report: "the failure has no Code"},
		{name: "failure, no message", target: gracefully, handler: errs(`{"Error":{"Code":"E_FAIL"}}`), report: "the failure has no Message"},
		{name: "failure, bare", target: gracefully, handler: errs(`{"Code":"E_FAIL","Message":"No."}`), report: `"Error" is missing`},
		{name: "failure, empty", target: gracefully, handler: empty(500), report: notJSON},
		{name: "failure, text of net/http", target: gracefully, handler: http.NotFoundHandler(), report: "the body is not one JSON value"},
		{name: "failure, empty 403 without security", target: gracefully, handler: empty(403), report: notJSON},
		{name: "failure, empty 401 with security", target: gracefully, edge: Edge{Authenticates: true}, handler: empty(401), report: notJSON},
		{name: "failure, empty 403 with security, before the version", target: "/Faults/$/Cancel?api-version=99.0", edge: Edge{Authenticates: true}, handler: empty(403), report: let},
		{name: "failure, empty 403 with security, before the path", target: "/nope", edge: Edge{Authenticates: true}, handler: empty(403), report: let},
		{name: "failure, 403 with a type and no body", target: gracefully, edge: Edge{Authenticates: true}, handler: answers(403, asJSON, ""), report: notJSON},

		{name: "allowed, refused as malformed", target: gracefully, handler: invalidArg, report: refused},
		{name: "allowed, a parameter called missing", target: gracefully, handler: failure(404, "FABRIC_E_NAME_DOES_NOT_EXIST"), report: refused},
		{name: "allowed, called too large", target: gracefully, handler: failure(413, "FABRIC_E_MESSAGE_TOO_LARGE"), report: refused},
		{name: "allowed, refused behind the edge", target: gracefully, handler: failure(400, "FABRIC_E_INVALID_TEST_COMMAND_STATE")},
		{name: "allowed, refused with the right code by the implementation", target: gracefully, handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			Reached(r.Context())
			invalidArg.ServeHTTP(w, r)
		})},

		{name: "forbidden, refused", target: cancel, handler: failure(404, "FABRIC_E_NAME_DOES_NOT_EXIST")},
		{name: "forbidden, 200 to OperationId=abc", target: "/Faults/$/Cancel?api-version=6.0&Force=true&OperationId=abc", handler: empty(200), report: let},
		{name: "forbidden, 200 to Force=1", target: cancel + "&Force=1", handler: empty(200), report: `Force is no boolean: "1"`},
		{name: "forbidden, 200 without Force", target: cancel, handler: empty(200), report: `"Force" in query has an error: value is required but missing`},
		{name: "forbidden, an answer from behind the edge", target: cancel, handler: failure(404, "FABRIC_E_KEY_NOT_FOUND"), report: let},
		{name: "forbidden, a failure of the server", target: cancel, handler: failure(500, "E_FAIL"), report: let},
		{name: "forbidden, the right code with the wrong status", target: cancel, handler: failure(404, "E_INVALIDARG"), report: let},
		{name: "forbidden, another cluster meant", target: cancel, handler: failure(403, "E_ACCESSDENIED")},
		{name: "forbidden, refused by the implementation", target: cancel, handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			Reached(r.Context())
			invalidArg.ServeHTTP(w, r)
		}), report: "it reached the implementation"},
		{name: "forbidden, timeout of 6.0", target: gracefully + "&timeout=4294967296", handler: empty(200), report: "timeout: number must be at most 4.294967295e+09"},
		{name: "no operation, refused", target: "/nope", handler: invalidArg},
		{name: "no operation, 404 of net/http", target: "/nope", handler: http.NotFoundHandler(), report: "the body is not one JSON value"},
		{name: "no operation, lower-case error", target: "/nope", handler: answers(400, asJSON, `{"error":{"Code":"E_INVALIDARG","Message":"No."}}`), report: `"error" is unsupported`},
		{name: "no operation, no message", target: "/nope", handler: answers(400, asJSON, `{"Error":{"Code":"E_INVALIDARG"}}`), report: "the failure has no Message"},
		{name: "no operation, 200", target: "/nope", handler: empty(200), report: "200 without an operation"},
		{name: "no operation, 403", target: "/nope", handler: failure(403, "E_ACCESSDENIED"), report: let},
		{name: "no operation, the other verb", method: "GET", target: gracefully, handler: empty(200), report: "no operation has GET /Faults/$/Cancel"},
		{name: "no operation, a page of the gateway by another verb", method: "POST", target: "/", handler: answers(200, "text/html", "Hello."), report: "200 without an operation"},
		{name: "no operation, a page that the gateway does not have", method: "GET", target: "/$/GetClusterManifest", handler: answers(200, "text/html", "Hello."), report: "200 without an operation"},

		{name: "documented, without Force", target: cancel, handler: empty(200), report: let},
		{name: "runtime, without Force", target: cancel, edge: Edge{Profile: server.Runtime}, handler: empty(200)},
		{name: "runtime, a bad Force all the same", target: cancel + "&Force=x", edge: Edge{Profile: server.Runtime}, handler: empty(200), report: let},
		{name: "two differences hide nothing", target: "//Faults/$/Cancel/?api-version=6.0&Force=True&OperationId=abc&x=%zz", handler: empty(200), report: `OperationId: `},
		{name: "two differences are two", target: "//Faults/$/Cancel/" + withID + "&Force=True&x=%zz", handler: empty(200)},
		{name: "a version above the server's", target: gracefully, edge: Edge{RuntimeVersion: "5.0"}, handler: empty(200), report: "range of versions"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.method == "" {
				tt.method = http.MethodPost
			}
			got := judged(t, tt.edge, differences, tt.handler, parse(t, tt.method, tt.target))
			if tt.report == "" && got != "" || !strings.Contains(got, tt.report) {
				t.Errorf("reported %q, want %q", got, tt.report)
			}
		})
	}
}

// A report has everything that is needed to see what is wrong.
func TestReport(t *testing.T) {
	got := judged(t, Edge{}, differences, answers(202, asJSON, "{}"), parse(t, "POST", cancel+"&Force=maybe"))
	want := `contract: POST /Faults/$/Cancel?api-version=6.0&OperationId=11111111-1111-4111-8111-111111111111&Force=maybe
	profile: documented, judged by the view 6.0, CancelOperation
	the document on the request: Force is no boolean: "maybe"
	the document on the request: parameter "Force" in query has an error: value maybe: an invalid boolean: invalid syntax
	mistake: the document forbids the request, and it was not refused as malformed
	mistake: CancelOperation has no answer 202
	the answer: 202, Content-Type ["application/json; charset=utf-8"], body "{}"`
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	long := judged(t, Edge{}, differences, answers(200, "", strings.Repeat("x", 1<<20)), parse(t, "POST", gracefully))
	if len(long) > 4000 {
		t.Errorf("a report of %d bytes, want at most 4000", len(long))
	}
}

// The server and the document, with the table of differences, agree on requests for
// every operation with any mixture of good, bad and odd parts.
func TestServerAgrees(t *testing.T) {
	text := func(some ...string) *rapid.Generator[string] { return rapid.SampledFrom(some) }
	odd := text("", "x", "0", "-1", "-0", "1", "+1", "007", "0x1F", "0x", "1.5", "1e3", "4294967295", "4294967296", "2147483648",
		"18446744073709551616", "true", "Invalid", "%31", "a=b", "=", "é", " 1")
	values := map[string]*rapid.Generator[string]{
		"api-version":           text("6.0", "6.0", "6.0", "3.0", "3.0", "3.5", "6.1", "8.2", "8.3", "6.10", "8.10", "06.0", "2.9", "1", "6", "6.0-preview", "6e0", "6.0.1", "%36.0"),
		"OperationId":           text(id, id, id, strings.ToUpper("abcdefab-1111-4111-8111-111111111111"), "{"+id+"}", strings.ReplaceAll(id, "-", "%2D")),
		"Force":                 text("true", "false", "True", "FALSE", "1", "t", "fal\u017fe"),
		"timeout":               text("60", "0", "1", "+5", "00", "4294967295", "4294967296", "abc"),
		"StateFilter":           text("1", "65535", "0xFF", "+8", "-1", "4294967296"),
		"TypeFilter":            text("1", "65535", "0XfF", "All"),
		"DataLossMode":          text("FullDataLoss", "PartialDataLoss", "Invalid", "fulldataloss"),
		"QuorumLossMode":        text("QuorumReplicas", "QuorumLossReplicas", "AllReplicas", "Invalid"),
		"QuorumLossDuration":    text("60", "0", "0x10", "4294967296", "-1"),
		"RestartPartitionMode":  text("AllReplicasOrInstances", "OnlyActiveSecondaries", "Invalid"),
		"NodeTransitionType":    text("Start", "Stop", "Invalid"),
		"NodeInstanceId":        text("5", "0", "0x5", "+5", "005", "abc", "18446744073709551615"),
		"StopDurationInSeconds": text("600", "0", "junk", "2147483648", "0x10"),
		"serviceId":             text("app~svc", "app~svc", "app/svc", "a//b", "app%2Fsvc", "a~~b", "$", "%24", "a%20b", "a+b", "a%25zz", "%25", "a%5Eb", "%FF", "..", "a%23b", strings.Repeat("s", 505)),
		"partitionId":           text(id, id, id, "x", id+"/x", strings.ToUpper("abcdefab-1111-4111-8111-111111111111")),
		"nodeName":              text("_Node_0", "_Node_0", "a/b", "%24", "$", "%25zz", "%2F", "a+b", "%C3%B6", "%00", strings.Repeat("n", 4097)),
	}
	value := func(name string, other *rapid.Generator[string]) *rapid.Generator[string] {
		if known := values[name]; known != nil {
			return known
		}
		return other // the document has more parameters than this map
	}
	handlers := make(map[server.Profile]*server.Handler)
	for _, p := range []server.Profile{server.Documented, server.Runtime} {
		handlers[p] = newServer(t, Edge{Profile: p})
	}
	docs, err := load()
	if err != nil {
		t.Fatal(err)
	}

	rapid.Check(t, func(r *rapid.T) {
		op := rapid.SampledFrom(docs.whole.operations).Draw(r, "operation")
		bent := func() bool { return rapid.IntRange(0, 9).Draw(r, "bent") == 0 }
		path := op.path
		for _, segment := range op.segments {
			if name, variable := variableName(segment); variable {
				path = strings.Replace(path, segment, value(name, text("x", "1")).Draw(r, name), 1)
			}
		}
		if bent() {
			path = strings.Replace(path, "$", text("%24", "$/", "x").Draw(r, "literal"), 1)
		}
		if bent() {
			path = strings.ReplaceAll(path, "/", "//")
		}
		if bent() {
			path = strings.TrimSuffix(path, "/") + text("", "/", "//", "/x").Draw(r, "end")
		}
		method := op.method
		if bent() {
			method = text("GET", "POST", "HEAD", "get").Draw(r, "method")
		}

		var pairs []string
		for _, p := range op.route.Operation.Parameters {
			name := p.Value.Name
			if p.Value.In != "query" || bent() || name == "timeout" && !bent() {
				continue
			}
			value := value(name, odd).Draw(r, name)
			if bent() {
				value = odd.Draw(r, "odd")
			}
			if bent() {
				name = text(strings.ToLower(name), "%4"+name, name+"="+value+"&"+name, "x=1&"+name, "="+name).Draw(r, "name")
			}
			pairs = append(pairs, name+"="+value)
		}
		query := strings.Join(rapid.Permutation(pairs).Draw(r, "pairs"), "&")

		for profile, h := range handlers {
			u, err := url.ParseRequestURI(path)
			if err != nil {
				r.Fatal(err)
			}
			u.RawQuery = query
			request := (&http.Request{Method: method, URL: u, Header: http.Header{}}).WithContext(r.Context())
			if got := judged(t, Edge{Profile: profile}, differences, h, request); got != "" {
				r.Fatal(got)
			}
		}
	})
}
