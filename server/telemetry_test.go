package server_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

type logLine struct {
	Level       slog.Level
	Msg         string
	Method      string
	Route       string
	Status      int
	Duration    *time.Duration
	Code        string
	Cause       any
	Aborted     bool
	RequestID   string `json:"request_id"`
	OperationID string `json:"operation_id"`
}

func oneLine(t *testing.T, log *buffer) logLine {
	t.Helper()
	text := log.String()
	if strings.Count(text, "\n") != 1 {
		t.Fatalf("not one line: %s", text)
	}
	var line logLine
	if err := json.Unmarshal([]byte(text), &line); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if line.Msg != "request" || line.Duration == nil || line.RequestID == "" {
		t.Errorf("incomplete line: %s", text)
	}
	return line
}

func TestLogLine(t *testing.T) {
	tests := []struct {
		name, method, target string
		want                 logLine
	}{
		{"success", "POST", gracefully + "&password=" + secret, logLine{Level: slog.LevelInfo, Method: "POST", Route: "/Faults/$/Cancel", Status: 200, OperationID: id}},
		{"variables of the path are not in it", "POST", dataLoss + "&DataLossMode=FullDataLoss", logLine{
			Level: slog.LevelInfo, Method: "POST", Route: "/Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartDataLoss", Status: 202, OperationID: id,
		}},
		{"refused after the id", "POST", cancel + "&Force=" + secret, logLine{Level: slog.LevelInfo, Method: "POST", Route: "/Faults/$/Cancel", Status: 400, Code: "E_INVALIDARG", OperationID: id}},
		{"refused before the id", "POST", cancelPath + "?api-version=" + secret, logLine{Level: slog.LevelInfo, Method: "POST", Route: "/Faults/$/Cancel", Status: 400, Code: "E_INVALIDARG"}},
		{"bad id", "POST", cancelPath + "?api-version=6.0&OperationId=" + secret, logLine{Level: slog.LevelInfo, Method: "POST", Route: "/Faults/$/Cancel", Status: 400, Code: "E_INVALIDARG"}},
		{"no route", "GET", "/" + secret, logLine{Level: slog.LevelInfo, Method: "GET", Status: 400, Code: "E_INVALIDARG"}},
		{"long method", strings.Repeat("M", 100), "/", logLine{Level: slog.LevelInfo, Method: strings.Repeat("M", 32) + "...", Status: 400, Code: "E_INVALIDARG"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log buffer
			got := ask(t, tt.method, tt.target, server.WithLogger(log.logger()))
			line := oneLine(t, &log)
			if line.RequestID != got.header.Get("X-ServiceFabricRequestId") {
				t.Errorf("request id %q in the log, %q in the answer", line.RequestID, got.header.Get("X-ServiceFabricRequestId"))
			}
			line.RequestID, line.Duration, line.Msg = "", nil, ""
			if line != tt.want {
				t.Errorf("\n got %+v\nwant %+v", line, tt.want)
			}
			if strings.Contains(log.String(), secret) {
				t.Errorf("the raw request is in the log: %s", log.String())
			}
		})
	}
}

func TestQuietLoggerCostsNothing(t *testing.T) {
	var log buffer
	l := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if got := ask(t, http.MethodPost, gracefully, server.WithLogger(l)); got.want != ok || log.String() != "" {
		t.Errorf("got %v, log %q", got.want, log.String())
	}
}

// One line says who forced what: where the request came from, who sent it, and which one it was.
func TestLogOfForce(t *testing.T) {
	for _, tt := range []struct {
		name, method, target string
		opts                 []server.Option
		force                any
		status               float64
	}{
		{"a force", "POST", cancel + "&Force=true", nil, true, 200},
		{"as .NET writes it", "POST", cancel + "&Force=True", nil, true, 200},
		{"a graceful cancel", "POST", gracefully, nil, false, 200},
		{"none said, in the runtime", "POST", cancel, []server.Option{server.WithProfile(server.Runtime)}, false, 200},
		{"what is neither", "POST", cancel + "&Force=" + secret, nil, nil, 400},
		{"what cannot force", "POST", dataLoss + "&DataLossMode=FullDataLoss&Force=true", nil, nil, 202},
		{"a force that was refused", "POST", cancel + "&Force=true", []server.Option{server.WithAuthenticator(
			func(*http.Request) (server.Role, string, error) { return server.User, "audit", nil })}, true, 403},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log buffer
			r, err := parse(tt.method, tt.target)
			if err != nil {
				t.Fatal(err)
			}
			r.RemoteAddr = "192.0.2.1:4711"
			askWith(t, &spy{}, r, append(tt.opts, server.WithLogger(log.logger()))...)
			var line map[string]any
			if err := json.Unmarshal([]byte(log.String()), &line); err != nil {
				t.Fatal(err)
			}
			if line["force"] != tt.force || line["remote"] != "192.0.2.1:4711" || line["operation_id"] != id || line["request_id"] == "" || line["status"] != tt.status {
				t.Errorf("got %s, want force=%v", log.String(), tt.force)
			}
			if strings.Contains(log.String(), secret) {
				t.Errorf("the raw request is in the log: %s", log.String())
			}
		})
	}
}

// The log says who was let in or turned away, and why, and repeats no more of a
// certificate than its thumbprint and the beginning of a name.
func TestLogOfClients(t *testing.T) {
	const evil = "\"}\n{\"level\":\"ERROR\",\"msg\":\"" + secret
	ca := issue(t, nil, "roots", authority)
	evilCA := issue(t, nil, evil, authority)
	const long = "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz"
	in := server.ClientCertificates{Admin: []string{"admin", "CN=" + long}, User: []string{"user"}, Roles: true, CA: ca.pool()}

	type said struct{ Name, Role, Cause, Code string }
	tests := []struct {
		name string
		cert *issued
		want said
	}{
		{"admin", issue(t, ca, "admin"), said{Name: "admin", Role: "admin"}},
		{"user who may not", issue(t, ca, "user"), said{Name: "user", Role: "user", Code: "E_ACCESSDENIED"}},
		{"long name", issue(t, ca, long), said{Name: long[:32] + "...", Role: "admin"}},
		{"none", nil, said{Cause: "there is no client certificate"}},
		{"stranger", issue(t, ca, "stranger"), said{Name: "stranger", Cause: "the client certificate is neither an admin's nor a user's"}},
		{"stranger with a hostile name", issue(t, ca, evil), said{Name: "?}?{?level?:?ERROR?,?msg?:?hunte...", Cause: "the client certificate is neither an admin's nor a user's"}},
		{"no name", issue(t, ca, "", func(c *x509.Certificate) { c.Subject.Organization = []string{secret} }), said{Cause: "the client certificate is neither an admin's nor a user's"}},
		{"expired", issue(t, ca, "admin", expired), said{Name: "admin", Cause: "the client certificate has expired"}},
		{"not valid yet", issue(t, ca, "admin", early), said{Name: "admin", Cause: "the client certificate is not valid yet"}},
		{"not for clients", issue(t, ca, "admin", ofServer), said{Name: "admin", Cause: "the client certificate is not meant for authenticating clients"}},
		{"untrusted, from a CA with a hostile name", issue(t, evilCA, "admin").sending(evilCA), said{Name: "admin", Cause: "the client certificate does not chain to the CA"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log buffer
			at := listenFor(t, bareHandler(t, &spy{}, server.WithLogger(log.logger()), server.WithClientCertificates(in)))
			at.send(t, at.as(t, tt.cert, "HTTP/1.1"), "POST", gracefully, nil)
			line := oneLine(t, &log)
			if line.Route != cancelPath || line.Level != 0 {
				t.Errorf("got %+v", line)
			}
			var got struct {
				said
				Client     string
				ClientName string `json:"client_name"`
			}
			if err := json.Unmarshal([]byte(log.String()), &got); err != nil {
				t.Fatal(err)
			}
			got.Name = got.ClientName
			thumbprint := ""
			if tt.cert != nil {
				thumbprint = strings.ToUpper(tt.cert.thumbprint())
			}
			if got.said != tt.want || got.Client != thumbprint {
				t.Errorf("got %+v, want %+v of %q", got, tt.want, thumbprint)
			}
			if strings.Contains(log.String(), secret) {
				t.Errorf("the certificate is in the log: %s", log.String())
			}
		})
	}
	t.Run("without security there is nobody to name", func(t *testing.T) {
		var log buffer
		at := listenFor(t, bareHandler(t, &spy{}, server.WithLogger(log.logger())))
		at.send(t, at.as(t, issue(t, ca, "admin"), "HTTP/1.1"), "POST", gracefully, nil)
		if strings.Contains(log.String(), `"client`) || strings.Contains(log.String(), `"role"`) {
			t.Errorf("log %s", log.String())
		}
	})
}

type traceKey struct{}

// A trace hears of every request and of what came of it, and the implementation gets its context.
func TestTrace(t *testing.T) {
	t.Parallel()
	var served []server.Served
	var inner []any
	trace := func(name string) server.Option {
		return server.WithTrace(func(ctx context.Context, _ *http.Request) (context.Context, func(server.Served)) {
			return context.WithValue(ctx, traceKey{}, name), func(s server.Served) { served = append(served, s) }
		})
	}
	look := server.WithMiddleware(func(next server.Invoke) server.Invoke {
		return func(ctx context.Context, op *generated.Operation, request any) (any, error) {
			inner = append(inner, ctx.Value(traceKey{}))
			return next(ctx, op, request)
		}
	})
	h := newHandler(t, canceller{}, trace("outer"), trace("inner"), look)
	for _, tt := range []struct {
		method, target string
		want           server.Served
		operation      string
		reached        bool
	}{
		{"POST", gracefully, server.Served{Route: "/Faults/$/Cancel", Status: 200, Role: server.Admin}, "CancelOperation", true},
		{"POST", cancel + "&Force=1", server.Served{Route: "/Faults/$/Cancel", Status: 400, Code: generated.ErrorCodeInvalidArg, Role: server.Admin}, "CancelOperation", false},
		{"GET", "/Faults?api-version=6.0", server.Served{Route: "/Faults/", Status: 404, Code: generated.ErrorCodeNameDoesNotExist, Role: server.Admin}, "GetFaultOperationList", false},
		{"GET", "/", server.Served{Route: "/", Status: 200, Role: server.Admin}, "", false},
		{"GET", "/nowhere?api-version=6.0", server.Served{Status: 400, Code: generated.ErrorCodeInvalidArg}, "", false},
	} {
		served, inner = nil, nil
		r, err := parse(tt.method, tt.target)
		if err != nil {
			t.Fatal(err)
		}
		h.ServeHTTP(&sink{header: make(http.Header)}, r)
		if len(served) != 2 || (len(inner) == 1) != tt.reached || tt.reached && inner[0] != "inner" {
			t.Fatalf("%s: %d ends, the implementation saw %v, want both ends and the inner context", tt.target, len(served), inner)
		}
		got := served[0]
		id := ""
		if got.Operation != nil {
			id = got.Operation.ID
		}
		if got.Operation, got.RequestID, got.Duration = nil, "", 0; got != tt.want || id != tt.operation {
			t.Errorf("%s: got %+v of %q, want %+v of %q", tt.target, got, id, tt.want, tt.operation)
		}
	}
}
