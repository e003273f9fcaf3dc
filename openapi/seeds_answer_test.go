package openapi_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
)

// The two sentences about answers, as answers.
func TestSeedAnswers(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		status int
		media  string
		body   string
		fits   bool
	}{
		{"200 without a body", http.StatusOK, "", "", true},
		{"200 with the content type that runtimes send, without a body", http.StatusOK, "application/json; charset=utf-8", "", true},
		{"400 is a FabricError", http.StatusBadRequest, "application/json", `{"Error":{"Code":"E_INVALIDARG","Message":"m"}}`, true},
		{"404 is a FabricError", http.StatusNotFound, "application/json; charset=utf-8", `{"Error":{"Code":"FABRIC_E_KEY_NOT_FOUND"}}`, true},
		{"a code that no list has", http.StatusInternalServerError, "application/json", `{"Error":{"Code":"FMFailoverUnitNotFound","Message":"Null"}}`, true},
		{"a member that no list has", http.StatusGatewayTimeout, "application/json", `{"Error":{"Code":"FABRIC_E_TIMEOUT","Message":"m","More":1}}`, true},
		{"an error without Error", http.StatusBadRequest, "application/json", `{}`, false},
		{"an error without Code", http.StatusBadRequest, "application/json", `{"Error":{"Message":"m"}}`, false},
		{"an error in lower case", http.StatusBadRequest, "application/json", `{"error":{"code":"E_INVALIDARG"}}`, false},
		{"a Code that is a number", http.StatusBadRequest, "application/json", `{"Error":{"Code":400}}`, false},
		{"a Message that is null", http.StatusBadRequest, "application/json", `{"Error":{"Code":"E_FAIL","Message":null}}`, false},
		{"an error that is text", http.StatusBadGateway, "text/plain", "bad gateway", false},
		{"an error without a body", http.StatusForbidden, "application/json", "", false},
	}
	gates := allGates(t)
	for _, version := range []string{"3.0", "6.0"} {
		for _, c := range cases {
			t.Run(version+" "+c.name, func(t *testing.T) {
				t.Parallel()
				asked := gates[version].request(t, http.MethodPost, good60)
				answer := &openapi3filter.ResponseValidationInput{
					RequestValidationInput: asked, Status: c.status, Options: asked.Options,
					Header: http.Header{"Content-Type": {c.media}},
					Body:   io.NopCloser(strings.NewReader(c.body)),
				}
				if err := openapi3filter.ValidateResponse(t.Context(), answer); (err == nil) != c.fits {
					t.Errorf("error %v; want the answer to fit: %v", err, c.fits)
				}
			})
		}
	}
}
