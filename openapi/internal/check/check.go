// Package check finds faults in the document and its overlays before anything is generated from them. It reports
// file, line and column, and one sentence on what is wrong and what to do.
//
// It has its own list of the keywords of OpenAPI 3.0, because no library reports positions or treats a misspelt keyword
// as a fault. Other faults are reported in the words of kin-openapi, without a position.
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
	Line, Column int    // counted from 1
	Text         string // what is wrong, and what to do
}

// String formats a problem as compilers do.
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
}

const (
	folder   = "openapi/"
	document = folder + "faults.yaml"
	release  = folder + "release/faults.yaml"
	goFile   = folder + "go.overlay.yaml"
)

// perFile is the offset between the line numbers of a document's nodes and those of an overlay merged into it.
const perFile = 1_000_000

// checker checks one tree.
type checker struct {
	files    []string // files[n] has the nodes with lines from n*perFile on
	root     *yaml.Node
	versions []string
	open     bool // values are not checked, because Go's enums do not list all of them

	schemas    []*yaml.Node
	parameters []*yaml.Node
	exampled   []*yaml.Node              // nodes with a schema and examples of it
	judged     []judged                  // values, with their schemas
	keys       map[*yaml.Node]*yaml.Node // by value

	found []Problem
}

// Tree checks the document and the overlays in the tree of the repository. The problems are sorted by file
// and line. The error is not about the contents: a file could not be read.
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
		if len(found) == 0 || o.target { // a fault of the document is reported once, not for every overlay
			found = append(found, o.found...)
		}
	}
	if len(found) == 0 {
		found = c.whole(ctx, tree, text)
	}
	return sorted(found), nil
}

// contract checks the tree as one document.
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

// whole validates the document and every view with kin-openapi.
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
