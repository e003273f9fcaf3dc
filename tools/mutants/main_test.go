package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func limitsFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "limits")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// One mutant of the package has no end, one is excused, and three survive. That is within the limit, and
// an excuse for one that is killed is not.
func TestRun(t *testing.T) {
	const excused = "testdata/tiny/tiny.go Clamp: > -> >= # it assigns what is there\n" +
		"testdata/tiny/tiny.go even: == -> != # which is killed\n"
	want := strings.Join([]string{
		"testdata/tiny/tiny.go                    10 of 13 killed, 76.9 %, 1 without end, 1 excused",
		"  testdata/tiny/tiny.go:9:7 Clamp: < -> <= (1 tests reach it)",
		"  testdata/tiny/tiny.go:18:9 Size: < -> <= (1 tests reach it)",
		"  testdata/tiny/tiny.go:30:5 Unreached: !ready -> (ready) (no test reaches it)",
		"./testdata/tiny: 10 of 13 killed, 76.9 %, 1 without end, 1 excused; the limit is 76 %",
		"  testdata/tiny/tiny.go even: == -> != is excused and has not survived: take the line out",
		"",
	}, "\n")
	var out strings.Builder
	ok, err := run(t.Context(), config{limits: limitsFile(t, "./testdata/tiny 76\n"+excused), parallel: 2}, &out)
	if err != nil || ok || out.String() != want {
		t.Errorf("got %v, %v\n%s\nwant false\n%s", ok, err, &out, want)
	}
}

func TestList(t *testing.T) {
	var out strings.Builder
	ok, err := run(t.Context(), config{limits: limitsFile(t, "./testdata/tiny 76\n"), list: true}, &out)
	lines := strings.Split(out.String(), "\n")
	if want := "testdata/tiny/tiny.go:6:7 Clamp: > -> >="; err != nil || !ok || len(lines) != 16 || lines[0] != want {
		t.Errorf("got %v, %v and %d lines, want true and 16, of which the first is %q\n%s", ok, err, len(lines), want, &out)
	}
	if want := "./testdata/tiny: 14 mutants"; lines[len(lines)-2] != want {
		t.Errorf("the last line is %q, want %q", lines[len(lines)-2], want)
	}
}

func TestRunBelowTheLimit(t *testing.T) {
	var out strings.Builder
	// All but two of 14 have one of the four survivors at least.
	ok, err := run(t.Context(), config{limits: limitsFile(t, "./testdata/tiny 99\n"), n: 12, seed: 3, parallel: 2}, &out)
	if err != nil || ok || !strings.HasSuffix(out.String(), "; the limit is 99 %; a sample of 12 of 14, seed 3\n") {
		t.Errorf("got %v, %v, want false, and that it is a sample\n%s", ok, err, &out)
	}
}

func TestBadLimits(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"no percentage":     {"./a\n", ":1: want PACKAGE PERCENT"},
		"a word":            {"# first\n./a most\n", `:2: "most" is no percentage`},
		"too much":          {"./a 101\n", `"101" is no percentage`},
		"without a reason":  {"a.go F: < -> <=\n", ":1: want FILE FUNCTION: CHANGE # REASON"},
		"without a package": {"./a 1\n", "./testdata/tiny has no limit in"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(t.Context(), config{limits: limitsFile(t, tc.text), patterns: []string{"./testdata/tiny"}}, nil)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}
