package contract

import (
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// foldSlashes removes empty segments from a path. It adds the trailing slash of the two
// paths of the document that have one.
func foldSlashes(q *request) {
	pieces := fields(q.path, '/')
	if len(pieces) == 0 {
		return
	}
	q.path = "/" + strings.Join(pieces, "/")
	last, _ := url.PathUnescape(pieces[len(pieces)-1])
	for _, op := range q.docs.whole.operations {
		if n := len(op.segments); op.segments[n-1] == "" && op.segments[n-2] == last {
			q.path += "/"
			return
		}
	}
}

// bareLiterals replaces the literals of a path by those of the document.
func bareLiterals(q *request) {
	if aligned, ok := q.align(); ok {
		q.path = strings.Join(slices.Concat(aligned...), "/")
	}
}

// joinLevels escapes the slashes within a variable.
func joinLevels(q *request) {
	aligned, ok := q.align()
	if !ok {
		return
	}
	pieces := strings.Split(q.path, "/")
	q.path = ""
	for i, group := range aligned {
		if i > 0 {
			q.path += "/"
		}
		q.path += strings.Join(pieces[:len(group)], "%2F")
		pieces = pieces[len(group):]
	}
}

// align finds the operation whose literals occur in the path in the same order, and returns
// the segments of the path in groups, one for each segment of the operation: literals
// as in the document, and everything between two literals as one
// variable. In the document the literal after a variable is always $. Escaped or not, it ends
// the variable. A variable may begin with $ only if it is escaped.
func (q *request) align() ([][]string, bool) {
	for _, op := range q.docs.whole.operations {
		if op.method != q.method {
			continue
		}
		if aligned, ok := align(op.segments, strings.Split(q.path, "/")); ok {
			return aligned, true
		}
	}
	return nil, false
}

func align(segments, pieces []string) (aligned [][]string, ok bool) {
	for i, segment := range segments {
		if len(pieces) == 0 {
			return nil, false
		}
		if _, variable := variableName(segment); !variable {
			if text, _ := url.PathUnescape(pieces[0]); text != segment {
				return nil, false
			}
			aligned, pieces = append(aligned, []string{segment}), pieces[1:]
			continue
		}
		end := slices.IndexFunc(pieces[1:], func(piece string) bool {
			text, _ := url.PathUnescape(piece)
			return text == segments[i+1]
		}) + 1
		if end < 1 || pieces[0] == "" || pieces[0] == segments[i+1] {
			return nil, false
		}
		aligned, pieces = append(aligned, pieces[:end]), pieces[end:]
	}
	return aligned, len(pieces) == 0
}

func bareDollar(q *request) bool {
	_, escaped := q.docs.whole.find(q.method, q.path)
	for _, value := range escaped {
		if value == "$" {
			return true
		}
	}
	return false
}

// fields splits text and skips empty parts.
func fields(text string, at rune) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == at })
}

// onlyPairs removes parts of the query that are not pairs, and extra equals signs in pairs.
func onlyPairs(q *request) {
	var pairs []pair
	for _, p := range q.pairs {
		if parts := fields(p.raw, '='); len(parts) == 2 {
			pairs = append(pairs, decode(parts[0]+"="+parts[1]))
		}
	}
	q.pairs = pairs
}

// rawText undoes the decoding.
func rawText(q *request) {
	for i, p := range q.pairs {
		q.pairs[i].name, q.pairs[i].value, _ = strings.Cut(p.raw, "=")
		q.pairs[i].bad = false
	}
}

func firstPairs(q *request) {
	seen := make(map[string]bool)
	q.pairs = slices.DeleteFunc(q.pairs, func(p pair) bool {
		again := seen[p.name]
		seen[p.name] = true
		return again
	})
}

// takes reports whether an operation has a query parameter in its view.
func (op *operation) takes(name string) bool {
	return op != nil && op.parameters[name] != nil
}

// knownNames removes parameters that the operation does not have in the view of the request.
func knownNames(q *request) {
	op := q.inView()
	if op == nil {
		return // the operation was added later
	}
	q.pairs = slices.DeleteFunc(q.pairs, func(p pair) bool { return !op.takes(p.name) })
}

// orElse adds a parameter with a default value if it is missing.
func orElse(name, value string) func(*request) {
	return func(q *request) {
		if _, ok := q.get(name); !ok && q.has(name) {
			q.set(name, value)
		}
	}
}

func isText(name, text string) func(*request) bool {
	return func(q *request) bool {
		value, _ := q.get(name)
		return value == text && q.has(name)
	}
}

// anyValue forbids a request if wrong is true for any value in the query and its schema.
func anyValue(wrong func(schema *openapi3.Schema, text string) bool) func(*request) bool {
	return func(q *request) bool {
		return slices.ContainsFunc(q.pairs, func(p pair) bool {
			return q.has(p.name) && !p.bad && wrong(q.op.parameters[p.name].Schema.Value, p.value)
		})
	}
}
