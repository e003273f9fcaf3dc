package main

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"
)

// methods are the methods of the wrapper that have another name than their operation.
var methods = map[string]string{"CancelOperation": "Cancel", "GetFaultOperationList": "Operations"}

// progress is the method that serves each operation that reads progress.
const progress = "Progress"

// callers is what the source of the wrapper shows. It is empty where there is no wrapper.
type callers struct {
	methods map[string]string          // the methods of Client, with the type of their options
	fields  map[string]map[string]bool // of its structs
	sent    map[string]map[string]bool // of the parameters of operations, by the name of the generated struct
}

func readCallers(root string) (callers, error) {
	c := callers{make(map[string]string), make(map[string]map[string]bool), make(map[string]map[string]bool)}
	files, err := fs.Glob(os.DirFS(root), "wrapper/*.go")
	if err != nil {
		return c, err
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.SkipObjectResolution)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if parsed == nil {
			return c, err // what is only broken is read as far as it goes
		}
		for _, decl := range parsed.Decls {
			c.read(decl)
		}
		ast.Inspect(parsed, c.sends)
	}
	return c, nil
}

func (c callers) read(decl ast.Decl) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv == nil || !decl.Name.IsExported() || typeName(decl.Recv.List[0].Type) != "Client" {
			return
		}
		c.methods[decl.Name.Name] = ""
		for _, p := range decl.Type.Params.List {
			if name := typeName(p.Type); strings.HasSuffix(name, "Options") {
				c.methods[decl.Name.Name] = name
			}
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			named, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			structure, ok := named.Type.(*ast.StructType)
			if !ok {
				continue
			}
			fields := make(map[string]bool)
			for _, field := range structure.Fields.List {
				for _, name := range field.Names {
					fields[name.Name] = true
				}
			}
			c.fields[named.Name.Name] = fields
		}
	}
}

func typeName(expr ast.Expr) string {
	if pointer, ok := expr.(*ast.StarExpr); ok {
		expr = pointer.X
	}
	if name, ok := expr.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

// Method implements changes.Callers.
func (c callers) Method(operation string) string {
	name := operation
	if own, ok := methods[operation]; ok {
		name = own
	} else if strings.HasPrefix(operation, "Get") && strings.HasSuffix(operation, progress) {
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
	case method == "" || c.sent[codegen.ToCamelCase(operation)+"Params"][field]:
		return ""
	case options == "":
		return "wrapper." + method + " does not send it"
	case c.fields[options][field]:
		return "wrapper." + options + " has a field " + field + ", which is not sent as it"
	}
	return "wrapper." + options + " has no field for it"
}

// sends notes which fields of generated parameters are set.
func (c callers) sends(node ast.Node) bool {
	literal, ok := node.(*ast.CompositeLit)
	if !ok {
		return true
	}
	of, ok := literal.Type.(*ast.SelectorExpr)
	if !ok || typeName(of.X) != "generated" {
		return true
	}
	fields := make(map[string]bool)
	for _, element := range literal.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			fields[typeName(pair.Key)] = true
		}
	}
	c.sent[of.Sel.Name] = fields
	return true
}
