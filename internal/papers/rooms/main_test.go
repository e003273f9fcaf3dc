package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The tables in the document match the rules.
func TestTable(t *testing.T) {
	t.Parallel()
	kept, err := os.ReadFile("../../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	made := filepath.Join(t.TempDir(), "architecture.md")
	if err := os.WriteFile(made, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run("../../../.golangci.yml", made); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != string(want) {
		t.Errorf("docs/architecture.md does not match .golangci.yml: run \"make generate\" and commit the result\ngot\n%s\nwant\n%s", kept, want)
	}
}

func TestRender(t *testing.T) {
	t.Parallel()
	got, err := render([]byte(`
linters: {settings: {depguard: {rules: {
  a: {files: ["**/a/*.go", "**/a/internal/**/*.go", "!$test"], list-mode: strict, allow: [$gostd, github.com/sfcancel/sfcancel/b$, example.com/c]},
  b: {files: ["**/b/*.go"], list-mode: strict, allow: [$gostd], deny: [{pkg: example.com/d, desc: it is too big}]},
  c: {files: ["!**/a/*.go", "!$test"], deny: [{pkg: example.com/c, desc: it stays in a}]},
}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| `a`, `a/internal` | `b` without the packages below it, `example.com/c` |\n",
		"| `b` | nothing |\n",
		"| `example.com/d` | not by `b`: it is too big |\n",
		"| `example.com/c` | only by `a` |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant the row %s", got, want)
		}
	}
	if _, err := render([]byte("linters: {}")); err == nil {
		t.Error("without rules: got no error, want one")
	}
}
