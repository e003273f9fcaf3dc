package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing/fstest"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/sfcancel/sfcancel/openapi/internal/changes"
	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
)

// tell says what the document in the tree changes for callers, compared with the one before.
func tell(ctx context.Context, root string, out io.Writer) error {
	before, since := last(ctx, root)
	if before == nil {
		return nil // the first document changes nothing for anybody
	}
	callers, err := readCallers(root)
	if err != nil {
		return err
	}
	lines, err := compare(before, os.DirFS(root), callers)
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		fmt.Fprintf(out, "Nothing changes for callers since %s.\n", since)
		return nil
	}
	fmt.Fprintf(out, "Since %s:\n", since)
	for _, line := range lines {
		fmt.Fprintln(out, "  "+line)
	}
	return nil
}

// compare lists what changed between two trees: in the whole document, and then what changed only in one api-version.
func compare(before, after fs.FS, callers changes.Callers) ([]string, error) {
	was, err := golang(before)
	is, err2 := golang(after)
	if err != nil || err2 != nil { // one of the two is not as Go sees it; as they are, both can be compared
		was, err = document(before)
		is, err2 = document(after)
	}
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	lines := changes.Between(was, is, callers)
	old, now := versions(before), versions(after)
	for _, version := range now {
		if len(old) > 0 && !slices.Contains(old, version) {
			lines = append(lines, fmt.Sprintf("api-version %s is documented now: callers may send it, and servers of that runtime version accept it.", version))
		}
	}
	for _, version := range old {
		if !slices.Contains(now, version) {
			lines = append(lines, fmt.Sprintf("api-version %s is not documented any more.", version))
			continue
		}
		oldView, err := view(before, version)
		if err != nil {
			continue // its overlay did not fit; there is nothing to compare with
		}
		newView, err := view(after, version)
		if err != nil {
			return nil, err
		}
		name(oldView, was)
		name(newView, is)
		for _, line := range changes.Between(oldView, newView, callers) {
			if !slices.Contains(lines, line) {
				lines = append(lines, "Only in api-version "+version+", "+line)
			}
		}
	}
	return lines, nil
}

// document is the document of a tree as it is.
func document(tree fs.FS) (*openapi3.T, error) {
	text, err := fs.ReadFile(tree, "openapi/faults.yaml")
	if err != nil {
		return nil, err
	}
	return openapi3.NewLoader().LoadFromData(text)
}

// golang is the document of a tree as Go sees it.
func golang(tree fs.FS) (*openapi3.T, error) { return under(tree, "go.overlay.yaml") }

// view is the document of a tree as an api-version has it.
func view(tree fs.FS, version string) (*openapi3.T, error) {
	return under(tree, overlaid.File(version))
}

func under(tree fs.FS, overlay string) (*openapi3.T, error) {
	text, err := fs.ReadFile(tree, "openapi/faults.yaml")
	actions, err2 := fs.ReadFile(tree, "openapi/"+overlay)
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	text, err = overlaid.Apply(string(text), string(actions))
	if err != nil {
		return nil, err
	}
	return openapi3.NewLoader().LoadFromData(text)
}

// name gives the schemas of a view the names that they have in Go, which a view does not say.
func name(view, golang *openapi3.T) {
	if view.Components == nil || golang.Components == nil {
		return
	}
	for key, schema := range view.Components.Schemas {
		if known := golang.Components.Schemas[key]; known != nil && known.Value.Extensions["x-go-name"] != nil {
			schema.Value.Extensions = maps.Clone(known.Value.Extensions)
		}
	}
}

func versions(tree fs.FS) []string {
	folder, err := fs.Sub(tree, "openapi")
	if err != nil {
		return nil
	}
	return overlaid.Versions(folder)
}

// last is what package generated was made from before: the tree of the last commit, or where there is no git the
// document of the last release. It is nil if there is neither.
func last(ctx context.Context, root string) (tree fs.FS, since string) {
	git := func(args ...string) ([]byte, error) {
		return exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...).Output()
	}
	files := fstest.MapFS{}
	names, err := git("ls-tree", "--name-only", "HEAD", "./openapi/")
	for name := range strings.FieldsSeq(string(names)) {
		if !strings.HasSuffix(name, ".yaml") {
			continue
		}
		text, failed := git("show", "HEAD:./"+name)
		if failed != nil {
			err = failed
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	if err == nil && files["openapi/faults.yaml"] != nil {
		return files, "the last commit"
	}
	text, err := os.ReadFile(filepath.Join(root, "openapi/release/faults.yaml"))
	golang, err2 := os.ReadFile(filepath.Join(root, "openapi/go.overlay.yaml")) // the release keeps none
	if err != nil || err2 != nil {
		return nil, ""
	}
	return fstest.MapFS{"openapi/faults.yaml": {Data: text}, "openapi/go.overlay.yaml": {Data: golang}}, "the last release"
}
