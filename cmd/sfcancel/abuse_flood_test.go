//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// largeHeaders sends headers of 1 MiB, in four ways. net/http answers 431 and closes the connection.
func largeHeaders(t *testing.T, v *victim) {
	const size = 1 << 20
	var fields []string
	for i := range size / 16 {
		fields = append(fields, fmt.Sprintf("X-%05d: valu", i))
	}
	ways := []struct {
		name   string
		header []byte
	}{
		{"one long value", whole(look, "X: "+strings.Repeat("x", size))},
		{"many fields", whole(look, fields...)},
		{"a long path", whole("GET /" + strings.Repeat("x", size))},
		{"no end", lines(look, "X: "+strings.Repeat("x", size))},
	}
	const each = 50
	conns := v.open(t, each*len(ways), nil)
	v.height(t, len(conns))
	many(t, len(conns), func(i int) error {
		way, c := ways[i%len(ways)], conns[i]
		got, rest, err := askOn(c, way.header)
		if err == nil {
			err = got.is(431, "")
		}
		if err == nil {
			err = hungUp(c, rest)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", way.name, err)
		}
		return nil
	})
	closeAll(conns)
	t.Logf("%d headers of 1 MiB at once, in %d ways: all refused with 431", each*len(ways), len(ways))
}

// pipelining sends requests without waiting for the answers to earlier ones.
func pipelining(t *testing.T, v *victim) {
	pipelined(t, v)

	// These clients never read. Each request is padded, so that 4 MiB are 2000 requests, and the
	// kernel cannot buffer the answers to 200 of them.
	const mute, offered = 4, 4 << 20
	list := whole("GET /Faults/?api-version=6.0&TypeFilter=65535&StateFilter=65535", "X: "+strings.Repeat("x", 1900))
	text := bytes.Repeat(list, offered/len(list))
	conns := v.open(t, mute, nil)
	var taken [mute]int
	many(t, mute, func(i int) error {
		c := conns[i].(*net.TCPConn)
		// Requests in the buffers of the client would count as taken by the server.
		if err := errors.Join(c.SetWriteBuffer(64<<10), c.SetReadBuffer(64<<10)); err != nil {
			return err
		}
		for taken[i] < len(text) {
			if err := c.SetWriteDeadline(time.Now().Add(1500 * time.Millisecond)); err != nil {
				return err
			}
			n, err := c.Write(text[taken[i]:])
			taken[i] += n
			switch {
			case errors.Is(err, os.ErrDeadlineExceeded) && n == 0:
				return nil // the server waits for the reader
			case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
				return err
			}
		}
		return fmt.Errorf("the server took %d KiB of requests without a reader of the answers, want it to wait", taken[i]>>10)
	})
	v.height(t, mute)
	t.Logf("%d connections that never read: the server took %d to %d KiB of requests from each, and waits", mute, slices.Min(taken[:])>>10, slices.Max(taken[:])>>10)

	// The server still answers the requests that it took.
	many(t, mute, func(i int) error {
		r := bufio.NewReader(conns[i])
		for range 5 {
			got, err := readReply(conns[i], r)
			if err := errors.Join(err, got.is(200, "")); err != nil {
				return err
			}
			if !bytes.HasPrefix(got.body, []byte(`[{"`)) {
				return fmt.Errorf("got %.100q, want a list", got.body)
			}
		}
		return nil
	})
	closeAll(conns)
}

// pipelined writes a thousand requests before it reads anything. The answers are right, and
// come in the order of the requests.
func pipelined(t *testing.T, v *victim) {
	kinds := []struct {
		request string
		status  int
		code    generated.ErrorCode
	}{
		{"POST /Faults/Services/shop~orders/$/GetPartitions/%[1]s/$/StartDataLoss?api-version=6.0&DataLossMode=FullDataLoss&OperationId=%[1]s", 202, ""},
		{"GET /Faults/Services/shop~orders/$/GetPartitions/%[1]s/$/GetDataLossProgress?api-version=6.0&OperationId=%[1]s", 200, ""},
		{"POST /Faults/$/Cancel?api-version=6.0&Force=maybe&OperationId=%[1]s", 400, generated.ErrorCodeInvalidArg},
		{cancelUnknown + "&ignored=%[1]s", 404, generated.ErrorCodeKeyNotFound},
	}
	const n = 1000
	var text []byte
	var id uuid.UUID
	for i := range n {
		if i%len(kinds) == 0 {
			id = uuid.New()
		}
		text = append(text, whole(fmt.Sprintf(kinds[i%len(kinds)].request, id), fmt.Sprintf("X-ServiceFabricRequestId: request %d", i))...)
	}
	c := v.open(t, 1, nil)[0]
	begun := time.Now()
	written := make(chan error, 1)
	go func() {
		_, err := c.Write(text)
		written <- err
	}()
	select {
	case err := <-written:
		t.Logf("%d requests, %d KiB, written after %v without reading (%v)", n, len(text)>>10, time.Since(begun).Round(time.Millisecond), err)
	case <-time.After(2 * time.Second): // a server may wait for its answers to be read
		t.Log("the server did not take all requests before an answer was read")
	}
	r := bufio.NewReader(c)
	for i := range n {
		got, err := readReply(c, r)
		kind := kinds[i%len(kinds)]
		if err := errors.Join(err, got.is(kind.status, kind.code)); err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
		if want := fmt.Sprintf("request %d", i); got.requestID != want {
			t.Fatalf("answer %d: got the id %q, want %q", i, got.requestID, want)
		}
	}
	t.Logf("%d right answers in order after %v", n, time.Since(begun).Round(time.Millisecond))
	_ = c.Close()
}

// largeQueries sends long queries. A query that fits into a header is handled like any other,
// however many parameters it has; a longer one is refused with 431.
func largeQueries(t *testing.T, v *victim) {
	kinds := []struct {
		name, request, fill, last string
		status                    int
		code                      generated.ErrorCode
	}{
		{"one unknown parameter", look + "&x=", "v", "", 200, ""},
		{"ampersands", look, "&", "", 200, ""},
		{"unknown parameters", look, "&a=b", "", 200, ""},
		{"a known parameter without a value", look, "&OperationId=", "", 200, ""},
		{"no value, then the value", cancelWithoutID, "&OperationId=", "&OperationId=" + unknown, 404, generated.ErrorCodeKeyNotFound},
		{"a repeated value", cancelUnknown, "&OperationId=x", "", 404, generated.ErrorCodeKeyNotFound},
		{"only the name of a parameter", cancelWithoutID + "&", "OperationId=", "", 404, generated.ErrorCodeNameDoesNotExist},
		{"percent signs", look + "&", "%41=", "", 200, ""},
		{"no api-version", "GET /Faults/?", "a=b&", "", 400, generated.ErrorCodeInvalidArg},
	}
	query := func(kind, size int) []byte {
		k := kinds[kind]
		path, _, _ := strings.Cut(k.request, "?")
		room := len(path) + 1 + size - len(k.request) - len(k.last)
		return whole(k.request + strings.Repeat(k.fill, room/len(k.fill)) + k.last)
	}
	for i, k := range kinds {
		var b strings.Builder
		for _, size := range []int{15 << 10, 30 << 10, 60 << 10} {
			request := query(i, size)
			c := v.open(t, 1, nil)[0]
			var took []time.Duration
			for range 7 {
				begun := time.Now()
				got, _, err := askOn(c, request)
				took = append(took, time.Since(begun))
				if err := errors.Join(err, got.is(k.status, k.code)); err != nil {
					t.Fatalf("%s, %d bytes: %v", k.name, size, err)
				}
			}
			_ = c.Close()
			slices.Sort(took)
			fmt.Fprintf(&b, " %9s", middle(took).Round(time.Microsecond))
		}
		t.Logf("%-30s %d; 15, 30, 60 KiB: %s", k.name, k.status, b.String())
	}

	conns := v.open(t, 45, nil)
	v.height(t, len(conns))
	many(t, len(conns), func(i int) error {
		kind := i % len(kinds)
		for range 2 {
			got, _, err := askOn(conns[i], query(kind, 60<<10))
			if err := errors.Join(err, got.is(kinds[kind].status, kinds[kind].code)); err != nil {
				return fmt.Errorf("%s: %w", kinds[kind].name, err)
			}
		}
		// net/http may, but need not, accept a little more than the limit.
		got, _, err := askOn(conns[i], query(kind, headerSize))
		if err != nil || got.status == 431 {
			return err
		}
		if err := got.is(kinds[kind].status, kinds[kind].code); err != nil {
			return fmt.Errorf("%s: %w", kinds[kind].name, err)
		}
		got, _, err = askOn(conns[i], query(kind, headerSize+(8<<10)))
		return errors.Join(err, got.is(431, ""))
	})
	closeAll(conns)
	edge(t, v, func(size int) []byte { return query(0, size) })
}

// edge finds the longest query that is answered.
func edge(t *testing.T, v *victim, query func(size int) []byte) {
	low, high := 60<<10, headerSize+(8<<10)
	for low+1 < high {
		size := (low + high) / 2
		c := v.open(t, 1, nil)[0]
		got, _, err := askOn(c, query(size))
		_ = c.Close()
		switch {
		case err == nil && got.status == 200:
			low = size
		case err == nil && got.status == 431:
			high = size
		default:
			t.Fatalf("a query of %d bytes: got %d %.100q, %v, want 200 or 431", size, got.status, got.body, err)
		}
	}
	t.Logf("the longest query that is answered has %d bytes, in a header of %d; one of 64 KiB is answered: %v", low, len(query(low)), low >= headerSize)
}
