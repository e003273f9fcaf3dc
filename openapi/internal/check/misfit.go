package check

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
)

// formats are those whose values can be told from others.
var formats = map[string]func(text string) bool{
	"uuid":      regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`).MatchString,
	"date":      func(text string) bool { _, err := time.Parse(time.DateOnly, text); return err == nil },
	"date-time": func(text string) bool { _, err := time.Parse(time.RFC3339, text); return err == nil },
}

// written names what a value is, by its tag.
var written = map[string]string{
	"!!str": "a text", "!!int": "a number", "!!float": "a number", "!!bool": "true or false", "!!null": "null",
	"!!seq": "a list", "!!map": "an object",
}

// fault is what is wrong with a value, or with one inside it. The text begins with the value, or with "this".
type fault struct {
	at   *yaml.Node
	text string
}

// fits tells of a value that does not fit its schema. What names the value.
func (c *checker) fits(what string, schema, value *yaml.Node) {
	if c.open {
		return
	}
	f := c.misfit(schema, value, 0)
	if f == nil {
		return
	}
	rest, unnamed := strings.CutPrefix(f.text, "this ")
	switch {
	case f.at != value:
		c.report(f.at, "in the %s, %s", what, f.text)
	case unnamed:
		c.report(f.at, "the %s %s", what, rest)
	default:
		c.report(f.at, "the %s %s", what, f.text)
	}
}

// misfit says what is wrong with a value of a schema. It is nil if nothing is.
func (c *checker) misfit(schema, value *yaml.Node, depth int) *fault {
	if schema = c.resolve(schema); schema == nil || value.Kind == yaml.AliasNode || depth > 50 {
		return nil // a reference that leads nowhere is told where it is
	}
	get := func(keyword string) *yaml.Node { return overlaid.Value(schema, keyword) }
	name := ""
	if node := get("type"); node != nil {
		name = node.Value
	}
	if value.Tag == "!!null" && (name == "" || truth(get("nullable"))) {
		return nil
	}
	if text := ofType(name, value); text != "" {
		return &fault{value, text}
	}
	if enum := get("enum"); enum != nil && enum.Kind == yaml.SequenceNode && value.Kind == yaml.ScalarNode && !among(value, enum) {
		var all []string
		for _, element := range enum.Content {
			all = append(all, element.Value)
		}
		if len(all) > 8 {
			all = append(all[:8], "…")
		}
		return &fault{value, fmt.Sprintf("%s is no value of the enum (%s): take one of those, or add it there", value.Value, strings.Join(all, ", "))}
	}
	if text := ofBounds(schema, value); text != "" {
		return &fault{value, text}
	}
	for i, element := range value.Content {
		switch {
		case value.Kind == yaml.SequenceNode && get("items") != nil:
			if f := c.misfit(get("items"), element, depth+1); f != nil {
				return f
			}
		case value.Kind == yaml.MappingNode && i%2 == 1:
			property := overlaid.Value(get("properties"), value.Content[i-1].Value)
			if property == nil && get("additionalProperties") != nil && get("additionalProperties").Kind == yaml.MappingNode {
				property = get("additionalProperties")
			}
			if property == nil {
				continue
			}
			if f := c.misfit(property, element, depth+1); f != nil {
				return f
			}
		}
	}
	if required := get("required"); required != nil && value.Kind == yaml.MappingNode {
		for _, member := range required.Content {
			if overlaid.Value(value, member.Value) == nil {
				return &fault{value, fmt.Sprintf("this has no member %s, which is required: add it", member.Value)}
			}
		}
	}
	return c.ofChoices(schema, value, depth)
}

// ofType says what is wrong with the sort of a value.
func ofType(name string, value *yaml.Node) string {
	tag := value.ShortTag()
	if tag == "!!timestamp" || tag == "!!binary" {
		tag = "!!str"
	}
	n, isNumber := number(value)
	ok := true
	switch name {
	case "string":
		ok = tag == "!!str"
	case "integer":
		ok = isNumber && n == math.Trunc(n)
	case "number":
		ok = isNumber
	case "boolean":
		ok = tag == "!!bool"
	case "array":
		ok = tag == "!!seq"
	case "object":
		ok = tag == "!!map"
	}
	switch {
	case ok:
		return ""
	case tag == "!!null":
		return fmt.Sprintf("this is null, and the type is %s: give a value, or take it out", name)
	case name == "string" && value.Kind == yaml.ScalarNode:
		return fmt.Sprintf("%s is %s, and the type is string: put it in quotes", value.Value, written[tag])
	case value.Kind == yaml.ScalarNode:
		return fmt.Sprintf("%s is %s, and the type is %s: give %s %s", value.Value, sortOf(value), name, article(name), name)
	}
	return fmt.Sprintf("this is %s, and the type is %s", written[tag], name)
}

// sortOf names what a scalar is.
func sortOf(value *yaml.Node) string {
	if n, ok := number(value); ok && n != math.Trunc(n) {
		return "no whole number"
	}
	return written[value.ShortTag()]
}

func article(name string) string {
	if strings.ContainsRune("aeiou", rune(name[0])) {
		return "an"
	}
	return "a"
}

// ofBounds says which bound a value breaks.
func ofBounds(schema, value *yaml.Node) string {
	get := func(keyword string) *yaml.Node { return overlaid.Value(schema, keyword) }
	// contradicts says whether no value fits two bounds, which is told of where they are.
	contradicts := func(least, most string) bool {
		a, ok := number(get(least))
		b, both := number(get(most))
		return ok && both && a > b
	}
	if n, ok := number(value); ok {
		if contradicts("minimum", "maximum") {
			return ""
		}
		least, bound := number(get("minimum"))
		if bound && (n < least || n == least && truth(get("exclusiveMinimum"))) {
			return fmt.Sprintf("%s is below the minimum, %s: change one of the two", value.Value, get("minimum").Value)
		}
		most, bound := number(get("maximum"))
		if bound && (n > most || n == most && truth(get("exclusiveMaximum"))) {
			return fmt.Sprintf("%s is above the maximum, %s: change one of the two", value.Value, get("maximum").Value)
		}
		if format := get("format"); format != nil && format.Value == "int32" && (n < math.MinInt32 || n > math.MaxInt32) {
			return fmt.Sprintf("%s does not fit into int32", value.Value)
		}
		return ""
	}
	size, unit, least, most := 0, "", "", ""
	switch {
	case value.Kind == yaml.SequenceNode:
		size, unit, least, most = len(value.Content), "elements", "minItems", "maxItems"
	case value.Kind == yaml.MappingNode:
		size, unit, least, most = len(value.Content)/2, "members", "minProperties", "maxProperties"
	case value.ShortTag() == "!!str":
		size, unit, least, most = utf8.RuneCountInString(value.Value), "characters", "minLength", "maxLength"
	default:
		return ""
	}
	if contradicts(least, most) {
		return ""
	}
	if n, bound := number(get(least)); bound && float64(size) < n {
		return fmt.Sprintf("this has %d %s, and %s is %s: change one of the two", size, unit, least, get(least).Value)
	}
	if n, bound := number(get(most)); bound && float64(size) > n {
		return fmt.Sprintf("this has %d %s, and %s is %s: change one of the two", size, unit, most, get(most).Value)
	}
	if value.Kind != yaml.ScalarNode {
		return ""
	}
	if pattern := get("pattern"); pattern != nil {
		if compiled, err := regexp.Compile(pattern.Value); err == nil && !compiled.MatchString(value.Value) {
			return fmt.Sprintf("%s does not match the pattern %s", value.Value, pattern.Value)
		}
	}
	if format := get("format"); format != nil && formats[format.Value] != nil && !formats[format.Value](value.Value) {
		return fmt.Sprintf("%s is no %s", value.Value, format.Value)
	}
	return ""
}

// ofChoices says what is wrong with a value where a schema is made of others.
func (c *checker) ofChoices(schema, value *yaml.Node, depth int) *fault {
	if all := overlaid.Value(schema, "allOf"); all != nil {
		for _, part := range all.Content {
			if f := c.misfit(part, value, depth+1); f != nil {
				return f
			}
		}
	}
	for _, keyword := range []string{"anyOf", "oneOf"} {
		choices := overlaid.Value(schema, keyword)
		if choices == nil || len(choices.Content) == 0 {
			continue
		}
		fits := 0
		var last *fault
		for _, choice := range choices.Content {
			if last = c.misfit(choice, value, depth+1); last == nil {
				fits++
			}
		}
		switch {
		case fits == 0:
			return &fault{last.at, fmt.Sprintf("this fits no choice of %s; for the last one, %s", keyword, last.text)}
		case fits > 1 && keyword == "oneOf":
			return &fault{value, fmt.Sprintf("this fits %d choices of oneOf, which takes one only", fits)}
		}
	}
	return nil
}
