package contract

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
)

// recorder is an http.ResponseWriter that records what is written.
type recorder struct {
	http.ResponseWriter
	status int
	header http.Header // as it was sent
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	r.ResponseWriter.WriteHeader(status) // panics for an invalid status
	if r.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		r.status, r.header = status, r.Header().Clone()
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	r.body.Write(p) // even if the client has gone away
	return r.ResponseWriter.Write(p)
}

// FlushError records the header, which a flush sends.
func (r *recorder) FlushError() error {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	return http.NewResponseController(r.ResponseWriter).Flush()
}

// Unwrap gives [http.ResponseController] the other optional methods.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// maxBody is the largest body that the gateway reads (runtime §1.2).
const maxBody = 4194304

// body is what is known about the body of a request once there is an answer.
type body struct {
	announced int64 // the Content-Length; -1 if there is none
	read      atomic.Int64
	broken    atomic.Bool
}

func (b *body) tooLarge() bool { return b.announced > maxBody || b.read.Load() > maxBody }

// watch wraps rc so that b records what is read. It returns nil and http.NoBody unchanged,
// because net/http treats them differently.
func (b *body) watch(rc io.ReadCloser) io.ReadCloser {
	if rc == nil || rc == http.NoBody {
		return rc
	}
	return &watched{ReadCloser: rc, body: b}
}

type watched struct {
	io.ReadCloser
	body *body
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	w.body.read.Add(int64(n))
	if err != nil && !errors.Is(err, io.EOF) {
		w.body.broken.Store(true)
	}
	return n, err
}
