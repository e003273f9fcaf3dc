package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// at is a client of a cluster at an address, with a ledger that others use too.
func (c *cluster) at(tb testing.TB, address string, ledger wrapper.Ledger, options ...wrapper.Option) *wrapper.Client {
	tb.Helper()
	below := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // whatever the path of the address
		r.URL.Path, r.URL.RawPath = r.URL.Path[strings.Index(r.URL.Path, "/Faults"):], ""
		c.handler.ServeHTTP(w, r)
	})
	ready := []wrapper.Option{wrapper.WithHTTPClient(&http.Client{Transport: direct{below}}), wrapper.WithLedger(ledger), wrapper.WithRetry(fast)}
	return newClient(tb, address, append(ready, options...)...)
}

// forget lets the operation end, and the cluster forget it.
func (c *cluster) forget(tb testing.TB) {
	tb.Helper()
	c.clock.advance(allTime)
	if _, found := c.record(tb, opID); found {
		c.clock.advance(allTime)
		must(tb, c.engine.CleanUp(background()))
	}
	if r, found := c.record(tb, opID); found {
		tb.Fatalf("the cluster remembers %+v", r)
	}
}

// A graceful cancel on one cluster is none on another: it lets no force out there, skips no
// grace, and makes the first cancel not AlreadyStopping, though both have an operation with
// that id and share the ledger.
func TestEvidenceOfAnotherClusterProvesNothing(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		synctest.Test(t, func(t *testing.T) {
			ctx := t.Context()
			staging, production := newCluster(t, profile), newCluster(t, profile)
			makeRunning(t, staging)
			makeRunning(t, production)
			ledger := new(wrapper.MemoryLedger)
			there, here := staging.at(t, "http://staging:19080", ledger), production.at(t, "http://production:19080", ledger)
			_, err := there.Cancel(ctx, opID, wrapper.CancelOptions{})
			must(t, err)
			_, err = there.ForceCancel(ctx, opID, wrapper.ForceOptions{})
			must(t, err)

			_, err = here.ForceCancel(ctx, opID, wrapper.ForceOptions{})
			_ = refusal(t, err)
			if seen := production.seen(); len(seen) != 0 {
				t.Errorf("production saw %v, want nothing", seen)
			}
			begin := time.Now()
			got, err := here.ForceCancel(ctx, opID, wrapper.ForceOptions{Policy: wrapper.GracefulFirst{Grace: time.Minute}})
			if err != nil || got.Verdict != wrapper.Accepted || time.Since(begin) < time.Minute {
				t.Errorf("graceful first: got %s, %v after %v, want Accepted after a minute of grace", got.Verdict, err, time.Since(begin))
			}
			other := newCluster(t, profile)
			makeRunning(t, other)
			got, err = other.at(t, "http://third:19080", ledger).Cancel(ctx, opID, wrapper.CancelOptions{})
			if err != nil || got.Verdict != wrapper.Accepted {
				t.Errorf("the first cancel: got %s, %v, want Accepted", got.Verdict, err)
			}
			entries, err := ledger.Entries(ctx, opID)
			must(t, err)
			for _, e := range entries {
				if !strings.Contains(e.Cluster, "://") || e.Outcome == "" && e.Action != "seen" {
					t.Errorf("an entry says neither cluster nor outcome: %+v", e)
				}
			}
		})
	})
}

// Which clients are clients of one cluster: those with one name, or, without names, with one
// endpoint in common, however it is written.
func TestWhichClientsShareACluster(t *testing.T) {
	t.Parallel()
	named := func(name string) []wrapper.Option { return []wrapper.Option{wrapper.WithCluster(name)} }
	more := func(addresses ...string) []wrapper.Option {
		return []wrapper.Option{wrapper.WithEndpoints(addresses...)}
	}
	for _, tc := range []struct {
		name          string
		first, second string
		of, and       []wrapper.Option
		want          bool
	}{
		{"the same address", "http://a:19080", "http://a:19080", nil, nil, true},
		{"the same address, another spelling", "http://A.Example:80/x/", "HTTP://a.example./x", nil, nil, true},
		{"the same IPv6 address", "http://[::1]:80", "http://[::1]", nil, nil, true},
		{"another port", "http://a:19080", "http://a:19081", nil, nil, false},
		{"another scheme", "http://a:19080", "https://a:19080", nil, nil, false},
		{"another path", "http://a/one", "http://a/two", nil, nil, false},
		{"one of several", "http://a", "http://c", more("http://b", "http://c"), more("http://d"), true},
		{"none of several", "http://a", "http://c", more("http://b"), more("http://d"), false},
		{"one name, other addresses", "http://a", "http://b", named("prod"), named("prod"), true},
		{"one address, other names", "http://localhost:19080", "http://localhost:19080", named("prod"), named("staging"), false},
		{"a name, and an address", "http://a", "http://a", named("prod"), nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, ledger := newCluster(t, server.Documented), new(wrapper.MemoryLedger)
			makeRunning(t, c)
			_, err := c.at(t, tc.first, ledger, tc.of...).Cancel(t.Context(), opID, wrapper.CancelOptions{})
			must(t, err)
			got, err := c.at(t, tc.second, ledger, tc.and...).Cancel(t.Context(), opID, wrapper.CancelOptions{})
			if err != nil || (got.Verdict == wrapper.AlreadyStopping) != tc.want {
				t.Errorf("the second cancel is %s, %v; evidence counts: want %t", got.Verdict, err, tc.want)
			}
		})
	}
	for _, name := range []string{"", "http://a", "two\nlines", strings.Repeat("x", 201)} {
		_, err := wrapper.New("http://a", wrapper.WithCluster(name))
		wantKind(t, err, wrapper.ErrInvalidArgument)
	}
}

// An id that the cluster has forgotten and that is used again is another operation: what was
// noted before its start, or before its end was seen, proves nothing of it.
func TestEvidenceOfAnEarlierLifeProvesNothing(t *testing.T) {
	t.Parallel()
	ways := map[string]func(ctx context.Context, c *wrapper.Client, of *cluster) error{
		"an accepted start": func(ctx context.Context, c *wrapper.Client, of *cluster) error {
			of.forget(t)
			_, err := c.StartDataLoss(ctx, orders, generated.DataLossModePartialDataLoss, wrapper.StartOptions{OperationID: opID})
			return err
		},
		"a start of unknown outcome": func(ctx context.Context, c *wrapper.Client, of *cluster) error {
			of.forget(t)
			of.wire.Spoil(wirefault.Any, wirefault.Fault{Apply: true}, wirefault.Fault{})
			_, err := c.StartDataLoss(ctx, orders, generated.DataLossModePartialDataLoss, wrapper.StartOptions{OperationID: opID})
			if !errors.Is(err, wrapper.ErrOutcomeUnknown) {
				return fmt.Errorf("got %w, want an unknown outcome", err)
			}
			return nil
		},
		"an end that a wait saw": func(ctx context.Context, c *wrapper.Client, of *cluster) error {
			of.clock.advance(allTime)
			_, err := c.Wait(ctx, opID, wrapper.WaitOptions{})
			of.forget(t)
			of.start(t, opID, "orders") // by somebody else
			return err
		},
		"an end that a read saw": func(ctx context.Context, c *wrapper.Client, of *cluster) error {
			of.clock.advance(allTime)
			_, err := c.Operation(ctx, opID)
			of.forget(t)
			of.start(t, opID, "orders")
			return err
		},
		"an absence that a cancel saw": func(ctx context.Context, c *wrapper.Client, of *cluster) error {
			of.forget(t)
			_, err := c.Cancel(ctx, opID, wrapper.CancelOptions{})
			of.start(t, opID, "orders")
			return err
		},
	}
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for name, way := range ways {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, c, ledger := t.Context(), newCluster(t, profile), new(wrapper.MemoryLedger)
					makeRunning(t, c)
					client := c.at(t, "http://a", ledger, fastWith(2))
					_, err := client.Cancel(ctx, opID, wrapper.CancelOptions{})
					must(t, err)
					must(t, way(ctx, client, c))
					_, err = client.ForceCancel(ctx, opID, wrapper.ForceOptions{})
					_ = refusal(t, err)
					begin := time.Now()
					c.clock.follow()
					ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
					defer cancel()
					_, err = client.Stop(ctx, opID, wrapper.StopOptions{Grace: 10 * time.Second})
					if took := c.forced.Sub(begin); c.forced.IsZero() || took < 10*time.Second {
						t.Errorf("forced %t after %v, %v, want a force after the whole grace", !c.forced.IsZero(), took, err)
					}
					entries, err := ledger.Entries(t.Context(), opID)
					must(t, err)
					for _, e := range entries {
						if e.Verdict == wrapper.AlreadyStopping {
							t.Errorf("the first cancel of this life is %+v", e)
						}
					}
				})
			})
		}
	})
}

// An answer that is noted late is of the life in which its call began: a cancel whose answer
// comes when the id has been used again lets no force out.
func TestEvidenceOfALateAnswerProvesNothing(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		ctx, c, ledger := t.Context(), newCluster(t, profile), new(wrapper.MemoryLedger)
		makeRunning(t, c)
		prompt := c.at(t, "http://a", ledger)
		late := c.at(t, "http://a", ledger, wrapper.WithAttemptMiddleware(func(next http.RoundTripper) http.RoundTripper {
			return roundTrip(func(r *http.Request) (*http.Response, error) {
				response, err := next.RoundTrip(r)
				c.forget(t)
				_, failed := prompt.StartDataLoss(ctx, orders, generated.DataLossModePartialDataLoss, wrapper.StartOptions{OperationID: opID})
				return response, errors.Join(err, failed)
			})
		}))
		got, err := late.Cancel(ctx, opID, wrapper.CancelOptions{})
		if err != nil || got.Verdict != wrapper.Accepted {
			t.Fatalf("the late cancel: got %s, %v, want Accepted", got.Verdict, err)
		}
		before := len(c.seen())
		_, err = prompt.ForceCancel(ctx, opID, wrapper.ForceOptions{})
		_ = refusal(t, err)
		if seen := c.seen()[before:]; len(seen) != 1 || seen[0] != "GetDataLossProgress" {
			t.Errorf("the force: the wire saw %v, want a look at the operation", seen)
		}
		got, err = prompt.Cancel(ctx, opID, wrapper.CancelOptions{})
		if err != nil || got.Verdict != wrapper.Accepted {
			t.Errorf("the first cancel of this life: got %s, %v, want Accepted", got.Verdict, err)
		}
	})
}

// Entries of earlier releases name no cluster. What they cannot prove, the cluster is asked:
// an operation that it shows RollingBack may be forced, and one that is Running may not.
func TestOldEntriesAreAsked(t *testing.T) {
	t.Parallel()
	old := wrapper.Entry{Time: time.Now().Add(-time.Hour), OperationID: opID, Action: "graceful", Verdict: wrapper.Accepted}
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for name, forced := range map[string]bool{"gracefully cancelled": true, "running": false} {
			t.Run(name, func(t *testing.T) {
				c, ledger := newCluster(t, profile), new(wrapper.MemoryLedger)
				situationNamed(t, name).make(t, c)
				must(t, ledger.Append(t.Context(), old))
				got, err := c.at(t, "http://a", ledger).ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
				if forced && (err != nil || got.Verdict != wrapper.Accepted) {
					t.Errorf("got %s, %v, want the force", got.Verdict, err)
				}
				if !forced {
					_ = refusal(t, err)
				}
				if seen := c.seen(); len(seen) == 0 || seen[0] != "list" {
					t.Errorf("the wire saw %v, want a list first", seen)
				}
			})
		}
		c, ledger := newCluster(t, profile), new(wrapper.MemoryLedger)
		makeStopping(t, c)
		must(t, ledger.Append(t.Context(), old))
		got, err := c.at(t, "http://a", ledger).Cancel(t.Context(), opID, wrapper.CancelOptions{})
		if err != nil || got.Verdict != wrapper.Accepted {
			t.Errorf("a cancel: got %s, %v, want Accepted", got.Verdict, err)
		}
	})
}

// A grace never counts from the future: the clock of another machine is an hour ahead, and
// the force comes on time by ours, with every policy and with Stop.
func TestGraceNeverCountsFromTheFuture(t *testing.T) {
	t.Parallel()
	const grace = time.Minute
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for name, call := range map[string]func(ctx context.Context, c *wrapper.Client) error{
			"RequireGraceful": func(ctx context.Context, c *wrapper.Client) error {
				_, err := c.ForceCancel(ctx, opID, wrapper.ForceOptions{})
				return err
			},
			"RequireGraceful, with a grace, again": func(ctx context.Context, c *wrapper.Client) error {
				policy := wrapper.RequireGraceful{MinGrace: grace}
				_, err := c.ForceCancel(ctx, opID, wrapper.ForceOptions{Policy: policy})
				r := (*wrapper.Refusal)(nil)
				if !errors.As(err, &r) || time.Until(r.NotBefore) > grace {
					return fmt.Errorf("got %w, want a refusal for %v at most", err, grace)
				}
				time.Sleep(time.Until(r.NotBefore))
				_, err = c.ForceCancel(ctx, opID, wrapper.ForceOptions{Policy: policy})
				return err
			},
			"GracefulFirst": func(ctx context.Context, c *wrapper.Client) error {
				_, err := c.ForceCancel(ctx, opID, wrapper.ForceOptions{Policy: wrapper.GracefulFirst{Grace: grace}})
				return err
			},
			"Stop": func(ctx context.Context, c *wrapper.Client) error {
				ctx, cancel := context.WithTimeout(ctx, 2*grace)
				defer cancel()
				if _, err := c.Stop(ctx, opID, wrapper.StopOptions{Grace: grace}); err != nil && !errors.Is(err, wrapper.ErrNotFinished) {
					return err
				}
				return nil
			},
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c, ledger := newCluster(t, profile), new(wrapper.MemoryLedger)
					makeStopping(t, c)
					must(t, ledger.Append(t.Context(), wrapper.Entry{
						Time: time.Now().Add(time.Hour), OperationID: opID, Cluster: itsCluster, Action: "graceful", Verdict: wrapper.Accepted,
					}))
					begin := time.Now()
					if err := call(t.Context(), c.at(t, "http://a", ledger, wrapper.WithCluster(itsCluster))); err != nil {
						t.Errorf("got %v", err)
					}
					if took := c.forced.Sub(begin); c.forced.IsZero() || took > grace+time.Second {
						t.Errorf("forced %t after %v, want within %v", !c.forced.IsZero(), took, grace)
					}
				})
			})
		}
	})
}

// An id that says when it was made says nothing of an operation that it was used for again.
func TestAgeOfAnIDThatIsUsedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, c := t.Context(), newCluster(t, server.Documented)
		client := c.at(t, "http://a", new(wrapper.MemoryLedger))
		old := versionSeven(time.Now())
		time.Sleep(24 * time.Hour)
		_, err := client.StartDataLoss(ctx, orders, generated.DataLossModePartialDataLoss, wrapper.StartOptions{OperationID: old})
		must(t, err)
		for age, want := range map[time.Duration]int{time.Hour: 0, 0: 1} {
			n := 0
			for _, err := range client.CancelAll(ctx, wrapper.Selector{MinAge: age}, wrapper.CancelAllOptions{Each: func(context.Context, wrapper.Operation) (wrapper.Result, error) {
				n++
				return wrapper.Result{}, nil
			}}) {
				must(t, err)
			}
			if n != want {
				t.Errorf("at least %v old: got %d, want %d", age, n, want)
			}
		}
	})
}

// Something below may send a request twice, and the client gets the answer to the second one.
// A start with an id of its own is then Accepted, and so is a force after a graceful cancel.
func TestReplayBelowIsResolved(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		synctest.Test(t, func(t *testing.T) {
			ctx, c := t.Context(), newCluster(t, profile)
			twice := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					c.handler.ServeHTTP(&statusWriter{ResponseWriter: discard{}}, r)
				}
				c.handler.ServeHTTP(w, r)
			})
			client := directClient(t, twice)
			for kind, start := range starts {
				got, err := start(ctx, client, wrapper.StartOptions{})
				if err != nil || got.Verdict != wrapper.Accepted || !got.Resolved || got.Kind != kind {
					t.Errorf("%s: got %+v, %v, want Accepted, resolved", kind, got, err)
				}
			}
			id := uuid.New()
			got, err := client.StartDataLoss(ctx, orders, generated.DataLossModePartialDataLoss, wrapper.StartOptions{OperationID: id})
			if err != nil || got.Verdict != wrapper.AlreadyStarted {
				t.Errorf("with the caller's id: got %s, %v, want AlreadyStarted", got.Verdict, err)
			}
			c.clock.advance(queueTime)
			got, err = client.Cancel(ctx, id, wrapper.CancelOptions{})
			if err != nil || got.Verdict != wrapper.Accepted {
				t.Errorf("cancel: got %s, %v, want Accepted", got.Verdict, err)
			}
			got, err = client.ForceCancel(ctx, id, wrapper.ForceOptions{})
			if err != nil || got.Verdict != wrapper.Accepted || got.Resolved != (profile == server.Runtime) {
				t.Errorf("force: got %s, resolved %t, %v, want Accepted", got.Verdict, got.Resolved, err)
			}
		})
	})
}

// Entries that leave open whether what came before is of this life let the cluster be asked:
// a start of an id that existed, a start or an end that an earlier release noted without a
// cluster, and a sight of Running.
func TestDoubtfulLivesAreAsked(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]wrapper.Entry{
		"a start of an id that existed":     {Cluster: itsCluster, Action: "start", Outcome: "done", Verdict: wrapper.AlreadyStarted, State: wrapper.StateRunning},
		"a start of an earlier release":     {Action: "start", Verdict: wrapper.Accepted},
		"an end that one noted":             {Action: "graceful", Verdict: wrapper.Finished},
		"an absence that one noted":         {Action: "graceful", Verdict: wrapper.NotFound},
		"a sight of Running":                {Cluster: itsCluster, Action: "seen", State: wrapper.StateRunning},
		"a start of which nothing is known": {Cluster: itsCluster, Action: "start", Outcome: "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, ledger := newCluster(t, server.Documented), knowsGraceful(t)
			e.Time, e.OperationID = time.Now(), opID
			must(t, ledger.Append(t.Context(), e))
			makeRunning(t, c)
			client := c.at(t, "http://a", ledger, wrapper.WithCluster(itsCluster))
			_, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
			_ = refusal(t, err)
			if seen := c.seen(); len(seen) != 1 || seen[0] != "list" {
				t.Errorf("the wire saw %v, want a list", seen)
			}
			got, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
			if err != nil || got.Verdict != wrapper.Accepted {
				t.Errorf("the first cancel of this life: got %s, %v, want Accepted", got.Verdict, err)
			}
		})
	}
}

// Only what proves that there was an operation makes it older.
func TestAgeCountsFromWhatProvesIt(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]wrapper.Entry{
		"a start that was not sent":         {Action: "start", Outcome: "not sent"},
		"a start that was refused":          {Action: "start", Outcome: "refused"},
		"a start of which nothing is known": {Action: "start", Outcome: "unknown"},
		"a cancel that was not sent":        {Action: "graceful", Outcome: "not sent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, ledger := newCluster(t, server.Documented), new(wrapper.MemoryLedger)
			makeRunning(t, c)
			e.Time, e.OperationID, e.Cluster = time.Now().Add(-2*time.Hour), opID, itsCluster
			must(t, ledger.Append(t.Context(), e))
			client := c.at(t, "http://a", ledger, wrapper.WithCluster(itsCluster))
			for result, err := range client.CancelAll(t.Context(), wrapper.Selector{MinAge: time.Hour}, wrapper.CancelAllOptions{}) {
				t.Errorf("got %+v, %v, want nothing selected", result, err)
			}
		})
	}
}
