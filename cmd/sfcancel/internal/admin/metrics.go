package admin

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
)

// other replaces unknown label values, so that clients cannot create new series.
const other = "other"

// Metrics counts what a server does. Make it with [NewMetrics]. It is safe for concurrent use.
type Metrics struct {
	registry    *prometheus.Registry
	requests    *prometheus.CounterVec
	durations   *prometheus.HistogramVec
	transitions *prometheus.CounterVec
	stores      *prometheus.HistogramVec
}

// NewMetrics returns metrics that have counted nothing yet, besides those of the process.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sfcancel_requests_total", Help: "Requests that were answered, by API operation, code and class of status.",
		}, []string{"operation", "code", "class"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "sfcancel_request_duration_seconds", Help: "How long requests took, by API operation.", Buckets: buckets(),
		}, []string{"operation"}),
		transitions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sfcancel_transitions_total", Help: "Transitions of fault operations, by kind, step and state that they led to.",
		}, []string{"kind", "step", "state"}),
		stores: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "sfcancel_store_duration_seconds", Help: "How long calls of the store took, by call and result.", Buckets: buckets(),
		}, []string{"call", "result"}),
	}
	m.registry.MustRegister(m.requests, m.durations, m.transitions, m.stores,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// buckets range from a tenth of a millisecond, which a store in memory takes, to ten seconds.
func buckets() []float64 {
	return []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
}

func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// Queue adds the load of a handler to the metrics.
func (m *Metrics) Queue(load func() server.Load) {
	gauge := func(name, help string, of func(server.Load) int) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(of(load())) }))
	}
	gauge("sfcancel_requests_running", "Requests that are carried out, lists included.", func(l server.Load) int { return l.Running })
	gauge("sfcancel_lists_running", "Lists that are carried out.", func(l server.Load) int { return l.Lists })
	gauge("sfcancel_requests_waiting", "Requests that wait for their turn.", func(l server.Load) int { return l.Waiting })
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "sfcancel_requests_refused_total", Help: "Requests that were refused because there was too much to do.",
	}, func() float64 { return float64(load().Refused) }))
}

// Trace counts requests; see [server.WithTrace].
func (m *Metrics) Trace(ctx context.Context, _ *http.Request) (context.Context, func(server.Served)) {
	return ctx, func(s server.Served) {
		operation, code, class := other, "", "none"
		if s.Operation != nil {
			operation = s.Operation.ID
		}
		if s.Code != "" {
			if code = other; s.Code.Valid() {
				code = string(s.Code)
			}
		}
		if s.Status > 0 {
			class = strconv.Itoa(s.Status/100) + "xx"
		}
		if s.Aborted {
			class = "aborted"
		}
		m.requests.WithLabelValues(operation, code, class).Inc()
		m.durations.WithLabelValues(operation).Observe(s.Duration.Seconds())
	}
}

const followPause = time.Second

// Follow counts transitions from now on, until ctx ends or the store is closed. If the store has compacted changes
// meanwhile, Follow counts those that it can still see.
func (m *Metrics) Follow(ctx context.Context, e *emulator.Emulator, st store.Store) {
	var at store.Revision
	for {
		if page, err := st.List(ctx, "", "", 1); err == nil {
			at = page.Revision
			break
		} else if errors.Is(err, store.ErrClosed) || !pause(ctx, followPause) {
			return
		}
	}
	for {
		var failed error
		for t, err := range e.Watch(ctx, at) {
			if t.Revision > 0 {
				at = t.Revision
			}
			switch {
			case err == nil && t.Removed:
				m.transitions.WithLabelValues("", "", "Removed").Inc()
			case err == nil:
				m.transitions.WithLabelValues(string(t.Record.Kind), string(t.Record.Step), string(t.Record.State())).Inc()
			default:
				failed = err
			}
		}
		if errors.Is(failed, store.ErrClosed) || !pause(ctx, followPause) {
			return
		}
	}
}

// pause waits for d. It reports false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Store returns a store that times the calls of st, except for watches, which wait. If st can be scanned, so can
// the result, which then also passes on batches and recalls.
func (m *Metrics) Store(st store.Store) store.Store {
	if _, ok := st.(store.Scanner); ok {
		return timedScanner{timed{st, m}}
	}
	return timed{st, m}
}

type timed struct {
	store.Store
	m *Metrics
}

func (t timed) done(call string, begun time.Time, err error) {
	result := "error"
	switch {
	case err == nil:
		result = "ok"
	case errors.Is(err, store.ErrNotFound):
		result = "not found"
	case errors.Is(err, store.ErrConflict):
		result = "conflict"
	case errors.Is(err, store.ErrCompacted):
		result = "not remembered"
	case errors.Is(err, store.ErrUnavailable):
		result = "unavailable"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		result = "given up"
	}
	t.m.stores.WithLabelValues(call, result).Observe(time.Since(begun).Seconds())
}

func (t timed) Get(ctx context.Context, key string) (store.Item, error) {
	begun := time.Now()
	item, err := t.Store.Get(ctx, key)
	t.done("get", begun, err)
	return item, err
}

func (t timed) List(ctx context.Context, prefix, after string, limit int) (store.Page, error) {
	begun := time.Now()
	page, err := t.Store.List(ctx, prefix, after, limit)
	t.done("list", begun, err)
	return page, err
}

func (t timed) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	begun := time.Now()
	at, err := t.Store.Commit(ctx, txn)
	t.done("commit", begun, err)
	return at, err
}

type timedScanner struct{ timed }

func (t timedScanner) Scan(ctx context.Context, prefix, after string, limit int, see func(key, value []byte, at store.Revision) bool) (store.Revision, error) {
	begun := time.Now()
	at, err := store.Scan(ctx, t.Store, prefix, after, limit, see)
	t.done("scan", begun, err)
	return at, err
}

func (t timedScanner) CommitEach(ctx context.Context, txns []store.Txn) []store.Outcome {
	begun := time.Now()
	outcomes := store.CommitEach(ctx, t.Store, txns)
	for _, out := range outcomes {
		t.done("commit", begun, out.Err)
	}
	return outcomes
}

func (t timedScanner) Recall(ctx context.Context, prefix string, after store.Revision, most int) ([]store.Change, store.Revision, error) {
	begun := time.Now()
	changes, at, err := store.Recall(ctx, t.Store, prefix, after, most)
	t.done("recall", begun, err)
	return changes, at, err
}
