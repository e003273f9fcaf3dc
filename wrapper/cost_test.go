package wrapper_test

import (
	"context"
	"encoding/binary"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
)

// canned answers without a network.
type canned func(r *http.Request) (status int, body string)

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := c(r)
	response := &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: r}
	if body != "" {
		response.Body, response.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	}
	return response, nil
}

// cost is the maximum cost of a Cancel without a network, including the canned answers.
type cost struct {
	name          string
	answers       canned
	same          bool // all calls use the same id
	want          wrapper.Verdict
	allocs, bytes uint64
}

func costs() []cost {
	accepted := func(*http.Request) (int, string) { return http.StatusOK, "" }
	gone := func(r *http.Request) (int, string) {
		if r.Method == http.MethodPost {
			return http.StatusNotFound, `{"Error":{"Code":"FABRIC_E_KEY_NOT_FOUND","Message":"No active operation has this id."}}`
		}
		return http.StatusOK, `[{"OperationId":"5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01","State":"Completed","Type":"PartitionDataLoss"}]`
	}
	return []cost{
		{"accepted", accepted, false, wrapper.Accepted, 26, 2950},
		{"accepted, the same id", accepted, true, wrapper.AlreadyStopping, 26, 2950},
		{"not found, with a list", gone, false, wrapper.NotFound, 92, 11_000},
	}
}

// prepare returns the call of a client that has been in use for a while: its ledger is full.
func (c cost) prepare(tb testing.TB) func() {
	client, err := wrapper.New("http://localhost:19080", wrapper.WithHTTPClient(&http.Client{Transport: c.answers}))
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	tb.Cleanup(cancel)
	id := uuid.New()
	call := func() wrapper.Verdict {
		if !c.same {
			binary.LittleEndian.PutUint64(id[:], binary.LittleEndian.Uint64(id[:])+1)
		}
		result, err := client.Cancel(ctx, id, wrapper.CancelOptions{})
		if err != nil {
			tb.Fatal(err)
		}
		return result.Verdict
	}
	for range 10_000 {
		call()
	}
	return func() {
		if got := call(); got != c.want {
			tb.Fatalf("got %v, want %v", got, c.want)
		}
	}
}

func TestCost(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates as well")
	}
	for _, c := range costs() {
		t.Run(c.name, func(t *testing.T) {
			call := c.prepare(t)
			const runs = 200
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range runs {
				call()
			}
			runtime.ReadMemStats(&after)
			allocs, bytes := (after.Mallocs-before.Mallocs)/runs, (after.TotalAlloc-before.TotalAlloc)/runs
			if allocs > c.allocs || bytes > c.bytes {
				t.Errorf("got %d allocations of %d bytes, want %d of %d at most", allocs, bytes, c.allocs, c.bytes)
			}
		})
	}
}

func BenchmarkCost(b *testing.B) {
	for _, c := range costs() {
		b.Run(c.name, func(b *testing.B) {
			call := c.prepare(b)
			b.ReportAllocs()
			for b.Loop() {
				call()
			}
		})
	}
}
