package wrapper_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

// door is a server that records its clients and their connections.
type door struct {
	endpoint string
	cert     atomic.Pointer[tls.Certificate] // server certificate of new connections
	dialled  atomic.Int32
	closed   atomic.Int32
	resumed  atomic.Bool
	wait     chan struct{} // closed when starts may be answered

	mu  sync.Mutex
	who string // common name of the last client
}

func newDoor(t *testing.T, cert tls.Certificate, proto string) *door {
	t.Helper()
	d := &door{wait: make(chan struct{})}
	d.cert.Store(&cert)
	d.endpoint = serveTLS(t, cert, proto, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		d.who = "nobody"
		if len(r.TLS.PeerCertificates) > 0 {
			d.who = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		d.mu.Unlock()
		if r.Proto != "HTTP/1.1" {
			t.Errorf("got %s, want HTTP/1.1", r.Proto)
		}
		if r.TLS.DidResume {
			d.resumed.Store(true)
		}
		switch {
		case strings.Contains(r.URL.Path, "Start"):
			<-d.wait
			w.WriteHeader(http.StatusAccepted)
		case r.Method == http.MethodGet:
			_, _ = w.Write([]byte("[]"))
		}
	}), func(s *httptest.Server) {
		settings := s.TLS
		settings.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
			now := settings.Clone()
			now.Certificates = []tls.Certificate{*d.cert.Load()}
			if proto == "HTTP/2.0" {
				now.NextProtos = []string{"h2"}
			}
			return now, nil
		}
		next := s.Config.ConnState // of httptest
		s.Config.ConnState = func(c net.Conn, state http.ConnState) {
			if state == http.StateNew {
				d.dialled.Add(1)
			}
			if state == http.StateClosed {
				d.closed.Add(1)
			}
			if next != nil {
				next(c, state)
			}
		}
	})
	return d
}

// last returns the common name of the last client, "" if there was none.
func (d *door) last() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.who
}

// want makes a call that sees all changes of the files so far, and checks which client the server saw, and how many
// connections were dialled and closed so far.
func (d *door) want(t *testing.T, client *wrapper.Client, who string, dialled, closed int32) {
	t.Helper()
	awaitLook()
	must(t, cancelWith(t.Context(), client, false))
	if got := d.last(); got != who || d.dialled.Load() != dialled {
		t.Errorf("got client %s after %d connections, want %s after %d", got, d.dialled.Load(), who, dialled)
	}
	d.wantClosed(t, closed)
	if d.resumed.Load() {
		t.Error("got a resumed session, which has the old client certificate, want none")
	}
}

// wantClosed waits until the given number of connections is closed, and checks that no more are.
func (d *door) wantClosed(t *testing.T, closed int32) {
	t.Helper()
	happens(func() bool { return d.closed.Load() >= closed })
	if n := d.closed.Load(); n != closed {
		t.Errorf("got %d closed connections, want %d", n, closed)
	}
}

// age sets the modification times of files to an hour ago, so that they count as settled.
func age(tb testing.TB, paths ...string) {
	tb.Helper()
	for _, path := range paths {
		must(tb, os.Chtimes(path, time.Time{}, time.Now().Add(-time.Hour)))
	}
}

// A client certificate that is replaced on disk is used by calls 50 ms later, without a restart, and old connections
// are closed. A pair with only one new file, or with a damaged one, is ignored.
func TestTLSRotation(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, proto string) {
		ca := newAuthority(t, "the root")
		one, two, three := ca.issue(t, "one"), ca.issue(t, "two"), ca.issue(t, "three")
		f := newFiles(t, one, ca)
		d := newDoor(t, ca.issue(t, "cluster"), proto)
		client := newClient(t, d.endpoint, wrapper.WithTLS(f.tls()))
		d.want(t, client, "one", 1, 0)
		d.want(t, client, "one", 1, 0)

		f.putPair(t, two)
		d.want(t, client, "two", 2, 1)
		age(t, f.cert, f.key, f.ca)
		d.want(t, client, "two", 2, 1) // touched, not changed

		put(t, f.cert, certPEM(three))
		d.want(t, client, "two", 2, 1)
		d.want(t, client, "two", 2, 1)
		put(t, f.key, keyPEM(t, three)[:50])
		d.want(t, client, "two", 2, 1)
		put(t, f.key, keyPEM(t, three))
		d.want(t, client, "three", 3, 2)

		must(t, os.Remove(f.key))
		d.want(t, client, "three", 3, 2)
		put(t, f.cert, nil)
		d.want(t, client, "three", 3, 2)
		f.putPair(t, one)
		d.want(t, client, "one", 4, 3)

		// A certificate manager renames a new file over the old one.
		age(t, f.cert, f.key, f.ca)
		d.want(t, client, "one", 4, 3)
		next := newFiles(t, two, ca)
		must(t, os.Rename(next.cert, f.cert))
		must(t, os.Rename(next.key, f.key))
		d.want(t, client, "two", 5, 4)
	})
}

// A connection that is busy when the files change is not reused.
func TestTLSRotationOfBusyConnection(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, proto string) {
		ca := newAuthority(t, "the root")
		f := newFiles(t, ca.issue(t, "one"), ca)
		d := newDoor(t, ca.issue(t, "cluster"), proto)
		client := newClient(t, d.endpoint, wrapper.WithTLS(f.tls()))
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := client.StartDataLoss(t.Context(), orders, "FullDataLoss", wrapper.StartOptions{}); err != nil {
				t.Error(err)
			}
		})
		if !happens(func() bool { return d.last() != "" }) {
			t.Error("got no start at the server, want one")
		}
		f.putPair(t, ca.issue(t, "two"))
		d.want(t, client, "two", 2, 0)
		close(d.wait)
		wg.Wait()
		for range 3 {
			must(t, cancelWith(t.Context(), client, false))
			if who := d.last(); who != "two" {
				t.Errorf("got client %s, want two", who)
			}
		}
		client.Close()
		d.wantClosed(t, 2)
	})
}

// Roots that are replaced on disk apply to calls 50 ms later.
func TestTLSRotationOfRoots(t *testing.T) {
	t.Parallel()
	for _, named := range []bool{false, true} {
		eachProtocol(t, func(t *testing.T, proto string) {
			a, b := newAuthority(t, "root a"), newAuthority(t, "root b")
			ofA, ofB := a.issue(t, "cluster"), b.issue(t, "cluster")
			f := newFiles(t, a.issue(t, "one"), a)
			d := newDoor(t, ofA, proto)
			settings := f.tls()
			if named {
				settings.ServerCommonNames = []string{"cluster"}
			}
			client := newClient(t, d.endpoint, wrapper.WithTLS(settings))
			d.want(t, client, "one", 1, 0)

			put(t, f.ca, certPEM(b.Certificate)[:200])
			d.want(t, client, "one", 1, 0)
			put(t, f.ca, certPEM(b.Certificate))
			awaitLook()
			wantUntrusted(t, cancelWith(t.Context(), client, false), `issuer "root a"`)
			d.cert.Store(&ofB)
			d.want(t, client, "one", 3, 2)

			// The error of a handshake names the problem with the current files.
			other := newClient(t, d.endpoint, wrapper.WithTLS(settings)) // a client without a connection
			put(t, f.ca, []byte("rubbish"))
			d.cert.Store(&ofA)
			awaitLook()
			wantUntrusted(t, cancelWith(t.Context(), other, false), "held before", f.ca)
			put(t, f.ca, append(certPEM(a.Certificate), certPEM(b.Certificate)...))
			awaitLook()
			must(t, cancelWith(t.Context(), other, false))
		})
	}
}

// Concurrent calls succeed while the files change, with the old certificate or the new one.
func TestTLSRotationUnderLoad(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, proto string) {
		ca := newAuthority(t, "the root")
		one, two := ca.issue(t, "one"), ca.issue(t, "two")
		f := newFiles(t, one, ca)
		d := newDoor(t, ca.issue(t, "cluster"), proto)
		client := newClient(t, d.endpoint, wrapper.WithTLS(f.tls()))
		var wg sync.WaitGroup
		over := make(chan struct{})
		for range 8 {
			wg.Go(func() {
				for {
					select {
					case <-over:
						return
					default:
					}
					if err := cancelWith(t.Context(), client, false); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		for i := range 10 {
			f.putPair(t, []tls.Certificate{two, one}[i%2])
			who := []string{"two", "one"}[i%2]
			if !happens(func() bool { return d.last() == who }) {
				t.Errorf("got client %s, want %s", d.last(), who)
				break
			}
		}
		f.putPair(t, two)
		close(over)
		wg.Wait()
		awaitLook()
		must(t, cancelWith(t.Context(), client, false))
		if who := d.last(); who != "two" || d.resumed.Load() {
			t.Errorf("got client %s, resumed %v, want two, false", who, d.resumed.Load())
		}
	})
}

// certificates records the errors of certificate events.
type certificates struct {
	mu   sync.Mutex
	errs []string
}

func (c *certificates) observe(_ context.Context, e wrapper.Event) {
	if e.Name != "certificate" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs = append(c.errs, e.Err.Error())
}

// If a changed file is invalid, there is one event and one log line for each change, with the name and without the
// content of the file. The previous certificate stays in use.
func TestTLSInvalidFilesAreReported(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	f := newFiles(t, ca.issue(t, "one"), ca)
	d := newDoor(t, ca.issue(t, "cluster"), "HTTP/1.1")
	seen, out := new(certificates), new(bytes.Buffer)
	client := newClient(t, d.endpoint, wrapper.WithTLS(f.tls()), wrapper.WithObserver(seen.observe), wrapper.WithLogger(slog.New(slog.NewTextHandler(out, nil))))
	d.want(t, client, "one", 1, 0)
	const secret = "what is in the file"
	for i, content := range []string{secret, secret + " and more"} {
		put(t, f.cert, []byte(content))
		for range 3 {
			d.want(t, client, "one", 1, 0)
		}
		if len(seen.errs) < 1 || len(seen.errs) > i+1 {
			t.Errorf("got %d events %q, want 1 to %d", len(seen.errs), seen.errs, i+1)
		}
	}
	reported := strings.Join(seen.errs, "\n") + out.String()
	if !strings.Contains(reported, f.cert) || strings.Contains(reported, secret) || strings.Count(out.String(), "level=WARN") != len(seen.errs) {
		t.Errorf("got reports\n%s\nwant them with %s, without the content, and a warning for each of %d events", reported, f.cert, len(seen.errs))
	}
	f.putPair(t, ca.issue(t, "two"))
	d.want(t, client, "two", 2, 1)
}

// A change is seen even if the new file has the same length and the same time, as after a replacement within one tick
// of the file system's clock.
func TestTLSRotationWithinATick(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	one, two := ca.issue(t, "one"), ca.issue(t, "two")
	for len(one.Certificate[0]) != len(two.Certificate[0]) {
		two = ca.issue(t, "two")
	}
	f := newFiles(t, one, ca)
	now := time.Now()
	must(t, os.Chtimes(f.cert, now, now))
	must(t, os.Chtimes(f.key, now, now))
	d := newDoor(t, ca.issue(t, "cluster"), "HTTP/1.1")
	client := newClient(t, d.endpoint, wrapper.WithTLS(f.tls()))
	d.want(t, client, "one", 1, 0)
	f.putPair(t, two)
	must(t, os.Chtimes(f.cert, now, now))
	must(t, os.Chtimes(f.key, now, now))
	d.want(t, client, "two", 2, 1)
}

// A file counts as changed if its time or its length differs, or if it is another file.
func TestTLSRotationIsDetected(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	pair := func(name string) []byte { c := ca.issue(t, name); return append(certPEM(c), keyPEM(t, c)...) }
	for _, tc := range []struct {
		name   string
		pad    string // appended to the new file
		time   time.Time
		rename bool
	}{
		{"time", "", old.Add(time.Second), false},
		{"length", "\n", old, false},
		{"file", "", old, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "client.pem")
			one, two := pair("one"), pair("two")
			for len(one) != len(two) {
				two = pair("two")
			}
			put(t, path, one)
			must(t, os.Chtimes(path, old, old))
			d := newDoor(t, ca.issue(t, "cluster"), "HTTP/1.1")
			client := newClient(t, d.endpoint, wrapper.WithTLS(wrapper.TLS{CertFile: path, KeyFile: path, RootCAs: ca.pool()}))
			d.want(t, client, "one", 1, 0)
			to := path
			if tc.rename {
				to = path + ".new"
			}
			put(t, to, append(two, tc.pad...))
			must(t, os.Chtimes(to, tc.time, tc.time))
			must(t, os.Rename(to, path))
			d.want(t, client, "two", 2, 1)
		})
	}
}
