package overlaid

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// Narrow removes from a document everything that was added after an api-version, and all x-since and x-enum-since.
//
// x-since is the api-version that added an operation, a path, a parameter or a reference to one, a
// property, a schema, an answer or a header. x-enum-since beside an enum has the versions that added its values, by
// value. References to a removed component are removed as well.
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
	gone  map[string]bool // references to the removed parts
}

// take removes the later parts below a node. at is the node's JSON pointer.
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
		return was == 0 || len(value.Content) > 0 // if false, it is for example a path without operations
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
	if node.Kind == yaml.MappingNode && !strings.HasSuffix(at, "/properties") { // there, keys are names of properties
		keep(node, func(key, _ *yaml.Node) bool { return key.Value != "x-since" && key.Value != "x-enum-since" })
	}
	return err
}

// follow removes the references to removed parts, and the names of removed properties.
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

// keep removes the elements of a mapping or a list for which is returns false. The key is nil in a list.
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
