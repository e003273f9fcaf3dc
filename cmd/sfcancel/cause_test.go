package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
)

// A list asks for the causes of Faulted operations several at a time, and is complete if none is answered.
func TestCausesAreBounded(t *testing.T) {
	t.Parallel()
	const faulted = 100
	var now, most, asked atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		if strings.HasSuffix(r.URL.Path, "/Faults/") || strings.HasSuffix(r.URL.Path, "/Faults") {
			list := make([]string, faulted)
			for i := range list {
				list[i] = fmt.Sprintf(`{"OperationId":%q,"State":"Faulted","Type":"PartitionRestart"}`, uuid.NewString())
			}
			fmt.Fprintf(w, "[%s]", strings.Join(list, ","))
			return
		}
		asked.Add(1)
		n := now.Add(1)
		defer now.Add(-1)
		for was := most.Load(); n > was && !most.CompareAndSwap(was, n); was = most.Load() {
		}
		<-r.Context().Done() // so that concurrent requests add up
	}))
	defer srv.Close()
	code, out, errs := sfcancel(t, "list", "-o", "json", "--endpoint", srv.URL)
	var docs []operationJSON
	if err := json.Unmarshal([]byte(out), &docs); err != nil || code != exitOK || len(docs) != faulted || docs[0].EndedWhy != "" {
		t.Errorf("exit %d, %v, %d operations, want %d with %d operations without causes: %s", code, err, len(docs), exitOK, faulted, errs)
	}
	if n := most.Load(); n < 1 || n > concurrency {
		t.Errorf("got %d requests at once, want 1 to %d", n, concurrency)
	}
	before := asked.Load()
	if code, out, _ := sfcancel(t, "list", "-q", "--endpoint", srv.URL); code != exitOK || strings.Count(out, "\n") != faulted || asked.Load() != before {
		t.Errorf("-q: exit %d, %d lines, %d requests for causes, want %d, %d, 0", code, strings.Count(out, "\n"), asked.Load()-before, exitOK, faulted)
	}
}
