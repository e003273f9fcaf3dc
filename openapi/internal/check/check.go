// Package check finds what is wrong with the document and its overlays before anything is generated from them, and
// says where: file, line and column, and one sentence on what is wrong and what to do.
//
// It knows the keywords of OpenAPI 3.0 itself, because no library tells positions or takes a misspelt keyword for a
// fault. A fault that it does not know is told in the words of kin-openapi, without a position.
package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
	"github.com/sfcancel/sfcancel/openapi/internal/parsed"
)

// Problem is one fault.
type Problem struct {
	File         string // from the root of the repository
	Line, Column int    // from 1 on
	Text         string // what is wrong, and what to do
}

// String writes a problem as compilers do.
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
}

const (
	folder   = "openapi/"
	document = folder + "faults.yaml"
	release  = folder + "release/faults.yaml"
	goFile   = folder + "go.overlay.yaml"
)

// perFile is how far apart the lines of two files are in one tree, which an overlay has grown into another.
const perFile = 1_000_000

// checker looks at one tree.
type checker struct {
	files    []string // by the lines of a node, in steps of perFile
	root     *yaml.Node
	versions []string
	open     bool // values are not judged: Go's enums stand for lists that are open

	schemas    []*yaml.Node
	parameters []*yaml.Node
	exampled   []*yaml.Node              // what has a schema and examples of it
	judged     []judged                  // values, with their schemas
	keys       map[*yaml.Node]*yaml.Node // of values

	found []Problem
}

// Tree checks the document and the overlays in the tree of the repository. The problems are in the order of the files
// and lines. The error is that of reading the document, and no problem of it.
func Tree(ctx context.Context, tree fs.FS) ([]Problem, error) {
	text, err := fs.ReadFile(tree, document)
	if err != nil {
		return nil, err
	}
	versions := overlaid.Versions(tree, "openapi")
	root, syntax := parse(document, text)
	if syntax != nil {
		return []Problem{*syntax}, nil
	}
	c := &checker{files: []string{document}, root: root, versions: versions}
	c.contract()
	if err := c.since(tree); err != nil {
		return nil, err
	}
	found := c.found
	overlays := []string{goFile}
	for _, version := range versions {
		overlays = append(overlays, folder+overlaid.File(version))
	}
	for _, file := range overlays {
		actions, err := fs.ReadFile(tree, file)
		if errors.Is(err, fs.ErrNotExist) && file == goFile {
			continue
		}
		if err != nil {
			return nil, err
		}
		o := c.overlay(file, actions)
		if len(found) == 0 || o.target { // a fault of the document is told once, and not for every reader of it
			found = append(found, o.found...)
		}
	}
	if len(found) == 0 {
		found = c.whole(ctx, tree, text)
	}
	return sorted(found), nil
}

// contract looks at the tree as one document.
func (c *checker) contract() {
	c.keys = make(map[*yaml.Node]*yaml.Node)
	c.twice(c.root)
	c.object("document", c.root)
	for _, schema := range c.schemas {
		c.schema(schema)
	}
	for _, parameter := range c.parameters {
		c.parameter(parameter)
	}
	for _, node := range c.exampled {
		c.examples(node)
	}
	c.operations()
	c.judge()
}

// whole asks kin-openapi, about the document and every view.
func (c *checker) whole(ctx context.Context, tree fs.FS, text []byte) []Problem {
	if _, err := parsed.Valid(ctx, text); err != nil {
		return []Problem{{document, 1, 1, err.Error()}}
	}
	for _, version := range c.versions {
		file := folder + overlaid.File(version)
		actions, err := fs.ReadFile(tree, file)
		if err != nil {
			return []Problem{{file, 1, 1, err.Error()}}
		}
		view, err := overlaid.Apply(string(text), string(actions))
		if err == nil {
			_, err = parsed.Valid(ctx, view)
		}
		if err != nil {
			return []Problem{{file, 1, 1, fmt.Sprintf("the document of api-version %s: %v", version, err)}}
		}
	}
	return nil
}

// report adds a problem at a node.
func (c *checker) report(at *yaml.Node, format string, args ...any) {
	c.found = append(c.found, Problem{c.files[at.Line/perFile], max(at.Line%perFile, 1), max(at.Column, 1), fmt.Sprintf(format, args...)})
}

func sorted(all []Problem) []Problem {
	slices.SortStableFunc(all, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(all)
}
