package changes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/sfcancel/sfcancel/openapi/internal/parsed"
)

func (c *comparison) schemas() {
	was, is := schemasOf(c.before), schemasOf(c.after)
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

func schemasOf(doc *openapi3.T) openapi3.Schemas {
	if doc.Components == nil {
		return nil
	}
	return doc.Components.Schemas
}

// goName returns the name of a schema in package generated.
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
		case d.added:
			act = "a switch over the type needs a case for it"
		case d.removed:
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

// difference is one difference between two schemas.
type difference struct {
	text           string // such as "maximum 3600 (was 60)"
	shape          bool   // the Go type differs
	read           bool   // the default differs
	free           bool   // a bound was removed
	added, removed bool   // an enum value was added or removed
}

// differences compares two schemas. A change to a schema that both refer to is reported only for that schema itself.
func differences(was, is *openapi3.SchemaRef) (all []difference) {
	if was == nil || is == nil || was.Value == nil || is.Value == nil || is.Ref != "" && is.Ref == was.Ref {
		return nil
	}
	if old, now := kindOf(was), kindOf(is); old != now {
		return []difference{{text: fmt.Sprintf("the type %s (was %s)", now, old), shape: true}}
	}
	a, b := was.Value, is.Value
	say := func(d difference, name, old, now string) {
		switch {
		case old == now:
			return
		case now == "":
			d.text = fmt.Sprintf("no %s any more (was %s)", name, old)
			d.free = !d.read
		case old == "":
			d.text = fmt.Sprintf("%s %s (had none)", name, now)
		default:
			d.text = fmt.Sprintf("%s %s (was %s)", name, now, old)
		}
		all = append(all, d)
	}
	old, now := parsed.Bounds(a), parsed.Bounds(b)
	for _, name := range []string{"minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"} {
		say(difference{}, name, old[name], now[name])
	}
	say(difference{}, "pattern", a.Pattern, b.Pattern)
	say(difference{read: true}, "default", text(a.Default), text(b.Default))
	if a.Nullable != b.Nullable {
		all = append(all, difference{text: fmt.Sprintf("nullable %t (was %t)", b.Nullable, a.Nullable), shape: true})
	}
	for _, value := range b.Enum {
		if !slices.Contains(a.Enum, value) {
			all = append(all, difference{text: fmt.Sprintf("a new value %v", value), added: true})
		}
	}
	for _, value := range a.Enum {
		if !slices.Contains(b.Enum, value) {
			all = append(all, difference{text: fmt.Sprintf("no value %v any more", value), removed: true})
		}
	}
	return all
}

// text returns a value of the document as text, "" for none.
func text(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// kindOf returns a name for the type of a schema.
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

// constraint describes the constraints on the values of a parameter, apart from their type.
func constraint(schema *openapi3.SchemaRef) string {
	if schema == nil || schema.Value == nil {
		return ""
	}
	s, bounds := schema.Value, parsed.Bounds(schema.Value)
	rules := []string{
		within(bounds["minimum"], bounds["maximum"], ""),
		within(bounds["minLength"], bounds["maxLength"], " characters"),
		within(bounds["minItems"], bounds["maxItems"], " elements"),
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
	return strings.Join(slices.DeleteFunc(rules, func(r string) bool { return r == "" }), ", ")
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
