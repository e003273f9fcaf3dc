package server_test

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// Middleware is around the implementation, the first outermost: it sees well-formed requests alone,
// may refuse one, and what it returns is judged like an answer.
func TestMiddleware(t *testing.T) {
	t.Parallel()
	var order []string
	named := func(name string) func(server.Invoke) server.Invoke {
		return func(next server.Invoke) server.Invoke {
			return func(ctx context.Context, op *generated.Operation, request any) (any, error) {
				order = append(order, name+" "+op.ID)
				if r, ok := request.(generated.CancelOperationRequestObject); ok && r.Params.OperationID == uuid.Nil {
					return nil, server.NewError(generated.ErrorCodeNotReady, "Not now.")
				}
				return next(ctx, op, request)
			}
		}
	}
	forgets := func(server.Invoke) server.Invoke {
		return func(context.Context, *generated.Operation, any) (any, error) { return nil, nil }
	}
	foreign := func(server.Invoke) server.Invoke {
		return func(context.Context, *generated.Operation, any) (any, error) {
			return generated.StartDataLoss202Response{}, nil
		}
	}
	nobody := cancelPath + "?api-version=6.0&Force=true&OperationId=" + uuid.Nil.String()
	for _, tt := range []struct {
		name, target string
		around       []func(server.Invoke) server.Invoke
		want         want
		order        []string
	}{
		{"in order", gracefully, []func(server.Invoke) server.Invoke{named("outer"), named("inner")}, ok, []string{"outer CancelOperation", "inner CancelOperation"}},
		{"a request that is refused by the edge", cancel + "&Force=1", []func(server.Invoke) server.Invoke{named("outer")}, invalid, nil},
		{"one that refuses", nobody, []func(server.Invoke) server.Invoke{named("outer"), named("inner")}, want{503, generated.ErrorCodeNotReady}, []string{"outer CancelOperation"}},
		{"one that returns nothing", gracefully, []func(server.Invoke) server.Invoke{forgets}, want{500, generated.ErrorCodeFail}, nil},
		{"a response of another operation", gracefully, []func(server.Invoke) server.Invoke{foreign}, want{500, generated.ErrorCodeFail}, nil},
	} {
		order = nil
		r, err := parse(http.MethodPost, tt.target)
		if err != nil {
			t.Fatal(err)
		}
		got := serve(t, newHandler(t, &spy{}, server.WithMiddleware(tt.around...)), r)
		if got.want != tt.want || !slices.Equal(order, tt.order) {
			t.Errorf("%s: got %v through %v, want %v through %v", tt.name, got.want, order, tt.want, tt.order)
		}
	}
	for name, opt := range map[string]server.Option{
		"a nil middleware":         server.WithMiddleware(nil),
		"one that makes nothing":   server.WithMiddleware(func(server.Invoke) server.Invoke { return nil }),
		"a nil trace":              server.WithTrace(nil),
		"a nil authenticator":      server.WithAuthenticator(nil),
		"no document":              server.WithDocument("/openapi", nil),
		"a path with a variable":   server.WithDocument("/{x}", map[string][]byte{"a": nil}),
		"a path that is the API's": server.WithDocument("/$", map[string][]byte{"GetClusterVersion": nil}),
	} {
		if h, err := server.New(&spy{}, opt); err == nil || h != nil {
			t.Errorf("%s: got %v, %v, want an error", name, h, err)
		}
	}
}
