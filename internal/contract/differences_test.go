package contract

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sfcancel/sfcancel/server"
)

// example is an exchange that needs a row of the table: it is reported only
// without the row. If handler is nil, a real server answers.
type example struct {
	method, target string
	body           io.Reader
	length         int64
	edge           Edge
	handler        http.Handler
}

// examples has exchanges for every row, by the row's name.
var examples = map[string][]example{
	"slashes": {
		{target: "//Faults/$//Cancel/" + withID + "&Force=true"},
		{method: "GET", target: "/Faults?api-version=6.0&StateFilter=1&TypeFilter=1"},
		{target: strings.Replace(start, "Transition/", "Transition", 1), handler: answers(202, "", "")},
	},
	"escaped literals": {
		{target: "/Faults/%24/Cancel" + withID + "&Force=true"},
		{method: "GET", target: strings.Replace(progress, "app~svc/$", "app~svc/%24", 1)},
	},
	"levels": {
		{method: "GET", target: strings.Replace(progress, "app~svc", "app/svc", 1)},
		{method: "GET", target: "/Faults/Nodes/a/b/$/GetTransitionProgress" + withID, handler: answers(200, asJSON, `{"State":"Running"}`)},
	},
	"a bare $ is no value": {{method: "GET", target: "/Faults/Nodes/$/$/GetTransitionProgress" + withID}},
	"pairs": {
		{target: cancel + "&Force==true"},
		{target: cancel + "&Force=&Force=true=x&Force&Force=true"},
	},
	"raw text": {
		{target: strings.Replace(gracefully, "1-1", "1%2D1", 1)},
		{target: cancel + "&%46orce=x&Force=false"},
	},
	"first pair": {
		{target: gracefully + "&Force=x"},
		{target: gracefully + "&api-version=99.0"},
	},
	"range of versions": {{target: strings.Replace(gracefully, "6.0", "2.9", 1)}, {target: strings.Replace(gracefully, "6.0", "99.0", 1)}, {target: gracefully, edge: Edge{RuntimeVersion: "5.0"}}},
	"versions between":  {{target: strings.Replace(gracefully, "6.0", "3.5", 1) + "&timeout=abc"}, {target: strings.Replace(gracefully, "6.0", "5.9", 1) + "&timeout=4294967296"}},
	"range of numbers":  {{target: strings.Replace(gracefully, "6.0", "8.3", 1)}, {target: strings.Replace(gracefully, "6.0", "0.9", 1)}, {target: gracefully, edge: Edge{RuntimeVersion: "5.0"}}},
	"versions are numbers": {
		{target: strings.Replace(gracefully, "6.0", "6", 1)}, {target: strings.Replace(gracefully, "6.0", "6.0-preview", 1)},
		{target: strings.Replace(gracefully, "6.0", "6e0", 1)}, {target: strings.Replace(gracefully, "6.0", "2", 1)},
	},
	"timeout=0 before 6.0":    {{target: strings.Replace(gracefully, "6.0", "3.0", 1) + "&timeout=0"}, {target: strings.Replace(gracefully, "6.0", "5.9", 1) + "&timeout=+00"}},
	"unknown names":           {{target: gracefully + "&$top=5&force=x&DataLossMode=x"}, {target: strings.Replace(gracefully, "6.0", "3.0", 1) + "&timeout=5"}},
	"Force is optional":       {{target: cancel}},
	"StateFilter is optional": {{method: "GET", target: "/Faults/?api-version=6.0&TypeFilter=1"}},
	"TypeFilter is optional":  {{method: "GET", target: "/Faults/?api-version=6.0&StateFilter=1"}},
	"the duration of a start": {
		{target: strings.Replace(start, "Seconds=0", "Seconds=junk", 1), handler: answers(202, "", "")},
		{target: strings.Replace(start, "&StopDurationInSeconds=0", "", 1), handler: answers(202, "", "")},
	},
	"the path of a progress call": {
		{method: "GET", target: strings.Replace(progress, "1daae3f5", "any", 1)},
		{method: "GET", target: strings.Replace(progress, "app~svc", "a~~b", 1)},
		{method: "GET", target: "/Faults/Nodes/" + strings.Repeat("n", 4097) + "/$/GetTransitionProgress" + withID, handler: answers(200, asJSON, `{"State":"Running"}`)},
	},
	"letter case of Force": {{target: cancel + "&Force=True"}, {target: cancel + "&Force=FALSE"}},
	"numbers of filters": {
		{method: "GET", target: "/Faults/?api-version=6.0&StateFilter=0xFF&TypeFilter=1"},
		{method: "GET", target: "/Faults/?api-version=6.0&StateFilter=1&TypeFilter=+8"},
	},
	"numbers": {
		{target: strings.Replace(start, "InstanceId=5", "InstanceId=0x5", 1), handler: answers(202, "", "")},
		{target: quorum + "&QuorumLossMode=AllReplicas&QuorumLossDuration=0x10", handler: answers(202, "", "")},
		{target: strings.NewReplacer("=Start", "=Stop", "Seconds=0", "Seconds=+600").Replace(start), handler: answers(202, "", "")},
	},
	"unreadable timeout":  {{target: gracefully + "&timeout=abc"}, {target: gracefully + "&timeout=4294967296"}, {target: gracefully + "&timeout=+5"}},
	"QuorumReplicas":      {{target: quorum + "&QuorumLossMode=QuorumReplicas&QuorumLossDuration=5"}},
	"QuorumLossReplicas":  {{target: quorum + "&QuorumLossMode=QuorumLossReplicas&QuorumLossDuration=5", handler: answers(202, "", "")}},
	"Invalid is reserved": {{target: loss + "&DataLossMode=Invalid"}, {target: strings.Replace(start, "=Start", "=Invalid", 1)}},
	"numbers are unsigned": {
		{target: quorum + "&QuorumLossMode=AllReplicas&QuorumLossDuration=-1"},
		{target: quorum + "&QuorumLossMode=AllReplicas&QuorumLossDuration=4294967296"},
		{method: "GET", target: "/Faults/?api-version=6.0&StateFilter=4294967296&TypeFilter=1"},
		{method: "GET", target: "/Faults/?api-version=6.0&StateFilter=1&TypeFilter=-1"},
	},
	"NodeInstanceId is a number": {{target: strings.Replace(start, "InstanceId=5", "InstanceId=abc", 1)}, {target: strings.Replace(start, "InstanceId=5", "InstanceId=0", 1)}},
	"names of services":          {{target: strings.Replace(loss, "app~svc", "a~~b", 1) + "&DataLossMode=FullDataLoss"}},
	"length of node names":       {{target: strings.Replace(start, "_Node_0", strings.Repeat("n", 4097), 1)}},
	"size of the body": {
		{target: gracefully, length: maxBody + 1},
		{target: gracefully, length: -1, body: io.LimitReader(zeros{}, maxBody+1)},
	},
	"a body that breaks off": {{target: gracefully, length: -1, body: iotest.ErrReader(io.ErrUnexpectedEOF)}},
	"outside of the document": {
		{method: "GET", target: "/", handler: answers(200, "text/html", "Hello.")},
		{method: "GET", target: "/$/GetClusterVersion?api-version=6.4", handler: answers(200, asJSON, `{"Version":"8.2.0.0"}`)},
		{method: "GET", target: "//%24/GetAadMetadata", handler: answers(200, asJSON, `{"type":"","metadata":{}}`)},
	},
	"no body of 403": {
		{target: gracefully, edge: Edge{Authenticates: true}, handler: answers(403, "", "")},
		{target: cancel + "&Force=x", edge: Edge{Authenticates: true}, handler: answers(403, "", "")},
		{method: "GET", target: "/", edge: Edge{Authenticates: true}, handler: answers(403, "", "")},
	},
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// Every row is needed in each of its profiles, by each of its examples.
func TestEveryDifferenceIsNeeded(t *testing.T) {
	for i, row := range differences {
		t.Run(row.name, func(t *testing.T) {
			if len(examples[row.name]) == 0 {
				t.Fatal("the row has no example, want one that needs it")
			}
			without := slices.Delete(slices.Clone(differences), i, i+1)
			for _, profile := range row.profiles {
				for _, e := range examples[row.name] {
					edge := e.edge
					edge.Profile = profile
					if got := e.judged(t, edge, differences); got != "" {
						t.Errorf("with the row: got the report %s, want none", got)
					}
					if e.judged(t, edge, without) == "" {
						t.Errorf("%s: without the row: got no report of %s %s, want one", profile, e.method, e.target)
					}
				}
			}
		})
	}
}

func (e example) judged(t *testing.T, edge Edge, rows []difference) string {
	t.Helper()
	if e.method == "" {
		e.method = http.MethodPost
	}
	r := parse(t, e.method, e.target)
	if e.length != 0 {
		r.ContentLength = e.length
	}
	if e.body != nil {
		if again, ok := e.body.(*io.LimitedReader); ok {
			e.body = io.LimitReader(again.R, maxBody+1)
		}
		r.Body = io.NopCloser(e.body)
	}
	if e.handler == nil {
		e.handler = newServer(t, edge)
	}
	return judged(t, edge, rows, e.handler, r)
}

// A row has a unique name, a reason with its source, and exactly one function.
func TestDifferencesAreWellFormed(t *testing.T) {
	seen := make(map[string]bool)
	for _, row := range differences {
		if row.name == "" || seen[row.name] {
			t.Errorf("got the name %q, want one that is unique and not empty", row.name)
		}
		seen[row.name] = true
		if !strings.Contains(row.reason, "(") && !strings.Contains(row.reason, "the document") && !strings.Contains(row.reason, "the whole document") {
			t.Errorf("%s: got the reason %q, want one with its source", row.name, row.reason)
		}
		if len(row.profiles) == 0 {
			t.Errorf("%s: got no profiles, want at least one", row.name)
		}
		kinds := 0
		for _, there := range []bool{row.reads != nil, row.forbids != nil, row.answers != nil} {
			if there {
				kinds++
			}
		}
		if kinds != 1 || row.ofPath && row.reads == nil {
			t.Errorf("%s: got %d functions, want one of reads, forbids and answers; and reads if ofPath is set", row.name, kinds)
		}
	}
	for name := range examples {
		if !seen[name] {
			t.Errorf("there are examples for %q, want such a row", name)
		}
	}
}

// The rows of the runtime profile do not apply to a server of the other profile.
func TestDifferencesOfTheOtherProfile(t *testing.T) {
	for _, row := range differences {
		if len(row.profiles) != 1 || row.reads == nil || row.name == "versions between" {
			continue // rows that apply to both profiles, or have an equivalent in the other
		}
		t.Run(row.name, func(t *testing.T) {
			for _, e := range examples[row.name] {
				if e.handler = e.willing(); e.judged(t, Edge{Profile: server.Documented}, differences) == "" && e.edge.RuntimeVersion == "" {
					t.Errorf("documented: got no report of %s %s, want one", e.method, e.target)
				}
			}
		})
	}
}

// willing returns the handler of an example, or one that accepts the request.
func (e example) willing() http.Handler {
	switch {
	case e.handler != nil:
		return e.handler
	case e.method == http.MethodGet && strings.Contains(e.target, "Progress"):
		return answers(200, asJSON, `{"State":"Running"}`)
	case e.method == http.MethodGet:
		return answers(200, asJSON, `[]`)
	default:
		return answers(200, "", "")
	}
}
