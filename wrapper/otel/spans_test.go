package otel_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/openapi/loaded"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
	"go.opentelemetry.io/otel/trace"
)

// The spans of calls of all kinds, and of their failures.
func TestSpans(t *testing.T) {
	t.Parallel()
	force := wrapper.ForceOptions{Policy: wrapper.ServerDecides{}}
	cases := []struct {
		name   string
		script func(c *sftest.Cluster)
		call   func(ctx context.Context, client *wrapper.Client, id uuid.UUID)
		want   string
	}{
		{
			name: "a graceful cancel",
			call: func(ctx context.Context, client *wrapper.Client, id uuid.UUID) {
				_, _ = client.Cancel(ctx, id, wrapper.CancelOptions{})
			},
			want: `
			sfcancel.cancel Accepted resolved=false RollingBack attempts=1
			  POST /Faults/$/Cancel graceful done 200`,
		},
		{
			name: "a force that the policy refuses",
			call: func(ctx context.Context, client *wrapper.Client, id uuid.UUID) {
				_, _ = client.ForceCancel(ctx, id, wrapper.ForceOptions{})
			},
			want: `
			sfcancel.force_cancel force=true attempts=0 error=force_refused !`,
		},
		{
			name:   "a graceful cancel whose response is lost",
			script: func(c *sftest.Cluster) { c.On(sftest.Graceful, sftest.DropAfter()) },
			call: func(ctx context.Context, client *wrapper.Client, id uuid.UUID) {
				_, _ = client.Cancel(ctx, id, wrapper.CancelOptions{})
			},
			want: `
			sfcancel.cancel Accepted resolved=false RollingBack attempts=2
			  *sfcancel.pause ambiguous
			  POST /Faults/$/Cancel graceful ambiguous error=connection_lost !
			  POST /Faults/$/Cancel graceful done 200 resend=1`,
		},
		{
			name:   "a force whose response is lost",
			script: func(c *sftest.Cluster) { c.On(sftest.Force, sftest.DropAfter()) },
			call: func(ctx context.Context, client *wrapper.Client, id uuid.UUID) {
				_, _ = client.Cancel(ctx, id, wrapper.CancelOptions{})
				_, _ = client.ForceCancel(ctx, id, force)
			},
			want: `
			sfcancel.cancel Accepted resolved=false RollingBack attempts=1
			  POST /Faults/$/Cancel graceful done 200
			sfcancel.force_cancel Accepted resolved=true RollingBack force=true attempts=3
			  *sfcancel.pause ambiguous
			  POST /Faults/$/Cancel force ambiguous error=connection_lost !
			  GET /Faults/ read done 200 resend=1
			  POST /Faults/$/Cancel probe refused 400 FABRIC_E_INVALID_TEST_COMMAND_STATE resend=2 error=400 !`,
		},
		{
			name:   "an outcome that stays unknown",
			script: func(c *sftest.Cluster) { c.On(sftest.Any, sftest.Status(503, "E_ABORT")).Always() },
			call: func(ctx context.Context, client *wrapper.Client, id uuid.UUID) {
				_, _ = client.Cancel(ctx, id, wrapper.CancelOptions{})
			},
			want: `
			sfcancel.cancel attempts=3 error=outcome_unknown !
			  *sfcancel.pause ambiguous 503
			  *sfcancel.pause ambiguous 503
			  POST /Faults/$/Cancel graceful ambiguous 503 E_ABORT error=503 !
			  POST /Faults/$/Cancel graceful ambiguous 503 E_ABORT resend=1 error=503 !
			  POST /Faults/$/Cancel graceful ambiguous 503 E_ABORT resend=2 error=503 !`,
		},
		{
			name:   "a truncated response",
			script: func(c *sftest.Cluster) { c.On(sftest.GetFaultOperationList, sftest.CutBody(1)) },
			call: func(ctx context.Context, client *wrapper.Client, id uuid.UUID) {
				_, _ = client.Operation(ctx, id)
			},
			want: `
			sfcancel.read_operation Running attempts=2
			  *sfcancel.pause ambiguous 200
			  GET /Faults/ read ambiguous 200 error=connection_lost !
			  GET /Faults/ read done 200 resend=1`,
		},
		{
			name:   "an unreachable cluster",
			script: func(c *sftest.Cluster) { c.SetReachable(false) },
			call: func(ctx context.Context, client *wrapper.Client, _ uuid.UUID) {
				_, _ = client.Operations(ctx)
			},
			want: `
			sfcancel.list_operations attempts=3 error=not_sent !
			  *sfcancel.pause not_sent
			  *sfcancel.pause not_sent
			  GET /Faults/ read not_sent error=connection_failed !
			  GET /Faults/ read not_sent resend=1 error=connection_failed !
			  GET /Faults/ read not_sent resend=2 error=connection_failed !`,
		},
		{
			name:   "a redirect",
			script: func(c *sftest.Cluster) { c.On(sftest.Any, sftest.Answer{Status: 302}.Before()) },
			call: func(ctx context.Context, client *wrapper.Client, _ uuid.UUID) {
				_, _ = client.Operations(ctx)
			},
			want: `
			sfcancel.list_operations attempts=1 error=server_refused !
			  GET /Faults/ read refused 302 error=bad_answer !`,
		},
		{
			name: "codes of the runtime, and an unknown code",
			script: func(c *sftest.Cluster) {
				c.On(sftest.Any, sftest.Status(503, "FABRIC_E_REPLICATION_QUEUE_FULL"))
				c.On(sftest.Any, sftest.Status(503, "FABRIC_E_SECRET"))
				c.On(sftest.Any, sftest.Status(500, "FMFailoverUnitNotFound"))
			},
			call: func(ctx context.Context, client *wrapper.Client, _ uuid.UUID) {
				_, _ = client.Operations(ctx)
			},
			want: `
			sfcancel.list_operations attempts=3 error=server_refused !
			  *sfcancel.pause ambiguous 503
			  *sfcancel.pause ambiguous 503
			  GET /Faults/ read ambiguous 503 FABRIC_E_REPLICATION_QUEUE_FULL error=503 !
			  GET /Faults/ read ambiguous 503 _OTHER resend=1 error=503 !
			  GET /Faults/ read refused 500 FMFailoverUnitNotFound resend=2 error=500 !`,
		},
		{
			name: "an operation that does not exist",
			call: func(ctx context.Context, client *wrapper.Client, _ uuid.UUID) {
				_, _ = client.Operation(ctx, uuid.UUID{9})
				_, _ = client.Cancel(ctx, uuid.UUID{9}, wrapper.CancelOptions{})
			},
			want: `
			sfcancel.read_operation NotFound resolved=false attempts=1
			  GET /Faults/ read done 200
			sfcancel.cancel NotFound resolved=true attempts=2
			  POST /Faults/$/Cancel graceful refused 404 FABRIC_E_KEY_NOT_FOUND error=404 !
			  GET /Faults/ read done 200 resend=1`,
		},
		{
			name: "the starts",
			call: func(ctx context.Context, client *wrapper.Client, _ uuid.UUID) {
				p := wrapper.Partition{Service: "fabric:/shop/orders", ID: uuid.UUID{7}}
				_, _ = client.StartDataLoss(ctx, p, "PartialDataLoss", wrapper.StartOptions{})
				_, _ = client.StartDataLoss(ctx, p, "PartialDataLoss", wrapper.StartOptions{APIVersion: generated.APIVersion30})
				_, _ = client.StartQuorumLoss(ctx, p, "AllReplicas", time.Minute, wrapper.StartOptions{})
				_, _ = client.StartPartitionRestart(ctx, p, "OnlyActiveSecondaries", wrapper.StartOptions{})
				_, _ = client.StartNodeTransition(ctx, wrapper.Node{Name: "n/1", Instance: 1}, "Stop", time.Hour, wrapper.StartOptions{})
			},
			want: `
			sfcancel.start_data_loss Accepted resolved=false Running attempts=1
			  POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartDataLoss start done 202
			sfcancel.start_data_loss Accepted resolved=false Running attempts=1
			  POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartDataLoss start done 202
			sfcancel.start_quorum_loss Accepted resolved=false Running attempts=1
			  POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartQuorumLoss start done 202
			sfcancel.start_partition_restart Accepted resolved=false Running attempts=1
			  POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartRestart start done 202
			sfcancel.start_node_transition Accepted resolved=false Running attempts=1
			  POST /Faults/Nodes/{nodeName}/$/StartTransition/ start done 202`,
		},
		{
			name: "a failover to another endpoint",
			script: func(c *sftest.Cluster) {
				c.On(sftest.Graceful, sftest.Status(503, "FABRIC_E_GATEWAY_NOT_REACHABLE"))
			},
			call: func(ctx context.Context, client *wrapper.Client, id uuid.UUID) {
				_, _ = client.Cancel(ctx, id, wrapper.CancelOptions{})
			},
			want: `
			sfcancel.cancel Accepted resolved=false RollingBack attempts=3
			  *sfcancel.failover cluster.test:19080 second.test:19080
			  *sfcancel.pause ambiguous 503
			  POST /Faults/$/Cancel graceful ambiguous 503 FABRIC_E_GATEWAY_NOT_REACHABLE error=503 !
			  GET /two/Faults/ read done 200 resend=1
			  POST /two/Faults/$/Cancel graceful done 200 resend=2`,
		},
		{
			name: "a watch that the caller ends",
			call: func(ctx context.Context, client *wrapper.Client, id uuid.UUID) {
				for _, err := range client.Watch(ctx, id, wrapper.WaitOptions{}) {
					_ = err
					break
				}
			},
			want: `
			sfcancel.watch Running attempts=1
			  *sfcancel.state Running
			  GET /Faults/ read done 200`,
		},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, m := sftest.NewCluster(t), newTelemetry(t)
			id := c.Put(emulator.Record{})
			if tc.script != nil {
				tc.script(c)
			}
			options := []wrapper.Option{fastWith(3), m.instrument()}
			if tc.name == "a failover to another endpoint" {
				options = append(options, wrapper.WithEndpoints("http://second.test:19080/two"), wrapper.WithAttemptMiddleware(withoutPrefix("/two")))
			}
			tc.call(t.Context(), c.Client(options...), id)
			m.wantTree(tc.want)
		})
	}
}

// The span of a stop that needs a force has sfcancel.force, and counts reads as attempts.
func TestStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, m := sftest.NewCluster(t, sftest.WithClock(time.Now)), newTelemetry(t)
		id := c.Put(emulator.Record{
			Step:     emulator.StepLookingUpState,
			Scenario: emulator.Scenario{LookUp: time.Second, UndoFails: emulator.Failure{Times: emulator.Always}},
		})
		client := c.Client(m.instrument())
		begin := time.Now()
		if _, err := client.Stop(t.Context(), id, wrapper.StopOptions{}); err != nil {
			t.Fatal(err)
		}
		took := time.Since(begin)
		s := m.named("sfcancel.stop")
		if d := s.EndTime().Sub(s.StartTime()); d != took {
			t.Errorf("got a span of %v, want %v", d, took)
		}
		got := shortly(s.Attributes())
		if want := " Finished resolved=false ForceCancelled force=true attempts="; got[:min(len(want), len(got))] != want {
			t.Errorf("got attributes%s, want%s...", got, want)
		}
		var seen string
		for _, e := range s.Events() {
			if e.Name == "sfcancel.state" {
				seen += attributes(e.Attributes) + "\n"
			}
		}
		want(t, "the states", strings.TrimSpace(seen), `
			sfcancel.force.in float64 60
			sfcancel.state string RollingBack
			sfcancel.state string RollingBack
			sfcancel.state string ForceCancelled`)
		if n := len(m.spans()) - 1; n != len(c.Requests()) {
			t.Errorf("got spans of %d requests, want %d", n, len(c.Requests()))
		}
	})
}

// The exact attributes of a call, its events and its requests.
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
		t.Errorf("call: got kind %v and scope %+v, want internal and wrapper/otel with schema 1.43.0", call.SpanKind(), call.InstrumentationScope())
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
			t.Errorf("%s: got parent %s, want %s, the call", s.Name(), s.Parent().SpanID(), call.SpanContext().SpanID())
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

// forgetful is a ledger that stores nothing.
type forgetful struct{ err error }

// Append accepts the intent to force, without which there would be no force.
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
		t.Errorf("%s: got\n%s\nwant\n%s", what, got, want)
	}
}

// If middleware changes a URL, credentials and parameters that are not of the API are redacted, and a path that is not
// of the API does not get into the name of a span.
func TestURL(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, method, url, wantName, wantFull, wantAddress string
	}{
		{"unchanged", "GET", "http://c/Faults/?api-version=6.0", "GET /Faults/", "http://c/Faults/?api-version=6.0", "c 80"},
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
					t.Errorf("got %s, want %s in it", attrs, line)
				}
			}
		})
	}
	t.Run("an endpoint with a path", func(t *testing.T) {
		t.Parallel()
		m := newTelemetry(t)
		read(t, m, "http://c/a%2Fb/x%20y", okay)
		m.named("GET /a%2Fb/x%20y/Faults/")
		m = newTelemetry(t)
		read(t, m, "http://c/a", okay, changing(func(r *http.Request) { r.URL.Path = "/Faults/" }))
		m.named("GET")
	})
}

// okay answers with an empty list.
func okay(r *http.Request) (*http.Response, error) { return answer(r, "[]"), nil }

// read makes one request with an instrumented client, with attempt middleware around the instrumentation.
func read(t *testing.T, m *telemetry, endpoint string, transport trip, outer ...func(http.RoundTripper) http.RoundTripper) {
	t.Helper()
	client, err := wrapper.New(endpoint, wrapper.WithAttemptMiddleware(outer...), fastWith(1), m.instrument(),
		wrapper.WithHTTPClient(&http.Client{Transport: transport}))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = client.Operations(t.Context())
}

// Every path of the document is reported as a template, and its query parameters are not redacted.
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
				t.Errorf("got %s, want the template %s", attrs, path)
			}
			if strings.Contains(attrs, "REDACTED") || !strings.Contains(attrs, query.Encode()) {
				t.Errorf("got %s, want %s in it, unredacted", attrs, query.Encode())
			}
		}
	}
}

func answer(r *http.Request, body string) *http.Response {
	return &http.Response{
		Status: "200 OK", StatusCode: 200, Proto: "HTTP/2.0", ProtoMajor: 2,
		Header: make(http.Header), Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1, Request: r,
	}
}

// The errors of a transport map to a fixed set of values of error.type.
func TestErrorTypes(t *testing.T) {
	t.Parallel()
	cases := []struct {
		err  error
		want string
	}{
		{errors.New("secret"), "_OTHER"},
		{fmt.Errorf("a: %w", io.EOF), "connection_lost"},
		{io.ErrUnexpectedEOF, "connection_lost"},
		{&net.OpError{Op: "read", Err: errors.New("reset")}, "connection_lost"},
		{&net.OpError{Op: "dial", Err: errors.New("refused")}, "connection_failed"},
		{&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "secret"}}, "name_not_resolved"},
		{&net.DNSError{Err: "late", IsTimeout: true}, "timeout"},
		{&tls.CertificateVerificationError{Err: errors.New("expired")}, "server_certificate_invalid"},
		{fmt.Errorf("%w: no token", wrapper.ErrNotSent), "not_sent"},
		{context.DeadlineExceeded, "timeout"},
		{context.Canceled, "canceled"},
	}
	for _, tc := range cases {
		m := newTelemetry(t)
		read(t, m, "http://c", func(*http.Request) (*http.Response, error) { return nil, tc.err })
		if attrs := attributes(m.named("GET /Faults/").Attributes()); !strings.Contains(attrs, "error.type string "+tc.want+"\n") {
			t.Errorf("%v: got\n%s\nwant error.type %s", tc.err, attrs, tc.want)
		}
	}
}

// The span of a request reports a timeout or a cancellation, whichever context ends, before or within the response.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		fault  sftest.Fault
		option wrapper.Option
		bound  func(context.Context) (context.Context, context.CancelFunc)
		want   string
	}{
		{"attempt timeout before the response", sftest.HangAfter(), wrapper.WithRetry(wrapper.Retry{AttemptTimeout: time.Second, MaxAttempts: 1}), context.WithCancel, `
			sfcancel.cancel attempts=1 error=outcome_unknown !
			  POST /Faults/$/Cancel graceful ambiguous error=timeout !`},
		{"deadline of the caller before the response", sftest.HangAfter(), fastWith(1), within(time.Second), `
			sfcancel.cancel attempts=1 error=outcome_unknown !
			  POST /Faults/$/Cancel graceful ambiguous error=timeout !`},
		{"attempt timeout within the response", sftest.Func(half), wrapper.WithRetry(wrapper.Retry{AttemptTimeout: time.Second, MaxAttempts: 1}), context.WithCancel, `
			sfcancel.cancel attempts=1 error=outcome_unknown !
			  POST /Faults/$/Cancel graceful ambiguous 200 error=timeout !`},
		{"cancellation before the response", sftest.HangAfter(), fastWith(1), cancelledIn(time.Second), `
			sfcancel.cancel attempts=1 error=outcome_unknown !
			  POST /Faults/$/Cancel graceful ambiguous error=canceled !`},
		{"cancellation within the response", sftest.Func(half), fastWith(1), cancelledIn(time.Second), `
			sfcancel.cancel attempts=1 error=outcome_unknown !
			  POST /Faults/$/Cancel graceful ambiguous 200 error=canceled !`},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := sftest.NewCluster(t, sftest.WithClock(time.Now)), newTelemetry(t)
				id := c.Put(emulator.Record{})
				c.On(sftest.Graceful, tc.fault)
				ctx, cancel := tc.bound(t.Context())
				defer cancel()
				_, err := c.Client(tc.option, m.instrument()).Cancel(ctx, id, wrapper.CancelOptions{})
				if !errors.Is(err, wrapper.ErrOutcomeUnknown) {
					t.Errorf("got %v, want %v", err, wrapper.ErrOutcomeUnknown)
				}
				m.wantTree(tc.want)
				s := m.named("POST /Faults/$/Cancel")
				if d := s.EndTime().Sub(s.StartTime()); d != time.Second {
					t.Errorf("got a request span of %v, want a second, which includes the body", d)
				}
			})
		})
	}
}

// half sends half a body and then hangs.
func half(http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "[")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	})
}

func within(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, d) }
}

func cancelledIn(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(d, cancel)
		return ctx, cancel
	}
}

// reading is a body that calls a function when it is read.
type reading func()

func (f reading) Read([]byte) (int, error) { f(); return 0, io.EOF }
func (f reading) Close() error             { return nil }

// A function that panics or exits the goroutine leaves no span open, and is not recovered.
func TestPanics(t *testing.T) {
	t.Parallel()
	const inTransport = `
		sfcancel.list_operations attempts=0 error=panic !
		  GET /Faults/ read error=panic !`
	const inBody = `
		sfcancel.list_operations attempts=0 error=panic !
		  GET /Faults/ read 200 error=panic !`
	cases := []struct {
		name      string
		transport trip
		want      string
	}{
		{"a transport that panics", func(*http.Request) (*http.Response, error) { panic("secret") }, inTransport},
		{"a transport that exits", func(*http.Request) (*http.Response, error) { runtime.Goexit(); return nil, nil }, inTransport},
		{"a body that panics", func(r *http.Request) (*http.Response, error) {
			a := answer(r, "")
			a.Body = reading(func() { panic("secret") })
			return a, nil
		}, inBody},
		{"a body that exits", func(r *http.Request) (*http.Response, error) {
			a := answer(r, "")
			a.Body = reading(runtime.Goexit)
			return a, nil
		}, inBody},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := newTelemetry(t)
			var wait sync.WaitGroup
			wait.Add(1)
			go func() {
				defer wait.Done()
				defer func() { _ = recover() }()
				read(t, m, "http://c", tc.transport)
				t.Error("got a call that returned, want one that panics")
			}()
			wait.Wait()
			m.wantTree(tc.want)
			m.wantPoints("sfcancel.call.duration", `1 error.type=panic sfcancel.call=list_operations`)
			if strings.Contains(m.everything(), "secret") {
				t.Errorf("got the text of the panic in the telemetry, want it left out:\n%s", m.everything())
			}
		})
	}
	t.Run("a panic in the loop over a watch", func(t *testing.T) {
		t.Parallel()
		c, m := sftest.NewCluster(t), newTelemetry(t)
		id := c.Put(emulator.Record{})
		func() {
			defer func() { _ = recover() }()
			for _, err := range c.Client(m.instrument()).Watch(t.Context(), id, wrapper.WaitOptions{}) {
				panic(fmt.Sprint("secret", err))
			}
		}()
		m.wantTree(`
			sfcancel.watch attempts=1 error=panic !
			  *sfcancel.state Running
			  GET /Faults/ read done 200`)
	})
}
