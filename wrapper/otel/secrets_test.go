package otel_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// The token is not reported even if a server repeats it in states, kinds, codes, messages, headers or pages, whole or
// in part. Nor is the error of a token source.
func TestSecrets(t *testing.T) {
	t.Parallel()
	const secret = "planted0secret" // valid as a name
	id := uuid.UUID{1}
	bodies := []struct {
		status int
		body   string
	}{
		{200, `[{"OperationId":"` + id.String() + `","State":"` + secret + `","Type":"` + secret + `"}]`},
		{200, secret},
		{400, `{"Error":{"Code":"` + secret + `","Message":"` + secret + `"}}`},
		{400, `{"Error":{"Code":"` + secret[7:] + `","Message":"` + secret[7:] + `"}}`},
		{403, secret},
		{503, `{"Error":{"Code":"` + secret + `","Message":"` + secret + `"}}`},
		{302, secret},
	}
	m := newTelemetry(t)
	used := 0
	calls := func(client *wrapper.Client) {
		ctx := t.Context()
		_, _ = client.Operation(ctx, id)
		_, _ = client.Cancel(ctx, id, wrapper.CancelOptions{})
		_, _ = client.ForceCancel(ctx, id, wrapper.ForceOptions{Policy: wrapper.ServerDecides{}})
		_, _ = client.StartDataLoss(ctx, wrapper.Partition{Service: "s"}, "PartialDataLoss", wrapper.StartOptions{})
		for _, err := range client.Watch(ctx, id, wrapper.WaitOptions{}) {
			_ = err
			break
		}
	}
	for _, b := range bodies {
		c := sftest.NewCluster(t)
		c.Put(emulator.Record{ID: id})
		c.On(sftest.Any, sftest.Func(func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer "+secret {
					t.Errorf("got Authorization %q, want the token", r.Header.Get("Authorization"))
				}
				used++
				w.Header().Set("X-Echo", secret)
				w.Header().Set("Location", "http://"+secret+"/")
				w.WriteHeader(b.status)
				_, _ = io.WriteString(w, b.body)
			})
		})).Always()
		calls(c.Client(fastWith(2), m.instrument(otelPropagation), wrapper.WithTokenSource(tokens(secret, nil)), wrapper.WithEndpoints("http://other")))
	}
	if used < 5*len(bodies) {
		t.Fatalf("got %d requests with the secret, want at least %d", used, 5*len(bodies))
	}
	calls(sftest.NewCluster(t).Client(m.instrument(), wrapper.WithTokenSource(tokens("", errors.New(secret)))))
	if all := m.everything(); strings.Contains(all, secret[7:]) {
		at := strings.Index(all, secret[7:])
		t.Errorf("got the secret reported, want it left out: %s", all[max(0, at-200):at+50])
	}
}

func tokens(token string, err error) func(context.Context, string) (string, error) {
	return func(context.Context, string) (string, error) { return token, err }
}
