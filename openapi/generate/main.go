// Command generate generates package generated from the document. It runs at the root of the repository:
//
//	go run ./openapi/generate
//
// It checks the document, writes the new files to a temporary directory, compiles them, and replaces the old files only
// if they compile: a failed run changes nothing. Then it reports which other packages do not compile with
// the new files, what the document changes for callers since the last commit, and who has to act.
package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/sfcancel/sfcancel/openapi/internal/check"
	"github.com/sfcancel/sfcancel/openapi/internal/emit"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, ".", os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const untouched = "generated/ is as it was"

// run regenerates the package in the repository at root and reports what changed.
func run(ctx context.Context, root string, out io.Writer) error {
	tree := os.DirFS(root)
	problems, err := check.Tree(ctx, tree)
	if err != nil {
		return fmt.Errorf("%w; %s", err, untouched)
	}
	if len(problems) > 0 {
		var lines []string
		for _, p := range problems {
			lines = append(lines, p.String())
		}
		return fmt.Errorf("%s\n%s", strings.Join(lines, "\n"), untouched)
	}
	made, err := emit.Files(tree)
	if err != nil {
		return fmt.Errorf("the generator refuses the document: %w; %s", err, untouched)
	}
	changed := differing(tree, made)
	if len(changed) > 0 {
		broken, err := replace(ctx, root, made)
		if err != nil {
			return fmt.Errorf("%w\n%s", err, untouched)
		}
		fmt.Fprintf(out, "generated/ is made anew; what changed: %s.\n", strings.Join(changed, ", "))
		for _, line := range broken {
			fmt.Fprintln(out, line)
		}
	}
	return tell(ctx, root, out)
}

// differing returns the names of the files that have changed or are no longer generated.
func differing(tree fs.FS, made map[string][]byte) []string {
	var names []string
	for name, text := range made {
		if old, err := fs.ReadFile(tree, "generated/"+name); err != nil || string(old) != string(text) {
			names = append(names, name)
		}
	}
	for _, name := range stale(tree, made) {
		names = append(names, name+" (gone)")
	}
	slices.Sort(names)
	return names
}

// stale returns the names of the existing files that are no longer generated.
func stale(tree fs.FS, made map[string][]byte) []string {
	var names []string
	old, err := fs.Glob(tree, "generated/*.gen.go")
	if err != nil {
		return nil // cannot happen: the pattern is valid
	}
	for _, file := range old {
		if name := strings.TrimPrefix(file, "generated/"); made[name] == nil {
			names = append(names, name)
		}
	}
	return names
}
