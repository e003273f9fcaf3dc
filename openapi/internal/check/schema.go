package check

import (
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
)

var types = kind{"string": "", "integer": "", "number": "", "boolean": "", "array": "", "object": ""}

// bounds are the pairs of keywords for a minimum and a maximum, with the types that they apply to.
var bounds = []struct{ least, most, types string }{
	{"minimum", "maximum", "integer number"},
	{"minLength", "maxLength", "string"},
	{"minItems", "maxItems", "array"},
	{"minProperties", "maxProperties", "object"},
}

// schema checks the keywords of one schema against each other.
func (c *checker) schema(schema *yaml.Node) {
	get := func(keyword string) *yaml.Node { return overlaid.Value(schema, keyword) }
	name := ""
	if node := get("type"); node != nil && node.Kind == yaml.ScalarNode {
		name = node.Value
		if _, ok := types[name]; !ok {
			advice := "it is string, integer, number, boolean, array or object"
			if meant := nearest(name, types); meant != "" {
				advice = "did you mean " + meant + "?"
			}
			c.report(node, "%s is no type: %s", name, advice)
			name = ""
		}
	}
	for _, b := range bounds {
		for _, keyword := range []string{b.least, b.most} {
			if node := get(keyword); node != nil && name != "" && !strings.Contains(b.types, name) {
				c.report(c.name(schema, keyword), "%s says nothing about the type %s: take it out, or change the type", keyword, name)
			}
		}
		least, ok := number(get(b.least))
		most, both := number(get(b.most))
		switch {
		case !ok || !both:
		case least > most:
			c.report(get(b.least), "%s %s is above %s %s, so that no value is allowed: change one of the two",
				b.least, get(b.least).Value, b.most, get(b.most).Value)
		case least == most && b.least == "minimum" && (truth(get("exclusiveMinimum")) || truth(get("exclusiveMaximum"))):
			c.report(get(b.least), "minimum and maximum are %s and one of them is excluded, so that no value is allowed", get(b.least).Value)
		}
	}
	if name == "array" && get("items") == nil {
		c.report(c.key(schema), "this array has no items: say what its elements are")
	}
	if step, ok := number(get("multipleOf")); ok && step <= 0 {
		c.report(get("multipleOf"), "multipleOf must be above 0")
	}
	if pattern := get("pattern"); pattern != nil {
		if name != "" && name != "string" {
			c.report(c.name(schema, "pattern"), "pattern says nothing about the type %s: take it out, or change the type", name)
		} else if _, err := regexp.Compile(pattern.Value); err != nil {
			c.report(pattern, "this pattern does not compile, %s: write it in the syntax of Go's package regexp",
				strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
	}
	if c.leads(schema, schema, make(map[*yaml.Node]bool)) {
		c.report(c.key(schema), "this schema is made of itself, so that nothing can be judged by it: give it a type, and what it has as properties or items")
	}
	c.enum(schema)
	c.required(schema)
	for _, keyword := range []string{"default", "example"} {
		if value := get(keyword); value != nil {
			c.judged = append(c.judged, judged{keyword, schema, value})
		}
	}
}

// leads reports whether a schema is composed of another, or contains it and has no type. kin-openapi does not
// terminate when it validates a value against a schema that leads to itself.
func (c *checker) leads(schema, to *yaml.Node, seen map[*yaml.Node]bool) bool {
	typed := overlaid.Value(schema, "type") != nil
	for i := 0; i+1 < len(schema.Content); i += 2 {
		below := []*yaml.Node{schema.Content[i+1]}
		switch key := schema.Content[i].Value; {
		case key == "not":
		case key == "allOf" || key == "anyOf" || key == "oneOf":
			below = schema.Content[i+1].Content
		case typed:
			continue
		case key == "properties":
			below = schema.Content[i+1].Content // including the names, which are not mappings
		case key != "items" && key != "additionalProperties":
			continue
		}
		for _, node := range below {
			node = c.resolve(node)
			if node == nil || node.Kind != yaml.MappingNode || seen[node] {
				continue
			}
			seen[node] = true
			if node == to || c.leads(node, to, seen) {
				return true
			}
		}
	}
	return false
}

// enum checks each value of an enum.
func (c *checker) enum(schema *yaml.Node) {
	enum := overlaid.Value(schema, "enum")
	if enum == nil {
		return
	}
	if enum.Kind != yaml.SequenceNode || len(enum.Content) == 0 {
		c.report(enum, "enum must be a list with at least one value")
		return
	}
	bare := without(schema, "enum")
	for i, value := range enum.Content {
		c.judged = append(c.judged, judged{"enum value", bare, value})
		for _, other := range enum.Content[:i] {
			if same(value, other) {
				c.report(value, "the enum value %s is here twice: take one of the two out", value.Value)
			}
		}
	}
	later := overlaid.Value(schema, "x-enum-since")
	for i := 0; later != nil && i+1 < len(later.Content); i += 2 {
		if text := later.Content[i]; !among(text, enum) {
			c.report(text, "%s is no value of this enum: x-enum-since says of each value that came later when it came", text.Value)
		}
	}
}

func (c *checker) required(schema *yaml.Node) {
	required, properties := overlaid.Value(schema, "required"), overlaid.Value(schema, "properties")
	if required == nil || properties == nil {
		return
	}
	for _, keyword := range []string{"allOf", "anyOf", "oneOf"} {
		if overlaid.Value(schema, keyword) != nil {
			return // the property may be in a part of the composition
		}
	}
	names := make(kind)
	for i := 0; i+1 < len(properties.Content); i += 2 {
		names[properties.Content[i].Value] = ""
	}
	for _, name := range required.Content {
		if _, ok := names[name.Value]; ok {
			continue
		}
		advice := "add it to properties, or take it out here"
		if meant := nearest(name.Value, names); meant != "" {
			advice = "did you mean " + meant + "?"
		}
		c.report(name, "there is no property %s to require: %s", name.Value, advice)
	}
}

// examples checks the examples of a node against its schema.
func (c *checker) examples(node *yaml.Node) {
	schema := overlaid.Value(node, "schema")
	if schema == nil {
		return
	}
	check := func(value *yaml.Node) {
		if value != nil {
			c.judged = append(c.judged, judged{"example", schema, value})
		}
	}
	check(overlaid.Value(node, "example"))
	if all := overlaid.Value(node, "examples"); all != nil {
		for i := 0; i+1 < len(all.Content); i += 2 {
			check(overlaid.Value(c.resolve(all.Content[i+1]), "value"))
		}
	}
}

// name returns the node of a keyword in a mapping, or the mapping if it has no such keyword.
func (c *checker) name(mapping *yaml.Node, keyword string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == keyword {
			return mapping.Content[i]
		}
	}
	return mapping
}

// number returns the value of a numeric scalar.
func number(node *yaml.Node) (float64, bool) {
	if node == nil || node.Tag != "!!int" && node.Tag != "!!float" {
		return 0, false
	}
	n, err := strconv.ParseFloat(node.Value, 64)
	return n, err == nil
}

func truth(node *yaml.Node) bool { return node != nil && node.Tag == "!!bool" && node.Value == "true" }

func among(value, list *yaml.Node) bool {
	for _, element := range list.Content {
		if same(value, element) {
			return true
		}
	}
	return false
}

// same reports whether two scalars are equal.
func same(a, b *yaml.Node) bool {
	x, ok := number(a)
	y, both := number(b)
	if ok && both {
		return x == y
	}
	return a.Kind == yaml.ScalarNode && b.Kind == yaml.ScalarNode && a.Value == b.Value && (a.Tag == "!!str") == (b.Tag == "!!str")
}
