package changes

import (
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"
)

// call is an operation with the parameters it inherits from its path.
type call struct {
	route string
	*openapi3.Operation
	parameters map[string]*openapi3.Parameter // by place and name
}

func calls(doc *openapi3.T) map[string]call {
	all := make(map[string]call)
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			one := call{method + " " + path, op, make(map[string]*openapi3.Parameter)}
			for _, list := range []openapi3.Parameters{item.Parameters, op.Parameters} {
				for _, p := range list {
					one.parameters[p.Value.In+" "+p.Value.Name] = p.Value
				}
			}
			all[op.OperationID] = one
		}
	}
	return all
}

func (c *comparison) operations() {
	before, after := calls(c.before), calls(c.after)
	ids := make(map[string]string) // ids of the new operations, by route
	for id, op := range after {
		if _, old := before[id]; !old {
			ids[op.route] = id
		}
	}
	renamed := make(map[string]bool)
	for _, id := range both(before, after) {
		old, was := before[id]
		now, is := after[id]
		switch {
		case was && is:
			c.operation(id, old, now)
		case was && ids[old.route] != "":
			id2 := ids[old.route]
			renamed[id2] = true
			c.add(id, "is "+id2+" now", "in package generated its method, types and requests have the new name: whoever calls or implements it renames too",
				c.method(id, "calls it under the old name"))
			c.operation(id2, old, after[id2])
		case was:
			c.add(id, "is gone", "generated.StrictServerInterface and the client have no such method any more, and whoever calls or implements it takes that out",
				c.method(id, "calls it"))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(after)) {
		if _, old := before[id]; old || renamed[id] {
			continue
		}
		act := "wrapper has no method for it"
		if c.callers.Method(id) != "" {
			act = ""
		}
		c.add(id, "is new ("+after[id].route+")", "generated.StrictServerInterface has a new method "+codegen.ToCamelCase(id)+
			", and every implementation must have it or embed Unimplemented", act)
	}
}

// method returns a clause with the wrapper's method for an operation as its subject, or "" if there is no method.
func (c *comparison) method(operation, does string) string {
	if name := c.callers.Method(operation); name != "" {
		return "wrapper." + name + " " + does
	}
	return ""
}

func (c *comparison) operation(id string, old, now call) {
	if old.route != now.route {
		c.add(id, "is "+now.route+" now, and was "+old.route, "the generated client and server follow; programs made before do not find it any more")
	}
	for _, key := range both(old.parameters, now.parameters) {
		was, is := old.parameters[key], now.parameters[key]
		switch {
		case was == nil:
			c.newParameter(id, is)
		case is == nil:
			c.add(id, "has no parameter "+was.Name+" any more", "the server ignores it from now on, and generated has no field for it", c.method(id, "may still set it"))
		default:
			c.parameter(id, was, is)
		}
	}
	switch {
	case old.RequestBody == nil && now.RequestBody != nil:
		c.add(id, "has a request body now", "its method in generated.StrictServerInterface gets it, and the generated client has a way to send it", c.method(id, "sends none"))
	case old.RequestBody != nil && now.RequestBody == nil:
		c.add(id, "has no request body any more", "whoever sends one takes that out")
	case now.RequestBody != nil && old.RequestBody.Value.Required != now.RequestBody.Value.Required:
		c.add(id, "has a request body that is "+necessity(now.RequestBody.Value.Required)+" now")
	}
	was, is := old.Responses.Map(), now.Responses.Map()
	things(c, id, "answer", "", was, is)
	for _, status := range both(was, is) {
		if was[status] == nil || is[status] == nil {
			continue
		}
		old, now := was[status].Value, is[status].Value
		in := " in its answer " + status
		things(c, id, "header", in, old.Headers, now.Headers)
		things(c, id, "body", in, old.Content, now.Content)
		for _, media := range both(old.Content, now.Content) {
			a, b := old.Content[media], now.Content[media]
			if a != nil && b != nil && a.Schema != nil && b.Schema != nil && a.Schema.Ref != b.Schema.Ref {
				c.add(id, "has another body"+in+": "+kindOf(b.Schema), "implementations write that, and callers read it")
			}
		}
	}
	if now.Deprecated && !old.Deprecated {
		c.add(id, "is deprecated", "callers look for another way")
	}
}

// sentences are the sentences for something added and for something removed, with who has to act.
var sentences = map[string]struct{ added, act, removed, actGone string }{
	"answer": {
		"answers %s%s as well", "package generated has a new response type for it, and callers handle it",
		"has no answer %s%s any more", "its response type is gone from package generated, and whoever sends or reads it takes that out",
	},
	"header": {
		"has a new header %s%s", "implementations set it in the headers of the generated response; callers may read it",
		"has no header %s%s any more", "implementations that set it do not compile, and callers no longer get it",
	},
	"body": {
		"has a body of %s%s now", "implementations fill it in, and callers read it",
		"has no body of %s%s any more", "whoever writes or reads it takes that out",
	},
}

// things adds a change for each key that only one of two maps has.
func things[V any](c *comparison, subject, sort, in string, was, is map[string]V) {
	say := sentences[sort]
	for _, name := range both(was, is) {
		if _, old := was[name]; !old {
			c.add(subject, fmt.Sprintf(say.added, name, in), say.act)
		}
		if _, still := is[name]; !still {
			c.add(subject, fmt.Sprintf(say.removed, name, in), say.actGone)
		}
	}
}

func (c *comparison) newParameter(id string, p *openapi3.Parameter) {
	says := "has a new " + necessity(p.Required) + " parameter " + p.Name
	rule := constraint(p.Schema)
	if rule != "" {
		says += " (" + rule + ")"
	}
	if since, _ := p.Extensions["x-since"].(string); since != "" {
		says += " from api-version " + since + " on"
	}
	act := "the server reads it from now on"
	switch {
	case p.Required:
		act = "the server refuses calls without it from now on"
	case rule != "":
		act = "the server enforces it from now on"
	}
	c.add(id, says, act, c.callers.Lacks(id, codegen.ToCamelCaseWithInitialisms(p.Name)))
}

func (c *comparison) parameter(id string, was, is *openapi3.Parameter) {
	if was.Required != is.Required {
		pointer, act := "in generated it is a pointer now, and whoever sets it changes that", "the server accepts calls without it"
		if is.Required {
			pointer, act = "in generated it is no pointer any more, and whoever sets it changes that", "the server refuses calls without it"
		}
		if skips, _ := is.Extensions["x-go-type-skip-optional-pointer"].(bool); skips {
			pointer = ""
		}
		c.add(id, "has the parameter "+is.Name+" "+necessity(is.Required)+" now", act, pointer, c.method(id, "sets it"))
	}
	for _, d := range differences(was.Schema, is.Schema) {
		act := "the server enforces it from now on"
		switch {
		case d.shape:
			act = "in generated it has another type, and whoever sets it changes that"
		case d.read:
			act = "the server reads it so from now on"
		case d.free:
			act = "the server does not look at it from now on"
		}
		c.add(id, "has the parameter "+is.Name+" with "+d.text, act)
	}
}

func necessity(required bool) string {
	if required {
		return "required"
	}
	return "optional"
}
