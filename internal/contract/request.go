package contract

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// request is a request on its way from what was sent to what it means in the words
// of the document. The rows of the table that read take it there, one after the
// other; what they leave alone is read as the document has it.
type request struct {
	edge Edge
	docs *documents
	line string // as it was sent, for reports
	body body

	method string
	path   string // escaped
	pairs  []pair // of the query

	op   *operation        // of the whole document, once the path is read
	vars map[string]string // decoded
}

// pair is one piece of the query between ampersands.
type pair struct {
	raw         string
	name, value string // decoded
	bad         bool   // whether it does not decode
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

// route finds the operation of the path as it now stands.
func (q *request) route() {
	op, escaped := q.docs.whole.find(q.method, q.path)
	q.op, q.vars = op, make(map[string]string)
	for name, value := range escaped {
		q.vars[name], _ = url.PathUnescape(value) // an escaped path has no bad percent signs
	}
}

// outside says whether the request is for one of the addresses that a gateway has
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

// get returns the value of a name, and whether there is one.
func (q *request) get(name string) (string, bool) {
	for _, p := range q.pairs {
		if p.name == name && !p.bad {
			return p.value, true
		}
	}
	return "", false
}

// set gives every pair of a name a value, and adds one if there is none.
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

// change replaces the value of a name, if there is one that read understands.
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

// has says whether the operation has a parameter of the query.
func (q *request) has(name string) bool {
	if q.op == nil {
		return false
	}
	_, ok := q.op.parameters[name]
	return ok
}

// view is the document that the request is judged by.
func (q *request) view() *document {
	version, _ := q.get("api-version")
	if view, ok := q.docs.views[version]; ok {
		return view
	}
	return q.docs.whole
}

// inView is the operation as the view has it; nil if it came later.
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
