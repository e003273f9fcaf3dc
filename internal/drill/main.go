// Command drill applies the usual edits of the document to a copy of the tree. Each edit is a patch: drill applies it,
// regenerates, builds, and tests the result on the wire. It writes the results as a table, and fails if an edit is not
// enforced, or requires more manual edits than byHand allows.
//
//	go run ./internal/drill docs/changing-the-document.md
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "drill:", err)
		os.Exit(1)
	}
}

// drill is the copy in which all edits are played, so that packages that they do not touch are compiled only once.
type drill struct{ root, dir string }

func run(ctx context.Context, table string) error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "drill")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	d := drill{root, dir}
	if err := d.copy(ctx, "openapi", "generated", "server", "wrapper", "emulator", "store", "sftest", "internal", "cmd", "examples",
		"go.mod", "go.sum", "go.work", "go.work.sum", "generate.go", "tools.go", "tools"); err != nil {
		return err
	}
	text, err := os.ReadFile(table)
	if err != nil {
		return err
	}
	var failed []error
	for _, part := range []struct {
		folder string
		play   func(context.Context, edit) (row string, err error)
	}{{"edits", d.play}, {"broken", d.refused}} {
		all, err := edits(filepath.Join(root, "internal/drill", part.folder))
		if err != nil {
			return err
		}
		var rows []string
		for _, e := range all {
			if err := d.restore(ctx); err != nil {
				return err
			}
			if err := e.apply(ctx, dir); err != nil {
				return err
			}
			row, err := part.play(ctx, e)
			if err != nil {
				failed = append(failed, fmt.Errorf("%s: %w", e.name, err))
			}
			fmt.Println(row)
			rows = append(rows, row)
		}
		text = between(text, part.folder, rows)
	}
	return errors.Join(append(failed, os.WriteFile(table, text, 0o644))...)
}

// between replaces the text between the two comments that mark the rows of a table.
func between(text []byte, mark string, rows []string) []byte {
	begin, end := "<!-- "+mark+" -->\n", "<!-- end of "+mark+" -->"
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return text
	}
	return []byte(before + begin + strings.Join(rows, "\n") + "\n" + end + after)
}

func (d drill) copy(ctx context.Context, parts ...string) error {
	_, err := command(ctx, d.root, "cp", append(append([]string{"-r"}, parts...), d.dir)...)
	return err
}

// restore undoes an edit.
func (d drill) restore(ctx context.Context) error {
	for _, part := range []string{"openapi", "generated", "drilled"} {
		if err := os.RemoveAll(filepath.Join(d.dir, part)); err != nil {
			return err
		}
	}
	return d.copy(ctx, "openapi", "generated")
}

// byHand has the number of files that an edit may require to edit by hand. After a rename, these are the files that
// implement or call the operation.
var byHand = map[string]int{"rename": 12}

// play regenerates from the edited document and returns the row: the manual edits, whether it is enforced, and what the
// checks say.
func (d drill) play(ctx context.Context, e edit) (string, error) {
	hand, enforced, check := "none", "**no**", ""
	said, err := d.tool(ctx, "generate", ".")
	row := func() string {
		return fmt.Sprintf("| %s | `%s` | %s | %s | %s | %s |", e.name, e.file, hand, enforced, cell(said), cell(check))
	}
	if err != nil {
		return row(), fmt.Errorf("generate: %w", err)
	}
	if built, err := d.tool(ctx, "build", "work"); err != nil {
		files := unique(position, built)
		hand = strings.Join(files, ", ")
		if len(files) > byHand[e.short] {
			return row(), fmt.Errorf("%d files have to be edited by hand, want %d at most: %s", len(files), byHand[e.short], built)
		}
	}
	if err := d.wire(e); err != nil {
		return row(), err
	}
	if text, err := d.tool(ctx, "test", "-count=1", "./drilled"); err != nil {
		return row(), fmt.Errorf("on the wire: %s", text)
	}
	enforced, check = "yes", d.checks(ctx)
	return row(), nil
}

// wire puts the test of an edit into the copy.
func (d drill) wire(e edit) error {
	sources := []string{"ask", e.short}
	if byHand[e.short] == 0 {
		sources = append(sources, "canceller")
	}
	to := filepath.Join(d.dir, "drilled")
	err := os.MkdirAll(to, 0o755)
	for _, name := range sources {
		text, failed := os.ReadFile(filepath.Join(d.root, "internal/drill/wire", name+".go.txt"))
		err = errors.Join(err, failed, os.WriteFile(filepath.Join(to, name+"_test.go"), text, 0o644))
	}
	return err
}

var (
	failing  = regexp.MustCompile(`(?m)^--- FAIL: (\w+)`)
	problem  = regexp.MustCompile(`\[([a-z0-9-]+)\]`)
	position = regexp.MustCompile(`(?m)^([\w./-]+\.go):\d+:\d+: `)
	placed   = regexp.MustCompile(`(?m)^openapi/[\w.-]+:\d+:\d+: .*$`)
)

// checks returns what the rest of make check reports about the edit.
func (d drill) checks(ctx context.Context) string {
	var all []string
	if text, err := d.tool(ctx, "test", "-count=1", "./openapi"); err != nil {
		all = append(all, "contract: "+strings.Join(unique(failing, text), ", "))
	}
	breaking, err := d.tool(ctx, "-C", "tools", "tool", "oasdiff", "breaking", "--fail-on", "ERR",
		"--severity-levels", "../openapi/release/levels.txt", "../openapi/release/faults.yaml", "../openapi/faults.yaml")
	if err != nil {
		all = append(all, "breaking: "+strings.Join(unique(problem, breaking), ", "))
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, "\n")
}

// refused checks that generate refuses a broken document with one line with a position, and changes no generated file.
func (d drill) refused(ctx context.Context, e edit) (string, error) {
	said, err := d.tool(ctx, "run", "./openapi/generate")
	lines := placed.FindAllString(said, -1)
	row := fmt.Sprintf("| %s | %s |", e.name, cell(strings.Join(lines, "\n")))
	if err == nil {
		return row, errors.New("the document was accepted")
	}
	if len(lines) != 1 {
		return row, fmt.Errorf("it says %q, want one line with a position", said)
	}
	_, err = command(ctx, d.dir, "diff", "-r", filepath.Join(d.root, "generated"), "generated")
	return row, err
}

func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", "<br>").Replace(strings.TrimSpace(text))
}

// unique returns the distinct matches of r in a text, sorted, because parallel tests and the compiler report in random
// order.
func unique(r *regexp.Regexp, text string) (all []string) {
	for _, m := range r.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// tool runs the go command in the copy, without network, and returns its output.
func (d drill) tool(ctx context.Context, args ...string) (string, error) {
	return command(ctx, d.dir, "go", args...)
}

func command(ctx context.Context, dir, name string, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=", "GOPROXY=off")
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s: %w: %s", name, err, out.String())
	}
	return out.String(), nil
}
