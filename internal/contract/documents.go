package contract

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/sfcancel/sfcancel/openapi"
	"github.com/sfcancel/sfcancel/openapi/loaded"
)

// documents are the views and the whole document.
type documents struct {
	versions []string // that have a view, oldest first
	views    map[string]*document
	whole    *document
}

// document is one form of the contract, ready for checking. It is read-only.
type document struct {
	name       string // for reports
	operations []*operation
	failure    *openapi3.Schema
	options    *openapi3filter.Options
}

type operation struct {
	id         string
	method     string
	path       string   // as the document writes it
	segments   []string // of the path, between its slashes
	route      *routers.Route
	parameters map[string]*openapi3.Parameter // of the query
}

// load loads the documents once. After that they are read-only.
var load = sync.OnceValues(loadAll)

func loadAll() (*documents, error) {
	ctx := context.Background()
	text, err := loaded.Document(ctx)
	if err != nil {
		return nil, err
	}
	docs := &documents{versions: openapi.Versions(), whole: newDocument("whole document", text), views: make(map[string]*document)}
	for _, version := range docs.versions {
		if text, err = loaded.View(ctx, version); err != nil {
			return nil, err
		}
		docs.views[version] = newDocument("view "+version, text)
	}
	return docs, nil
}

// last returns the newest version with a view for which upTo is true, or the oldest if it is true for none.
func (d *documents) last(upTo func(version string) bool) string {
	for _, version := range slices.Backward(d.versions) {
		if upTo(version) {
			return version
		}
	}
	return d.versions[0]
}

func newDocument(name string, doc *openapi3.T) *document {
	d := &document{
		name:    name,
		failure: doc.Components.Schemas["FabricError"].Value,
		options: &openapi3filter.Options{
			MultiError:              true,
			ExcludeRequestBody:      true, // no operation has one
			IncludeResponseStatus:   true,
			SkipSettingDefaults:     true,
			AuthenticationFunc:      openapi3filter.NoopAuthenticationFunc,
			SchemaValidationOptions: doc.GetSchemaValidationOptions(),
		},
	}
	for _, schema := range doc.Components.Schemas {
		closed(schema.Value)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			o := &operation{
				id: op.OperationID, method: method, path: path, segments: strings.Split(path, "/"),
				route:      &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: op},
				parameters: make(map[string]*openapi3.Parameter),
			}
			for _, parameter := range op.Parameters {
				if parameter.Value.In == openapi3.ParameterInQuery {
					o.parameters[parameter.Value.Name] = parameter.Value
				}
			}
			d.operations = append(d.operations, o)
		}
	}
	slices.SortFunc(d.operations, func(a, b *operation) int { return cmp.Compare(a.id, b.id) })
	return d
}

// closed makes an object schema refuse undocumented members. Readers
// must accept them, but a server of this project never sends them.
func closed(schema *openapi3.Schema) {
	if schema.Type.Is(openapi3.TypeObject) {
		no := false
		schema.AdditionalProperties = openapi3.AdditionalProperties{Has: &no}
	}
}

// find returns the operation of a method and an escaped path, and the escaped
// values of its variables. A variable is one non-empty segment.
func (d *document) find(method, path string) (*operation, map[string]string) {
	pieces := strings.Split(path, "/")
	for _, op := range d.operations {
		if op.method != method || len(op.segments) != len(pieces) {
			continue
		}
		vars, ok := make(map[string]string), true
		for i, segment := range op.segments {
			if name, variable := variableName(segment); variable {
				vars[name] = pieces[i]
				ok = ok && pieces[i] != ""
			} else {
				ok = ok && pieces[i] == segment
			}
		}
		if ok {
			return op, vars
		}
	}
	return nil, nil
}

func variableName(segment string) (string, bool) {
	name, ok := strings.CutPrefix(segment, "{")
	return strings.TrimSuffix(name, "}"), ok
}
