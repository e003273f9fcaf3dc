package emit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"

	"github.com/sfcancel/sfcancel/openapi/internal/parsed"
)

// contract is the data of a document for the templates.
type contract struct {
	Versions   []string
	Parameters []*parameter
	Operations []*operation
	encodings
}

type operation struct {
	codegen.OperationDefinition

	ID, GoName, Role, Since string
	Method, Path, Summary   string
	Parameters              []int // indexes into those of the contract
	Body                    *body
	Responses               []response
	Binding                 string
}

type body struct {
	Required     bool
	ContentTypes goStrings
}

type response struct {
	Status, Description   string
	ContentTypes, Headers goStrings
}

// parameter is one row of the table, with the fields that contract.tmpl declares. It describes the
// document without Go's overlay.
type parameter struct {
	Name, In                             string
	Required                             bool
	Type, Format                         string
	Array                                bool
	Minimum, Maximum, Pattern            string
	Enum                                 []string
	Open                                 bool
	Default, Since, Accepts, Description string

	goName string
}

// Constants returns the bounds and defaults of integers, as lines of a const declaration.
func (c *contract) Constants() (lines []string) {
	for _, p := range c.Parameters {
		same := slices.IndexFunc(c.Parameters, func(o *parameter) bool { return o != p && o.goName == p.goName })
		if p.Type != "integer" || p.Array || same >= 0 {
			continue
		}
		for _, one := range []struct{ name, value string }{{"Minimum", p.Minimum}, {"Maximum", p.Maximum}, {"Default", p.Default}} {
			if one.value != "" {
				lines = append(lines, p.goName+one.name+" = "+one.value)
			}
		}
	}
	return lines
}

// goStrings is a slice of texts that prints as Go code.
type goStrings []string

func (s goStrings) String() string {
	if len(s) == 0 {
		return "nil"
	}
	return fmt.Sprintf("%#v", []string(s))
}

// describe collects the data of a document. The types come from Go's overlay, the constraints from
// the document without it.
func describe(plain *openapi3.T, definitions []codegen.OperationDefinition, views []view) (*contract, error) {
	c := new(contract)
	for _, v := range views {
		c.Versions = append(c.Versions, v.version)
	}
	at := make(map[string]int) // index of each parameter, to store equal ones once
	for _, d := range definitions {
		if d.IsAlias {
			continue
		}
		spec := found(plain, d)
		o := &operation{
			OperationDefinition: d, ID: d.SpecOperationId, GoName: d.OperationId, Method: d.Method, Path: d.Path,
			Summary: oneLine(d.Summary), Role: role(d), Since: since(views, func(v *openapi3.T) bool { return found(v, d) != nil }),
		}
		for _, p := range slices.Concat(d.PathParams, d.QueryParams, d.HeaderParams, d.CookieParams) {
			fact := factOf(named(plain, d, p))
			fact.Since = since(views, func(v *openapi3.T) bool { return named(v, d, p) != nil })
			fact.goName = p.GoName()
			key := fmt.Sprintf("%+v", *fact)
			n, known := at[key]
			if !known {
				n = len(c.Parameters)
				at[key] = n
				c.Parameters = append(c.Parameters, fact)
			}
			o.Parameters = append(o.Parameters, n)
		}
		if spec.RequestBody != nil {
			o.Body = &body{spec.RequestBody.Value.Required, slices.Sorted(maps.Keys(spec.RequestBody.Value.Content))}
		}
		for _, status := range slices.Sorted(maps.Keys(spec.Responses.Map())) {
			r := spec.Responses.Value(status).Value
			description := ""
			if r.Description != nil {
				description = oneLine(*r.Description)
			}
			o.Responses = append(o.Responses, response{status, description, slices.Sorted(maps.Keys(r.Content)), slices.Sorted(maps.Keys(r.Headers))})
		}
		binding, err := bind(o, c.Parameters)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.ID, err)
		}
		o.Binding = binding
		c.Operations = append(c.Operations, o)
	}
	var err error
	c.encodings, err = encodingsOf(definitions)
	return c, err
}

// role returns the role that an operation requires, as in Go's overlay.
func role(d codegen.OperationDefinition) string {
	text, _ := d.Spec.Extensions["x-role"].(string)
	return cmp.Or(text, "admin")
}

func found(doc *openapi3.T, d codegen.OperationDefinition) *openapi3.Operation {
	if item := doc.Paths.Value(d.Path); item != nil {
		return item.GetOperation(d.Method)
	}
	return nil
}

// named returns a parameter of an operation, its own or one of its path.
func named(doc *openapi3.T, d codegen.OperationDefinition, p codegen.ParameterDefinition) *openapi3.Parameter {
	op := found(doc, d)
	if op == nil {
		return nil
	}
	return slices.Concat(op.Parameters, doc.Paths.Value(d.Path).Parameters).GetByInAndName(p.In, p.ParamName)
}

// since returns the first version for whose view has is true.
func since(views []view, has func(*openapi3.T) bool) string {
	for _, v := range views {
		if has(v.T) {
			return v.version
		}
	}
	return ""
}

func factOf(p *openapi3.Parameter) *parameter {
	f := &parameter{Name: p.Name, In: p.In, Required: p.Required, Description: oneLine(p.Description)}
	defer func() { f.Accepts = f.accepts() }()
	if p.Schema == nil || p.Schema.Value == nil {
		return f
	}
	schema := p.Schema.Value
	f.Default = textOf(schema.Default)
	if schema.Type.Is("array") && schema.Items != nil {
		f.Array, schema = true, schema.Items.Value
	}
	for _, one := range slices.Concat(schema.AnyOf, schema.OneOf) { // an open list: enum values, or a pattern
		switch {
		case one.Value.Type == nil || !one.Value.Type.Is("string"):
			return f
		case len(one.Value.Enum) > 0:
			f.Enum = texts(one.Value.Enum)
		default:
			f.Open, f.Pattern = true, one.Value.Pattern
		}
		f.Type = "string"
	}
	if f.Type != "" || schema.Type == nil || len(schema.Type.Slice()) != 1 {
		return f
	}
	f.Type, f.Format, f.Pattern, f.Enum = schema.Type.Slice()[0], schema.Format, schema.Pattern, texts(schema.Enum)
	switch bounds := parsed.Bounds(schema); f.Type {
	case "string":
		f.Minimum, f.Maximum = bounds["minLength"], bounds["maxLength"]
	case "integer", "number":
		f.Minimum, f.Maximum = bounds["minimum"], bounds["maximum"]
	}
	return f
}

func textOf(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	text, _ := json.Marshal(value)
	return string(text)
}

func texts(values []any) (all []string) {
	for _, v := range values {
		all = append(all, textOf(v))
	}
	return all
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// accepts returns the end of the sentence "It must be".
func (p *parameter) accepts() string {
	if p.Array {
		one := *p
		one.Array = false
		return "a list, each of it " + one.accepts()
	}
	between := func(before, after string) string {
		switch {
		case p.Minimum != "" && p.Maximum != "":
			return before + " from " + p.Minimum + " to " + p.Maximum + after
		case p.Minimum != "":
			return before + " of " + p.Minimum + after + " or more"
		case p.Maximum != "":
			return before + " of at most " + p.Maximum + after
		}
		return before
	}
	switch {
	case p.Open:
		return "a text that matches " + p.Pattern
	case len(p.Enum) > 0:
		return strings.Join(p.Enum, " or ")
	case p.Type == "boolean":
		return "true or false"
	case p.Format == "uuid":
		return "a GUID of 36 characters with hyphens"
	case p.Format == "date-time":
		return "a time as RFC 3339 writes it"
	case p.Format == "date":
		return "a date as RFC 3339 writes it"
	case p.Type == "integer":
		return between("a number", "")
	case p.Type == "number":
		return between("a number, perhaps with a fraction", "")
	case p.Type == "string" && p.Pattern != "":
		return between("a text that matches "+p.Pattern, " characters")
	case p.Type == "string":
		return between("a text", " characters")
	}
	return "what the document describes"
}

// Literal returns the parameter as a Go literal without empty fields.
func (p *parameter) Literal() string {
	var fields []string
	value := reflect.ValueOf(*p)
	for i := range value.NumField() {
		if f := value.Type().Field(i); f.IsExported() && !value.Field(i).IsZero() {
			fields = append(fields, fmt.Sprintf("%s: %#v", f.Name, value.Field(i).Interface()))
		}
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// outside returns the conditions that are true if a value, or the length of a text, is out of bounds.
func (p *parameter) outside(value string) (all []string) {
	if p.Minimum != "" {
		all = append(all, value+" < "+p.Minimum)
	}
	if p.Maximum != "" {
		all = append(all, value+" > "+p.Maximum)
	}
	return all
}
