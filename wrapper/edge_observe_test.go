package wrapper_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/sfcancel/sfcancel/wrapper"
)

// All observers hear of everything ([wrapper.WithObserver]).
func TestObserversHearOfEverything(t *testing.T) {
	t.Parallel()
	first, second := make(map[string]int), make(map[string]int)
	counting := func(heard map[string]int) wrapper.Option {
		return wrapper.WithObserver(func(_ context.Context, e wrapper.Event) { heard[e.Name]++ })
	}
	p := serving(answer{status: 503}, runningList())
	client := directClient(t, &p.answers, counting(first), counting(second), wrapper.WithEndpoints("http://b"), wrapper.WithRetry(fast))
	_, err := client.Operations(t.Context())
	must(t, err)
	want := map[string]int{"call": 1, "request": 2, "pause": 1, "failover": 1}
	if !maps.Equal(first, want) || !maps.Equal(second, want) {
		t.Errorf("the first heard of %v, the second of %v, want %v", first, second, want)
	}
}

// An observer hears how long a call took ([wrapper.Event]).
func TestObserversHearTheTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := new(diary)
		p := serving(retryAfter(503, "7"), runningList())
		_, err := directClient(t, &p.answers, wrapper.WithObserver(d.observe), wrapper.WithRetry(wrapper.Retry{Base: 1, Cap: 1})).Operations(t.Context())
		must(t, err)
		if last := d.lines[len(d.lines)-1]; !strings.Contains(last, "error false, 7") {
			t.Error(last)
		}
	})
}

// A capture holds the requests of one call, the last, and is the caller's own
// ([wrapper.CallOptions].Attempts).
func TestCaptureIsOfOneCall(t *testing.T) {
	t.Parallel()
	var attempts []wrapper.Attempt
	ctx := wrapper.PerCall(t.Context(), wrapper.CallOptions{Attempts: &attempts})
	client := directClient(t, serving(done))
	result, err := client.Cancel(ctx, opID, wrapper.CancelOptions{})
	must(t, err)
	attempts[0].Status = 1
	if result.Attempts[0].Status != 200 {
		t.Error("the result changed with the capture")
	}
	_, err = client.Cancel(ctx, opID, wrapper.CancelOptions{})
	must(t, err)
	if len(attempts) != 1 {
		t.Errorf("%d requests after two calls of one each", len(attempts))
	}
	_, err = client.Cancel(wrapper.PerCall(t.Context(), wrapper.CallOptions{Attempts: nil}), opID, wrapper.CancelOptions{})
	must(t, err)
}

// What middleware says without going on is no meaning of this package's
// ([wrapper.WithCallMiddleware]: ErrNotSent, with the error behind it).
func TestMiddlewareMeansNotSent(t *testing.T) {
	t.Parallel()
	refuses := wrapper.WithCallMiddleware(func(wrapper.CallFunc) wrapper.CallFunc {
		return func(context.Context, wrapper.Call) (wrapper.Outcome, error) {
			return wrapper.Outcome{}, fmt.Errorf("%w: as before", wrapper.ErrOutcomeUnknown)
		}
	})
	err := cancelWith(t.Context(), directClient(t, serving(done), refuses), false)
	onlyKind(t, err, wrapper.ErrNotSent)
}

// No client is printed like any other.
func TestNoClientPrints(t *testing.T) {
	t.Parallel()
	if s := fmt.Sprint((*wrapper.Client)(nil)); s != "wrapper.Client(nil)" {
		t.Error(s)
	}
}

// A log says where a failover came from and went to; no text that a server wrote is in it,
// also not as the name of a state ([wrapper.WithLogger]).
func TestLogHoldsNoForeignText(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("A", 65)
	for name, state := range map[string]string{"a sentence": "drop table", "too long for a name": long} {
		var out bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		list := answer{status: 200, body: strings.Replace(runningList().body, "Running", state, 1)}
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			now := list
			if r.URL.Host == "cluster:19080" || r.Method == http.MethodPost {
				now = answer{status: 400, body: fabricError(wrapper.Code(state))}
			}
			if r.URL.Host == "cluster:19080" {
				now.status = 503
			}
			(&answers{made: []answer{now}}).ServeHTTP(w, r)
		})
		client := directClient(t, handler, wrapper.WithLogger(logger), wrapper.WithEndpoints("http://b"), wrapper.WithRetry(fast))
		_, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{}) // reads the state at b, and is refused
		wantKind(t, err, wrapper.ErrOutcomeUnknown)
		if strings.Contains(out.String(), state) || !strings.Contains(out.String(), "state=\"not a name\"") {
			t.Errorf("%s: %s", name, out.String())
		}
		lines := strings.Split(out.String(), "\n")
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "from=cluster:19080 to=b") }) {
			t.Errorf("no failover from cluster to b in %s", out.String())
		}
	}
}
