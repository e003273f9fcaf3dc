package contract

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// request is a request that is being rewritten from its sent form to its meaning in the terms
// of the document. The rows of the table with reads rewrite it, one after the
// other; everything else is read as the document says.
type request struct {
	edge Edge
	docs *documents
	line string // as it was sent, for reports
	body body

	method string
	path   string // escaped
	pairs  []pair // of the query

	op   *operation        // of the whole document, set by route
	vars map[string]string // decoded
}

// pair is one part of the query between ampersands.
type pair struct {
	raw         string
	name, value string // decoded
	bad         bool   // whether it cannot be decoded
}

func (c *checker) read(r *http.Request) *request {
	q := &request{
		edge: c.edge, docs: c.docs, line: r.Method + " " + r.URL.RequestURI(),
		method: r.Method, path: r.URL.EscapedPath(),
	}
	q.body.announced = r.ContentLength
	for piece := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if piece != "" { // nothing to decode
			q.pairs = append(q.pairs, decode(piece))
		}
	}
	return q
}

func decode(raw string) pair {
	name, value, _ := strings.Cut(raw, "=")
	p := pair{raw: raw}
	var badName, badValue error
	p.name, badName = url.QueryUnescape(name)
	p.value, badValue = url.QueryUnescape(value)
	p.bad = badName != nil || badValue != nil
	return p
}

// route finds the operation of the current path.
func (q *request) route() {
	op, escaped := q.docs.whole.find(q.method, q.path)
	q.op, q.vars = op, make(map[string]string)
	for name, value := range escaped {
		q.vars[name], _ = url.PathUnescape(value) // never fails for an escaped path
	}
}

// outside reports whether the request is for an address that a gateway serves
// besides the operations of the document.
func (q *request) outside() bool {
	pieces := fields(q.path, '/')
	for i := range pieces {
		pieces[i], _ = url.PathUnescape(pieces[i])
	}
	switch strings.Join(pieces, "/") {
	case "", "$/GetClusterVersion", "$/GetAadMetadata":
		return q.method == http.MethodGet && len(pieces) != 1
	default:
		return false
	}
}

// get returns the value of a parameter, and whether there is one.
func (q *request) get(name string) (string, bool) {
	for _, p := range q.pairs {
		if p.name == name && !p.bad {
			return p.value, true
		}
	}
	return "", false
}

// set sets the value of every pair with a name, and adds a pair if there is none.
func (q *request) set(name, value string) {
	found := false
	for i := range q.pairs {
		if q.pairs[i].name == name {
			q.pairs[i].value, found = value, true
		}
	}
	if !found {
		q.pairs = append(q.pairs, pair{name: name, value: value})
	}
}

// change replaces the value of a parameter by the result of read, unless it is missing or read fails.
func (q *request) change(name string, read func(text string) (string, bool)) {
	if text, ok := q.get(name); ok {
		if text, ok = read(text); ok {
			q.set(name, text)
		}
	}
}

func (q *request) drop(name string) {
	q.pairs = slices.DeleteFunc(q.pairs, func(p pair) bool { return p.name == name })
}

// has reports whether the operation has a query parameter.
func (q *request) has(name string) bool {
	if q.op == nil {
		return false
	}
	_, ok := q.op.parameters[name]
	return ok
}

// view returns the document against which the request is checked.
func (q *request) view() *document {
	version, _ := q.get("api-version")
	if view, ok := q.docs.views[version]; ok {
		return view
	}
	return q.docs.whole
}

// inView returns the operation of the view; nil if it was added later.
func (q *request) inView() *operation {
	if q.op == nil {
		return nil
	}
	ops := q.view().operations
	if i := slices.IndexFunc(ops, func(o *operation) bool { return o.id == q.op.id }); i >= 0 {
		return ops[i]
	}
	return nil
}
