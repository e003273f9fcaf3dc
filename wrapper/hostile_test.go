package wrapper_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// A call ends with its context even if a body does not: the body of a 101, which is the connection itself, and a
// body of middleware that ignores its context and Close.
func TestBodyThatNeverEnds(t *testing.T) {
	t.Parallel()
	t.Run("101", func(t *testing.T) {
		t.Parallel()
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		must(t, err)
		defer l.Close()
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				context.AfterFunc(t.Context(), func() { _ = conn.Close() })
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
					continue
				}
				_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
			}
		}()
		client := newClient(t, "http://"+l.Addr().String(), fastWith(2))
		_, err = client.Operations(t.Context()) // with a context that does not end
		if e := asError(t, err, wrapper.ErrUnavailable); !errors.Is(err, wrapper.ErrBadAnswer) || e.Status() != http.StatusSwitchingProtocols {
			t.Errorf("got %v with status %d, want ErrBadAnswer with 101", err, e.Status())
		}
	})
	for name, status := range map[string]int{"a success": 200, "a failure": 503, "a redirect": 302} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				stuck := make(chan struct{})
				t.Cleanup(func() { close(stuck) })
				h := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: status, Header: http.Header{}, Body: stuckBody{stuck}}, nil
				})}
				client := newClient(t, "http://cluster", wrapper.WithHTTPClient(h))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				err := cancelWith(ctx, client, false)
				wantKind(t, err, wrapper.ErrOutcomeUnknown)
				wantKind(t, err, context.DeadlineExceeded)
			})
		})
	}
}

type stuckBody struct{ until chan struct{} }

func (b stuckBody) Read([]byte) (int, error) { <-b.until; return 0, io.EOF }
func (b stuckBody) Close() error             { <-b.until; return nil }

// A call ends with its context even if a transport, token source or ledger ignores the context.
func TestNothingOutlivesTheContext(t *testing.T) {
	t.Parallel()
	stuck := make(chan struct{})
	t.Cleanup(func() { close(stuck) })
	transport := roundTrip(func(*http.Request) (*http.Response, error) { <-stuck; return nil, io.EOF })
	source := func(context.Context, string) (string, error) { <-stuck; return "", io.EOF }
	for name, tc := range map[string]struct {
		option wrapper.Option
		want   error // nil if the call succeeds without it
	}{
		"a transport":    {wrapper.WithHTTPClient(&http.Client{Transport: transport}), wrapper.ErrOutcomeUnknown},
		"a token source": {wrapper.WithTokenSource(source), wrapper.ErrOutcomeUnknown},
		"a ledger":       {wrapper.WithLedger(stuckLedger{stuck}), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, server.Documented)
			makeRunning(t, c)
			client := c.client(t, tc.option)
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			err := cancelWith(ctx, client, false) // must not hang
			if !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}

type stuckLedger struct{ until chan struct{} }

func (l stuckLedger) Append(context.Context, wrapper.Entry) error { <-l.until; return nil }
func (l stuckLedger) Entries(context.Context, uuid.UUID) ([]wrapper.Entry, error) {
	<-l.until
	return nil, nil
}

// The answers of a hostile gateway cost less than 64 MiB in all the requests of a call: headers, codes, messages,
// names and the number of listed operations are limited.
func TestHostileGatewayIsBounded(t *testing.T) {
	list := func(state string, n int) string {
		one := `{"OperationId":"` + id + `","Type":"PartitionDataLoss","State":"` + state + `"},`
		return "[" + strings.TrimSuffix(strings.Repeat(one, n), ",") + "]"
	}
	long := strings.Repeat("x", 15<<20)
	for name, answer := range map[string]struct {
		status int
		header http.Header
		body   string
	}{
		"a header of 8 MiB":         {200, http.Header{"X": {long[:8<<20]}}, ""},
		"a hundred thousand names":  {200, manyHeaders(100_000), ""},
		"a state of 15 MiB":         {200, nil, list(long, 1)},
		"a list without end":        {200, nil, list("Running", 140_000)},
		"a list of nothing":         {200, nil, "[" + strings.Repeat("{},", 5<<20) + "{}]"},
		"brackets":                  {200, nil, strings.Repeat("[", 15<<20)},
		"blanks":                    {200, nil, "[" + strings.Repeat(" ", 15<<20) + "]"},
		"an element of 15 MiB":      {200, nil, `[{"OperationId":"` + id + `","State":"Running","X":"` + long + `"}]`},
		"a code of 7 MiB":           {503, nil, `{"Error":{"Code":"` + long[:7<<20] + `","Message":"` + long[:7<<20] + `"}}`},
		"a body of 15 MiB":          {503, nil, long},
		"a code and a long message": {503, nil, `{"Error":{"Code":"X","Message":"` + strings.Repeat("é", 30_000) + `"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, "http://cluster", fastWith(3), wrapper.WithHTTPClient(&http.Client{
				Transport: roundTrip(func(*http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: answer.status, Header: answer.header.Clone(), Body: io.NopCloser(strings.NewReader(answer.body))}, nil
				}),
			}))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := client.Operations(t.Context())
			runtime.ReadMemStats(&after)
			e := asError(t, err, wrapper.ErrUnavailable)
			// All allocations count, whether still held or not, and the copies of the header in the transport above.
			if cost := after.TotalAlloc - before.TotalAlloc; cost > 64<<20 {
				t.Errorf("got %d MiB allocated, want less than 64", cost>>20)
			}
			for _, a := range e.Attempts() {
				if size := len(a.Code) + len(a.Message) + len(a.Body) + len(fmt.Sprint(a.Header)); size > 70<<10 {
					t.Errorf("got an attempt that keeps %d bytes, want %d at most", size, 70<<10)
				}
			}
		})
	}
}

// A cluster lists at most 10 000 operations of a kind, so a longer list of one kind is a bad answer, and a CancelAll
// holds at most 40 000 operations.
func TestListsAreBoundedByKind(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]error{9_000: nil, 10_001: wrapper.ErrUnavailable, 40_000: wrapper.ErrUnavailable} {
		one := `{"OperationId":"` + id + `","Type":"PartitionDataLoss","State":"Running"},`
		body := "[" + strings.TrimSuffix(strings.Repeat(one, n), ",") + "]"
		client := directClient(t, serving(answer{status: 200, body: body}), fastWith(1))
		each, ended := 0, error(nil)
		for _, err := range client.CancelAll(t.Context(), wrapper.Selector{}, wrapper.CancelAllOptions{
			Each: func(context.Context, wrapper.Operation) (wrapper.Result, error) { return wrapper.Result{}, nil },
		}) {
			if each++; err != nil {
				ended = err
			}
		}
		if !errors.Is(ended, want) || each > 40_001 {
			t.Errorf("lists of %d: got %d operations and %v, want %v", n, each, ended, want)
		}
	}
}

func manyHeaders(n int) http.Header {
	h := http.Header{}
	for i := range n {
		h[fmt.Sprintf("X-%d", i)] = []string{"x"}
	}
	return h
}

// The client's own transport limits the header of an answer to 64 KiB while reading it.
func TestHeaderIsBoundedOnTheWire(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		bytes int
		want  error
	}{"60 KiB": {60 << 10, nil}, "80 KiB": {80 << 10, wrapper.ErrUnavailable}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X", strings.Repeat("x", tc.bytes))
				_, _ = io.WriteString(w, "[]")
			}))
			t.Cleanup(srv.Close)
			if _, err := newClient(t, srv.URL, fastWith(1)).Operations(t.Context()); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}

// A byte order mark before an answer, as .NET writes it, is ignored.
func TestByteOrderMarkIsSkipped(t *testing.T) {
	t.Parallel()
	const mark = "\ufeff"
	over := answer{status: 200, body: mark + strings.Replace(runningList().body, "Running", "Cancelled", 1)}
	gone := answer{status: 404, body: mark + fabricError(wrapper.Code(generated.ErrorCodeKeyNotFound))}
	got, err := directClient(t, serving(gone, over)).Cancel(t.Context(), opID, wrapper.CancelOptions{})
	if err != nil || got.Verdict != wrapper.Finished || got.State != wrapper.StateCancelled {
		t.Errorf("got %+v, %v, want Finished Cancelled", got, err)
	}
	got, err = directClient(t, serving(answer{status: 200, body: mark})).Cancel(t.Context(), opID, wrapper.CancelOptions{})
	if err != nil || got.Verdict != wrapper.Accepted {
		t.Errorf("a mark alone: got %+v, %v, want Accepted", got, err)
	}
}

// Every setting works or is refused by New: none makes a call panic, outlive its context, or retry without a pause.
func TestExtremeSettings(t *testing.T) {
	t.Parallel()
	const most = time.Duration(1<<63 - 1)
	for name, tc := range map[string]struct {
		retry   wrapper.Retry
		refused bool
		atMost  int // requests within a minute
	}{
		"the longest base":           {wrapper.Retry{Base: most}, false, 8},
		"the longest base and cap":   {wrapper.Retry{Base: most, Cap: most, BusyBase: most}, false, 8},
		"more than half the longest": {wrapper.Retry{Base: most/2 + 2, Cap: most}, false, 8},
		"the longest attempt":        {wrapper.Retry{AttemptTimeout: most}, false, 8},
		"the shortest attempt":       {wrapper.Retry{AttemptTimeout: time.Millisecond}, false, 8},
		"no time for an attempt":     {wrapper.Retry{AttemptTimeout: 1}, true, 0},
		"a token in 3000 years":      {wrapper.Retry{Burst: 1, Rate: 1e-11, Base: 1}, false, 2},
		"almost no tokens":           {wrapper.Retry{Burst: 1, Rate: 1e-300, Base: 1}, false, 2},
		"the smallest rate":          {wrapper.Retry{Burst: 1, Rate: 5e-324, Base: 1}, false, 2},
		"the largest rate":           {wrapper.Retry{Burst: 1, Rate: 1e308, Base: 1}, true, 0},
		"the largest burst":          {wrapper.Retry{Burst: 1<<63 - 1, Base: 1}, true, 0},
		"one attempt":                {wrapper.Retry{MaxAttempts: 1}, false, 1},
		"the most attempts":          {wrapper.Retry{MaxAttempts: 1<<63 - 1}, false, 1000},
		"a negative cap":             {wrapper.Retry{Cap: -1}, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := serving(answer{status: 503, body: fabricError("E_ABORT")})
				client, err := wrapper.New("http://cluster", wrapper.WithHTTPClient(&http.Client{Transport: direct{p}}), wrapper.WithRetry(tc.retry))
				if tc.refused {
					wantKind(t, err, wrapper.ErrInvalidArgument)
					return
				}
				must(t, err)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				begin := time.Now()
				err = cancelWith(ctx, client, false)
				wantKind(t, err, wrapper.ErrOutcomeUnknown)
				if took := time.Since(begin); took > time.Minute || p.served > tc.atMost || p.served == 0 {
					t.Errorf("got %d requests in %v, want 1 to %d in a minute", p.served, took, tc.atMost)
				}
			})
		})
	}
}
