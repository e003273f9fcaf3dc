package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"time"

	"github.com/sfcancel/sfcancel/internal/plain"
)

const (
	nativePort   = "19000"         // the port of the native protocol of a cluster, which is not HTTP
	firstContact = 5 * time.Second // limit for the first connection, unless --timeout is given
	silence      = time.Second     // before a command reports that it tries again
)

var (
	errUnreachable = errors.New("no connection was made")
	errNative      = errors.New("port " + nativePort + " takes the native protocol")
)

// way watches the requests of a command: it reports that the command tries again, ends calls that cannot succeed, and
// shows requests for --debug.
type way struct {
	stderr io.Writer
	quiet  bool // say nothing
	debug  bool
	blank  func(string) string // removes credentials
	end    context.CancelCauseFunc

	mu       sync.Mutex
	reached  bool // there was a connection
	answered bool
	failures int
	last     string // why the last try failed, and where
	late     bool   // the silence is over
	said     bool
}

// watch starts the timers of a command. impatient means that --timeout is not given.
func (w *way) watch(ctx context.Context, impatient bool) {
	later := time.AfterFunc(silence, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.late = true
		w.say()
	})
	context.AfterFunc(ctx, func() { later.Stop() })
	if !impatient {
		return
	}
	limit := time.AfterFunc(firstContact, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !w.reached {
			w.end(errUnreachable)
		}
	})
	context.AfterFunc(ctx, func() { limit.Stop() })
}

// say reports once that the command tries again. The caller holds the lock.
func (w *way) say() {
	if w.late && !w.said && !w.quiet && w.failures > 0 && !w.answered {
		w.said = true
		fmt.Fprintf(w.stderr, "sfcancel: %s; trying again\n", plain.Text(w.last))
	}
}

// around is attempt middleware.
func (w *way) around(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		ctx := httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.reached = true
		}})
		w.showRequest(r)
		begin := time.Now()
		answer, err := next.RoundTrip(r.WithContext(ctx))
		w.saw(r, answer, err)
		w.showAnswer(answer, err, time.Since(begin))
		return answer, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (w *way) saw(r *http.Request, answer *http.Response, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err != nil && r.Context().Err() != nil:
	case err != nil:
		w.failures++
		w.last = "no answer from " + r.URL.Host + ": " + w.blank(innermost(err).Error())
		if r.URL.Port() == nativePort {
			w.end(errNative)
		}
	case answer.StatusCode >= http.StatusInternalServerError:
		w.failures++
		w.last = fmt.Sprintf("%s answers %d", r.URL.Host, answer.StatusCode)
	default:
		w.answered = true
	}
	w.say()
}

// innermost returns the last error of a chain, which is the shortest.
func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// shownHeaders are the headers that --debug shows. None of them holds a credential.
var shownHeaders = []string{
	"Accept", "Content-Length", "Content-Type", "Date", "Retry-After", "Server", "User-Agent", "X-Servicefabricrequestid",
}

func (w *way) showRequest(r *http.Request) {
	if w.debug {
		fmt.Fprintf(w.stderr, "> %s %s\n", r.Method, plain.Text(shownURL(r.URL)))
		w.showHeader(">", r.Header)
	}
}

func shownURL(u *url.URL) string { return u.Redacted() }

func (w *way) showHeader(mark string, header http.Header) {
	for _, name := range shownHeaders {
		for _, value := range header[name] {
			fmt.Fprintf(w.stderr, "%s %s: %s\n", mark, name, plain.Text(w.blank(value)))
		}
	}
}

func (w *way) showAnswer(answer *http.Response, err error, took time.Duration) {
	switch {
	case !w.debug:
	case err != nil:
		fmt.Fprintf(w.stderr, "< %s (%v)\n", plain.Text(w.blank(err.Error())), took.Round(time.Millisecond))
	default:
		fmt.Fprintf(w.stderr, "< %d %s (%v)\n", answer.StatusCode, http.StatusText(answer.StatusCode), took.Round(time.Millisecond))
		w.showHeader("<", answer.Header)
		answer.Body = &shownBody{ReadCloser: answer.Body, way: w}
	}
}

// shownBody shows the beginning of a body once it has been read or closed.
type shownBody struct {
	io.ReadCloser
	way  *way
	text []byte
	done bool
}

const mostShown = 2 << 10

func (b *shownBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.text = append(b.text, p[:min(n, mostShown+1-len(b.text))]...)
	if err != nil {
		b.show()
	}
	return n, err
}

func (b *shownBody) Close() error {
	b.show()
	return b.ReadCloser.Close()
}

func (b *shownBody) show() {
	if b.done || len(b.text) == 0 {
		return
	}
	b.done = true
	more := ""
	if len(b.text) > mostShown {
		more = "..."
	}
	fmt.Fprintf(b.way.stderr, "< %s%s\n", plain.Text(b.way.blank(string(b.text[:min(len(b.text), mostShown)]))), more)
}
