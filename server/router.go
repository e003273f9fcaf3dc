package server

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sfcancel/sfcancel/generated"
)

// route is one operation of the document, or a path that the gateway answers itself.
type route struct {
	method   string // "" is any
	path     string // for the log
	segments []segment
	literals int

	operation  *generated.Operation // nil for a path of the gateway
	exceptions []*exception         // of the operation's parameters, nil for parameters without one
	came       version              // the first version that has the operation
	since      []version            // of the operation's parameters
	serve      http.HandlerFunc     // a path of the gateway

	users       bool // the role User is enough (§7)
	anonymous   bool // it needs no client certificate
	versionless bool // it needs no api-version
	forces      bool // it has the parameter Force
	lists       bool // Limits.Lists applies
	typed       bool // its empty answers have a Content-Type, too
	local       bool // it never reaches the cluster: any role is enough, and timeout is not checked
}

// segment is one segment of a path: a literal, or a variable between two literal texts.
type segment struct {
	before, after string
	variable      string // its name; "" for a literal, which is in before
}

// router finds the route of a request. It replaces http.ServeMux, which redirects,
// answers 404 and 405, and matches a variable with one segment only. The gateway does none of that
// (§1.2).
type router struct {
	routes  []*route
	literal map[string][]*route // routes without variables, by path
}

// add adds a route with a path template of the document. Routes with more literal segments are tried first.
func (t *router) add(r *route, method, path string) {
	r.method = method
	for text := range segments(path) {
		s := segment{before: text}
		if before, rest, ok := strings.Cut(text, "{"); ok {
			if name, after, ok := strings.Cut(rest, "}"); ok {
				s = segment{before, after, name}
			}
		}
		if s.variable == "" {
			r.literals++
		}
		r.segments = append(r.segments, s)
		r.path += "/" + text
	}
	r.path = cmp.Or(r.path, "/")
	t.routes = append(t.routes, r)
	if r.literals == len(r.segments) {
		t.literal[r.path] = append(t.literal[r.path], r)
	}
	slices.SortStableFunc(t.routes, func(a, b *route) int { return cmp.Compare(b.literals, a.literals) })
}

// segments splits a path and skips empty segments, so that trailing and double slashes do not
// matter (httpgateway/GatewayUri.cpp).
func segments(path string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for text := range strings.SplitSeq(path, "/") {
			if text != "" && !yield(text) {
				return
			}
		}
	}
}

// variable is a variable of the path of a request, decoded.
type variable struct{ name, value string }

// find returns the route of a request and appends the values of its variables to vars. It ignores
// routes that were added after the version of the request. The gateway answers 400
// to both an unknown path and a wrong verb.
func (t *router) find(method string, u *url.URL, v version, vars []variable) (*route, []variable, *Error) {
	if u.RawPath == "" { // the path has the default encoding, which encodes no character of a literal
		for _, r := range t.literal[strings.TrimSuffix(u.Path, "/")] {
			if (r.method == "" || r.method == method) && r.came.compare(v) <= 0 {
				return r, vars, nil // no other route has as many literals
			}
		}
	}
	var room [16]string
	raw := room[:0]
	for text := range segments(u.EscapedPath()) {
		raw = append(raw, text)
	}
	var verbs []string
	for _, r := range t.routes {
		found, ok := r.match(raw, vars)
		switch {
		case !ok, r.came.compare(v) > 0:
		case r.method == "" || r.method == method:
			return r, found, nil
		default:
			verbs = append(verbs, r.method)
		}
	}
	if len(verbs) > 0 {
		return nil, nil, NewError(generated.ErrorCodeInvalidArg,
			`This path answers to `+strings.Join(verbs, " or ")+`, not to "`+excerpt(method)+`".`)
	}
	return nil, nil, NewError(generated.ErrorCodeInvalidArg,
		`No operation has the path "`+excerpt("/"+strings.Join(raw, "/"))+`". The letter case of a path matters.`)
}

// match compares a path with the route. A literal is compared with the decoded text, so that %24
// matches $. A variable matches one or more segments, up to the next literal, joined with slashes:
// hierarchical names span segments.
func (r *route) match(raw []string, vars []variable) ([]variable, bool) {
	i := 0
	for n, s := range r.segments {
		if i >= len(raw) {
			return nil, false
		}
		if s.variable == "" {
			if !is(raw[i], s.before) {
				return nil, false
			}
			i++
			continue
		}

		end := len(raw)
		if s.before+s.after != "" {
			end = i + 1 // a variable with text around it is within one segment
		} else if n+1 < len(r.segments) {
			next := r.segments[n+1]
			more := 0
			if next.variable == "" {
				if raw[i] == next.before {
					return nil, false // a variable is never empty
				}
				if more = slices.IndexFunc(raw[i+1:], func(text string) bool { return is(text, next.before) }); more < 0 {
					return nil, false
				}
			}
			end = i + 1 + more
		}
		value := unescaped(raw[i])
		if end > i+1 {
			var all []string
			for _, text := range raw[i:end] {
				all = append(all, unescaped(text))
			}
			value = strings.Join(all, "/")
		}
		value, starts := strings.CutPrefix(value, s.before)
		value, ends := strings.CutSuffix(value, s.after)
		if !starts || !ends || value == "" {
			return nil, false
		}
		vars = append(vars, variable{s.variable, value})
		i = end
	}
	return vars, i == len(raw)
}

// is reports whether an escaped segment is equal to text after decoding.
func is(raw, text string) bool {
	return raw == text || strings.Contains(raw, "%") && unescaped(raw) == text
}

func unescaped(raw string) string {
	text, _ := url.PathUnescape(raw) // EscapedPath has no bad percent signs
	return text
}

// since parses the first version that has an operation or a parameter. For the oldest documented version it
// returns the zero version, because the runtime accepts versions below that one, too (§2).
func since(documented string) version {
	v, _ := parseVersion(documented)
	if v == oldestDocumented {
		return version{}
	}
	return v
}

// answersEmpty reports whether no success of an operation has a body.
func answersEmpty(op *generated.Operation) bool {
	return !slices.ContainsFunc(op.Responses, func(r generated.Response) bool { return r.Status[0] == '2' && len(r.ContentTypes) > 0 })
}

// routes returns a router with the routes of the document and of the gateway.
func routes(newest version, profile Profile) *router {
	t := &router{literal: make(map[string][]*route)}
	for i := range generated.Operations {
		op := &generated.Operations[i]
		r := &route{
			operation: op, users: op.Role == "user", came: since(op.Since),
			lists: isList(op), typed: profile == Runtime && answersEmpty(op),
		}
		for _, p := range op.Parameters {
			r.exceptions = append(r.exceptions, exceptionOf(profile, op, p))
			r.since = append(r.since, since(p.Since))
			r.forces = r.forces || p.Name == forceName
		}
		t.add(r, op.Method, op.Path)
	}
	t.addGateway(newest)
	return t
}
