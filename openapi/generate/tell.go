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
	"github.com/sfcancel/sfcancel/openapi/internal/parsed"
)

// tell writes what the document changes for callers, compared with the last one.
func tell(ctx context.Context, root string, out io.Writer) error {
	before, since := last(ctx, root)
	if before == nil {
		return nil // this is the first document
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

// compare lists the changes between two trees: first those of the whole document, then those of a single api-version.
func compare(before, after fs.FS, callers changes.Callers) ([]string, error) {
	was, err := parsed.Form(before, goOverlay)
	is, err2 := parsed.Form(after, goOverlay)
	if err != nil || err2 != nil { // Go's overlay does not fit one of them: compare both without it
		was, err = parsed.Form(before, "")
		is, err2 = parsed.Form(after, "")
	}
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	lines := changes.Between(was, is, callers)
	old, now := overlaid.Versions(before, "openapi"), overlaid.Versions(after, "openapi")
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
		oldView, err := parsed.Form(before, overlaid.File(version))
		if err != nil {
			continue // its overlay did not fit the old document: there is nothing to compare with
		}
		newView, err := parsed.Form(after, overlaid.File(version))
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

const (
	document  = "openapi/faults.yaml"
	goOverlay = "go.overlay.yaml"
)

// name gives the schemas of a view their Go names, which a view does not have.
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

// last returns the previous source of package generated: the tree of the last commit or, without git, the
// document of the last release. The tree is nil if there is neither.
func last(ctx context.Context, root string) (tree fs.FS, since string) {
	git := func(args ...string) ([]byte, error) {
		return exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...).Output()
	}
	files := fstest.MapFS{}
	names, err := git("ls-tree", "--name-only", "HEAD", "./openapi/")
	for name := range strings.FieldsSeq(string(names)) {
		if strings.HasSuffix(name, ".yaml") {
			text, failed := git("show", "HEAD:./"+name)
			files[name] = &fstest.MapFile{Data: text}
			err = errors.Join(err, failed)
		}
	}
	if err == nil && files[document] != nil {
		return files, "the last commit"
	}
	released, err := os.ReadFile(filepath.Join(root, "openapi/release/faults.yaml"))
	golang, err2 := os.ReadFile(filepath.Join(root, "openapi", goOverlay)) // the release keeps none
	if err != nil || err2 != nil {
		return nil, ""
	}
	return fstest.MapFS{document: {Data: released}, "openapi/" + goOverlay: {Data: golang}}, "the last release"
}
