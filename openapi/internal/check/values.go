package check

import (
	"errors"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"gopkg.in/yaml.v3"

	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
	"github.com/sfcancel/sfcancel/openapi/internal/parsed"
)

// judged is a value that must match a schema.
type judged struct {
	what          string // a default, an example, an enum value
	schema, value *yaml.Node
}

// judge validates every value of the document with kin-openapi, and reports its position. It skips a document with other
// faults, because they may be the cause, and Go's variant, whose enums do not list all values.
func (c *checker) judge() {
	if c.open || len(c.found) > 0 || len(c.judged) == 0 {
		return
	}
	components := overlaid.Value(c.root, "components")
	schemas, values := overlaid.Value(components, "schemas"), &yaml.Node{Kind: yaml.SequenceNode}
	for i, one := range c.judged {
		schemas = set(schemas, "judged-"+strconv.Itoa(i), one.schema)
		values.Content = append(values.Content, one.value)
	}
	text, err := yaml.Marshal(set(set(c.root, "components", set(components, "schemas", schemas)), "x-judged", values))
	if err != nil {
		return
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return // reported for the document itself
	}
	doc.SetStringFormatValidator("uuid", openapi3.NewRegexpFormatValidator(parsed.GUID))
	all, ok := doc.Extensions["x-judged"].([]any)
	if !ok || len(all) != len(c.judged) {
		return // the document has an extension of this name itself
	}
	for i, one := range c.judged {
		schema := doc.Components.Schemas["judged-"+strconv.Itoa(i)].Value
		var wrong *openapi3.SchemaError
		if !errors.As(schema.VisitJSON(all[i], doc.GetSchemaValidationOptions()...), &wrong) {
			continue
		}
		at := one.value
		for _, key := range wrong.JSONPointer() {
			if n, err := strconv.Atoi(key); err == nil && at.Kind == yaml.SequenceNode {
				at = at.Content[n]
			} else if below := overlaid.Value(at, key); below != nil { // a missing part is reported at its parent
				at = below
			}
		}
		where, advice := "the "+one.what+" ", "change it, or the schema"
		if at != one.value {
			where = "in the " + one.what + ", "
		}
		if wrong.SchemaField == "type" && wrong.Schema.Type.Is("string") && at.Kind == yaml.ScalarNode {
			advice = "put it in quotes"
		}
		c.report(at, "%s%s does not fit: %s: %s", where, at.Value, strings.TrimSuffix(wrong.Reason, "."), advice)
	}
}

// set returns a copy of a mapping with a key set to value. A nil mapping is empty.
func set(mapping *yaml.Node, key string, value *yaml.Node) *yaml.Node {
	twin := without(mapping, key)
	twin.Content = append(twin.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, value)
	return twin
}

// without returns a copy of a mapping without a key.
func without(mapping *yaml.Node, key string) *yaml.Node {
	twin := &yaml.Node{Kind: yaml.MappingNode}
	for i := 0; mapping != nil && i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value != key {
			twin.Content = append(twin.Content, mapping.Content[i], mapping.Content[i+1])
		}
	}
	return twin
}
