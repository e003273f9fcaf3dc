package emit

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"
)

// encoder is a type that appends itself as JSON.
type encoder struct{ Name, Body string }

// stream is an answer whose list can be written element by element.
type stream struct{ GoName, Type, List, Status, ContentType, Item, Append string }

// encodings are the streams of a document, and the encoders of their elements and of failures.
type encodings struct {
	Streams  []stream
	Encoders []encoder

	known map[string]bool // whether a type has an encoder, by the name of the type
}

func encodingsOf(definitions []codegen.OperationDefinition) (e encodings, err error) {
	e.known = make(map[string]bool)
	for _, d := range definitions {
		for _, r := range d.Responses {
			for _, content := range r.Contents {
				spec := d.Spec.Responses.Value(r.StatusCode)
				if d.IsAlias || !content.IsJSON() || spec == nil {
					continue
				}
				schema := spec.Value.Content[content.ContentType].Schema
				if r.StatusCode == "default" {
					_, err = e.encoder(schema)
				} else if r.HasFixedStatusCode() && len(r.Headers) == 0 && content.HasFixedContentType() && schema.Value.Type.Is("array") {
					err = e.stream(d.OperationId, r.StatusCode, content, schema.Value.Items)
				}
				if err != nil {
					return e, fmt.Errorf("%s: status %s: %w", d.SpecOperationId, r.StatusCode, err)
				}
			}
		}
	}
	return e, nil
}

// stream adds a stream if its elements are of a named type.
func (e *encodings) stream(goName, status string, content codegen.ResponseContentDefinition, item *openapi3.SchemaRef) error {
	if item == nil || item.Ref == "" {
		return nil
	}
	name, err := codegen.RefPathToGoType(item.Ref)
	if err != nil {
		return err
	}
	one := goName + status + content.NameTagOrContentType()
	s := stream{goName, one + "Stream", one + "Response", status, content.ContentType, name, "appendJSON[" + name + "]"}
	has, err := e.encoder(item)
	if has {
		s.Append = name + ".AppendJSON"
	}
	e.Streams = append(e.Streams, s)
	return err
}

// encoder adds an encoder for a type if it is a struct that a reference names.
func (e *encodings) encoder(of *openapi3.SchemaRef) (added bool, err error) {
	if of.Ref == "" || !isStruct(of.Value) {
		return false, nil
	}
	name, err := codegen.RefPathToGoType(of.Ref)
	if err != nil || e.known[name] {
		return err == nil, err
	}
	schema, err := codegen.GenerateGoSchema(&openapi3.SchemaRef{Value: of.Value}, []string{name})
	if err != nil {
		return false, err
	}
	e.known[name] = true
	at := len(e.Encoders)
	e.Encoders = append(e.Encoders, encoder{Name: name})
	var b strings.Builder
	separator := "{"
	for _, p := range schema.Properties {
		if !p.Required || p.IsPointer() {
			e.Encoders[at].Body = "return appendJSON(v, b)\n" // if this field is omitted, the next one must not begin with a comma
			return true, nil
		}
		value, err := e.value(of.Value.Properties[p.JsonFieldName], "v."+p.GoFieldName())
		if err != nil {
			return false, err
		}
		key, _ := json.Marshal(p.JsonFieldName) // never fails for a string
		fmt.Fprintf(&b, "b = append(b, %#q...)\n%s", separator+string(key)+":", value)
		separator = ","
	}
	b.WriteString("return append(b, '}'), nil\n")
	e.Encoders[at].Body = b.String()
	return true, nil
}

// isStruct reports whether a schema describes a Go struct with all its fields.
func isStruct(s *openapi3.Schema) bool {
	return s.Type.Is("object") && len(s.Properties) > 0 && !s.Nullable && s.Extensions["x-go-type"] == nil &&
		len(s.AllOf)+len(s.AnyOf)+len(s.OneOf) == 0 && s.AdditionalProperties.Schema == nil &&
		(s.AdditionalProperties.Has == nil || !*s.AdditionalProperties.Has)
}

// value returns code that appends a field.
func (e *encodings) value(of *openapi3.SchemaRef, field string) (string, error) {
	s := of.Value
	plain := !s.Nullable && s.Extensions["x-go-type"] == nil && of.Extensions["x-go-type"] == nil
	switch {
	case plain && s.Type.Is("string") && s.Format == "uuid":
		return fmt.Sprintf("b = append(appendUUID(append(b, '\"'), %s), '\"')\n", field), nil
	case plain && s.Type.Is("string") && s.Format == "":
		return fmt.Sprintf("b = appendString(b, %s)\n", converted("string", field, len(s.Enum) == 0)), nil
	case plain && s.Type.Is("boolean"):
		return fmt.Sprintf("b = strconv.AppendBool(b, %s)\n", converted("bool", field, s.Format == "" && len(s.Enum) == 0)), nil
	case plain && s.Type.Is("integer") && !strings.HasPrefix(s.Format, "uint"):
		return fmt.Sprintf("b = strconv.AppendInt(b, %s, 10)\n", converted("int64", field, s.Format == "int64" && len(s.Enum) == 0)), nil
	}
	call := "appendJSON(" + field + ", b)"
	if has, err := e.encoder(of); err != nil {
		return "", err
	} else if has {
		call = field + ".AppendJSON(b)"
	}
	return fmt.Sprintf("if b, err = %s; err != nil {\nreturn b, err\n}\n", call), nil
}
