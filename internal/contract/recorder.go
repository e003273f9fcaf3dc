package contract

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
)

// recorder keeps what is written through it.
type recorder struct {
	http.ResponseWriter
	status int
	header http.Header // as it went out
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	r.ResponseWriter.WriteHeader(status) // panics if that is no status
	if r.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		r.status, r.header = status, r.Header().Clone()
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	r.body.Write(p) // also what the client is no longer there to read
	return r.ResponseWriter.Write(p)
}

// FlushError keeps a header from going out behind the recorder's back.
func (r *recorder) FlushError() error {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	return http.NewResponseController(r.ResponseWriter).Flush()
}

// Unwrap gives [http.ResponseController] the rest.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// maxBody is the largest body that the gateway reads (runtime §1.2).
const maxBody = 4194304

// body is what is known of the body of a request once there is an answer.
type body struct {
	announced int64 // -1 if it was not
	read      atomic.Int64
	broken    atomic.Bool
}

func (b *body) tooLarge() bool { return b.announced > maxBody || b.read.Load() > maxBody }

// watch returns rc with b looking on. A body that is none stays none, because
// net/http tells them apart.
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
