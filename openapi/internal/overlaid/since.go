package overlaid

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// Narrow takes out of a document what came after an api-version, and every word about when something came.
//
// Whatever has x-since came with that api-version: an operation, a path, a parameter or a reference to one, a
// property, a schema, an answer, a header. So did each text of an enum that is a key of x-enum-since beside it. What
// refers to a component that is taken out goes with it.
func Narrow(document *yaml.Node, version string) error {
	limit, err := parse(version)
	if err != nil {
		return err
	}
	n := narrowing{limit: limit, gone: make(map[string]bool)}
	if err := n.take(document, ""); err != nil {
		return err
	}
	if len(n.gone) > 0 {
		n.follow(document)
	}
	return nil
}

type narrowing struct {
	limit [2]uint64
	gone  map[string]bool // references to what is taken out
}

// take takes out what came later from below a node, which stands at a JSON pointer.
func (n *narrowing) take(node *yaml.Node, at string) error {
	var err error
	keep(node, func(key, value *yaml.Node) bool {
		below := at
		if key != nil {
			below += "/" + key.Value
		}
		since := Value(value, "x-since")
		if since != nil && since.Kind == yaml.ScalarNode {
			came, wrong := parse(since.Value)
			if wrong != nil {
				err = wrong
			}
			if after(came, n.limit) {
				n.gone["#"+below] = true
				return false
			}
		}
		was := len(value.Content)
		if wrong := n.take(value, below); wrong != nil {
			err = wrong
		}
		return was == 0 || len(value.Content) > 0 // such as a path that has no operation left
	})
	if later := Value(node, "x-enum-since"); later != nil && later.Kind == yaml.MappingNode {
		texts := Value(node, "enum")
		if texts == nil {
			return fmt.Errorf("line %d: x-enum-since stands where no enum is", later.Line)
		}
		keep(texts, func(_, text *yaml.Node) bool {
			since := Value(later, text.Value)
			if since == nil {
				return true
			}
			came, wrong := parse(since.Value)
			if wrong != nil {
				err = wrong
			}
			return !after(came, n.limit)
		})
	}
	if node.Kind == yaml.MappingNode && !strings.HasSuffix(at, "/properties") { // where a key is a name of the document's
		keep(node, func(key, _ *yaml.Node) bool { return key.Value != "x-since" && key.Value != "x-enum-since" })
	}
	return err
}

// follow takes out the references to what is gone, and the names of properties that are.
func (n *narrowing) follow(node *yaml.Node) {
	keep(node, func(_, value *yaml.Node) bool {
		if ref := Value(value, "$ref"); ref != nil && n.gone[ref.Value] {
			return false
		}
		was := len(value.Content)
		n.follow(value)
		return was == 0 || len(value.Content) > 0
	})
	if properties, required := Value(node, "properties"), Value(node, "required"); properties != nil && required != nil {
		keep(required, func(_, name *yaml.Node) bool { return Value(properties, name.Value) != nil })
		if len(required.Content) == 0 {
			keep(node, func(key, _ *yaml.Node) bool { return key.Value != "required" })
		}
	}
}

// keep leaves in a mapping or a list what is to be kept. The key is nil in a list.
func keep(node *yaml.Node, is func(key, value *yaml.Node) bool) {
	var kept []*yaml.Node
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if is(node.Content[i], node.Content[i+1]) {
				kept = append(kept, node.Content[i], node.Content[i+1])
			}
		}
	case yaml.SequenceNode, yaml.DocumentNode:
		for _, value := range node.Content {
			if is(nil, value) {
				kept = append(kept, value)
			}
		}
	default:
		return
	}
	node.Content = kept
}
