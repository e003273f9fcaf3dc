//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/wrapper"
)

// caller is a well-behaved client. It does not retry, so that every failure shows.
type caller struct {
	client *wrapper.Client
	took   []time.Duration
}

func newCaller(t *testing.T, url string, keep bool) *caller {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: !keep}
	t.Cleanup(transport.CloseIdleConnections)
	client, err := wrapper.New(url, wrapper.WithRetry(wrapper.Retry{MaxAttempts: 1}),
		wrapper.WithHTTPClient(&http.Client{Transport: transport}))
	if err != nil {
		t.Fatal(err)
	}
	return &caller{client: client}
}

// round starts an operation, lists it, cancels it, and lists it again.
func (c *caller) round(ctx context.Context) error {
	id := uuid.New()
	return errors.Join(
		c.call(ctx, func(ctx context.Context) error {
			target := wrapper.Partition{Service: "fabric:/shop/orders", ID: uuid.New()}
			r, err := c.client.StartDataLoss(ctx, target, "FullDataLoss", wrapper.StartOptions{OperationID: id})
			return judged("start", err, r.Verdict == wrapper.Accepted && r.OperationID == id, r)
		}),
		c.call(ctx, func(ctx context.Context) error {
			op, err := c.client.Operation(ctx, id)
			return judged("list", err, op.ID == id && op.State == wrapper.StateRunning, op)
		}),
		c.call(ctx, func(ctx context.Context) error {
			r, err := c.client.Cancel(ctx, id, wrapper.CancelOptions{})
			return judged("cancel", err, r.Verdict == wrapper.Accepted && r.State == wrapper.StateRollingBack, r)
		}),
		c.call(ctx, func(ctx context.Context) error {
			op, err := c.client.Operation(ctx, id)
			// The clock runs, so the operation may have ended already.
			over := op.State == wrapper.StateRollingBack || op.State == wrapper.StateCancelled
			return judged("list", err, op.ID == id && over, op)
		}),
	)
}

func (c *caller) call(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, hang)
	defer cancel()
	begun := time.Now()
	err := do(ctx)
	c.took = append(c.took, time.Since(begun))
	return err
}

func judged(what string, err error, right bool, got any) error {
	if err == nil && right {
		return nil
	}
	return fmt.Errorf("%s: got %+v, %w", what, got, errors.Join(err, errWrong))
}

var errWrong = errors.New("not the right answer")

// open makes n connections, and calls first for each as soon as it is open.
func (v *victim) open(t *testing.T, n int, first func(net.Conn) error) []net.Conn {
	t.Helper()
	conns := make([]net.Conn, n)
	t.Cleanup(func() { closeAll(conns) })
	// Not all at once, because they would wait for each other.
	some(t, n, 64, func(i int) (err error) {
		conns[i], err = (&net.Dialer{Timeout: hang}).DialContext(t.Context(), "tcp", v.addr)
		if err == nil && first != nil {
			err = first(conns[i])
		}
		return err
	})
	return conns
}

func closeAll(conns []net.Conn) {
	for _, c := range conns {
		if c != nil {
			_ = c.Close()
		}
	}
}

// many calls do n times at once, and stops the test if a call fails.
func many(t *testing.T, n int, do func(i int) error) {
	t.Helper()
	some(t, n, n, do)
}

// some calls do n times, atOnce at a time. It reports the first failures only.
func some(t *testing.T, n, atOnce int, do func(i int) error) {
	t.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	failed := 0
	room := make(chan struct{}, atOnce)
	for i := range n {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			if err := do(i); err != nil {
				mu.Lock()
				defer mu.Unlock()
				if failed++; failed <= 5 {
					t.Errorf("%d of %d: %v", i, n, err)
				}
			}
		})
	}
	wg.Wait()
	if failed > 0 {
		t.Fatalf("%d of %d failed", failed, n)
	}
}

// reply is the part of an answer that these tests check.
type reply struct {
	status     int
	code       generated.ErrorCode // of the FabricError, if it is one
	requestID  string
	retryAfter string
	body       []byte
}

// readReply reads the next answer, within the time limit hang.
func readReply(c net.Conn, r *bufio.Reader) (reply, error) {
	if err := c.SetReadDeadline(time.Now().Add(hang)); err != nil {
		return reply{}, err
	}
	response, err := http.ReadResponse(r, nil)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	got := reply{status: response.StatusCode, requestID: response.Header.Get("X-ServiceFabricRequestId"), retryAfter: response.Header.Get("Retry-After"), body: body}
	var failure generated.FabricError
	if response.StatusCode >= 300 && json.Unmarshal(body, &failure) == nil {
		got.code = failure.Error.Code
	}
	return got, err
}

// is returns an error unless the answer has the status and the code, "" for none.
func (r reply) is(status int, code generated.ErrorCode) error {
	if r.status != status || r.code != code {
		return fmt.Errorf("got %d %s %.200q, want %d %s", r.status, r.code, r.body, status, code)
	}
	return nil
}

// askOn sends a request on a connection and reads the answer at the same time,
// because the server may answer and close the connection before it has read everything.
func askOn(c net.Conn, request ...[]byte) (reply, *bufio.Reader, error) {
	if err := c.SetWriteDeadline(time.Now().Add(hang)); err != nil {
		return reply{}, nil, err
	}
	var sent sync.WaitGroup
	sent.Go(func() {
		for _, part := range request {
			if _, err := c.Write(part); err != nil {
				return // the answer says why
			}
		}
	})
	defer sent.Wait()
	r := bufio.NewReader(c)
	got, err := readReply(c, r)
	if err != nil {
		_ = c.SetWriteDeadline(time.Now())
	}
	return got, r, err
}

// hungUp returns an error unless the server closes the connection without sending more.
func hungUp(c net.Conn, r *bufio.Reader) error {
	if err := c.SetReadDeadline(time.Now().Add(hang)); err != nil {
		return err
	}
	rest, err := io.ReadAll(r)
	if len(rest) > 0 || err != nil && !errors.Is(err, syscall.ECONNRESET) {
		return fmt.Errorf("got %.200q, %w, want a closed connection", rest, err)
	}
	return nil
}

// silent returns an error if the server has sent anything.
func silent(c net.Conn) error {
	if err := c.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		return err
	}
	var b [512]byte
	if n, err := c.Read(b[:]); !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("got %q, %w, want a server that waits", b[:n], err)
	}
	return nil
}

// lines returns the header of a request, without the empty line at the end.
func lines(request string, headers ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s HTTP/1.1\r\nHost: localhost\r\n", request)
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	return b.Bytes()
}

// whole returns a request without a body.
func whole(request string, headers ...string) []byte {
	return append(lines(request, headers...), "\r\n"...)
}

const (
	// known is an operation that every victim has; unknown is one that none has.
	known, unknown = "00000000-0000-0000-0000-00000000abcd", "00000000-0000-0000-0000-00000000dcba"
	onKnown        = "/Faults/Services/shop~orders/$/GetPartitions/" + known + "/$/"
	begin          = "POST " + onKnown + "StartDataLoss?api-version=6.0&DataLossMode=FullDataLoss&OperationId=" + known
	// look is answered with 200, and cancelUnknown with 404, at little cost.
	look            = "GET " + onKnown + "GetDataLossProgress?api-version=6.0&OperationId=" + known
	cancelWithoutID = "POST /Faults/$/Cancel?api-version=6.0&Force=false"
	cancelUnknown   = cancelWithoutID + "&OperationId=" + unknown
)
