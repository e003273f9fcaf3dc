package otel_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/server/otel"
	api "go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// All that is known of a request, to the letter.
func TestSpans(t *testing.T) {
	t.Parallel()
	user := server.WithAuthenticator(func(*http.Request) (server.Role, string, error) { return server.User, "audit", nil })
	nobody := server.WithAuthenticator(func(*http.Request) (server.Role, string, error) { return 0, "", errors.New("who?") })
	cases := []struct {
		name, method, target string
		impl                 implementation
		option               server.Option
		change               func(*http.Request)
		want                 string
	}{
		{name: "a success", method: "POST", target: cancel, want: `
			POST /Faults/$/Cancel
			http.request.method POST
			http.response.status_code 200
			http.route /Faults/$/Cancel
			network.protocol.version 1.1
			server.address example.com
			server.port 80
			sfcancel.api.operation CancelOperation
			sfcancel.role admin
			url.path /Faults/$/Cancel
			url.scheme http`},
		{name: "a bad parameter", method: "POST", target: cancel + "x", want: `
			POST /Faults/$/Cancel
			http.request.method POST
			http.response.status_code 400
			http.route /Faults/$/Cancel
			network.protocol.version 1.1
			server.address example.com
			server.port 80
			sfcancel.api.operation CancelOperation
			sfcancel.code E_INVALIDARG
			sfcancel.role admin
			url.path /Faults/$/Cancel
			url.scheme http`},
		{name: "a name in the path", method: "GET", target: "https://[::1]:19080/Faults/Nodes/_Node%200/$/GetTransitionProgress?api-version=6.0&OperationId=5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01",
			option: user, change: func(r *http.Request) { r.TLS, r.ProtoMajor, r.ProtoMinor = new(tls.ConnectionState), 2, 0 }, want: `
			GET /Faults/Nodes/{nodeName}/$/GetTransitionProgress !
			error.type 501
			http.request.method GET
			http.response.status_code 501
			http.route /Faults/Nodes/{nodeName}/$/GetTransitionProgress
			network.protocol.version 2
			server.address ::1
			server.port 19080
			sfcancel.api.operation GetNodeTransitionProgress
			sfcancel.code E_NOTIMPL
			sfcancel.role user
			url.path /Faults/Nodes/_Node%200/$/GetTransitionProgress
			url.scheme https`},
		{name: "a role that may not", method: "POST", target: cancel, option: user, want: `
			POST /Faults/$/Cancel
			http.request.method POST
			http.response.status_code 403
			http.route /Faults/$/Cancel
			network.protocol.version 1.1
			server.address example.com
			server.port 80
			sfcancel.api.operation CancelOperation
			sfcancel.code E_ACCESSDENIED
			sfcancel.role user
			url.path /Faults/$/Cancel
			url.scheme http`},
		{name: "nobody", method: "POST", target: cancel, option: nobody, want: `
			POST /Faults/$/Cancel
			http.request.method POST
			http.response.status_code 403
			http.route /Faults/$/Cancel
			network.protocol.version 1.1
			server.address example.com
			server.port 80
			sfcancel.api.operation CancelOperation
			url.path /Faults/$/Cancel
			url.scheme http`},
		{name: "a path of the gateway", method: "GET", target: "/", change: func(r *http.Request) { r.Host, r.ProtoMajor, r.ProtoMinor = "", 1, 0 }, want: `
			GET /
			http.request.method GET
			http.response.status_code 200
			http.route /
			network.protocol.version 1.0
			sfcancel.role admin
			url.path /
			url.scheme http`},
		{name: "another path", method: "GET", target: "/Faults/5b1f60aa?api-version=6.0", want: `
			GET
			http.request.method GET
			http.response.status_code 400
			network.protocol.version 1.1
			server.address example.com
			server.port 80
			sfcancel.code E_INVALIDARG
			url.path /Faults/5b1f60aa
			url.scheme http`},
		{name: "another method", method: "PURGE", target: cancel, want: `
			HTTP
			http.request.method _OTHER
			http.response.status_code 400
			network.protocol.version 1.1
			server.address example.com
			server.port 80
			sfcancel.code E_INVALIDARG
			url.path /Faults/$/Cancel
			url.scheme http`},
		{name: "a failure", method: "POST", target: cancel, impl: failing(errors.New("the disk is full")), want: `
			POST /Faults/$/Cancel !
			error.type 500
			http.request.method POST
			http.response.status_code 500
			http.route /Faults/$/Cancel
			network.protocol.version 1.1
			server.address example.com
			server.port 80
			sfcancel.api.operation CancelOperation
			sfcancel.code E_FAIL
			sfcancel.role admin
			url.path /Faults/$/Cancel
			url.scheme http`},
		{name: "a code that nobody knows", method: "POST", target: cancel,
			impl: failing(&server.Error{Status: 409, Code: "Shop12", Message: "shop 12 is closed"}), want: `
			POST /Faults/$/Cancel
			http.request.method POST
			http.response.status_code 409
			http.route /Faults/$/Cancel
			network.protocol.version 1.1
			server.address example.com
			server.port 80
			sfcancel.api.operation CancelOperation
			sfcancel.code _OTHER
			sfcancel.role admin
			url.path /Faults/$/Cancel
			url.scheme http`},
		{name: "an answer that breaks off", method: "POST", target: cancel, impl: breaksOff(), want: `
			POST /Faults/$/Cancel !
			error.type aborted
			http.request.method POST
			http.response.status_code 200
			http.route /Faults/$/Cancel
			network.protocol.version 1.1
			server.address example.com
			server.port 80
			sfcancel.aborted true
			sfcancel.api.operation CancelOperation
			sfcancel.code E_FAIL
			sfcancel.role admin
			url.path /Faults/$/Cancel
			url.scheme http`},
		{name: "a client that is gone", method: "POST", target: cancel, impl: breaksOff(),
			change: func(r *http.Request) {
				ctx, cancel := context.WithCancel(r.Context())
				cancel()
				*r = *r.WithContext(ctx)
			}, want: `
			POST /Faults/$/Cancel !
			error.type canceled
			http.request.method POST
			http.response.status_code 200
			http.route /Faults/$/Cancel
			network.protocol.version 1.1
			server.address example.com
			server.port 80
			sfcancel.aborted true
			sfcancel.api.operation CancelOperation
			sfcancel.code E_FAIL
			sfcancel.role admin
			url.path /Faults/$/Cancel
			url.scheme http`},
		{name: "no answer", method: "POST", target: cancel,
			impl: implementation{cancel: func(context.Context) (generated.CancelOperationResponseObject, error) { panic(http.ErrAbortHandler) }}, want: `
			POST /Faults/$/Cancel !
			error.type aborted
			http.request.method POST
			http.route /Faults/$/Cancel
			network.protocol.version 1.1
			server.address example.com
			server.port 80
			sfcancel.aborted true
			sfcancel.api.operation CancelOperation
			sfcancel.role admin
			url.path /Faults/$/Cancel
			url.scheme http`},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := newTelemetry(t)
			options := []server.Option{m.instrument()}
			if tc.option != nil {
				options = append(options, tc.option)
			}
			r := newRequest(t, tc.method, tc.target)
			if tc.change != nil {
				r.TLS = nil
				tc.change(r)
			}
			serve(newHandler(t, tc.impl, options...), r)
			s := m.only()
			want(t, "the span", text(s), tc.want)
			if s.SpanKind() != trace.SpanKindServer || s.InstrumentationScope().Name != "github.com/sfcancel/sfcancel/server/otel" ||
				s.InstrumentationScope().SchemaURL != "https://opentelemetry.io/schemas/1.43.0" {
				t.Errorf("the span is %v of %+v", s.SpanKind(), s.InstrumentationScope())
			}
		})
	}
}

// The id of a request is the one that the answer has, the client's or a new one.
func TestRequestID(t *testing.T) {
	t.Parallel()
	for _, sent := range []string{"", uuid.NewString()} {
		m := newTelemetry(t)
		r := newRequest(t, "POST", cancel)
		r.Header.Set("X-ServiceFabricRequestId", sent)
		w := serve(newHandler(t, implementation{}, m.instrument()), r)
		got, _ := has(m.only().Attributes(), "sfcancel.request.id")
		if got == "" || got != w.Header().Get("X-ServiceFabricRequestId") || sent != "" && got != sent {
			t.Errorf("sent %q: got %q, and the answer has %q", sent, got, w.Header().Get("X-ServiceFabricRequestId"))
		}
	}
}

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// A span is the child of the one that the headers name, and what the implementation begins is its
// child.
func TestPropagation(t *testing.T) {
	t.Parallel()
	m := newTelemetry(t)
	var inner trace.SpanContext
	look := implementation{cancel: func(ctx context.Context) (generated.CancelOperationResponseObject, error) {
		inner = trace.SpanContextFromContext(ctx)
		return generated.CancelOperation200Response{}, nil
	}}
	r := newRequest(t, "POST", cancel)
	r.Header.Set("Traceparent", parent)
	serve(newHandler(t, look, m.instrument(otel.WithPropagator(propagation.TraceContext{}))), r)
	s := m.only()
	if s.Parent().SpanID().String() != parent[36:52] || s.SpanContext().TraceID().String() != parent[3:35] || !s.Parent().IsRemote() {
		t.Errorf("the parent is %+v, want %s", s.Parent(), parent)
	}
	if !inner.Equal(s.SpanContext()) {
		t.Errorf("the implementation saw %+v, want %+v", inner, s.SpanContext())
	}
}

// A propagator that reads nothing trusts nobody.
func TestNoPropagator(t *testing.T) {
	t.Parallel()
	m := newTelemetry(t)
	r := newRequest(t, "POST", cancel)
	r.Header.Set("Traceparent", parent)
	serve(newHandler(t, implementation{}, m.instrument(otel.WithPropagator(propagation.NewCompositeTextMapPropagator()))), r)
	if s := m.only(); s.Parent().IsValid() {
		t.Errorf("the parent is %+v, want none", s.Parent())
	}
}

// The global providers do, and may come after the handler. This test alone uses them, and is not
// parallel.
func TestGlobalProviders(t *testing.T) {
	if api.GetTextMapPropagator().Fields() != nil {
		t.Skip("the global providers are set already")
	}
	m := newTelemetry(t)
	h := newHandler(t, implementation{}, otel.Instrument())
	serve(h, newRequest(t, "POST", cancel)) // nobody listens yet
	api.SetTracerProvider(m.tracers)
	api.SetMeterProvider(m.meters)
	api.SetTextMapPropagator(propagation.TraceContext{})
	r := newRequest(t, "POST", cancel)
	r.Header.Set("Traceparent", parent)
	serve(h, r)
	if s := m.only(); !s.Parent().IsValid() {
		t.Errorf("parent of the span: got %v, want that of %s", s.Parent(), parent)
	}
	want(t, "the points", m.points(), `1 http.request.method=POST http.response.status_code=200 http.route=/Faults/$/Cancel network.protocol.version=1.1 url.scheme=http`)
}

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
