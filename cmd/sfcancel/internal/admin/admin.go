// Package admin is what a serving process says of itself beside the API: whether it lives, whether it can
// write, and what it has done, in the format of Prometheus; and how a test controls it meanwhile.
package admin

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/sfcancel/sfcancel/internal/loopback"
	"github.com/sfcancel/sfcancel/store"
)

// Handler serves /healthz, /readyz and /metrics, and what is below /control/ if control is not nil. It is for a
// loopback address: requests for other hosts, and writes of pages of other sites, are refused with 403.
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
	probeKey     = "probe" // which nothing is ever written to
	probeHolds   = time.Second
	probeTimeout = 2 * time.Second
)

// Ready returns a function that says why a store cannot be written. It finds out with a transaction that
// leaves nothing, once a second at most, however many ask.
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
