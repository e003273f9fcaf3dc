package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/contract"
	"github.com/sfcancel/sfcancel/server"
)

const limit = 4194304 // §1.2

// zeros is a body of that many bytes that takes no memory.
func zeros(n int64) io.Reader { return io.LimitReader(zeroReader{}, n) }

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { return len(p), nil }

func TestBody(t *testing.T) {
	tooLarge := want{413, generated.ErrorCodeMessageTooLarge}
	tests := []struct {
		name   string
		method string
		target string
		body   io.Reader
		length int64 // -1: chunked
		want   want
	}{
		{"runtime §1.2: any body is read and ignored", "POST", gracefully, strings.NewReader("abc"), 3, ok},
		{"runtime §1.2: a body that looks like a form is ignored", "POST", cancel, strings.NewReader("Force=true"), 10, missing},
		{"runtime §1.2: chunked", "POST", gracefully, strings.NewReader("abc"), -1, ok},
		{"runtime §1.2: 4 MiB", "POST", gracefully, zeros(limit), limit, ok},
		{"runtime §1.2: 4 MiB, chunked", "POST", gracefully, zeros(limit), -1, ok},
		{"runtime §1.2: more than 4 MiB", "POST", gracefully, zeros(limit + 1), limit + 1, tooLarge},
		{"runtime §1.2: more than 4 MiB, chunked", "POST", gracefully, zeros(limit + 1), -1, tooLarge},
		{"runtime §1.2: much more than 4 MiB, chunked", "POST", gracefully, zeros(1 << 40), -1, tooLarge},
		{"of a GET, too", "GET", lossProgress, strings.NewReader("abc"), 3, ok},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// The checker stands on the client's side, because net/http closes the
			// connection of a body that is too large through a writer of its own.
			h := bareHandler(t, &spy{})
			srv := httptest.NewServer(h)
			defer srv.Close()
			r, err := http.NewRequestWithContext(t.Context(), tt.method, srv.URL+tt.target, tt.body)
			if err != nil {
				t.Fatal(err)
			}
			r.ContentLength = tt.length
			r.Header.Set("Expect", "100-continue") // send nothing that is not read
			srv.Client().Transport.(*http.Transport).ExpectContinueTimeout = time.Minute
			client := &http.Client{Transport: contract.Transport(t, edge(h), srv.Client().Transport)}
			resp, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if got := shaped(t, resp.StatusCode, resp.Header, body); got.want != tt.want {
				t.Errorf("got %v, want %v", got.want, tt.want)
			}
		})
	}
}

func TestBodyIsNotHeld(t *testing.T) {
	r, err := parse("POST", gracefully)
	if err != nil {
		t.Fatal(err)
	}
	h := newHandler(t, &spy{})
	r.Body, r.ContentLength = io.NopCloser(zeros(limit)), -1

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := serve(t, h, r)
	runtime.ReadMemStats(&after)
	if got.want != ok {
		t.Fatalf("got %v", got.want)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 512<<10 {
		t.Errorf("reading 4 MiB took %d bytes", took)
	}
}

func TestBodyThatBreaksOff(t *testing.T) {
	r, err := parse("POST", gracefully)
	if err != nil {
		t.Fatal(err)
	}
	r.Body, r.ContentLength = io.NopCloser(brokenReader{}), -1
	var log buffer
	got := askWith(t, &spy{}, r, server.WithLogger(log.logger()))
	if got.want != invalid || strings.Contains(got.body, secret) {
		t.Errorf("got %v %q", got.want, got.body)
	}
	if !strings.Contains(log.String(), secret) {
		t.Errorf("the log does not say why: %s", log.String())
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New(secret) }

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

var errLeft = errors.New("the client has left")

// The context of a call behaves as one of [context.WithTimeout]: every sequence of looking at it, waiting for it,
// deriving from it, the client leaving and the time passing gives the same.
func TestCallContext(t *testing.T) {
	const looks, waits, derives, leaves, passes = 'e', 'd', 'c', 'p', 't'
	var all []string
	for from := []string{""}; len(from[0]) < 4; {
		var longer []string
		for _, steps := range from {
			for _, one := range []rune{looks, waits, derives, leaves, passes} {
				longer = append(longer, steps+string(one))
			}
		}
		from, all = longer, longer
	}
	for _, steps := range all {
		if strings.ContainsRune(steps, leaves) && strings.Count(steps, string(passes)) > 1 {
			continue // it has two reasons to end, and the one that was seen first counts
		}
		synctest.Test(t, func(t *testing.T) {
			parent, leave := context.WithCancelCause(t.Context())
			defer leave(nil)
			r, err := parse("POST", gracefully+"&timeout=5")
			if err != nil {
				t.Fatal(err)
			}
			var got, want []context.Context
			var cancels []context.CancelFunc
			same := func(when string) {
				t.Helper()
				synctest.Wait()
				for i := range got {
					if got, want := state(got[i]), state(want[i]); got != want {
						t.Fatalf("%s, %s: context %d: got %s, want %s", steps, when, i, got, want)
					}
				}
			}
			askWith(t, &spy{act: func(ctx context.Context) error {
				like, cancel := context.WithTimeout(parent, 5*time.Second)
				cancels = append(cancels, cancel)
				mine, _ := ctx.Deadline()
				if its, _ := like.Deadline(); !mine.Equal(its) {
					t.Errorf("got the deadline %v, want %v", mine, its)
				}
				for _, step := range steps {
					switch step {
					case looks:
						if got, want := fmt.Sprint(ctx.Err()), fmt.Sprint(like.Err()); got != want {
							t.Fatalf("%s: got %v, want %v", steps, got, want)
						}
					case waits:
						got, want = append(got, ctx), append(want, like)
						same("waiting")
					case derives:
						a, cancelA := context.WithCancel(ctx)
						b, cancelB := context.WithCancel(like)
						got, want, cancels = append(got, a), append(want, b), append(cancels, cancelA, cancelB)
						same("derived")
					case leaves:
						leave(errLeft)
						synctest.Wait()
					case passes:
						time.Sleep(3 * time.Second)
						synctest.Wait()
					}
				}
				got, want = append(got, ctx), append(want, like)
				return nil
			}}, r.WithContext(parent))
			cancels[0]()
			same("after the call")
			for _, cancel := range cancels {
				cancel()
			}
		})
	}
}

// state is whether a context has ended, by its channel, and why.
func state(ctx context.Context) string {
	over := false
	select {
	case <-ctx.Done():
		over = true
	default:
	}
	return fmt.Sprintf("over %t, %v because of %v", over, ctx.Err(), context.Cause(ctx))
}

// streamer answers with a list of some operations, and then an error, if there is one.
type streamer struct {
	server.Unimplemented
	n      int
	err    error
	absent bool
}

func (s streamer) GetFaultOperationList(context.Context, generated.GetFaultOperationListRequestObject) (generated.GetFaultOperationListResponseObject, error) {
	if s.absent {
		return generated.GetFaultOperationList200JSONStream(nil), nil
	}
	return generated.GetFaultOperationList200JSONStream(func(yield func(generated.OperationStatus, error) bool) {
		for range s.n {
			if !yield(generated.OperationStatus{State: generated.OperationStateRunning, Type: generated.OperationTypeNodeTransition}, nil) {
				return
			}
		}
		if s.err != nil {
			yield(generated.OperationStatus{}, s.err)
		}
	}), nil
}

// A stream that fails is a failure like any other as long as nothing was written, and is then cut off.
func TestStream(t *testing.T) {
	unavailable := server.NewError(generated.ErrorCodeNotReady, "")
	for name, tt := range map[string]struct {
		streamer
		status  int
		code    generated.ErrorCode
		aborted bool
	}{
		"nothing":              {streamer{}, 200, "", false},
		"some":                 {streamer{n: 1000}, 200, "", false},
		"a failure at once":    {streamer{err: unavailable}, 503, generated.ErrorCodeNotReady, false},
		"a failure after some": {streamer{n: 10, err: fmt.Errorf("store: %w", unavailable)}, 503, generated.ErrorCodeNotReady, false},
		"a failure after many": {streamer{n: 1000, err: errors.New("broken")}, 200, "", true},
		"no stream":            {streamer{absent: true}, 500, generated.ErrorCodeFail, false},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := parse("GET", list+"&StateFilter=65535&TypeFilter=65535")
			if err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			aborted := func() (aborted bool) {
				defer func() { aborted = recover() == http.ErrAbortHandler }() //nolint:errorlint // a panic is a value
				bareHandler(t, tt.streamer).ServeHTTP(w, r)                    // an answer that breaks off is none of the document
				return false
			}()
			if w.Code != tt.status || aborted != tt.aborted || !strings.Contains(w.Body.String(), string(tt.code)) {
				t.Errorf("got %d %.100s, aborted %t, want %d %s, aborted %t", w.Code, w.Body, aborted, tt.status, tt.code, tt.aborted)
			}
			if got := strings.Count(w.Body.String(), "OperationId"); tt.status == 200 && !tt.aborted && got != tt.n {
				t.Errorf("got %d operations, want %d", got, tt.n)
			}
		})
	}
}
