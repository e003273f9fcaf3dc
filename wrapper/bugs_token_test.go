package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/wrapper"
)

// What an answer means does not depend on the token: it is blanked in what is shown of an
// answer, not in what is read of it ([wrapper.WithTokenSource]).
func TestShortTokenSpoilsNoAnswer(t *testing.T) {
	t.Parallel()
	source := func(context.Context, string) (string, error) { return id[:4], nil }
	ops, err := directClient(t, serving(runningList()), wrapper.WithTokenSource(source), fastWith(2)).Operations(t.Context())
	if err != nil || len(ops) != 1 || ops[0].ID != opID {
		t.Errorf("%v, %v", ops, err)
	}
}

// A token is blanked however the JSON of an answer writes it: .NET escapes its plus signs.
func TestEscapedTokenIsHidden(t *testing.T) {
	t.Parallel()
	source := func(context.Context, string) (string, error) { return "se+cret", nil }
	for _, body := range []string{
		`{"Error":{"Code":"E_INVALIDARG","Message":"bad se\u002Bcret"}}`,
		`{"Error":{"Code":"se\u002Bcret","Message":"bad"}}`,
	} {
		p := serving(answer{status: http.StatusBadRequest, body: body})
		_, err := directClient(t, &p.answers, wrapper.WithTokenSource(source), fastWith(2)).Operations(t.Context())
		e := asError(t, err, wrapper.ErrServerRefused)
		if s := fmt.Sprintf("%v %+v", e, e.Attempts()); containsSecret(s) {
			t.Error(s)
		}
	}
}

func containsSecret(s string) bool {
	for i := range s {
		if len(s[i:]) >= 7 && s[i:i+7] == "se+cret" {
			return true
		}
	}
	return false
}

// A token that an error or a body would have cut in two is blanked before that.
func TestCutTokenIsHidden(t *testing.T) {
	t.Parallel()
	token := strings.Repeat("secret", 20)
	source := func(context.Context, string) (string, error) { return token, nil }
	for _, status := range []int{200, 400, 503} {
		for _, before := range []int{0, 60, 2000} {
			p := serving(answer{status: status, body: strings.Repeat("x", before) + token})
			err := gracefully(t.Context(), directClient(t, &p.answers, wrapper.WithTokenSource(source), fastWith(1)))
			var e *wrapper.Error
			if !errors.As(err, &e) || strings.Contains(e.Error()+string(e.Body()), "secret") {
				t.Errorf("%d: %v %s", status, err, e.Body())
			}
		}
	}
}
