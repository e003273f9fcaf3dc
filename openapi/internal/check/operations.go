package check

import (
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
)

var (
	variable = regexp.MustCompile(`\{([^{}]*)\}`)
	inner    = regexp.MustCompile(`[^A-Za-z0-9]`)
	places   = kind{"query": "", "path": "", "header": "", "cookie": ""}
	methods  = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}
)

// parameter checks one parameter on its own.
func (c *checker) parameter(parameter *yaml.Node) {
	if in := overlaid.Value(parameter, "in"); in != nil {
		if _, ok := places[in.Value]; !ok {
			advice := "it is in query, path, header or cookie"
			if meant := nearest(in.Value, places); meant != "" {
				advice = "did you mean " + meant + "?"
			}
			c.report(in, "a parameter is not in %s: %s", in.Value, advice)
		}
		if in.Value == "path" && !truth(overlaid.Value(parameter, "required")) {
			c.report(c.key(parameter), "a parameter in the path is always required: say required: true")
		}
	}
	schema, content := overlaid.Value(parameter, "schema"), overlaid.Value(parameter, "content")
	if schema == nil && content == nil {
		c.report(c.key(parameter), "this parameter has no schema: say what its values are")
	}
	if schema != nil && content != nil {
		c.report(c.key(parameter), "this parameter has schema and content: take one of the two out")
	}
}

// operations checks operations and their parameters against each other.
func (c *checker) operations() {
	paths := overlaid.Value(c.root, "paths")
	if paths == nil {
		return
	}
	ids, routes := make(map[string]string), make(map[string]string)
	for i := 0; i+1 < len(paths.Content); i += 2 {
		path, item := paths.Content[i], paths.Content[i+1]
		if strings.HasPrefix(path.Value, "x-") || item.Kind != yaml.MappingNode {
			continue
		}
		route := variable.ReplaceAllString(path.Value, "{}")
		if first := routes[route]; first != "" {
			c.report(path, "this path is %s but for the names in braces, so that nothing tells them apart: make one path of the two", first)
		}
		routes[route] = path.Value
		shared := overlaid.Value(item, "parameters")
		c.duplicates(shared)
		lacking := make(map[string][]string) // variables of the path, and the methods that do not declare them
		for _, method := range methods {
			operation := overlaid.Value(item, method)
			if operation == nil {
				continue
			}
			c.identity(operation, method, path, ids)
			if responses := overlaid.Value(operation, "responses"); responses != nil && len(responses.Content) == 0 {
				c.report(c.key(responses), "this operation has no answer: say at least what default is")
			}
			own := overlaid.Value(operation, "parameters")
			c.duplicates(own)
			for _, name := range c.variables(path, shared, own) {
				lacking[name] = append(lacking[name], method)
			}
		}
		for _, m := range variable.FindAllStringSubmatch(path.Value, -1) {
			if in := lacking[m[1]]; len(in) > 0 {
				c.report(path, "{%s} is in the path, and %s declares no such parameter: add it to parameters, with in: path",
					m[1], strings.Join(in, " and "))
				delete(lacking, m[1])
			}
		}
	}
}

// identity checks that an operation has a unique id.
func (c *checker) identity(operation *yaml.Node, method string, path *yaml.Node, ids map[string]string) {
	id := overlaid.Value(operation, "operationId")
	if id == nil {
		return
	}
	name := strings.ToLower(inner.ReplaceAllString(id.Value, "")) // ids that agree in this may have the same Go name
	if first := ids[name]; first != "" {
		c.report(id, "the operationId %s is that of %s: give this operation one of its own", id.Value, first)
		return
	}
	ids[name] = strings.ToUpper(method) + " " + path.Value
}

// duplicates checks that a list declares no parameter twice.
func (c *checker) duplicates(list *yaml.Node) {
	if list == nil {
		return
	}
	seen := make(map[string]bool)
	for _, element := range list.Content {
		name, in := c.named(element)
		if name != "" && seen[in+" "+name] {
			c.report(element, "the parameter %s is here twice: take one of the two out", name)
		}
		seen[in+" "+name] = true
	}
}

// named returns the name of a parameter, and its place: path, query, header or cookie.
func (c *checker) named(element *yaml.Node) (name, in string) {
	parameter := c.resolve(element)
	return text(parameter, "name"), text(parameter, "in")
}

// text returns the text of a keyword, or "".
func text(node *yaml.Node, keyword string) string {
	if value := overlaid.Value(node, keyword); value != nil {
		return value.Value
	}
	return ""
}

// variables returns the variables of a path that no parameter declares, and reports path parameters without a variable.
func (c *checker) variables(path *yaml.Node, lists ...*yaml.Node) (lacking []string) {
	for _, m := range variable.FindAllStringSubmatch(path.Value, -1) {
		lacking = append(lacking, m[1])
	}
	written := slices.Clone(lacking)
	var idle []*yaml.Node
	for _, list := range lists {
		if list == nil {
			continue
		}
		for _, element := range list.Content {
			name, in := c.named(element)
			switch {
			case name == "" || in == "":
				return nil // reported already, and it may be the missing parameter
			case in == "path" && slices.Contains(written, name):
				lacking = slices.DeleteFunc(lacking, func(s string) bool { return s == name })
			case in == "path":
				idle = append(idle, element)
			}
		}
	}
	paired := len(idle) > 0 && len(idle) == len(lacking)
	for i, element := range idle {
		name, _ := c.named(element)
		if paired {
			c.report(element, "the path says {%s}, and this parameter is %s: give both the same name", lacking[i], name)
		} else {
			c.report(element, "the parameter %s is in the path, and %s has no {%s}: put it there, or change in", name, path.Value, name)
		}
	}
	if paired {
		return nil
	}
	return lacking
}
