package papers

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every link within the repository leads to a file, and to a heading if it names one.
func TestLinks(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, name := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(withoutBlocks(read(t, name)), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			file, heading, _ := strings.Cut(m[1], "#")
			to := name
			if file != "" {
				to = path.Join(path.Dir(name), file)
			}
			if !exists(to) {
				t.Errorf("%s links to %s, want a file that exists", name, m[1])
			} else if heading != "" && !slices.Contains(headings(read(t, to)), heading) {
				t.Errorf("%s links to %s, want a heading that %s has", name, m[1], to)
			}
		}
	}
}

// Names in code style that look like files of the repository are files of the repository.
func TestFiles(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	top := map[string]bool{}
	for _, e := range entries {
		top[e.Name()] = e.IsDir()
	}
	code := regexp.MustCompile("`([\\w./-]+)`")
	for _, name := range []string{
		"README.md", "CONTRIBUTING.md", "RELEASE.md", "SECURITY.md", "docs/architecture.md", "docs/guide.md", "examples/README.md",
	} {
		for _, m := range code.FindAllStringSubmatch(withoutBlocks(read(t, name)), -1) {
			first, _, deep := strings.Cut(m[1], "/")
			file := slices.Contains([]string{".go", ".md", ".yml", ".yaml", ".json", ".mod", ".work", ".sh"}, path.Ext(m[1]))
			if (deep && top[first] || !deep && file) && !exists(m[1]) && !exists(path.Join(path.Dir(name), m[1])) {
				t.Errorf("%s names %s, want a file that exists", name, m[1])
			}
		}
	}
}

// Every make target that a document names is in the Makefile.
func TestTargets(t *testing.T) {
	t.Parallel()
	makefile := read(t, "Makefile")
	run := regexp.MustCompile("(?m)(?:`|^)make ([a-z]+)")
	for _, name := range documents(t) {
		for _, m := range run.FindAllStringSubmatch(read(t, name), -1) {
			if !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s names make %s, want a target of the Makefile", name, m[1])
			}
		}
	}
}

// testFunctions counts the tests, fuzz targets and examples of each name.
func testFunctions(t *testing.T) map[string]int {
	t.Helper()
	functions := map[string]int{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example)\w*)\(`)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range function.FindAllStringSubmatch(string(text), -1) {
			functions[m[1]]++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return functions
}

// Every test that "make test" skips has a unique name, so that it skips no other test.
func TestLongTests(t *testing.T) {
	t.Parallel()
	line := regexp.MustCompile(`(?ms)^LONG +:= (.*?[^\\])$`).FindStringSubmatch(read(t, "Makefile"))
	if line == nil {
		t.Fatal("the Makefile has no LONG")
	}
	found := testFunctions(t)
	for name := range strings.FieldsSeq(strings.ReplaceAll(line[1], `\`, "")) {
		if found[name] != 1 {
			t.Errorf("LONG names %s: got %d tests of that name, want 1", name, found[name])
		}
	}
}

// Every testable example that a document names exists.
func TestExamples(t *testing.T) {
	t.Parallel()
	functions := testFunctions(t)
	named := regexp.MustCompile("`(Example\\w+)`")
	for _, name := range documents(t) {
		for _, m := range named.FindAllStringSubmatch(read(t, name), -1) {
			if functions[m[1]] == 0 {
				t.Errorf("%s names %s, want an example that exists", name, m[1])
			}
		}
	}
}

// examples/README.md lists every folder of examples.
func TestExamplesAreListed(t *testing.T) {
	t.Parallel()
	list := read(t, "examples/README.md")
	entries, err := os.ReadDir(filepath.Join(root, "examples"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && e.Name() != "internal" && !strings.Contains(list, "]("+e.Name()+")") {
			t.Errorf("examples/README.md does not list %s, want it listed", e.Name())
		}
	}
}

func withoutBlocks(text string) string {
	return regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(text, "")
}

// headings returns GitHub's anchors of the headings of a document.
func headings(text string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(withoutBlocks(text), -1) {
		anchor := regexp.MustCompile(`[^\w -]`).ReplaceAllString(strings.ToLower(m[1]), "")
		all = append(all, strings.ReplaceAll(anchor, " ", "-"))
	}
	return all
}
