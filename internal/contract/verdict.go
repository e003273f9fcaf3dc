package contract

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// verdict applies the rows to the request and returns the reasons why the document, with the rows,
// forbids it. No reasons mean that it is allowed.
func (c *checker) verdict(q *request) (reasons []string) {
	routed := false
	for _, row := range c.rows {
		if !routed && !row.ofPath {
			q.route()
			routed = true
		}
		switch {
		case row.reads != nil && (row.ofPath || q.op != nil):
			row.reads(q)
		case row.forbids != nil && q.op != nil && row.forbids(q):
			reasons = append(reasons, row.name)
		}
	}
	if !routed {
		q.route()
	}
	if q.inView() == nil {
		return append(reasons, fmt.Sprintf("no operation has %s %s", q.method, q.path))
	}
	return append(reasons, q.forbidden()...)
}

// texts are the allowed forms of the values of a type. kin-openapi accepts all forms that strconv does.
var texts = map[string]*regexp.Regexp{
	openapi3.TypeBoolean: regexp.MustCompile(`^(true|false)$`),
	openapi3.TypeInteger: regexp.MustCompile(`^-?[0-9]+$`),
}

// forbidden returns the reasons why the document alone forbids the request.
func (q *request) forbidden() (reasons []string) {
	op := q.inView()
	values := make(url.Values)
	for _, p := range q.pairs {
		parameter, known := op.parameters[p.name]
		switch {
		case p.bad:
			reasons = append(reasons, fmt.Sprintf("the query has %q, which does not decode", p.raw))
			continue
		case !known:
			reasons = append(reasons, fmt.Sprintf("%s has no parameter %q", op.id, p.name))
			continue
		case values.Has(p.name):
			reasons = append(reasons, p.name+" has one value, not several")
			continue
		}
		for _, kind := range parameter.Schema.Value.Type.Slice() {
			if text := texts[kind]; text != nil && !text.MatchString(p.value) {
				reasons = append(reasons, fmt.Sprintf("%s is no %s: %q", p.name, kind, p.value))
			}
		}
		values.Add(p.name, p.value)
	}

	err := openapi3filter.ValidateRequest(context.Background(), &openapi3filter.RequestValidationInput{
		Request:     &http.Request{Method: q.method, URL: &url.URL{Path: q.path}, Header: http.Header{}},
		PathParams:  q.vars,
		QueryParams: values,
		Route:       op.route,
		Options:     q.view().options,
	})
	return append(reasons, sentences(err)...)
}

// sentences splits kin-openapi's errors and removes the quoted schemas.
func sentences(err error) (all []string) {
	var several openapi3.MultiError
	if !errors.As(err, &several) {
		if err == nil {
			return nil
		}
		several = openapi3.MultiError{err}
	}
	for _, err := range several {
		text := err.Error()
		var value *openapi3.SchemaError
		if errors.As(err, &value) {
			text = value.Reason
			if at := value.JSONPointer(); len(at) > 0 {
				text = "/" + strings.Join(at, "/") + ": " + text
			}
		}
		var request *openapi3filter.RequestError
		if errors.As(err, &request) && request.Parameter != nil && !strings.Contains(text, request.Parameter.Name) {
			text = request.Parameter.Name + ": " + text
		}
		first, _, _ := strings.Cut(text, "\n")
		all = append(all, first)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
