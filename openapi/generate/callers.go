package main

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"

	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"
)

// methods are the methods of the wrapper whose name differs from that of their operation.
var methods = map[string]string{"CancelOperation": "Cancel", "GetFaultOperationList": "Operations"}

// progress is the method that serves each operation that reads progress.
const progress = "Progress"

// callers is read from the source of the wrapper. It is empty if there is no wrapper.
type callers struct {
	methods map[string]string   // the methods of Client, with the type of their options
	fields  map[string][]string // the fields of its structs, and those of generated structs that it sets, by type
}

func readCallers(root string) (callers, error) {
	c := callers{make(map[string]string), make(map[string][]string)}
	files, err := filepath.Glob(filepath.Join(root, "wrapper/*.go"))
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if parsed == nil {
			return c, err // a file with syntax errors is still read as far as it was parsed
		}
		ast.Inspect(parsed, c.read)
	}
	return c, err
}

func (c callers) read(node ast.Node) bool {
	switch node := node.(type) {
	case *ast.FuncDecl:
		if node.Recv != nil && node.Name.IsExported() && typeName(node.Recv.List[0].Type) == "Client" {
			c.methods[node.Name.Name] = ""
			for _, p := range node.Type.Params.List {
				if name := typeName(p.Type); strings.HasSuffix(name, "Options") {
					c.methods[node.Name.Name] = name
				}
			}
		}
	case *ast.TypeSpec:
		if structure, ok := node.Type.(*ast.StructType); ok {
			for _, field := range structure.Fields.List {
				for _, name := range field.Names {
					c.fields[node.Name.Name] = append(c.fields[node.Name.Name], name.Name)
				}
			}
		}
	case *ast.CompositeLit:
		if of, ok := node.Type.(*ast.SelectorExpr); ok && typeName(of.X) == "generated" {
			for _, element := range node.Elts {
				if pair, ok := element.(*ast.KeyValueExpr); ok {
					c.fields[of.Sel.Name] = append(c.fields[of.Sel.Name], typeName(pair.Key))
				}
			}
		}
	}
	return true
}

func typeName(expr ast.Expr) string {
	if pointer, ok := expr.(*ast.StarExpr); ok {
		expr = pointer.X
	}
	name, _ := expr.(*ast.Ident)
	if name == nil {
		return ""
	}
	return name.Name
}

// Method implements changes.Callers.
func (c callers) Method(operation string) string {
	name := cmp.Or(methods[operation], operation)
	if strings.HasPrefix(operation, "Get") && strings.HasSuffix(operation, progress) {
		name = progress
	}
	if _, ok := c.methods[name]; !ok {
		return ""
	}
	return name
}

// Lacks implements changes.Callers.
func (c callers) Lacks(operation, field string) string {
	method := c.Method(operation)
	options := c.methods[method]
	switch {
	case method == "" || slices.Contains(c.fields[codegen.ToCamelCase(operation)+"Params"], field):
		return ""
	case options == "":
		return "wrapper." + method + " does not send it"
	case slices.Contains(c.fields[options], field):
		return "wrapper." + options + " has a field " + field + ", which is not sent as it"
	}
	return "wrapper." + options + " has no field for it"
}
