package check

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
)

var status = regexp.MustCompile(`^([1-5][0-9X]{2}|default)$`)

// object checks the keywords of a mapping, their values, and everything below.
func (c *checker) object(name string, node *yaml.Node) {
	if node.Kind != yaml.MappingNode {
		c.report(node, "this must be %s %s, which is a mapping: write its keywords below it", article(name), name)
		return
	}
	if sections[name] != "" && overlaid.Value(node, "$ref") != nil {
		c.reference(name, node)
		return
	}
	switch name {
	case "schema":
		c.schemas = append(c.schemas, node)
	case "parameter":
		c.parameters = append(c.parameters, node)
		c.exampled = append(c.exampled, node)
	case "header", "media type":
		c.exampled = append(c.exampled, node)
	case "paths", "responses", "callback":
		c.patterned(name, node)
		return
	}
	keywords := kinds[name]
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if strings.HasPrefix(key.Value, "x-") {
			c.extension(key, value)
			continue
		}
		spec, known := keywords[key.Value]
		if !known {
			meant := nearest(key.Value, keywords)
			if meant == "" {
				c.report(key, "%s is no keyword of %s %s: take it out", key.Value, article(name), name)
				continue
			}
			c.report(key, "%s is no keyword of %s %s: did you mean %s?", key.Value, article(name), name, meant)
			if overlaid.Value(node, meant) != nil {
				continue
			}
			key.Value, spec = meant, keywords[meant] // check the value as if it were spelt right
		}
		c.value(strings.TrimSuffix(spec, "!"), key, value)
	}
	for _, keyword := range slices.Sorted(mapKeys(keywords)) {
		if strings.HasSuffix(keywords[keyword], "!") && overlaid.Value(node, keyword) == nil {
			advice := lacks[keyword]
			if advice == "" {
				advice = "add it"
			}
			c.report(c.key(node), "this %s has no %s: %s", name, keyword, advice)
		}
	}
}

// value checks the value of one keyword.
func (c *checker) value(spec string, key, value *yaml.Node) {
	if value.Kind == yaml.AliasNode {
		c.report(value, "*%s stands for another place, which not every tool follows: write it out, or use $ref", value.Value)
		return
	}
	if of, ok := strings.CutPrefix(spec, "[]"); ok {
		if value.Kind != yaml.SequenceNode {
			c.report(value, "%s must be a list", key.Value)
			return
		}
		for _, element := range value.Content {
			c.object(of, element)
		}
		return
	}
	if of, ok := strings.CutPrefix(spec, "{}"); ok {
		if value.Kind != yaml.MappingNode {
			c.report(value, "%s must be a mapping from names", key.Value)
			return
		}
		for i := 0; i+1 < len(value.Content); i += 2 {
			c.keys[value.Content[i+1]] = value.Content[i]
			c.object(of, value.Content[i+1])
		}
		return
	}
	if one, ok := plain[spec]; ok {
		if !one.fits(value) {
			c.report(value, "%s %s", key.Value, one.must)
		}
		return
	}
	null := value.Kind == yaml.ScalarNode && value.Tag == "!!null"
	switch {
	case spec == "text" && null:
		c.report(value, "%s is empty: say something, or take it out", key.Value)
	case null:
		c.report(key, "%s is empty: %s %s belongs below it", key.Value, article(spec), spec)
	case spec == "text" && value.Kind != yaml.ScalarNode:
		c.report(value, "%s must be one text", key.Value)
	case spec != "text" && (spec != "schema or flag" || value.Tag != "!!bool"):
		c.keys[value] = key
		c.object(strings.TrimSuffix(spec, " or flag"), value)
	}
}

// plain are the types of values other than objects, with the message for a value of another type.
var plain = map[string]struct {
	fits func(*yaml.Node) bool
	must string
}{
	"any": {func(*yaml.Node) bool { return true }, ""},
	"texts": {func(n *yaml.Node) bool {
		return n.Kind == yaml.SequenceNode && !slices.ContainsFunc(n.Content, func(e *yaml.Node) bool { return e.Kind != yaml.ScalarNode })
	}, "must be a list of texts"},
	"flag":   {func(n *yaml.Node) bool { return n.Tag == "!!bool" }, "must be true or false"},
	"number": {func(n *yaml.Node) bool { return n.Tag == "!!int" || n.Tag == "!!float" }, "must be a number, without quotes"},
	"size": {func(n *yaml.Node) bool {
		_, err := strconv.ParseUint(n.Value, 10, 63)
		return err == nil && n.Tag == "!!int"
	}, "must be a whole number, 0 or above"},
}

// patterned checks the mappings whose keys are not keywords.
func (c *checker) patterned(name string, node *yaml.Node) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		switch {
		case strings.HasPrefix(key.Value, "x-"):
			c.extension(key, value)
		case name == "responses":
			if !status.MatchString(key.Value) {
				c.report(key, "%s is no status: it is three digits in quotes, such as \"200\" or \"5XX\", or default", key.Value)
			}
			c.value("response", key, value)
		default:
			if name == "paths" && !strings.HasPrefix(key.Value, "/") {
				c.report(key, "the path %s must begin with /", key.Value)
			}
			c.value("path", key, value)
		}
	}
}

// reference checks a reference to a component.
func (c *checker) reference(name string, node *yaml.Node) {
	ref := overlaid.Value(node, "$ref")
	for i := 0; i+1 < len(node.Content); i += 2 {
		switch key := node.Content[i]; {
		case key.Value == "$ref":
		case strings.HasPrefix(key.Value, "x-"):
			c.extension(key, node.Content[i+1])
		default:
			c.report(key, "%s is beside a $ref, where nobody reads it: move it to what the $ref names", key.Value)
		}
	}
	section := "#/components/" + sections[name] + "/"
	component, local := strings.CutPrefix(ref.Value, section)
	switch {
	case !strings.HasPrefix(ref.Value, "#"):
		c.report(ref, "%s is not in this file: the contract is one file, so put it under components", ref.Value)
	case c.at(ref.Value) != nil && (local || !strings.HasPrefix(ref.Value, "#/components/")):
	case c.at(ref.Value) != nil:
		c.report(ref, "%s is no %s: those are under %s", ref.Value, name, section)
	default:
		siblings := make(kind)
		if all := c.at(strings.TrimSuffix(section, "/")); all != nil {
			for i := 0; i+1 < len(all.Content); i += 2 {
				siblings[all.Content[i].Value] = ""
			}
		}
		if meant := nearest(component, siblings); local && meant != "" {
			c.report(ref, "there is no %s: did you mean %s?", ref.Value, section+meant)
		} else {
			c.report(ref, "there is no %s: add it, or name another", ref.Value)
		}
	}
}

// at returns the node that a reference within the file names, or nil.
func (c *checker) at(ref string) *yaml.Node {
	pointer, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil
	}
	node := c.root
	for _, key := range strings.Split(pointer, "/") {
		node = overlaid.Value(node, strings.NewReplacer("~1", "/", "~0", "~").Replace(key))
	}
	return node
}

// resolve follows references from a node to its component. It returns nil if a reference names nothing.
func (c *checker) resolve(node *yaml.Node) *yaml.Node {
	for range 20 { // more than any document has in a row
		ref := overlaid.Value(node, "$ref")
		if ref == nil {
			return node
		}
		node = c.at(ref.Value)
	}
	return nil
}

// key returns the node at which to report a mapping: its key, or the mapping itself if it is an element of a list.
func (c *checker) key(node *yaml.Node) *yaml.Node {
	if key := c.keys[node]; key != nil {
		return key
	}
	return node
}

func article(name string) string {
	if strings.ContainsRune("aeiou", rune(name[0])) {
		return "an"
	}
	return "a"
}
