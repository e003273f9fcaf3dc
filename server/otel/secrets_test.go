package otel_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/server/otel"
)

// A client and an implementation that put a secret wherever they can. None of it is reported, and
// nothing of an authenticator.
func TestSecrets(t *testing.T) {
	t.Parallel()
	const secret = "planted0secret" // could be a name
	m := newTelemetry(t)
	instrument := m.instrument(otel.WithPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})))
	who := server.WithAuthenticator(func(*http.Request) (server.Role, string, error) { return server.Admin, secret, nil })
	nobody := server.WithAuthenticator(func(*http.Request) (server.Role, string, error) { return 0, secret, errors.New(secret) })
	impls := []implementation{
		{}, failing(errors.New(secret)), failing(server.NewError(generated.ErrorCodeAbort, secret)),
		failing(&server.Error{Status: 400, Code: secret, Message: secret, Header: http.Header{"X-Secret": {secret}}}),
		{cancel: func(context.Context) (generated.CancelOperationResponseObject, error) { panic(secret) }},
		{cancel: func(context.Context) (generated.CancelOperationResponseObject, error) {
			return visit(func(w http.ResponseWriter) error {
				w.Header().Set("X-Secret", secret)
				_, _ = w.Write([]byte(secret))
				return errors.New(secret)
			}), nil
		}},
	}
	served := 0
	for _, impl := range impls {
		for _, option := range []server.Option{who, nobody} {
			h := newHandler(t, impl, instrument, option)
			for _, target := range []string{cancel + "&sig=" + secret, strings.Replace(cancel, "5b1f60aa", secret, 1), "/?" + secret} {
				for _, method := range []string{"POST", "GET", secret} {
					r := newRequest(t, method, target)
					r.Header.Set("Authorization", "Bearer "+secret)
					r.Header.Set("User-Agent", secret)
					r.Header.Set("Baggage", "secret="+secret)
					r.Header.Set("X-Forwarded-For", secret)
					serve(h, r)
					served++
				}
			}
		}
	}
	spans := m.recorder.Ended()
	if len(spans) != served {
		t.Fatalf("there are %d spans of %d requests", len(spans), served)
	}
	all, err := json.Marshal(tracetest.SpanStubsFromReadOnlySpans(spans))
	if err != nil {
		t.Fatal(err)
	}
	if reported := string(all) + fmt.Sprintf("%+v", m.collect()) + m.points(); strings.Contains(reported, secret) {
		at := strings.Index(reported, secret)
		t.Errorf("the secret is reported: %s", reported[max(0, at-200):at+50])
	}
}
