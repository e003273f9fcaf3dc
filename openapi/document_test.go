package openapi_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/openapi/loaded"
	"pgregory.net/rapid"
)

// eachOperation calls visit for every operation of doc.
func eachOperation(doc *openapi3.T, visit func(route string, op *openapi3.Operation)) {
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			visit(method+" "+path, op)
		}
	}
}

// operation returns the operation with an id.
func operation(t *testing.T, doc *openapi3.T, id string) (route string, found *openapi3.Operation) {
	t.Helper()
	eachOperation(doc, func(at string, op *openapi3.Operation) {
		if op.OperationID == id {
			route, found = at, op
		}
	})
	if found == nil {
		t.Fatalf("got no operation %s, want one", id)
	}
	return route, found
}

// The gateway reads a body and discards it (runtime §1.2), as does the scaffold: an operation that declares one
// would never receive it.
func TestNoOperationHasABody(t *testing.T) {
	t.Parallel()
	eachOperation(form(t, whole), func(route string, op *openapi3.Operation) {
		if op.RequestBody != nil {
			t.Errorf("%s declares a request body, want parameters instead", route)
		}
	})
}

func TestDescriptions(t *testing.T) {
	t.Parallel()
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			doc := form(t, f.name)
			described := func(what, text string) {
				if strings.TrimSpace(text) == "" {
					t.Errorf("%s has no description, want one", what)
				}
			}
			eachOperation(doc, func(route string, op *openapi3.Operation) {
				described(route, op.Description)
				for status, response := range op.Responses.Map() {
					described(route+" "+status, *response.Value.Description)
				}
			})
			for name, parameter := range doc.Components.Parameters {
				described("parameter "+name, parameter.Value.Description)
			}
			for name, response := range doc.Components.Responses {
				described("response "+name, *response.Value.Description)
			}
			for name, schema := range doc.Components.Schemas {
				described("schema "+name, schema.Value.Description)
				for property, s := range schema.Value.Properties {
					described("schema "+name+", property "+property, s.Value.Description)
				}
			}
			for _, server := range doc.Servers {
				described("server "+server.URL, server.Description)
			}
		})
	}
}

// Validation covers examples as well, but without the document's formats, so it accepts an example with a broken GUID.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			doc := form(t, f.name)
			fits := func(what string, schema *openapi3.SchemaRef, value any) {
				if err := doc.ValidateSchemaJSON(schema.Value, value); err != nil {
					t.Errorf("%s: %v", what, err)
				}
			}
			eachOperation(doc, func(route string, op *openapi3.Operation) {
				for status, response := range op.Responses.Map() {
					for media, content := range response.Value.Content {
						at := route + " " + status + " " + media
						if len(content.Examples) == 0 {
							t.Errorf("%s has a body and no example, want one", at)
						}
						for name, example := range content.Examples {
							fits(at+", example "+name, content.Schema, example.Value.Value)
						}
					}
				}
			})
			for name, parameter := range doc.Components.Parameters {
				if parameter.Value.Example == nil {
					t.Errorf("parameter %s has no example, want one", name)
					continue
				}
				fits("parameter "+name, parameter.Value.Schema, parameter.Value.Example)
			}
		})
	}
}

// described are the packages whose comments people read instead of the document.
var described = []string{"wrapper", "server", "sftest", "cmd/sfcancel"}

// told is a sentence in which a comment repeats the document. The groups of the expression match the values.
// A sentence without values has a number that is not from the document.
type told struct {
	where    string // a package
	sentence string // a regular expression
	values   []string
}

func tellings() []told {
	version, timeout := inTable("api-version"), inTable("timeout")
	whole, _ := strconv.Atoi(timeout.Default)
	oldest := generated.APIVersions[0]
	return []told{
		{"wrapper", `in whole seconds from (\d+) to (\d+)\.`, []string{timeout.Minimum, timeout.Maximum}},
		{"wrapper", `0 means the rest of the context, at most (\d+) seconds`, []string{timeout.Default}},
		{"wrapper", `It needs api-version (\d+\.\d+)`, []string{timeout.Since}},
		{"wrapper", `api-version (\S+) has no such parameter`, []string{lastBefore(timeout.Since)}},
		{"wrapper", `0 means (\d+) s, or 5 s more than \[CancelOptions\]\.Timeout`, []string{strconv.Itoa(whole + 5)}},
		{"wrapper", `The default is \[generated\.APIVersion(\d+)\]`, []string{strings.ReplaceAll(version.Default, ".", "")}},
		{"server", `MAJOR\.MINOR from (\S+) up to`, []string{oldest}},
		{"server", `timeout, from (\S+) on in its bounds`, []string{timeout.Since}},
		{"server", `ignored, and (\d+) s applies`, []string{timeout.Default}},
		{"server", `on timeout below (\S+), both`, []string{timeout.Since}},
		{"server", `The document describes it from api-version (\S+) on`, []string{timeout.Since}},
		{"server", `below the first documented one \((\S+)\)`, []string{oldest}},

		{"wrapper", `joined by ~ from api-version 6\.0 on`, nil}, // the description of serviceId, in words
		{"server", `the request's timeout plus 30 s`, nil},
		{"server", `later than the timeout plus 30 s`, nil},
		{"wrapper", `502, 503, 504, a timeout, a reset`, nil},
	}
}

func inTable(name string) *generated.Parameter {
	for _, o := range generated.Operations {
		for _, p := range o.Parameters {
			if p.Name == name {
				return p
			}
		}
	}
	return new(generated.Parameter)
}

// lastBefore returns the documented version before a version.
func lastBefore(version string) string {
	if i := slices.Index(generated.APIVersions[:], version); i > 0 {
		return generated.APIVersions[i-1]
	}
	return ""
}

// Comments agree with the document, even after it changes: on bounds, defaults, and first versions.
// Each sentence of a doc comment that has the name of a parameter and a number must be in the table.
func TestCommentsRepeatTheDocument(t *testing.T) {
	t.Parallel()
	var names []string
	for _, o := range generated.Operations {
		for _, p := range o.Parameters {
			names = append(names, regexp.QuoteMeta(p.Name), regexp.QuoteMeta(strings.ToUpper(p.Name[:1])+p.Name[1:]))
		}
	}
	suspect := regexp.MustCompile(`\b(?:` + strings.Join(names, "|") + `)\b`)
	number := regexp.MustCompile(`(?:^|[\s(])\d`)
	sentences := regexp.MustCompile(`[.;:](?:\s|$)`)

	table := tellings()
	for _, folder := range described {
		seen := make([]int, len(table))
		for _, c := range comments(t, folder) {
			text := strings.Join(strings.Fields(c.text), " ")
			for i, one := range table {
				if one.where != folder {
					continue
				}
				for _, m := range regexp.MustCompile(one.sentence).FindAllStringSubmatch(text, -1) {
					seen[i]++
					if one.values != nil && !slices.Equal(m[1:], one.values) {
						t.Errorf("%s: the comment says %q, want %s as in the document", c.at, m[0], strings.Join(one.values, " and "))
					}
				}
			}
			if !c.doc {
				continue
			}
			for _, sentence := range sentences.Split(strings.Join(strings.Fields(proseOf(c.text)), " "), -1) {
				if suspect.MatchString(sentence) && number.MatchString(sentence) && !slices.ContainsFunc(table, func(one told) bool {
					at := regexp.MustCompile(one.sentence).FindStringIndex(text)
					return one.where == folder && at != nil && strings.Contains(sentence, strings.TrimRight(text[at[0]:at[1]], ".;"))
				}) {
					t.Errorf("%s: %q has a number and a parameter, want it in the table of this test", c.at, sentence)
				}
			}
		}
		for i, one := range table {
			if one.where == folder && seen[i] != 1 {
				t.Errorf("%d comments of %s match %q, want 1: correct the table of this test", seen[i], folder, one.sentence)
			}
		}
	}
}

// proseOf returns a comment without its indented blocks, such as tables.
func proseOf(text string) string {
	lines := strings.Split(text, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "\t") }), "\n")
}

type commented struct {
	at, text string
	doc      bool // it is a doc comment
}

// comments returns the comments of a package, without its tests.
func comments(t *testing.T, folder string) (all []commented) {
	t.Helper()
	files, err := fs.Glob(os.DirFS(".."), folder+"/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no files: %v", folder, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, filepath.Join("..", file), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		docs := make(map[*ast.CommentGroup]bool)
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.File:
				docs[n.Doc] = true
			case *ast.FuncDecl:
				docs[n.Doc] = true
			case *ast.GenDecl:
				docs[n.Doc] = true
			case *ast.ValueSpec:
				docs[n.Doc], docs[n.Comment] = true, true
			case *ast.Field:
				docs[n.Doc], docs[n.Comment] = true, true
			}
			return true
		})
		for _, group := range parsed.Comments {
			all = append(all, commented{file + ":" + strconv.Itoa(set.Position(group.Pos()).Line), group.Text(), docs[group]})
		}
	}
	return all
}

// The project takes facts from the documents that it implements, but not sentences. Names and facts never share five
// words in a row.
func TestOwnWords(t *testing.T) {
	t.Parallel()
	theirs := map[string]bool{}
	text, err := os.ReadFile("testdata/seed-phrases.txt")
	if err != nil {
		t.Fatal(err)
	}
	for sum := range strings.FieldsSeq(string(text)) {
		theirs[sum] = true
	}
	if !slices.ContainsFunc(phrases("POST /Faults/$/Cancel?api-version=3.0"), func(p string) bool { return theirs[sum(p)] }) {
		t.Error("the phrases do not include the request line of both documents, want it: the file does not belong to this test")
	}
	for _, f := range forms {
		for _, phrase := range phrases(string(formText(t, f.name))) {
			if theirs[sum(phrase)] {
				t.Errorf("form %s has the phrase %q of the documents, want other words", f.name, phrase)
			}
		}
	}
}

// phrases returns all runs of five words.
func phrases(text string) []string {
	const run = 5
	var all []string
	for words := words(text); len(words) >= run; words = words[1:] {
		all = append(all, strings.Join(words[:run], " "))
	}
	return all
}

// sum returns the checksum that testdata has for a phrase.
func sum(phrase string) string {
	sum := sha256.Sum256([]byte(phrase))
	return hex.EncodeToString(sum[:8])
}

func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// given is a request, with the texts of its parameters by name. Parameters without a text are absent.
type given map[string]string

func (g given) Text(_ int, p *generated.Parameter) (string, generated.Reading, error) {
	if text, ok := g[p.Name]; ok {
		return text, generated.Given, nil
	}
	return "", generated.Absent, nil
}

func (g given) Texts(int, *generated.Parameter) ([]string, error) { return nil, nil }
func (g given) Body() (io.Reader, string)                         { return nil, "" }

// The generated binder accepts exactly the texts that the document accepts, parameter by parameter: kin-openapi
// validates the same texts against the document itself.
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
				t.Fatalf("%s: the table has %+v, want %+v as in the document", o.ID, p, described)
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

// texts generates texts near every constraint of a parameter, and others.
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

// accepts reports whether a text matches the schema of the document.
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
