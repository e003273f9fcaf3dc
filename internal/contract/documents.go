package contract

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/sfcancel/sfcancel/openapi"
)

// documents are the two views and the whole document.
type documents struct {
	views map[string]*document
	whole *document
}

// document is one form of the contract, ready to judge by. Nothing changes it.
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

// The versions that have a view.
const (
	oldest = "3.0"
	newest = "6.0"
)

// load makes the documents once. From then on they are only read.
var load = sync.OnceValues(loadAll)

func loadAll() (*documents, error) {
	ctx := context.Background()
	text, err := openapi.Load(ctx)
	if err != nil {
		return nil, err
	}
	docs := &documents{whole: newDocument("whole document", text), views: make(map[string]*document)}
	for _, version := range []string{oldest, newest} {
		if text, err = openapi.LoadView(ctx, version); err != nil {
			return nil, err
		}
		view := newDocument("view "+version, text)
		docs.views[version] = view
		if !slices.EqualFunc(view.operations, docs.whole.operations, func(a, b *operation) bool { return a.method == b.method && a.path == b.path }) {
			return nil, fmt.Errorf("the view of %s has other paths than the document", version)
		}
	}
	return docs, nil
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

// closed makes an object refuse members that the document does not give it. A
// reader has to take them; a server of this project has no reason to send them.
func closed(schema *openapi3.Schema) {
	if schema.Type.Is(openapi3.TypeObject) {
		schema.AdditionalProperties = openapi3.AdditionalProperties{Has: new(false)}
	}
}

// find returns the operation of a method and an escaped path, and the escaped
// values of its variables. A variable is one piece that is not empty.
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
