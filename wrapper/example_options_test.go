package wrapper_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
)

// The first gateway refuses connections; the client goes to the next, and stays there.
func ExampleWithEndpoints() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		id := c.Put(emulator.Record{})
		client, err := wrapper.New("http://127.0.0.1:1", wrapper.WithEndpoints(c.URL()), wrapper.WithHTTPClient(&http.Client{Transport: oneIsDown{c.Transport()}}))
		if err != nil {
			t.Fatalf("%v", err)
		}
		result, err := client.Cancel(context.Background(), id, wrapper.CancelOptions{})
		for _, a := range result.Attempts {
			fmt.Println(a.Endpoint, a.Class())
		}
		fmt.Println(result.Verdict, err)
	})
	// Output:
	// http://127.0.0.1:1/ not sent
	// http://cluster.test:19080/ done
	// Accepted <nil>
}

// A cluster whose certificate is known by its thumbprint, as Service Fabric has it. The
// files of a client certificate would be CertFile and KeyFile.
func ExampleWithTLS() {
	engine, err := server.New(emulator.New(memory.New()))
	if err != nil {
		panic(err)
	}
	cluster := httptest.NewTLSServer(engine)
	defer cluster.Close()
	thumbprint := sha1.Sum(cluster.Certificate().Raw)

	client, err := wrapper.New(cluster.URL, wrapper.WithTLS(wrapper.TLS{ServerThumbprints: []string{hex.EncodeToString(thumbprint[:])}}))
	if err != nil {
		panic(err)
	}
	defer client.Close()
	ops, err := client.Operations(context.Background())
	fmt.Println(len(ops), err)

	// Any other server is turned away before anything is sent.
	stranger, err := wrapper.New(cluster.URL, wrapper.WithTLS(wrapper.TLS{ServerThumbprints: []string{strings.Repeat("00", 20)}}))
	if err != nil {
		panic(err)
	}
	defer stranger.Close()
	_, err = stranger.Operations(context.Background())
	fmt.Println(errors.Is(err, wrapper.ErrNotSent))
	// Output:
	// 0 <nil>
	// true
}

// A token source keeps its token until it is told that it was refused.
func ExampleWithTokenSource() {
	sftest.Run(func(t sftest.TB) {
		token := "stale"
		source := func(_ context.Context, refused string) (string, error) {
			if refused != "" {
				token = "fresh" // a call to the directory, in a real source
			}
			return token, nil
		}
		c := sftest.NewCluster(t)
		c.On(sftest.MatchFunc(func(r sftest.Request) bool { return r.Header.Get("Authorization") != "Bearer fresh" }), sftest.Status(403, ""))
		client := c.Client(wrapper.WithTokenSource(source))

		var attempts []wrapper.Attempt
		_, err := client.Operations(wrapper.PerCall(context.Background(), wrapper.CallOptions{Attempts: &attempts}))
		for _, a := range attempts {
			fmt.Println(a.Status)
		}
		fmt.Println(err)
	})
	// Output:
	// 403
	// 200
	// <nil>
}

// Nobody forces on a Sunday: middleware that refuses a call.
func ExampleWithCallMiddleware() {
	errSunday := errors.New("no force on a Sunday")
	noSundays := func(next wrapper.CallFunc) wrapper.CallFunc {
		return func(ctx context.Context, call wrapper.Call) (wrapper.Outcome, error) {
			if call.Force {
				return wrapper.Outcome{}, errSunday
			}
			return next(ctx, call)
		}
	}
	sftest.Run(func(t sftest.TB) {
		client := sftest.NewCluster(t).Client(wrapper.WithCallMiddleware(noSundays))
		_, err := client.ForceCancel(context.Background(), uuid.New(), wrapper.ForceOptions{})
		fmt.Println(errors.Is(err, wrapper.ErrNotSent), errors.Is(err, errSunday))
	})
	// Output:
	// true true
}

// A header on every request, for a proxy that wants to know who asks.
func ExampleWithAttemptMiddleware() {
	name := func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			call, _, _ := wrapper.AttemptFrom(r.Context())
			r = r.Clone(r.Context())
			r.Header.Set("X-Asked-By", "night shift, "+call.Name)
			return next.RoundTrip(r)
		})
	}
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		_, err := c.Client(wrapper.WithAttemptMiddleware(name)).Operations(context.Background())
		fmt.Println(c.Requests()[0].Header.Get("X-Asked-By"), err)
	})
	// Output:
	// night shift, list operations <nil>
}

// Count how often calls have to ask again.
func ExampleWithObserver() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		c.On(sftest.Any, sftest.Status(503, "E_ABORT")).Times(2)
		pauses := 0
		count := func(_ context.Context, e wrapper.Event) {
			if e.Name == "pause" {
				pauses++
			}
		}
		_, err := c.Client(wrapper.WithObserver(count)).Operations(context.Background())
		fmt.Println(pauses, err)
	})
	// Output:
	// 2 <nil>
}

// What a client logs, without the times.
func ExampleWithLogger() {
	handler := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "took" || a.Key == "request_id" { // different each time
				return slog.Attr{}
			}
			return a
		},
	})
	sftest.Run(func(t sftest.TB) {
		client := sftest.NewCluster(t).Client(wrapper.WithLogger(slog.New(handler)))
		_, _ = client.Operations(context.Background())
	})
	// Output:
	// level=DEBUG msg=request call="list operations" purpose=read number=1 host=cluster.test:19080 class=done status=200
	// level=INFO msg=call call="list operations" requests=1
}

// What was asked of an operation, and what came of it.
func ExampleMemoryLedger() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		id, ledger, ctx := c.Put(emulator.Record{}), new(wrapper.MemoryLedger), context.Background()
		client := c.Client(wrapper.WithLedger(ledger))
		_, _ = client.Cancel(ctx, id, wrapper.CancelOptions{Reason: "end of the drill"})
		_, _ = client.ForceCancel(ctx, id, wrapper.ForceOptions{Reason: "it hangs"})

		entries, err := ledger.Entries(ctx, id)
		for _, e := range entries {
			fmt.Printf("%s %q %s, %s\n", e.Action, e.Verdict, e.State, e.Reason)
		}
		fmt.Println(err)
	})
	// Output:
	// graceful "Accepted" RollingBack, end of the drill
	// force "" , it hangs
	// force "Accepted" RollingBack, it hangs
	// <nil>
}

// oneIsDown refuses connections to the address that nobody listens at.
type oneIsDown struct{ next http.RoundTripper }

func (o oneIsDown) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == "127.0.0.1:1" {
		return nil, fmt.Errorf("%w: connection refused", wrapper.ErrNotSent)
	}
	return o.next.RoundTrip(r)
}
