package admin_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/cmd/sfcancel/internal/admin"
	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

func fine(context.Context) error { return nil }

// ask sends a request to a handler and returns the answer.
func ask(h http.Handler, method, target, body string, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, "http://127.0.0.1:19081"+target, strings.NewReader(body))
	for _, e := range edit {
		e(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestHealth(t *testing.T) {
	broken := func(context.Context) error { return errors.New("no space left on device") }
	for _, tt := range []struct {
		name, method, target, host string
		ready                      func(context.Context) error
		status                     int
		says                       string
	}{
		{"healthy", "GET", "/healthz", "localhost", broken, 200, "ok"},
		{"ready", "GET", "/readyz", "127.0.0.1:19081", fine, 200, "ok"},
		{"not ready", "GET", "/readyz", "127.0.0.1", broken, 503, "not ready: no space left on device"},
		{"metrics", "GET", "/metrics", "localhost", fine, 200, "go_goroutines"},
		{"no control", "GET", "/control/clock", "localhost", fine, 404, ""},
		{"another path", "GET", "/debug/pprof/", "localhost", fine, 404, ""},
		{"another verb", "POST", "/healthz", "localhost", fine, 405, ""},
		{"another host", "GET", "/metrics", "rebind.evil.example", fine, 403, "loopback"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := ask(admin.Handler(admin.NewMetrics(), tt.ready, nil), tt.method, tt.target, "", func(r *http.Request) { r.Host = tt.host })
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.says) {
				t.Errorf("got %d %q, want %d and %q", w.Code, w.Body, tt.status, tt.says)
			}
		})
	}
}

// failing is a store whose commits fail with err, and are counted.
type failing struct {
	store.Store
	err   error
	tries int
}

func (f *failing) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	if f.tries++; f.err != nil {
		return 0, f.err
	}
	return f.Store.Commit(ctx, txn)
}

// Ready probes the store once a second at most, and leaves nothing in it.
func TestReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := &failing{Store: memory.New()}
		ready := admin.Ready(st)
		for _, step := range []struct {
			err   error
			after time.Duration
			want  error
			tries int
		}{
			{nil, 0, nil, 1}, {store.ErrUnavailable, time.Second - 1, nil, 1}, {store.ErrUnavailable, 1, store.ErrUnavailable, 2},
			{nil, time.Second - 1, store.ErrUnavailable, 2}, {nil, 1, nil, 3},
		} {
			st.err = step.err
			time.Sleep(step.after)
			if err := ready(t.Context()); !errors.Is(err, step.want) || st.tries != step.tries {
				t.Errorf("got %v after %d tries, want %v after %d", err, st.tries, step.want, step.tries)
			}
		}
		if page, err := st.List(t.Context(), "", "", 1); err != nil || len(page.Items) != 0 {
			t.Errorf("got items %v, %v, want none", page.Items, err)
		}
	})
}

// Metrics count requests by operation, code and class, transitions, and calls of the store.
func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := admin.NewMetrics()
		st := m.Store(memory.New())
		_, scans := st.(store.Scanner)
		_, recalls := st.(store.Recaller)
		if !scans || !recalls {
			t.Errorf("got a store that scans: %v, and recalls: %v; want both, as without the metrics", scans, recalls)
		}
		engine := emulator.New(st)
		h, err := server.New(engine, server.WithTrace(m.Trace), server.WithLogger(slog.New(slog.DiscardHandler)))
		if err != nil {
			t.Fatal(err)
		}
		m.Queue(h.Load)
		ctx, stop := context.WithCancel(t.Context())
		followed := make(chan struct{})
		go func() { defer close(followed); m.Follow(ctx, engine, st) }()
		synctest.Wait()
		id := uuid.New()
		if err := engine.Put(t.Context(), emulator.Record{
			ID: id, Kind: generated.OperationTypePartitionDataLoss, Step: emulator.StepPerformingActions, Rollback: emulator.NotRollingBack,
		}); err != nil {
			t.Fatal(err)
		}
		cancel := "/Faults/$/Cancel?api-version=6.0&OperationId=" + id.String()
		ask(h, "POST", cancel+"&Force=false", "")
		ask(h, "POST", cancel+"&Force=maybe", "")
		ask(h, "GET", "/nowhere/"+id.String(), "")
		ask(h, "GET", "/Faults/?api-version=6.0&StateFilter=0xFF&TypeFilter=0", "")
		synctest.Wait()
		stop()
		<-followed
		text := ask(admin.Handler(m, fine, nil), "GET", "/metrics", "").Body.String()
		for _, want := range []string{
			`sfcancel_requests_total{class="2xx",code="",operation="CancelOperation"} 1`,
			`sfcancel_requests_total{class="4xx",code="E_INVALIDARG",operation="CancelOperation"} 1`,
			`sfcancel_requests_total{class="4xx",code="E_INVALIDARG",operation="other"} 1`,
			`sfcancel_request_duration_seconds_count{operation="GetFaultOperationList"} 1`,
			`sfcancel_transitions_total{kind="PartitionDataLoss",state="Running",step="PerformingActions"} 1`,
			`sfcancel_transitions_total{kind="PartitionDataLoss",state="RollingBack",step="PerformingActions"} 1`,
			`sfcancel_store_duration_seconds_count{call="commit",result="ok"} 2`,
			`sfcancel_store_duration_seconds_count{call="scan",result="ok"}`,
			"sfcancel_requests_running 0", "sfcancel_requests_waiting 0", "sfcancel_lists_running 0", "sfcancel_requests_refused_total 0",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("got metrics without %s, want it", want)
			}
		}
		if strings.Contains(text, id.String()) {
			t.Errorf("got the id %s in the metrics, want none", id)
		}
	})
}
