package overlaid

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Names converts the Go overlay's names of enum constants to the form of oapi-codegen, a list by position. In the
// overlay, x-enum-drop is a pattern whose matches are removed from every value, and x-enum-names has the names of
// single values. oapi-codegen puts the type's name before each.
func Names(node *yaml.Node) error {
	for _, child := range node.Content {
		if err := Names(child); err != nil {
			return err
		}
	}
	drop, own, texts := Value(node, "x-enum-drop"), Value(node, "x-enum-names"), Value(node, "enum")
	if drop == nil && own == nil {
		return nil
	}
	if texts == nil {
		return fmt.Errorf("x-enum-drop or x-enum-names stands where no enum is")
	}
	dropped := regexp.MustCompile("^$")
	if drop != nil {
		var err error
		if dropped, err = regexp.Compile(drop.Value); err != nil {
			return fmt.Errorf("x-enum-drop: %w", err)
		}
	}
	var rest []string // names without a value in the enum
	for i := 0; own != nil && i < len(own.Content); i += 2 {
		rest = append(rest, own.Content[i].Value)
	}
	list := yaml.Node{Kind: yaml.SequenceNode}
	for _, text := range texts.Content {
		name := strings.ToLower(dropped.ReplaceAllString(text.Value, ""))
		if exact := Value(own, text.Value); exact != nil {
			name = exact.Value
			rest = slices.DeleteFunc(rest, func(s string) bool { return s == text.Value })
		}
		list.Content = append(list.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name})
	}
	if len(rest) > 0 {
		return fmt.Errorf("x-enum-names has a name for %s, which is no value of the enum", strings.Join(rest, ", "))
	}
	node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "x-enum-varnames"}, &list)
	return nil
}
