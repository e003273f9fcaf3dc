package changes

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

func (c *comparison) schemas() {
	before, after := c.before.Components, c.after.Components
	var was, is openapi3.Schemas
	if before != nil {
		was = before.Schemas
	}
	if after != nil {
		is = after.Schemas
	}
	for _, name := range both(was, is) {
		switch {
		case was[name] == nil:
			c.add("generated."+goName(name, is[name]), "is new")
		case is[name] == nil:
			c.add("generated."+goName(name, was[name]), "is gone", "whoever names the type or its constants takes that out")
		default:
			c.schema("generated."+goName(name, is[name]), was[name], is[name])
		}
	}
}

// goName is the name of a schema in package generated.
func goName(name string, schema *openapi3.SchemaRef) string {
	if own, ok := schema.Value.Extensions["x-go-name"].(string); ok {
		return own
	}
	return name
}

func (c *comparison) schema(name string, was, is *openapi3.SchemaRef) {
	for _, d := range differences(was, is) {
		act := "callers meet it in answers"
		switch {
		case d.added != "":
			act = "a switch over the type needs a case for it"
		case d.removed != "":
			act = "its constant is gone, and whoever names it takes that out"
		case d.shape:
			act = "whoever writes or reads it changes that"
		}
		c.add(name, "has "+d.text, act)
	}
	for _, property := range both(was.Value.Properties, is.Value.Properties) {
		old, now := was.Value.Properties[property], is.Value.Properties[property]
		switch {
		case old == nil:
			c.add(name, "has a new "+necessity(slices.Contains(is.Value.Required, property))+" member "+property,
				"implementations fill it in, and callers may read it")
			continue
		case now == nil:
			c.add(name, "has no member "+property+" any more", "whoever writes or reads it takes that out")
			continue
		}
		required := slices.Contains(is.Value.Required, property)
		if required != slices.Contains(was.Value.Required, property) {
			act := "the field is a pointer now"
			if required {
				act = "the field is no pointer any more"
			}
			c.add(name, "has the member "+property+" "+necessity(required)+" now", act+", and whoever sets or reads it changes that")
		}
		for _, d := range differences(old, now) {
			act := "callers meet it in answers"
			if d.shape {
				act = "the field has another type, and whoever sets or reads it changes that"
			}
			c.add(name, "has the member "+property+" with "+d.text, act)
		}
	}
}

// difference is what two schemas do not agree on.
type difference struct {
	text           string // "maximum 3600 (was 60)"
	shape          bool   // its type in Go is another
	read           bool   // what the server makes of a value that is not there
	free           bool   // a bound that is gone
	added, removed string // a value of an enum
}

// differences compares what two schemas say. What both only refer to is told of where it is.
func differences(was, is *openapi3.SchemaRef) []difference {
	if was == nil || is == nil || was.Value == nil || is.Value == nil || is.Ref != "" && is.Ref == was.Ref {
		return nil
	}
	var all []difference
	if old, now := kindOf(was), kindOf(is); old != now {
		return []difference{{text: fmt.Sprintf("the type %s (was %s)", now, old), shape: true}}
	}
	a, b := was.Value, is.Value
	for _, bound := range []struct {
		name     string
		old, now string
	}{
		{"minimum", number(a.Min), number(b.Min)}, {"maximum", number(a.Max), number(b.Max)},
		{"minLength", size(a.MinLength), size(b.MinLength)}, {"maxLength", sizeOf(a.MaxLength), sizeOf(b.MaxLength)},
		{"minItems", size(a.MinItems), size(b.MinItems)}, {"maxItems", sizeOf(a.MaxItems), sizeOf(b.MaxItems)},
		{"pattern", a.Pattern, b.Pattern},
	} {
		switch {
		case bound.old == bound.now:
		case bound.now == "":
			all = append(all, difference{text: fmt.Sprintf("no %s any more (was %s)", bound.name, bound.old), free: true})
		case bound.old == "":
			all = append(all, difference{text: fmt.Sprintf("%s %s (had none)", bound.name, bound.now)})
		default:
			all = append(all, difference{text: fmt.Sprintf("%s %s (was %s)", bound.name, bound.now, bound.old)})
		}
	}
	if fmt.Sprint(a.Default) != fmt.Sprint(b.Default) {
		text := fmt.Sprintf("default %v (was %v)", b.Default, a.Default)
		if a.Default == nil {
			text = fmt.Sprintf("default %v (had none)", b.Default)
		} else if b.Default == nil {
			text = fmt.Sprintf("no default any more (was %v)", a.Default)
		}
		all = append(all, difference{text: text, read: true})
	}
	if a.Nullable != b.Nullable {
		all = append(all, difference{text: fmt.Sprintf("nullable %t (was %t)", b.Nullable, a.Nullable), shape: true})
	}
	return append(all, values(a.Enum, b.Enum)...)
}

func values(was, is []any) []difference {
	var all []difference
	for _, value := range is {
		if !slices.Contains(was, value) {
			all = append(all, difference{text: fmt.Sprintf("a new value %v", value), added: fmt.Sprint(value)})
		}
	}
	for _, value := range was {
		if !slices.Contains(is, value) {
			all = append(all, difference{text: fmt.Sprintf("no value %v any more", value), removed: fmt.Sprint(value)})
		}
	}
	return all
}

// kindOf names the type of a schema.
func kindOf(schema *openapi3.SchemaRef) string {
	if schema == nil {
		return "anything"
	}
	if schema.Ref != "" {
		return schema.Ref[strings.LastIndex(schema.Ref, "/")+1:]
	}
	name := strings.Join(schema.Value.Type.Slice(), " or ")
	switch {
	case name == "":
		name = "anything"
	case name == "array" && schema.Value.Items != nil:
		name = "array of " + kindOf(schema.Value.Items)
	}
	if schema.Value.Format != "" {
		name += " (" + schema.Value.Format + ")"
	}
	return name
}

// constraint says in words what the values of a parameter must be, beyond their type.
func constraint(schema *openapi3.SchemaRef) string {
	if schema == nil || schema.Value == nil {
		return ""
	}
	s := schema.Value
	var rules []string
	for _, r := range []string{
		within(number(s.Min), number(s.Max), ""),
		within(size(s.MinLength), sizeOf(s.MaxLength), " characters"),
		within(size(s.MinItems), sizeOf(s.MaxItems), " elements"),
	} {
		if r != "" {
			rules = append(rules, r)
		}
	}
	if s.Pattern != "" {
		rules = append(rules, "like "+s.Pattern)
	}
	if len(s.Enum) > 0 {
		var texts []string
		for _, value := range s.Enum {
			texts = append(texts, fmt.Sprint(value))
		}
		rules = append(rules, listed(texts, "or"))
	}
	if s.Default != nil {
		rules = append(rules, fmt.Sprintf("default %v", s.Default))
	}
	return strings.Join(rules, ", ")
}

func within(least, most, unit string) string {
	switch {
	case least == "" && most == "":
		return ""
	case most == "":
		return least + unit + " or more"
	case least == "":
		return most + unit + " or less"
	}
	return least + ".." + most + unit
}

func number(n *float64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatFloat(*n, 'f', -1, 64)
}

func size(n uint64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func sizeOf(n *uint64) string {
	if n == nil {
		return ""
	}
	return fmt.Sprint(*n)
}
