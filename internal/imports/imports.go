// Package imports holds a package to a budget: what everybody who imports it gets with it.
package imports

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Check compares what the package in the working directory imports, directly or not, with a list in a
// file: one path a line, sorted, without the standard library.
func Check(t *testing.T, list string) {
	t.Helper()
	wanted, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
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
