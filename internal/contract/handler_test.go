package contract

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A handler can control its connection through the checker.
func TestHandlerIsTransparent(t *testing.T) {
	var rec reports
	h := Handler(&rec, Edge{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusEarlyHints)
		c := http.NewResponseController(w)
		if err := errors.Join(c.SetWriteDeadline(time.Now().Add(time.Hour)), c.Flush()); err != nil {
			t.Error(err)
		}
		if r.URL.Path != "/Faults/" || r.PathValue("x") != "y" {
			t.Errorf("got %v with x=%q, want /Faults/ with y", r.URL, r.PathValue("x"))
		}
		_, _ = w.Write(body)
	}))
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", asJSON)
		r.SetPathValue("x", "y")
		h.ServeHTTP(w, r)
	}))
	defer srv.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+list, strings.NewReader("[]"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "[]" || resp.StatusCode != 200 {
		t.Errorf("%d %q, %v", resp.StatusCode, body, err)
	}
	if got := rec.String(); got != "" {
		t.Error(got)
	}
}

// The checker ignores an aborted answer, and does not change how it is aborted.
func TestAbortedAnswers(t *testing.T) {
	half := func(end func()) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusTeapot)
			end()
		})
	}
	for name, end := range map[string]func(){
		"abort":  func() { panic(http.ErrAbortHandler) },
		"panic":  func() { panic("x") },
		"goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			var rec reports
			h := Handler(&rec, Edge{}, half(end))
			returned := false
			var value any
			var wg sync.WaitGroup
			wg.Go(func() {
				defer func() { value = recover() }()
				h.ServeHTTP(httptest.NewRecorder(), parse(t, "POST", gracefully))
				returned = true
			})
			wg.Wait()
			if returned || (value == nil) != (name == "goexit") {
				t.Errorf("returned: %v, panicked with %v", returned, value)
			}
			if got := rec.String(); got != "" {
				t.Error(got)
			}
		})
	}
}

func TestConcurrentUse(t *testing.T) {
	var rec reports
	h := Handler(&rec, Edge{}, newServer(t, Edge{}))
	var wg sync.WaitGroup
	for i := range 64 {
		target := gracefully
		if i%2 == 0 {
			target = cancel + "&Force=x"
		}
		wg.Go(func() { h.ServeHTTP(httptest.NewRecorder(), parse(t, "POST", target)) })
	}
	wg.Wait()
	if got := rec.String(); got != "" {
		t.Error(got)
	}
}

// A checker starts no timers and does not block.
func TestInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		h := Handler(t, Edge{}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), time.Hour)
			defer cancel()
			<-ctx.Done()
		}))
		h.ServeHTTP(httptest.NewRecorder(), parse(t, "POST", gracefully))
		if took := time.Since(start); took != time.Hour {
			t.Errorf("took %v, want 0", took)
		}
	})
}

func TestReachedAlone(t *testing.T) {
	Reached(t.Context()) // without a Handler
}

func TestUnknownVersionOfTheServer(t *testing.T) {
	got := judged(t, Edge{RuntimeVersion: "new"}, differences, newServer(t, Edge{}), parse(t, "POST", gracefully))
	if !strings.Contains(got, "range of versions") {
		t.Errorf("reported %q, want %q in it", got, "range of versions")
	}
}

func BenchmarkHandler(b *testing.B) {
	next := newServer(b, Edge{})
	for name, h := range map[string]http.Handler{"checked": Handler(b, Edge{}, next), "bare": next} {
		for what, r := range map[string]*http.Request{"cancel": parse(b, "POST", gracefully), "progress": parse(b, "GET", progress), "refused": parse(b, "POST", cancel)} {
			b.Run(name+"/"+what, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					h.ServeHTTP(httptest.NewRecorder(), r)
				}
			})
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := loadAll(); err != nil {
			b.Fatal(err)
		}
	}
}
