package check

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/speakeasy-api/openapi/overlay"
	"gopkg.in/yaml.v3"

	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
)

// overlayFault has the faults of an overlay and of the document with the overlay applied.
type overlayFault struct {
	found  []Problem
	target bool // the overlay itself is at fault
}

// overlay checks an overlay: its keywords, whether each action has a target and changes it, and the resulting
// document. It does not change the document in c.
func (c *checker) overlay(file string, text []byte) overlayFault {
	actions, syntax := parse(file, text)
	if syntax != nil {
		return overlayFault{[]Problem{*syntax}, true}
	}
	o := &checker{files: []string{file}, root: actions, keys: make(map[*yaml.Node]*yaml.Node)}
	o.twice(actions)
	o.object("overlay", actions)
	if len(o.found) > 0 {
		return overlayFault{o.found, true}
	}
	var whole overlay.Overlay
	if err := copied(actions).Decode(&whole); err != nil {
		o.report(actions, "this is no overlay: %v", err)
		return overlayFault{o.found, true}
	}
	narrowed := copied(c.root)
	if version, ok := strings.CutPrefix(strings.TrimSuffix(file, ".overlay.yaml"), folder+"v"); ok {
		said := overlaid.Value(actions, "x-api-version")
		switch {
		case said == nil:
			o.report(actions, "this overlay does not say whose it is: add x-api-version: %q", version)
			return overlayFault{o.found, true}
		case said.Value != version || said.ShortTag() != "!!str":
			o.report(said, "this is the overlay of another version: say x-api-version: %q, or name the file by it", version)
			return overlayFault{o.found, true}
		}
		if err := overlaid.Narrow(narrowed, version); err != nil {
			return overlayFault{} // reported for the document
		}
	}
	for i, action := range whole.Actions {
		for node := range nodes(&action.Update) {
			node.Line += perFile
		}
		one := whole
		one.Actions = []overlay.Action{action}
		node := overlaid.Value(actions, "actions").Content[i]
		target := overlaid.Value(node, "target")
		before := make(map[*yaml.Node]string)
		for node := range nodes(narrowed) {
			if node.Kind == yaml.ScalarNode {
				before[node] = node.Value
			}
		}
		warnings, err := one.ApplyToStrict(narrowed)
		for scalar, text := range before {
			if source := find(&action.Update, scalar.Value); scalar.Value != text && source != nil {
				scalar.Line, scalar.Column = source.Line, source.Column // the library changes the existing nodes in place
			}
		}
		switch {
		case err != nil && strings.Contains(err.Error(), "did not match any targets"):
			o.report(target, "%s is nowhere in the document: name what is meant, or take the action out", target.Value)
		case err != nil:
			o.report(target, "this action fails: %v", err)
		case len(warnings) > 0:
			o.report(target, "this action changes nothing: take it out")
		}
	}
	if len(o.found) > 0 {
		return overlayFault{o.found, true}
	}
	if err := overlaid.Names(narrowed); err != nil {
		o.report(cmp.Or(find(actions, "x-enum-names", "x-enum-drop"), actions), "%v", err)
		return overlayFault{o.found, true}
	}
	placed(narrowed, narrowed)
	under := &checker{files: []string{document, file}, root: narrowed, versions: c.versions, open: file == goFile}
	under.contract()
	return overlayFault{found: under.found}
}

// copied returns a deep copy of a node, with its lines.
func copied(node *yaml.Node) *yaml.Node {
	twin := *node
	twin.Content = make([]*yaml.Node, len(node.Content))
	for i, child := range node.Content {
		twin.Content[i] = copied(child)
	}
	return &twin
}

// nodes yields a node and all nodes below it.
func nodes(root *yaml.Node) iter.Seq[*yaml.Node] {
	return func(yield func(*yaml.Node) bool) {
		var walk func(node *yaml.Node) bool
		walk = func(node *yaml.Node) bool {
			return yield(node) && !slices.ContainsFunc(node.Content, func(child *yaml.Node) bool { return !walk(child) })
		}
		walk(root)
	}
}

// placed gives each node that the overlay library made without a line the line of its owner.
func placed(node, owner *yaml.Node) {
	if node.Line == 0 {
		node.Line, node.Column = owner.Line, owner.Column
	}
	for i, child := range node.Content {
		of := node
		if node.Kind == yaml.MappingNode && i%2 == 1 {
			of = node.Content[i-1]
		}
		placed(child, of)
	}
}

// find returns the first scalar with one of the texts, or nil.
func find(root *yaml.Node, texts ...string) *yaml.Node {
	for node := range nodes(root) {
		if node.Kind == yaml.ScalarNode && slices.Contains(texts, node.Value) {
			return node
		}
	}
	return nil
}
