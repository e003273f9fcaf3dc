package otel_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// trip is a round tripper that calls a function.
type trip func(r *http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// changing is attempt middleware that changes a copy of the request.
func changing(change func(r *http.Request)) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return trip(func(r *http.Request) (*http.Response, error) {
			r = r.Clone(r.Context())
			change(r)
			return next.RoundTrip(r)
		})
	}
}

// withoutPrefix is attempt middleware that removes a prefix from the path, as a gateway that serves the API below a
// path does.
func withoutPrefix(prefix string) func(http.RoundTripper) http.RoundTripper {
	return changing(func(r *http.Request) { r.URL.Path = strings.TrimPrefix(r.URL.Path, prefix) })
}

// inContext is attempt middleware that replaces the context of a request.
func inContext(ctx context.Context) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return trip(func(r *http.Request) (*http.Response, error) { return next.RoundTrip(r.WithContext(ctx)) })
	}
}

// Spans and metrics remain consistent whatever the outer middleware does.
func TestMiddleware(t *testing.T) {
	t.Parallel()
	t.Run("refuses an attempt", func(t *testing.T) {
		m := newTelemetry(t)
		read(t, m, "http://c", okay, func(http.RoundTripper) http.RoundTripper {
			return trip(func(*http.Request) (*http.Response, error) { return nil, wrapper.ErrNotSent })
		})
		m.wantTree(`
			sfcancel.list_operations attempts=1 error=not_sent !`)
	})
	t.Run("sends twice", func(t *testing.T) {
		m := newTelemetry(t)
		read(t, m, "http://c", okay, func(next http.RoundTripper) http.RoundTripper {
			return trip(func(r *http.Request) (*http.Response, error) {
				first, err := next.RoundTrip(r)
				if err != nil {
					return nil, err
				}
				_ = first.Body.Close()
				return next.RoundTrip(r)
			})
		})
		m.wantTree(`
			sfcancel.list_operations attempts=1
			  GET /Faults/ read 200
			  GET /Faults/ read done 200`)
	})
	t.Run("does not wait for its requests", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := newTelemetry(t)
			slow := func(r *http.Request) (*http.Response, error) {
				time.Sleep(time.Second)
				return okay(r)
			}
			read(t, m, "http://c", slow, func(next http.RoundTripper) http.RoundTripper {
				return trip(func(r *http.Request) (*http.Response, error) {
					for _, begin := range []time.Duration{0, time.Minute} { // the second request starts after the end of the call
						go func() {
							time.Sleep(begin)
							if late, err := next.RoundTrip(r); err == nil {
								_ = late.Body.Close()
							}
						}()
					}
					time.Sleep(time.Millisecond)
					return nil, errors.New("gave up")
				})
			})
			time.Sleep(time.Hour)
			m.wantTree(`
				sfcancel.list_operations attempts=1 error=unavailable !
				  GET /Faults/ read ambiguous error=_OTHER !
				  GET /Faults/ read`)
		})
	})
	t.Run("sends a request after giving up the attempt", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := newTelemetry(t)
			late := func(next http.RoundTripper) http.RoundTripper {
				return trip(func(r *http.Request) (*http.Response, error) {
					go func() {
						time.Sleep(time.Second)
						if late, err := next.RoundTrip(r); err == nil {
							_ = late.Body.Close()
						}
					}()
					return nil, errors.New("gave up")
				})
			}
			client, err := wrapper.New("http://c", wrapper.WithAttemptMiddleware(late), m.instrument(), fastWith(1),
				wrapper.WithHTTPClient(&http.Client{Transport: trip(okay)}),
				wrapper.WithCallMiddleware(func(next wrapper.CallFunc) wrapper.CallFunc {
					return func(ctx context.Context, call wrapper.Call) (wrapper.Outcome, error) {
						defer time.Sleep(time.Minute)
						return next(ctx, call)
					}
				}))
			if err != nil {
				t.Fatal(err)
			}
			_, _ = client.Operations(t.Context())
			m.wantTree(`
				sfcancel.list_operations attempts=1 error=unavailable !
				  GET /Faults/ read 200`)
		})
	})
	t.Run("replaces the context of a request", func(t *testing.T) {
		m := newTelemetry(t)
		read(t, m, "http://c", okay, inContext(context.Background()))
		m.wantTree(`
			sfcancel.list_operations attempts=1`)
	})
	t.Run("replaces the context of a call", func(t *testing.T) {
		c, m := sftest.NewCluster(t), newTelemetry(t)
		c.On(sftest.Any, sftest.Status(503, "E_ABORT"))
		client := c.Client(fastWith(3), m.instrument(), wrapper.WithEndpoints("http://second"),
			wrapper.WithCallMiddleware(func(next wrapper.CallFunc) wrapper.CallFunc {
				return func(_ context.Context, call wrapper.Call) (wrapper.Outcome, error) {
					return next(context.Background(), call)
				}
			}))
		if _, err := client.Operations(t.Context()); err != nil {
			t.Error(err)
		}
		m.wantTree(`
			sfcancel.list_operations attempts=0`)
		m.wantPoints("sfcancel.pauses", `1 sfcancel.call=list_operations sfcancel.class=ambiguous`)
		m.wantPoints("sfcancel.failovers", `1 server.address=cluster.test server.port=19080`)
	})
	t.Run("returns an error of its own", func(t *testing.T) {
		c, m := sftest.NewCluster(t), newTelemetry(t)
		client := c.Client(m.instrument(), wrapper.WithCallMiddleware(func(wrapper.CallFunc) wrapper.CallFunc {
			return func(context.Context, wrapper.Call) (wrapper.Outcome, error) {
				return wrapper.Outcome{}, errors.New("not on a Friday")
			}
		}))
		if _, err := client.Cancel(t.Context(), uuid.UUID{1}, wrapper.CancelOptions{}); !errors.Is(err, wrapper.ErrNotSent) {
			t.Errorf("got %v, want %v", err, wrapper.ErrNotSent)
		}
		m.wantTree(`
			sfcancel.cancel attempts=0 error=_OTHER !`)
	})
}
