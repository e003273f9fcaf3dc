package server_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

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
