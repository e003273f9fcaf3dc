package server_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

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

func TestRequestID(t *testing.T) {
	tests := []struct {
		name  string
		given []string
		taken bool
	}{
		{"real clients: .NET sends two GUIDs", []string{id + ":" + partition}, true},
		{"any printable ASCII", []string{"a b~!"}, true},
		{"128 characters", []string{strings.Repeat("x", 128)}, true},
		{"129 characters", []string{strings.Repeat("x", 129)}, false},
		{"beyond ASCII", []string{"ö"}, false},
		{"control character", []string{"a\tb"}, false},
		{"empty", []string{""}, false},
		{"none", nil, false},
		{"the first of several", []string{"one", "two"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := parse("POST", gracefully)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range tt.given {
				r.Header.Add("X-ServiceFabricRequestId", v)
			}
			var inside string
			got := askWith(t, &spy{act: func(ctx context.Context) error {
				inside = server.RequestID(ctx)
				return nil
			}}, r)
			echoed := got.header.Get("X-ServiceFabricRequestId")
			if inside != echoed {
				t.Errorf("%q inside, %q in the answer", inside, echoed)
			}
			if tt.taken {
				if echoed != tt.given[0] {
					t.Errorf("got %q, want %q", echoed, tt.given[0])
				}
			} else if uuid.Validate(echoed) != nil {
				t.Errorf("%q is no new id", echoed)
			}
		})
	}
	if got := server.RequestID(t.Context()); got != "" {
		t.Errorf("outside of a request: %q", got)
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
