package wrapper_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// After warm-up no connection is dialled: none in 10 000 calls of 128 callers, successes
// and errors alike, over TCP as over TLS and HTTP/2. net/http alone would keep two.
func TestNoDialsAfterWarmUp(t *testing.T) {
	t.Parallel()
	for name, secure := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { noDialsAfterWarmUp(t, secure) })
		})
	}
}

// atOnce asks again at once, for a bubble with sockets. No time passes there, as a goroutine
// that reads from a socket may go on at any moment: a pause would never end. Neither does the
// twentieth of a second after which net/http gives up a connection whose write it has not heard
// to be over, though the answer is there. That is much for a wire, and little for a busy machine.
func atOnce(burst int) wrapper.Option {
	return wrapper.WithRetry(wrapper.Retry{Base: 1, BusyBase: 1, Cap: 1, Burst: burst})
}

func noDialsAfterWarmUp(t *testing.T, secure bool) {
	t.Helper()
	const callers = 128
	calls := int64(10_000)
	if underRace || testing.Short() { // make whole makes them all
		calls = 2_000
	}
	c := newCluster(t, server.Runtime)
	makeForced(t, c)
	page := strings.Repeat("x", 100<<10)
	var n, dialled atomic.Int64
	var together sync.WaitGroup // every caller has a request under way
	together.Add(callers)
	warm := make(chan struct{})
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-warm:
		default:
			together.Done()
			<-warm
		}
		switch n.Add(1) % 10 { // every tenth fails, each in another way
		case 3:
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(page))
		case 6:
			w.WriteHeader(http.StatusForbidden)
		case 9:
			w.WriteHeader(http.StatusTooManyRequests)
		default:
			c.server.ServeHTTP(w, r)
		}
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			dialled.Add(1)
		}
	}
	options := []wrapper.Option{atOnce(int(calls))}
	if secure {
		srv.EnableHTTP2 = true
		srv.StartTLS()
		options = append(options, wrapper.WithTLS(wrapper.TLS{RootCAs: srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}))
	} else {
		srv.Start()
	}
	t.Cleanup(srv.Close)
	client := newClient(t, srv.URL, options...)

	one := func(i int64) {
		switch i % 4 {
		case 0:
			_, _ = client.Operations(t.Context())
		case 1:
			_, _ = client.Cancel(t.Context(), opID, wrapper.CancelOptions{}) // 400
		case 2:
			_, _ = client.Cancel(t.Context(), uuid.UUID{9}, wrapper.CancelOptions{}) // 404 and a list
		default:
			_, _ = client.Operation(t.Context(), opID)
		}
	}
	var wg sync.WaitGroup
	for i := range int64(callers) {
		wg.Go(func() { one(i) })
	}
	together.Wait()
	close(warm)
	wg.Wait()
	before := dialled.Load()
	var made atomic.Int64
	for range callers {
		wg.Go(func() {
			for i := made.Add(1); i <= calls; i = made.Add(1) {
				one(i)
			}
		})
	}
	wg.Wait()
	if more := dialled.Load() - before; more != 0 {
		t.Errorf("%d connections were dialled in %d calls, after the first %d", more, calls, before)
	}
	t.Logf("%d connections, %d requests", before, n.Load())
}
