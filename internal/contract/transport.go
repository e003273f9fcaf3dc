package contract

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
)

// Transport is [Handler] for tests that talk to a server over the network: it
// checks the exchanges through next and reports to t. A nil next means
// [http.DefaultTransport].
//
// An exchange is checked when the caller has read the answer to its end, or closes
// it. A body that was not read to its end is not checked, nor is an exchange without
// an answer, nor what a proxy or net/http itself does.
func Transport(t testing.TB, edge Edge, next http.RoundTripper) http.RoundTripper {
	t.Helper()
	if next == nil {
		next = http.DefaultTransport
	}
	return &transport{checker: newChecker(t, edge, differences), next: next}
}

type transport struct {
	*checker
	next http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (c *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	x := &exchange{request: c.read(r)}
	sent := r.Clone(r.Context()) // a RoundTripper must not change its request
	sent.Body = x.request.body.watch(r.Body)
	resp, err := c.next.RoundTrip(sent)
	if err != nil {
		return resp, err
	}
	x.status, x.header = resp.StatusCode, resp.Header.Clone()
	if resp.Body == http.NoBody || r.Method == http.MethodHead {
		x.whole = resp.Body == http.NoBody && r.Method != http.MethodHead
		c.judge(x)
		return resp, nil
	}
	resp.Body = &answerBody{ReadCloser: resp.Body, judge: func(body []byte, whole bool) {
		x.body, x.whole = body, whole
		c.judge(x)
	}}
	return resp, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach next.
func (c *transport) CloseIdleConnections() {
	if idle, ok := c.next.(interface{ CloseIdleConnections() }); ok {
		idle.CloseIdleConnections()
	}
}

// answerBody records what is read of an answer and has it checked once.
type answerBody struct {
	io.ReadCloser
	judge func(body []byte, whole bool)

	once sync.Once
	read bytes.Buffer
}

func (b *answerBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read.Write(p[:n])
	if err != nil {
		b.once.Do(func() {
			if errors.Is(err, io.EOF) { // any other error means that the answer is incomplete, so it is not checked
				b.judge(b.read.Bytes(), true)
			}
		})
	}
	return n, err
}

func (b *answerBody) Close() error {
	b.once.Do(func() { b.judge(nil, false) })
	return b.ReadCloser.Close()
}
