package server_test

import (
	"go/doc/comment"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store/memory"
)

// differences has the rows of the table of profiles in doc.go, each with requests
// that show what it says. At least one of a row is answered differently.
var differences = []struct {
	row   string
	cases []row
}{
	{"api-version", []row{
		{name: "before the first documented one", target: versioned("1.0"), documented: invalid, runtime: ok, sees: version("1.0")},
		{name: "the first documented one", target: versioned("3.0"), documented: ok, runtime: ok, sees: version("3.0")},
		{name: "the runtime version", target: versioned("8.2"), documented: ok, runtime: ok, sees: version("8.2")},
		{name: "after it", target: versioned("8.3"), documented: invalid, runtime: invalid},
		{name: "one number", target: versioned("6"), documented: invalid, runtime: ok, sees: version("6")},
		{name: "preview", target: versioned("6.0-preview"), documented: invalid, runtime: ok, sees: version("6.0-preview")},
		{name: "6.10 comes after 6.9, or is 6.1", target: versioned("6.10"), opts: []server.Option{server.WithRuntimeVersion("6.9")}, documented: invalid, runtime: ok},
		{name: "6.9 comes before 6.10, or after 6.1", target: versioned("6.9"), opts: []server.Option{server.WithRuntimeVersion("6.10")}, documented: ok, runtime: invalid},
	}},
	{"timeout, from 6.0 on", []row{
		{name: "shortest", target: gracefully + "&timeout=1", documented: ok, runtime: ok, sees: timeout(1, 1)},
		{name: "longest", target: gracefully + "&timeout=4294967295", documented: ok, runtime: ok, sees: timeout(4294967295, 4294967295)},
		{name: "too long", target: gracefully + "&timeout=4294967296", documented: invalid, runtime: ok, sees: timeout(60, -1)},
		{name: "other text", target: gracefully + "&timeout=soon", documented: invalid, runtime: ok, sees: timeout(60, -1)},
		{name: "0", target: gracefully + "&timeout=0", documented: invalid, runtime: invalid},
		{name: "other text before 6.0", target: cancelPath + "?api-version=5.9&Force=false&OperationId=" + id + "&timeout=soon", documented: ok, runtime: ok, sees: timeout(60, -1)},
	}},
	{"Force", []row{
		{name: "missing", target: cancel, documented: missing, runtime: ok, sees: graceful},
		{name: "there", target: cancel + "&Force=true", documented: ok, runtime: ok, sees: forced},
	}},
	{"StateFilter, TypeFilter", []row{
		{name: "both missing", method: "GET", target: list, documented: missing, runtime: ok, sees: filters(0, 0)},
		{name: "StateFilter missing", method: "GET", target: list + "&TypeFilter=8", documented: missing, runtime: ok, sees: filters(0, 8)},
		{name: "TypeFilter missing", method: "GET", target: list + "&StateFilter=1", documented: missing, runtime: ok, sees: filters(1, 0)},
	}},
	{"QuorumLossMode", []row{
		{name: "QuorumReplicas", target: quorumLoss + "&QuorumLossDuration=1&QuorumLossMode=QuorumReplicas", documented: accepted, runtime: invalid},
		{name: "QuorumLossReplicas", target: quorumLoss + "&QuorumLossDuration=1&QuorumLossMode=QuorumLossReplicas", documented: accepted, runtime: accepted},
		{name: "AllReplicas", target: quorumLoss + "&QuorumLossDuration=1&QuorumLossMode=AllReplicas", documented: accepted, runtime: accepted},
	}},
	{"StopDurationInSeconds", []row{
		{name: "missing for a start", target: transition + "&NodeInstanceId=5&NodeTransitionType=Start", documented: missing, runtime: accepted},
		{name: "bad for a start", target: transition + "&NodeInstanceId=5&NodeTransitionType=Start&StopDurationInSeconds=x", documented: invalid, runtime: accepted},
		{name: "missing for a stop", target: transition + "&NodeInstanceId=5&NodeTransitionType=Stop", documented: missing, runtime: missing},
		{name: "bad for a stop", target: transition + "&NodeInstanceId=5&NodeTransitionType=Stop&StopDurationInSeconds=x", documented: invalid, runtime: invalid},
	}},
	{"NodeInstanceId and durations", []row{
		{name: "NodeInstanceId after 0x", target: transition + "&NodeInstanceId=0x5&NodeTransitionType=Stop&StopDurationInSeconds=600", documented: invalid, runtime: accepted},
		{name: "NodeInstanceId after a plus", target: transition + "&NodeInstanceId=+5&NodeTransitionType=Stop&StopDurationInSeconds=600", documented: invalid, runtime: accepted},
		{name: "StopDurationInSeconds after 0x", target: transition + "&NodeInstanceId=5&NodeTransitionType=Stop&StopDurationInSeconds=0x258", documented: invalid, runtime: accepted},
		{name: "QuorumLossDuration after a plus", target: quorumLoss + "&QuorumLossMode=AllReplicas&QuorumLossDuration=+1", documented: invalid, runtime: accepted},
	}},
	{"path of a progress call", []row{
		{name: "partition", method: "GET", target: onServices + "app~svc/$/GetPartitions/x/$/GetDataLossProgress" + withID, documented: invalid, runtime: ok},
		{name: "service", method: "GET", target: onServices + "a~/$/GetPartitions/" + partition + "/$/GetQuorumLossProgress" + withID, documented: badName, runtime: ok},
		{name: "partition of a start", target: onServices + "app~svc/$/GetPartitions/x/$/StartDataLoss" + withID + "&DataLossMode=FullDataLoss", documented: invalid, runtime: invalid},
	}},
}

func versioned(text string) string {
	return cancelPath + "?OperationId=" + id + "&Force=false&api-version=" + text
}

func filters(state, kind int64) func(*testing.T, *spy) {
	return func(t *testing.T, s *spy) {
		t.Helper()
		r, _ := s.request.(generated.GetFaultOperationListRequestObject)
		if int64(r.Params.StateFilter) != state || int64(r.Params.TypeFilter) != kind {
			t.Errorf("got %+v", r.Params)
		}
	}
}

func TestDifferencesBetweenProfiles(t *testing.T) {
	for _, d := range differences {
		t.Run(d.row, func(t *testing.T) {
			if !slices.ContainsFunc(d.cases, func(r row) bool { return r.documented != r.runtime }) {
				t.Errorf("got %d requests and no difference, want at least one that differs", len(d.cases))
			}
			for _, r := range d.cases {
				if r.documented == (want{}) || r.runtime == (want{}) {
					t.Errorf("%s is about one profile only", r.name)
				}
			}
			run(t, d.cases)
		})
	}
}

// The table that a reader sees and the one that is tested are one.
func TestTableOfProfiles(t *testing.T) {
	told := rowsOfTable(t)
	var tested []string
	for _, d := range differences {
		tested = append(tested, d.row)
	}
	tested = append(tested, emptyDifference)
	for _, d := range engineDifferences {
		if !slices.Contains(tested, d.row) {
			tested = append(tested, d.row)
		}
	}
	if !slices.Equal(told, tested) {
		t.Errorf("doc.go has the rows\n%q,\nthe test has\n%q", told, tested)
	}
}

// rowsOfTable returns the first column of the table in the package comment. A line
// without a second column goes on with the first one of the line above.
func rowsOfTable(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	heading := ""
	for _, block := range new(comment.Parser).Parse(file.Doc.Text()).Content {
		switch block := block.(type) {
		case *comment.Heading:
			if text, ok := block.Text[0].(comment.Plain); ok {
				heading = string(text)
			}
		case *comment.Code:
			if heading == "Profiles" {
				lines = strings.Split(strings.TrimRight(block.Text, "\n"), "\n")
			}
		}
	}
	if len(lines) < 2 {
		t.Fatal("there is no table below the heading Profiles")
	}
	second, third := strings.Index(lines[0], "Documented"), strings.Index(lines[0], "Runtime")
	if second < 1 || third < second {
		t.Fatalf("this is not the head of the table: %s", lines[0])
	}

	var rows []string
	for _, line := range lines[1:] {
		line += strings.Repeat(" ", third)
		name, value := strings.TrimSpace(line[:second]), strings.TrimSpace(line[second:third])
		switch {
		case name == "":
		case value != "":
			rows = append(rows, name)
		default:
			rows[len(rows)-1] += " " + name
		}
	}
	return rows
}

// engineDifferences has the rows of the table in doc.go that are about the engine of
// package emulator, each with what to ask of an operation in a given state.
var engineDifferences = []struct {
	row                 string
	flag                emulator.Rollback // of the operation that the request is about
	target              string
	documented, runtime want // of a list, whether it has the operation: ok or none
}{
	{"force during a rollback after a failure", emulator.RollingBackAndWillFail, cancel + "&Force=true", ok, badState},
	{"force during a rollback after a failure", emulator.RollingBackDueToUserCancel, cancel + "&Force=true", ok, ok},
	{"force during a rollback after a failure", emulator.NotRollingBack, cancel + "&Force=true", badState, badState},
	{"second force", emulator.RollingBackForce, cancel + "&Force=true", ok, badState},
	{"second force", emulator.RollingBackForce, gracefully, badState, badState},
	{"shortest node stop", "", stopFor("299"), badDuration, badDuration},
	{"shortest node stop", "", stopFor("300"), badDuration, accepted},
	{"shortest node stop", "", stopFor("599"), badDuration, accepted},
	{"shortest node stop", "", stopFor("600"), accepted, accepted},
	{"shortest node stop", "", stopFor("14400"), accepted, accepted},
	{"shortest node stop", "", stopFor("14401"), badDuration, badDuration},
	{"bits of StateFilter", emulator.NotRollingBack, listBy("1"), ok, ok},
	{"bits of StateFilter", emulator.RollingBackForce, listBy("1"), none, ok},
	{"bits of StateFilter", emulator.RollingBackForce, listBy("2"), ok, ok},
	{"bits of StateFilter", emulator.NotRollingBack, listBy("2"), none, none},
	{"bits of StateFilter", emulator.NotRollingBack, listBy("0"), none, none},
	{"bits of StateFilter", emulator.NotRollingBack, listBy("65535"), ok, ok},
}

var (
	badState    = want{400, generated.ErrorCodeInvalidTestCommandState}
	badDuration = want{400, generated.ErrorCodeInvalidDuration}
)

// none is a list without the operation.
var none = want{status: http.StatusNoContent}

func listBy(states string) string { return list + "&TypeFilter=0&StateFilter=" + states }

func stopFor(seconds string) string {
	return transition + "&NodeInstanceId=5&NodeTransitionType=Stop&StopDurationInSeconds=" + seconds
}

func TestEngineDifferencesBetweenProfiles(t *testing.T) {
	differ := make(map[string]bool)
	for _, d := range engineDifferences {
		differ[d.row] = differ[d.row] || d.documented != d.runtime
		for profile, w := range map[server.Profile]want{server.Documented: d.documented, server.Runtime: d.runtime} {
			t.Run(d.row+"/"+string(d.flag)+d.target[len(d.target)-5:]+"/"+profile.String(), func(t *testing.T) {
				engine := emulator.New(memory.New(), emulator.WithProfile(profile), emulator.WithClock(func() time.Time { return time.Unix(0, 0) }))
				if d.flag != "" {
					seed, err := emulator.ParseSeed([]byte(`{"operations":[{"id":"` + id + `","kind":"PartitionRestart","step":"PerformingActions","rollback":"` + string(d.flag) + `"}]}`))
					if err != nil {
						t.Fatal(err)
					}
					if err := engine.Plant(t.Context(), seed); err != nil {
						t.Fatal(err)
					}
				}
				method := http.MethodPost
				if strings.HasPrefix(d.target, list) {
					method = http.MethodGet
				}
				r, err := parse(method, d.target)
				if err != nil {
					t.Fatal(err)
				}
				rec := httptest.NewRecorder()
				newHandler(t, engine, server.WithProfile(profile)).ServeHTTP(rec, r)
				got := shaped(t, rec.Code, rec.Header(), rec.Body.Bytes())
				if method == http.MethodGet && !strings.Contains(got.body, id) {
					got.want = none
				}
				if got.want != w {
					t.Errorf("got %v %q, want %v", got.want, got.message, w)
				}
			})
		}
	}
	for row, differs := range differ {
		if !differs {
			t.Errorf("no request shows the difference of %q", row)
		}
	}
}

// emptyDifference is the row of the table of profiles that is about the header of an answer.
const emptyDifference = "type of an empty answer"

// emptyTypes is the Content-Type of an answer without a body (§1.1).
var emptyTypes = map[server.Profile]string{server.Documented: "", server.Runtime: "application/json; charset=utf-8"}

// The runtime says of an empty answer what it says of any other; no document does.
func TestTypeOfEmptyAnswers(t *testing.T) {
	for profile, want := range emptyTypes {
		for _, target := range []string{gracefully, dataLoss + "&DataLossMode=FullDataLoss", transition + "&NodeInstanceId=5&NodeTransitionType=Stop&StopDurationInSeconds=600"} {
			a := ask(t, "POST", target, server.WithProfile(profile))
			if got := a.header.Get("Content-Type"); a.status >= 300 || a.body != "" || got != want || a.header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s, %s: got %d with %v, want Content-Type %q and nosniff", profile, target, a.status, a.header, want)
			}
		}
	}
}
