package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/sfcancel/sfcancel/server"
)

// mistakes returns how the answer violates the document.
func (x *exchange) mistakes() (all []string) {
	view, op := x.request.view(), x.request.inView()
	if op == nil {
		return x.withoutOperation(view)
	}

	responses := op.route.Operation.Responses
	response := responses.Status(x.status)
	if response == nil && x.status >= http.StatusBadRequest {
		response = responses.Default() // "The body of every failure."
	}
	if response == nil {
		return []string{fmt.Sprintf("%s has no answer %d", op.id, x.status)}
	}
	if len(response.Value.Content) == 0 {
		return x.notEmpty(op)
	}
	if all = x.notJSON(); len(all) > 0 {
		return all
	}
	if sent := x.header.Get("Content-Type"); response.Value.Content.Get(sent) == nil {
		return []string{fmt.Sprintf("%s has no answer %d of type %q", op.id, x.status, sent)}
	}
	if x.whole {
		err := openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{
				Request: &http.Request{Method: op.method, URL: &url.URL{Path: op.path}}, Route: op.route, Options: view.options,
			},
			Status: x.status, Header: x.header, Body: io.NopCloser(bytes.NewReader(x.body)), Options: view.options,
		})
		all = sentences(err)
	}
	return append(all, x.speechless()...)
}

// withoutOperation checks the answer to a request that matches no operation:
// it must be a failure like any other.
func (x *exchange) withoutOperation(view *document) []string {
	if x.status < http.StatusBadRequest {
		return []string{fmt.Sprintf("%d without an operation", x.status)}
	}
	all := x.notJSON()
	var body any
	if len(all) > 0 || !x.whole || json.Unmarshal(x.body, &body) != nil {
		return all
	}
	opts := append([]openapi3.SchemaValidationOption{openapi3.MultiErrors(), openapi3.VisitAsResponse()}, view.options.SchemaValidationOptions...)
	return append(sentences(view.failure.VisitJSON(body, opts...)), x.speechless()...)
}

// notEmpty checks an answer that must have no body.
func (x *exchange) notEmpty(op *operation) (all []string) {
	if len(x.body) > 0 || x.header.Get("Content-Length") != "" && x.header.Get("Content-Length") != "0" {
		all = append(all, fmt.Sprintf("%s answers %d without a body", op.id, x.status))
	}
	types := x.header.Values("Content-Type")
	// The gateway sends it with empty answers as well (runtime §1.1); no document says so.
	asTheOthers := x.request.edge.Profile == server.Runtime && slices.Equal(types, []string{"application/json; charset=utf-8"})
	if len(types) > 0 && !asTheOthers {
		all = append(all, fmt.Sprintf("Content-Type %q of an empty body", types))
	}
	return all
}

// notJSON checks an answer that has a body. kin-openapi reads only the first JSON
// value.
func (x *exchange) notJSON() (all []string) {
	if types := x.header.Values("Content-Type"); len(types) != 1 {
		all = append(all, fmt.Sprintf("one Content-Type, not %q", types))
	}
	if x.whole && !json.Valid(x.body) {
		all = append(all, "the body is not one JSON value")
	}
	return all
}

// speechless checks the code and the message of a failure. The document allows a missing
// message and an empty code, but existing clients then lose the code of an error, or
// crash (see server/errors.go).
func (x *exchange) speechless() (all []string) {
	var e struct {
		Error struct{ Code, Message string }
	}
	if x.status < http.StatusBadRequest || !x.whole || json.Unmarshal(x.body, &e) != nil {
		return nil
	}
	if e.Error.Code == "" {
		all = append(all, "the failure has no Code")
	}
	if e.Error.Message == "" {
		all = append(all, "the failure has no Message")
	}
	return all
}
