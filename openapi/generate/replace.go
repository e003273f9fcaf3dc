package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// replace compiles the files in the place of the old ones, without touching those, and replaces them if that works. It
// returns what the packages that are written by hand say to the new ones.
func replace(ctx context.Context, root string, made map[string][]byte) (broken []string, err error) {
	// In the same file system, so that a file is replaced at once. The tools of Go leave out names with a dot.
	aside, err := os.MkdirTemp(root, ".generated-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(aside)) }()
	overlay, err := put(root, aside, made)
	if err != nil {
		return nil, err
	}
	if said, err := build(ctx, root, overlay, "./generated"); err != nil {
		return nil, fmt.Errorf("what the document makes does not compile:\n%s", explained(said, made))
	}
	said, err := build(ctx, root, overlay, "./...")
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
	for _, name := range stale(os.DirFS(root), made) {
		if err := os.Remove(filepath.Join(root, "generated", name)); err != nil {
			return nil, err
		}
	}
	return broken, nil
}

// put writes the files aside, and a file that tells the go command to take them for those in generated.
func put(root, aside string, made map[string][]byte) (string, error) {
	place := make(map[string]string)
	folder, err := filepath.Abs(filepath.Join(root, "generated"))
	if err != nil {
		return "", err
	}
	for _, name := range stale(os.DirFS(root), made) {
		place[filepath.Join(folder, name)] = ""
	}
	for name, text := range made {
		file, err := filepath.Abs(filepath.Join(aside, name))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return "", err
		}
		place[filepath.Join(folder, name)] = file
	}
	text, err := json.Marshal(map[string]any{"Replace": place})
	if err != nil {
		return "", err
	}
	overlay, err := filepath.Abs(filepath.Join(aside, "overlay.json"))
	if err != nil {
		return "", err
	}
	return overlay, os.WriteFile(overlay, text, 0o644)
}

// build compiles packages and returns what the compiler says.
func build(ctx context.Context, root, overlay, packages string) (string, error) {
	// Readonly, because a document is no reason to change go.mod.
	cmd := exec.CommandContext(ctx, "go", "build", "-mod=readonly", "-overlay", overlay, packages)
	cmd.Dir = root
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	return strings.ReplaceAll(said.String(), "./"+filepath.Base(filepath.Dir(overlay))+"/", "generated/"), err
}

var (
	missing  = regexp.MustCompile(`(?:no required module provides|cannot find module providing) package ([^\s;:]+)|updates to go.mod needed`)
	complain = regexp.MustCompile(`^generated/([^:]+):(\d+):(\d+): (.*)$`)
)

// explained is what the compiler says of the generated files, with the lines that it means, because nobody can look at
// them. What the go command advises for a package that is not there is left out: it would add a dependency to everybody
// who imports the module.
func explained(said string, made map[string][]byte) string {
	var lines []string
	for line := range strings.Lines(said) {
		line = strings.TrimRight(line, "\n")
		if m := missing.FindStringSubmatch(line); m != nil {
			what := m[1]
			if what == "" {
				what = "a package"
			}
			return "it would import " + what + ", which this module does not have and its callers would have to: say it in the document in another way"
		}
		m := complain.FindStringSubmatch(line)
		if m == nil {
			if line != "" && !strings.HasPrefix(line, "#") {
				lines = append(lines, line)
			}
			continue
		}
		text := ""
		if n, err := strconv.Atoi(m[2]); err == nil {
			if all := strings.Split(string(made[m[1]]), "\n"); n <= len(all) {
				text = strings.TrimSpace(all[n-1])
			}
		}
		lines = append(lines, fmt.Sprintf("generated/%s:%s:%s: %s, in: %s", m[1], m[2], m[3], m[4], text))
	}
	return strings.Join(lines, "\n")
}

// packages says of each package that does not compile so, and where it begins. What imports it is not told of by the
// compiler.
func packages(said string) []string {
	var all []string
	more, first := 0, ""
	name := ""
	flush := func() {
		switch {
		case name == "":
		case more > 0:
			all = append(all, fmt.Sprintf("%s does not compile with it: %s (and %d more)", name, first, more))
		default:
			all = append(all, fmt.Sprintf("%s does not compile with it: %s", name, first))
		}
		name, first, more = "", "", 0
	}
	for line := range strings.Lines(said) {
		line = strings.TrimRight(line, "\n")
		if path, ok := strings.CutPrefix(line, "# "); ok {
			flush()
			_, name, _ = strings.Cut(path, "sfcancel/sfcancel/")
			continue
		}
		switch {
		case name == "" || line == "" || strings.HasPrefix(line, "\t"): // a tab goes on with the line before
		case first == "":
			first = line
		default:
			more++
		}
	}
	flush()
	slices.Sort(all) // the compiler tells them in the order in which it is done
	return all
}
