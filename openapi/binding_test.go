package openapi_test

import (
	"errors"
	"io"
	"strconv"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/openapi/loaded"
)

// given is a request whose parameters are texts by name; one that is not there is absent.
type given map[string]string

func (g given) Text(_ int, p *generated.Parameter) (string, generated.Reading, error) {
	if text, ok := g[p.Name]; ok {
		return text, generated.Given, nil
	}
	return "", generated.Absent, nil
}

func (g given) Texts(int, *generated.Parameter) ([]string, error) { return nil, nil }
func (g given) Body() (io.Reader, string)                         { return nil, "" }

// The generated binder accepts the texts that the document accepts, parameter by parameter: kin-openapi
// judges the same texts by the document itself.
func TestBindingIsTheDocument(t *testing.T) {
	t.Parallel()
	doc, err := loaded.Document(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range generated.Operations {
		o := &generated.Operations[i]
		spec := doc.Paths.Value(o.Path).GetOperation(o.Method)
		complete := make(given)
		for _, p := range spec.Parameters {
			complete[p.Value.Name] = asText(p.Value.Example)
		}
		if _, err := o.Bind(complete); err != nil {
			t.Errorf("%s: the examples: got %v, want them accepted", o.ID, err)
		}
		for _, p := range o.Parameters {
			described := spec.Parameters.GetByInAndName(p.In, p.Name)
			if described == nil || described.Required != p.Required {
				t.Fatalf("%s: the table has %+v, the document %+v", o.ID, p, described)
			}
			without := make(given)
			for name, value := range complete {
				if name != p.Name {
					without[name] = value
				}
			}
			var bad *generated.ParameterError
			_, err := o.Bind(without)
			if missing := errors.As(err, &bad) && bad.Missing && bad.Parameter == p; missing != p.Required {
				t.Errorf("%s without %s: got %v, want it missing: %t", o.ID, p.Name, err, p.Required)
			}
			rapid.Check(t, func(r *rapid.T) {
				without[p.Name] = texts(p).Draw(r, "text")
				_, err := o.Bind(without)
				want := accepts(described.Schema.Value, without[p.Name], doc.GetSchemaValidationOptions()...)
				if refused := errors.As(err, &bad) && bad.Parameter == p && !bad.Missing; refused == want || !refused && err != nil {
					r.Fatalf("%s: %s=%q: got %v, want accepted: %t", o.ID, p.Name, without[p.Name], err, want)
				}
			})
		}
	}
}

// texts are those around every constraint of a parameter, and others.
func texts(p *generated.Parameter) *rapid.Generator[string] {
	all := []string{
		"", " ", "0", "-1", "1", "007", "1.5", "1e2", "0x1f", "+1", "true", "false", "TRUE", "Invalid", "6.0", "6.0.0", "6", ".0", "06.10",
		"2147483647", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01",
		"5B1F60AA-3C0E-4A0E-9C3B-6A1F2F3E7D01", "5b1f60aa3c0e4a0e9c3b6a1f2f3e7d01", "{5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01}", "urn:uuid:5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01",
	}
	all = append(all, p.Enum...)
	for _, bound := range []string{p.Minimum, p.Maximum} {
		if n, err := strconv.ParseInt(bound, 10, 64); err == nil {
			all = append(all, strconv.FormatInt(n-1, 10), bound, strconv.FormatInt(n+1, 10))
		}
	}
	return rapid.OneOf(rapid.SampledFrom(all), rapid.String(), rapid.StringMatching(`[0-9.]{1,4}`))
}

// accepts judges a text by the schema of the document.
func accepts(s *openapi3.Schema, text string, formats ...openapi3.SchemaValidationOption) bool {
	var value any = text
	switch {
	case s.Type.Is("integer"):
		bits := 64
		if s.Format == "int32" {
			bits = 32
		}
		n, err := strconv.ParseInt(text, 10, bits)
		if err != nil {
			return false
		}
		value = float64(n)
	case s.Type.Is("boolean"):
		if text != "true" && text != "false" {
			return false
		}
		value = text == "true"
	}
	return s.VisitJSON(value, append(formats, openapi3.EnableFormatValidation())...) == nil
}

func asText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatInt(int64(v), 10)
	}
	return ""
}
