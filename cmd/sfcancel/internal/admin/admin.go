// Package admin is the address that a server serves beside the API: health, readiness, metrics in the format of
// Prometheus, and commands by which a test controls the server while it runs.
package admin

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/sfcancel/sfcancel/internal/loopback"
	"github.com/sfcancel/sfcancel/store"
)

// Handler returns a handler of /healthz, /readyz and /metrics, and of /control/ if control is not nil. It is for a
// loopback address: requests for other hosts, and cross-origin writes of browsers, are refused with 403. ready
// returns why the server is not ready, or nil.
func Handler(m *Metrics, ready func(context.Context) error, control http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := ready(r.Context()); err != nil {
			say(w, http.StatusServiceUnavailable, "not ready: "+err.Error())
			return
		}
		say(w, http.StatusOK, "ok")
	})
	mux.Handle("GET /metrics", m.handler())
	if control != nil {
		mux.Handle("/control/", control)
	}
	own := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback.Host(r.Host) {
			say(w, http.StatusForbidden, "ask for localhost or a loopback address")
			return
		}
		own.ServeHTTP(w, r)
	})
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n")) // the client may be gone
}

const (
	probeKey     = "probe" // never has a value
	probeHolds   = time.Second
	probeTimeout = 2 * time.Second
)

// Ready returns a function that reports why a store cannot be written, or nil. It commits a transaction that
// leaves nothing behind, once a second at most, and repeats the last result in between. It is safe for
// concurrent use.
func Ready(st store.Store) func(context.Context) error {
	var mu sync.Mutex
	var at time.Time
	var last error
	return func(ctx context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		if !at.IsZero() && time.Since(at) < probeHolds {
			return last
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTimeout)
		defer cancel()
		_, last = st.Commit(ctx, store.Txn{Then: []store.Write{{Key: probeKey, Delete: true}}})
		at = time.Now()
		return last
	}
}
