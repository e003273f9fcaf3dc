package server

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sfcancel/sfcancel/generated"
)

// route is one operation of the document, as the generated code registers it.
type route struct {
	key      string // method and path, for the log and for [operations]
	method   string
	path     string
	segments []segment
	serve    http.HandlerFunc
}

// segment is one piece of a path between slashes.
type segment struct {
	text     string // a literal, or the name of a variable
	variable bool
}

// router collects what the generated code registers, so that an operation that
// the document gains is served without an edit here. It is a router of its own
// because http.ServeMux redirects, answers 404 and 405, and gives a variable
// one segment only, where the gateway does none of that (§1.2).
type router struct {
	http.Handler // never called: the generated code asks for it, the edge routes
	routes       []*route
}

var _ generated.ServeMux = (*router)(nil)

// HandleFunc takes a pattern of http.ServeMux.
func (t *router) HandleFunc(pattern string, serve func(http.ResponseWriter, *http.Request)) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = "", pattern
	}
	r := &route{method: method, serve: serve}
	for _, text := range pieces(path) {
		name, isVar := strings.CutPrefix(text, "{")
		switch name = strings.TrimSuffix(strings.TrimSuffix(name, "}"), "..."); {
		case !isVar:
			r.segments = append(r.segments, segment{text: text})
			r.path += "/" + text
		case name != "$": // {$} only says where the path ends
			r.segments = append(r.segments, segment{text: name, variable: true})
			r.path += "/{" + name + "}"
		}
	}
	r.path = cmp.Or(r.path, "/")
	r.key = method + " " + r.path
	t.routes = append(t.routes, r)
	// The more a route spells out, the earlier it is tried.
	slices.SortStableFunc(t.routes, func(a, b *route) int { return cmp.Compare(b.literals(), a.literals()) })
}

func (r *route) literals() (n int) {
	for _, s := range r.segments {
		if !s.variable {
			n++
		}
	}
	return n
}

// pieces splits a path and skips the empty pieces, so that trailing and double
// slashes do not matter (httpgateway/GatewayUri.cpp).
func pieces(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

// find returns the route of a request and the values of its variables. There is
// no 404 and no 405: the gateway answers 400 to an unknown path and to a wrong
// verb alike.
func (t *router) find(method string, u *url.URL) (*route, map[string]string, *Error) {
	raw := pieces(u.EscapedPath())
	text := make([]string, len(raw))
	for i, s := range raw {
		text[i], _ = url.PathUnescape(s) // EscapedPath has no bad percent signs
	}

	var verbs []string
	for _, r := range t.routes {
		vars, ok := r.match(raw, text)
		if !ok {
			continue
		}
		if r.method == "" || r.method == method {
			return r, vars, nil
		}
		verbs = append(verbs, r.method)
	}
	if len(verbs) > 0 {
		return nil, nil, NewError(generated.ErrorCodeInvalidArg,
			`This path answers to `+strings.Join(verbs, " or ")+`, not to "`+excerpt(method)+`".`)
	}
	return nil, nil, NewError(generated.ErrorCodeInvalidArg,
		`No operation has the path "`+excerpt("/"+strings.Join(raw, "/"))+`". The letter case of a path matters.`)
}

// match compares a path with the route. A literal compares with the decoded
// text, so that %24 is as good as $. A variable takes one piece or more, up to
// the next literal, joined with slashes: hierarchical names span pieces.
func (r *route) match(raw, text []string) (map[string]string, bool) {
	var vars map[string]string
	i := 0
	for n, s := range r.segments {
		if i >= len(text) {
			return nil, false
		}
		if !s.variable {
			if text[i] != s.text {
				return nil, false
			}
			i++
			continue
		}

		end := len(text)
		if n+1 < len(r.segments) {
			next := r.segments[n+1]
			more := 0
			if !next.variable {
				if raw[i] == next.text {
					return nil, false // a variable is never empty
				}
				if more = slices.Index(text[i+1:], next.text); more < 0 {
					return nil, false
				}
			}
			end = i + 1 + more
		}
		if vars == nil {
			vars = make(map[string]string, 2)
		}
		vars[s.text] = strings.Join(text[i:end], "/")
		i = end
	}
	return vars, i == len(text)
}

// collect registers the operations of an implementation with a router, and what
// the gateway answers itself.
func collect(impl generated.StrictServerInterface, newest version) *router {
	t := &router{}
	generated.HandlerWithOptions(
		generated.NewStrictHandlerWithOptions(impl, []generated.StrictMiddlewareFunc{settled}, generated.StrictHTTPServerOptions{
			RequestErrorHandlerFunc:  refuseBinding,
			ResponseErrorHandlerFunc: refuse,
		}),
		generated.StdHTTPServerOptions{BaseRouter: t, ErrorHandlerFunc: refuseBinding},
	)
	t.addGateway(newest)
	return t
}
