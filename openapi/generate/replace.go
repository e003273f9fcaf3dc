package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// replace compiles the new files through an overlay, without changing the old ones, and replaces those if the package
// compiles. It returns the compiler's errors for the handwritten packages.
func replace(ctx context.Context, root string, made map[string][]byte) (broken []string, err error) {
	if root, err = filepath.Abs(root); err != nil {
		return nil, err
	}
	// In the same file system, so that a rename is atomic. The go command ignores names that begin with a dot.
	aside, err := os.MkdirTemp(root, ".generated-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(aside)) }()
	gone := stale(os.DirFS(root), made)
	overlay, err := put(root, aside, made, gone)
	if err != nil {
		return nil, err
	}
	if said, err := build(ctx, root, overlay, "./generated"); err != nil {
		return nil, fmt.Errorf("what the document makes does not compile:\n%s", explained(said, made))
	}
	// The whole workspace, to find errors in callers of other modules as well.
	said, err := build(ctx, root, overlay, "work")
	if err != nil {
		broken = packages(said)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for name := range made {
		if err := os.Rename(filepath.Join(aside, name), filepath.Join(root, "generated", name)); err != nil {
			return nil, err
		}
	}
	for _, name := range gone {
		if err := os.Remove(filepath.Join(root, "generated", name)); err != nil {
			return nil, err
		}
	}
	return broken, nil
}

// put writes the files to the directory aside, with an overlay for the go command that puts them in the place of those
// in generated.
func put(root, aside string, made map[string][]byte, gone []string) (overlay string, err error) {
	place := make(map[string]string)
	for _, name := range gone {
		place[filepath.Join(root, "generated", name)] = ""
	}
	for name, text := range made {
		file := filepath.Join(aside, name)
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return "", err
		}
		place[filepath.Join(root, "generated", name)] = file
	}
	text, err := json.Marshal(map[string]any{"Replace": place})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(aside, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o644)
}

// line is one line of the compiler's output, with its package.
type line struct{ ImportPath, Output string }

// build compiles packages and returns the compiler's output.
func build(ctx context.Context, root, overlay, packages string) (said []line, err error) {
	// Readonly, because generating must not change go.mod.
	cmd := exec.CommandContext(ctx, "go", "build", "-json", "-mod=readonly", "-overlay", overlay, packages)
	cmd.Dir = root
	var more bytes.Buffer
	cmd.Stderr = &more
	out, err := cmd.Output()
	for in := json.NewDecoder(bytes.NewReader(out)); in.More(); {
		var one line
		if wrong := in.Decode(&one); wrong != nil {
			return said, errors.Join(err, wrong)
		}
		said = append(said, one)
	}
	for text := range strings.Lines(more.String()) {
		said = append(said, line{Output: text})
	}
	for i, one := range said {
		said[i].Output = strings.ReplaceAll(strings.TrimRight(one.Output, "\n"), "./"+filepath.Base(filepath.Dir(overlay))+"/", "generated/")
	}
	return slices.DeleteFunc(said, func(one line) bool { return one.Output == "" || strings.HasPrefix(one.Output, "#") }), err
}

var (
	missing  = regexp.MustCompile(`(?:no required module provides|cannot find module providing) package ([^\s;:]+)|updates to go.mod needed`)
	complain = regexp.MustCompile(`^generated/([^:]+):(\d+):\d+: `)
)

// explained returns the compiler's output for the generated files, with the source lines quoted, because the files are
// removed. It omits the go command's advice for a missing package, which would add a dependency for everyone
// who imports the module.
func explained(said []line, made map[string][]byte) string {
	var lines []string
	for _, one := range said {
		text := one.Output
		if m := missing.FindStringSubmatch(text); m != nil {
			return "it would import " + cmp.Or(m[1], "a package") + ", which this module does not have and its callers would have to: say it in the document in another way"
		}
		if m := complain.FindStringSubmatch(text); m != nil {
			all := strings.Split(string(made[m[1]]), "\n")
			if n, err := strconv.Atoi(m[2]); err == nil && n <= len(all) {
				text += ", in: " + strings.TrimSpace(all[n-1])
			}
		}
		lines = append(lines, text)
	}
	return strings.Join(lines, "\n")
}

// packages returns a line for each package that does not compile, with the first error. The compiler does not report
// the packages that import it.
func packages(said []line) (all []string) {
	told := make(map[string][]string)
	for _, one := range said {
		if _, name, ours := strings.Cut(one.ImportPath, "sfcancel/sfcancel/"); ours && !strings.HasPrefix(one.Output, "\t") { // a tab continues the previous line
			told[name] = append(told[name], one.Output)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(told)) {
		text := name + " does not compile with it: " + told[name][0]
		if more := len(told[name]) - 1; more > 0 {
			text += fmt.Sprintf(" (and %d more)", more)
		}
		all = append(all, text)
	}
	return all
}
