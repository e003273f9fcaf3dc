package otel_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/openapi/loaded"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// All that is known of a call and of its requests, to the letter.
func TestAttributes(t *testing.T) {
	t.Parallel()
	c, m := sftest.NewCluster(t), newTelemetry(t)
	id := c.Put(emulator.Record{})
	c.On(sftest.Graceful, sftest.Answer{Status: 503, Code: "E_ABORT"}.Before())
	client := c.Client(fastWith(3), m.instrument(), wrapper.WithEndpoints("http://[::1]"), brokenLedger)
	if _, err := client.Cancel(t.Context(), id, wrapper.CancelOptions{}); err != nil {
		t.Fatal(err)
	}
	call := m.named("sfcancel.cancel")
	if call.SpanKind() != trace.SpanKindInternal || call.InstrumentationScope().Name != "github.com/sfcancel/sfcancel/wrapper/otel" ||
		call.InstrumentationScope().SchemaURL != "https://opentelemetry.io/schemas/1.43.0" {
		t.Errorf("the call is %v of %+v", call.SpanKind(), call.InstrumentationScope())
	}
	want(t, "the call", attributes(call.Attributes()), `
		sfcancel.attempts int64 3
		sfcancel.call string cancel
		sfcancel.kind string PartitionDataLoss
		sfcancel.ledger.failed bool true
		sfcancel.operation.id string `+id.String()+`
		sfcancel.resolved bool false
		sfcancel.state string RollingBack
		sfcancel.verdict string Accepted`)
	failover, pause := call.Events()[0], call.Events()[1]
	want(t, "the failover", failover.Name+"\n"+attributes(failover.Attributes), `
		sfcancel.failover
		sfcancel.failover.from string cluster.test:19080
		sfcancel.failover.to string [::1]:80`)
	want(t, "the pause", pause.Name+"\n"+attributes(pause.Attributes), `
		sfcancel.pause
		http.response.status_code int64 503
		sfcancel.class string ambiguous
		sfcancel.pause.duration float64 0`)
	var requests []string
	for _, s := range m.spans() {
		if s.SpanKind() != trace.SpanKindClient {
			continue
		}
		requests = append(requests, attributes(s.Attributes()))
		if s.Parent().SpanID() != call.SpanContext().SpanID() {
			t.Errorf("%s is not in the call", s.Name())
		}
	}
	want(t, "the first request", requests[0], `
		error.type string 503
		http.request.method string POST
		http.response.status_code int64 503
		network.protocol.version string 1.1
		server.address string cluster.test
		server.port int64 19080
		sfcancel.class string ambiguous
		sfcancel.code string E_ABORT
		sfcancel.purpose string graceful
		url.full string http://cluster.test:19080/Faults/$/Cancel?api-version=6.0&OperationId=`+id.String()+`&Force=false
		url.scheme string http
		url.template string /Faults/$/Cancel`)
	want(t, "the second request", requests[1], `
		http.request.method string GET
		http.request.resend_count int64 1
		http.response.status_code int64 200
		network.protocol.version string 1.1
		server.address string ::1
		server.port int64 80
		sfcancel.class string done
		sfcancel.purpose string read
		url.full string http://[::1]/Faults/?api-version=6.0&StateFilter=65535&TypeFilter=65535
		url.scheme string http
		url.template string /Faults/`)
}

// forgetful is a ledger that keeps nothing.
type forgetful struct{ err error }

// Append takes what is about to be sent, or there would be no force.
func (f forgetful) Append(_ context.Context, e wrapper.Entry) error {
	if e.Action == "force" && e.Verdict == "" {
		return nil
	}
	return f.err
}

func (forgetful) Entries(context.Context, uuid.UUID) ([]wrapper.Entry, error) { return nil, nil }

var brokenLedger = wrapper.WithLedger(forgetful{errors.New("the ledger is down")})

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if want := unindent(want); got != want {
		t.Errorf("%s:\n%s\nwant\n%s", what, got, want)
	}
}

// What middleware does to a URL does not get out of hand: no credentials, no parameters
// that are not of the API, no path as the name of a span.
func TestURL(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, method, url, wantName, wantFull, wantAddress string
	}{
		{"as it is", "GET", "http://c/Faults/?api-version=6.0", "GET /Faults/", "http://c/Faults/?api-version=6.0", "c 80"},
		{"https", "GET", "https://c/Faults/", "GET /Faults/", "https://c/Faults/", "c 443"},
		{"a password", "GET", "http://user:secret@c:1/Faults/", "GET /Faults/", "http://REDACTED:REDACTED@c:1/Faults/", "c 1"},
		{"keys", "GET", "http://c/Faults/?sig=secret&secret&&Force=true&Force&force=secret&%46orce=secret", "GET /Faults/",
			"http://c/Faults/?sig=REDACTED&REDACTED&Force=true&Force&force=REDACTED&%46orce=REDACTED", "c 80"},
		{"another path", "GET", "http://c/Faults/77", "GET", "http://c/Faults/77", "c 80"},
		{"another path below", "GET", "http://c/Faults/$/Cancel/77", "GET", "http://c/Faults/$/Cancel/77", "c 80"},
		{"a name that looks like a path", "POST", "http://c/Faults/Nodes/a%2F$%2FCancel/$/StartTransition/",
			"POST /Faults/Nodes/{nodeName}/$/StartTransition/", "http://c/Faults/Nodes/a%2F$%2FCancel/$/StartTransition/", "c 80"},
		{"another method", "PURGE", "http://c/Faults/", "HTTP /Faults/", "http://c/Faults/", "c 80"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := newTelemetry(t)
			read(t, m, "http://c", okay, changing(func(r *http.Request) {
				r.Method = tc.method
				r.URL, _ = url.Parse(tc.url)
			}))
			attrs := "\n" + attributes(m.named(tc.wantName).Attributes()) + "\n"
			address, port, _ := strings.Cut(tc.wantAddress, " ")
			for _, line := range []string{"url.full string " + tc.wantFull, "server.address string " + address, "server.port int64 " + port} {
				if !strings.Contains(attrs, "\n"+line+"\n") {
					t.Errorf("want %s in %s", line, attrs)
				}
			}
		})
	}
	t.Run("below a path", func(t *testing.T) {
		t.Parallel()
		m := newTelemetry(t)
		read(t, m, "http://c/a%2Fb/x%20y", okay)
		m.named("GET /a%2Fb/x%20y/Faults/")
		m = newTelemetry(t)
		read(t, m, "http://c/a", okay, changing(func(r *http.Request) { r.URL.Path = "/Faults/" }))
		m.named("GET")
	})
}

// okay answers a list.
func okay(r *http.Request) (*http.Response, error) { return answer(r, "[]"), nil }

// read makes one request of a client with attempt middleware around what is instrumented.
func read(t *testing.T, m *telemetry, endpoint string, transport trip, outer ...func(http.RoundTripper) http.RoundTripper) {
	t.Helper()
	client, err := wrapper.New(endpoint, wrapper.WithAttemptMiddleware(outer...), fastWith(1), m.instrument(),
		wrapper.WithHTTPClient(&http.Client{Transport: transport}))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = client.Operations(t.Context())
}

// Every path of the document is a template, and every parameter of it may be seen.
func TestDocument(t *testing.T) {
	t.Parallel()
	document, err := loaded.Document(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	names := strings.NewReplacer("{serviceId}", "shop~orders", "{partitionId}", uuid.UUID{1}.String(), "{nodeName}", "n 1")
	for path, item := range document.Paths.Map() {
		for method, op := range item.Operations() {
			query := url.Values{}
			for _, p := range slices.Concat(item.Parameters, op.Parameters) {
				if p.Value.In == "query" {
					query.Set(p.Value.Name, "seen")
				}
			}
			m := newTelemetry(t)
			read(t, m, "http://c", okay, changing(func(r *http.Request) {
				r.Method, r.URL.Path, r.URL.RawPath, r.URL.RawQuery = method, names.Replace(path), "", query.Encode()
			}))
			attrs := attributes(m.named(method + " " + path).Attributes())
			if !strings.Contains(attrs, "url.template string "+path+"\n") && !strings.HasSuffix(attrs, "url.template string "+path) {
				t.Errorf("%s is not the template of %s", path, attrs)
			}
			if strings.Contains(attrs, "REDACTED") || !strings.Contains(attrs, query.Encode()) {
				t.Errorf("a parameter is not known: %s", attrs)
			}
		}
	}
}
