package papers

import (
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// The picture of the rooms has a path of arrows for every import between them, and no arrow without an
// import.
func TestRooms(t *testing.T) {
	t.Parallel()
	picture := block(t, "docs/architecture.md", "mermaid", "flowchart BT")
	rooms := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^    (\w+)\[`).FindAllStringSubmatch(picture, -1) {
		rooms[strings.Replace(m[1], "_", "/", 1)] = true
	}
	arrows := map[string][]string{}
	for _, m := range regexp.MustCompile(`(?m)^    (\w+) --> (\w+)$`).FindAllStringSubmatch(picture, -1) {
		from, to := strings.Replace(m[1], "_", "/", 1), strings.Replace(m[2], "_", "/", 1)
		arrows[from] = append(arrows[from], to)
	}
	imports := importsOf(t, rooms)
	if len(rooms) == 0 || len(imports) == 0 {
		t.Fatalf("got %d rooms and %d that import others, want some", len(rooms), len(imports))
	}
	for from, all := range arrows {
		for _, to := range all {
			if !imports[from][to] {
				t.Errorf("the picture has an arrow from %s to %s, want such an import or no arrow", from, to)
			}
		}
	}
	for from, all := range imports {
		for to := range all {
			if !reaches(arrows, from, to) {
				t.Errorf("%s imports %s, want arrows in the picture that lead there", from, to)
			}
		}
	}
}

// importsOf returns the imports between rooms. A package belongs to the room with the longest name that is a prefix of its
// path.
func importsOf(t *testing.T, rooms map[string]bool) map[string]map[string]bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-f", `{{$p := .ImportPath}}{{range .Imports}}{{$p}} {{.}}{{"\n"}}{{end}}`, "work")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	room := func(pkg string) string {
		name := strings.TrimPrefix(pkg, "github.com/sfcancel/sfcancel/")
		for name != pkg && !rooms[name] {
			i := strings.LastIndex(name, "/")
			if i < 0 {
				return ""
			}
			name = name[:i]
		}
		if name == pkg {
			return ""
		}
		return name
	}
	imports := map[string]map[string]bool{}
	for line := range strings.Lines(string(out)) {
		pkg, imported, _ := strings.Cut(strings.TrimSpace(line), " ")
		if from, to := room(pkg), room(imported); from != "" && to != "" && from != to {
			if imports[from] == nil {
				imports[from] = map[string]bool{}
			}
			imports[from][to] = true
		}
	}
	return imports
}

func reaches(arrows map[string][]string, from, to string) bool {
	return slices.ContainsFunc(arrows[from], func(next string) bool { return next == to || reaches(arrows, next, to) })
}

// The README's picture has the requests and answers of a Stop that loses the answer to its force.
func TestSequence(t *testing.T) {
	t.Parallel()
	picture := block(t, "README.md", "mermaid", "sequenceDiagram")
	var want []string
	for _, m := range regexp.MustCompile(`(?m)^    S->>C: (.*)\n    C--[>x]+S: (.*)$`).FindAllStringSubmatch(picture, -1) {
		want = append(want, m[1]+": "+m[2])
	}
	if len(want) == 0 {
		t.Fatalf("got no requests in\n%s", picture)
	}
	end := regexp.MustCompile(`(?m)^    S-->>P: (\w+), (\w+)$`).FindStringSubmatch(picture)
	if end == nil {
		t.Fatalf("got no end in\n%s", picture)
	}
	synctest.Test(t, func(t *testing.T) {
		c := sftest.NewCluster(t, sftest.WithClock(time.Now))
		id := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: emulator.Scenario{
			UndoFails: emulator.Failure{Times: emulator.Always},
		}})
		c.On(sftest.Force, sftest.DropAfter())
		result, err := c.Client().Stop(t.Context(), id, wrapper.StopOptions{})
		if err != nil || string(result.Verdict) != end[1] || string(result.State) != end[2] {
			t.Errorf("got %s, %s, %v, want %s, %s", result.Verdict, result.State, err, end[1], end[2])
		}
		var got []string
		for _, r := range c.Requests() {
			if r.Call != sftest.CancelOperation {
				continue
			}
			request, answer := "graceful cancel", fmt.Sprint(r.Status)
			if r.Force {
				request = "force"
			}
			if r.Status == 0 {
				answer = "the answer is lost"
			}
			got = append(got, request+": "+answer)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got the requests %q, want %q", got, want)
		}
	})
}
