// Command drill plays the usual edits of the document on a copy of the tree: each is made by a
// script, regenerated, built and tried on the wire. It writes what came of them as a table, and
// fails if one of them is not enforced, or takes more edits by hand than the table allows.
//
//	go run ./internal/drill docs/changing-the-document.md
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "drill: one argument is wanted, the file for the table")
		os.Exit(2)
	}
	if err := run(context.Background(), ".", os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "drill:", err)
		os.Exit(1)
	}
}

// run drills every edit in one copy, so that what an edit does not touch is compiled once.
func run(ctx context.Context, root, table string) error {
	dir, err := os.MkdirTemp("", "drill")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := copyTree(dir, root); err != nil {
		return err
	}
	var failed []error
	var rows, refusals []string
	for _, e := range edits {
		out, err := e.play(ctx, root, dir)
		fmt.Printf("%s: %s\n", e.name, out)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", e.name, err))
		}
		rows = append(rows, out.row(e))
	}
	for _, b := range broken {
		said, err := b.play(ctx, root, dir)
		fmt.Printf("%s: %s\n", b.name, said)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", b.name, err))
		}
		refusals = append(refusals, fmt.Sprintf("| %s | %s |", b.name, said))
	}
	text, err := os.ReadFile(filepath.Join(root, table))
	if err != nil {
		return err
	}
	text = between(text, "edits", rows)
	text = between(text, "broken", refusals)
	return errors.Join(append(failed, os.WriteFile(filepath.Join(root, table), text, 0o644))...)
}

// between replaces the rows behind the head of a table, which stands between two marks.
func between(text []byte, mark string, rows []string) []byte {
	begin, end := "<!-- "+mark+" -->\n", "<!-- end of "+mark+" -->"
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return text
	}
	return []byte(before + begin + strings.Join(rows, "\n") + "\n" + end + after)
}

// parts are what a copy needs to be built and generated.
var parts = []string{
	"openapi", "generated", "server", "wrapper", "emulator", "store", "sftest", "internal", "cmd", "examples",
	"go.mod", "go.sum", "generate.go", "tools.go", "tools",
}

func copyTree(dir, root string) error {
	for _, part := range parts {
		from := filepath.Join(root, part)
		err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && entry.Name() == "rapid": // what a failed test left
				return fs.SkipDir
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			to := filepath.Join(dir, rel)
			if entry.IsDir() {
				return os.MkdirAll(to, 0o755)
			}
			text, err := os.ReadFile(path)
			return errors.Join(err, os.WriteFile(to, text, 0o644))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// restore undoes an edit.
func restore(dir, root string) error {
	for _, part := range []string{"openapi", "generated", "drilled"} {
		if err := os.RemoveAll(filepath.Join(dir, part)); err != nil {
			return err
		}
	}
	before := parts
	defer func() { parts = before }()
	parts = []string{"openapi", "generated"}
	return copyTree(dir, root)
}

// change is one replacement in a file, or a file that is new.
type change struct{ file, old, new string }

func (c change) apply(dir string) error {
	path := filepath.Join(dir, c.file)
	if c.old == "" { // a new file
		return os.WriteFile(path, []byte(c.new), 0o644)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if n := strings.Count(string(text), c.old); n != 1 {
		return fmt.Errorf("%s: %q is there %d times, want once", c.file, c.old, n)
	}
	return os.WriteFile(path, []byte(strings.Replace(string(text), c.old, c.new, 1)), 0o644)
}

// outcome is what came of an edit.
type outcome struct {
	byHand   []string // files that have to be edited
	enforced bool
	said     string // by generate
	check    string
}

func (o outcome) String() string {
	return fmt.Sprintf("%d edits by hand %v, enforced on the wire: %t; %s; check: %s", len(o.byHand), o.byHand, o.enforced, o.said, o.check)
}

func (o outcome) row(e edit) string {
	hand := "none"
	if len(o.byHand) > 0 {
		hand = strings.Join(o.byHand, ", ")
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |", e.name, e.script(), hand, yes(o.enforced), cell(o.said), cell(o.check))
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "**no**"
}

func cell(text string) string {
	text = strings.ReplaceAll(strings.TrimSpace(text), "|", `\|`)
	return strings.ReplaceAll(text, "\n", "<br>")
}

// play makes an edit, and finds out what it takes and what it does.
func (e edit) play(ctx context.Context, root, dir string) (outcome, error) {
	var o outcome
	if err := restore(dir, root); err != nil {
		return o, err
	}
	for _, c := range e.changes {
		if err := c.apply(dir); err != nil {
			return o, err
		}
	}
	said, err := tool(ctx, dir, "generate", ".")
	if err != nil {
		return o, fmt.Errorf("generate: %w", err)
	}
	o.said = said
	built, err := tool(ctx, dir, "build", "./...")
	o.byHand = files(built)
	if err == nil {
		o.byHand = nil
	}
	if len(o.byHand) > e.byHand {
		return o, fmt.Errorf("%d files have to be edited by hand, want %d at most: %s", len(o.byHand), e.byHand, built)
	}
	if err := e.wire(root, dir); err != nil {
		return o, err
	}
	if text, err := tool(ctx, dir, "test", "-count=1", "./drilled"); err != nil {
		return o, fmt.Errorf("on the wire: %s", text)
	}
	o.enforced = true
	o.check = checks(ctx, dir)
	return o, nil
}

// wire puts the test of an edit into the copy.
func (e edit) wire(root, dir string) error {
	to := filepath.Join(dir, "drilled")
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	sources := map[string]string{"ask_test.go": "ask", "wire_test.go": e.test}
	if !e.renames {
		sources["canceller_test.go"] = "canceller"
	}
	for name, from := range sources {
		text, err := os.ReadFile(filepath.Join(root, "internal/drill/wire", from+".go.txt"))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// checks is what the rest of make check says of the edit: each line that begins a complaint.
func checks(ctx context.Context, dir string) string {
	var all []string
	if text, err := tool(ctx, dir, "test", "-count=1", "./openapi"); err != nil {
		all = append(all, "contract: "+failures(text))
	}
	breaking, err := tool(ctx, dir, "tool", "-modfile=tools/go.mod", "oasdiff", "breaking", "--fail-on", "ERR",
		"--severity-levels", "openapi/release/levels.txt", "openapi/release/faults.yaml", "openapi/faults.yaml")
	if err != nil {
		all = append(all, "breaking: "+problems(breaking))
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, "\n")
}

var (
	failing  = regexp.MustCompile(`(?m)^--- FAIL: (\w+)`)
	problem  = regexp.MustCompile(`\[([a-z0-9-]+)\]`)
	position = regexp.MustCompile(`(?m)^([\w./-]+\.go):\d+:\d+: `)
)

func failures(text string) string { return strings.Join(unique(failing, text), ", ") }

func problems(text string) string { return strings.Join(unique(problem, text), ", ") }

// files are those that the compiler complains of.
func files(text string) []string { return unique(position, text) }

// unique is what r finds in a text, sorted: parallel tests and the compiler report in the order in
// which they finish.
func unique(r *regexp.Regexp, text string) (all []string) {
	for _, m := range r.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// tool runs the go command in the copy, without network, and returns what it wrote.
func tool(ctx context.Context, dir string, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "GOPROXY=off")
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%w: %s", err, out.String())
	}
	return out.String(), nil
}

// play makes a document that is broken, and returns what generate says of it. It must say so in one
// line with a position, and leave what was generated before.
func (b brokenDocument) play(ctx context.Context, root, dir string) (string, error) {
	if err := restore(dir, root); err != nil {
		return "", err
	}
	if err := b.apply(dir); err != nil {
		return "", err
	}
	before, err := fingerprint(dir)
	if err != nil {
		return "", err
	}
	said, err := tool(ctx, dir, "run", "./openapi/generate")
	if err == nil {
		return said, errors.New("the document was accepted")
	}
	after, err := fingerprint(dir)
	if err != nil {
		return "", err
	}
	if before != after {
		return said, errors.New("the generated files were changed")
	}
	var lines []string
	for line := range strings.SplitSeq(said, "\n") {
		if strings.HasPrefix(line, "openapi/") {
			lines = append(lines, line)
		}
	}
	if len(lines) != 1 || !regexp.MustCompile(`^openapi/[\w.-]+:\d+:\d+: `).MatchString(lines[0]) {
		return cell(said), fmt.Errorf("it says %q, want one line with a position", said)
	}
	return cell(lines[0]), nil
}

func fingerprint(dir string) (string, error) {
	var all strings.Builder
	names, err := filepath.Glob(filepath.Join(dir, "generated", "*"))
	for _, name := range names {
		text, readErr := os.ReadFile(name)
		err = errors.Join(err, readErr)
		all.WriteString(name + "\n" + string(text))
	}
	return all.String(), err
}
