package contract

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/server"
)

// The server and the document, with the table between them, agree on requests of
// every operation that are good, bad and odd in any mixture.
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
		return other // the document has grown
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
