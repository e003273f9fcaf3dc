package wrapper_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Everybody who imports this package gets all that it imports: a new line is a decision.
func TestImports(t *testing.T) {
	t.Parallel()
	const list = "testdata/imports.txt"
	wanted, err := os.ReadFile(list)
	must(t, err)
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	got := strings.Fields(string(out))
	slices.Sort(got)
	want := strings.Fields(string(wanted))
	for _, path := range got {
		if !slices.Contains(want, path) {
			t.Errorf("%s came in. Find out who brings it (go list -deps, go mod why) and do without, "+
				"or, if it is worth it to every user, add it to %s", path, list)
		}
	}
	for _, path := range want {
		if !slices.Contains(got, path) {
			t.Errorf("%s is not imported any more: take it out of %s", path, list)
		}
	}
	if !slices.IsSorted(want) {
		t.Errorf("%s is not sorted", list)
	}
}
