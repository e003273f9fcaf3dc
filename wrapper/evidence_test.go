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

// at returns a client of the cluster for an address, with a shared ledger.
func (c *cluster) at(tb testing.TB, address string, ledger wrapper.Ledger, options ...wrapper.Option) *wrapper.Client {
	tb.Helper()
	below := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // removes the path of the address
		r.URL.Path, r.URL.RawPath = r.URL.Path[strings.Index(r.URL.Path, "/Faults"):], ""
		c.handler.ServeHTTP(w, r)
	})
	ready := []wrapper.Option{wrapper.WithHTTPClient(&http.Client{Transport: direct{below}}), wrapper.WithLedger(ledger), wrapper.WithRetry(fast)}
	return newClient(tb, address, append(ready, options...)...)
}

// forget lets the operation end, and makes the cluster forget it.
func (c *cluster) forget(tb testing.TB) {
	tb.Helper()
	c.clock.advance(allTime)
	if _, found := c.record(tb, opID); found {
		c.clock.advance(allTime)
		must(tb, c.engine.CleanUp(background()))
	}
	if r, found := c.record(tb, opID); found {
		tb.Fatalf("got record %+v, want none", r)
	}
}

// A graceful cancel on one cluster is not evidence on another, even if both have an operation with that id and
// share the ledger: it allows no force there, shortens no grace, and does not make the first cancel AlreadyStopping.
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
					t.Errorf("got entry %+v, want a cluster and an outcome", e)
				}
			}
		})
	})
}

// Clients share a cluster if they have the same cluster name or, without names, at least one endpoint in common,
// however it is spelled.
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
				t.Errorf("second cancel: got %s, %v, want AlreadyStopping: %t", got.Verdict, err, tc.want)
			}
		})
	}
	for _, name := range []string{"", "http://a", "two\nlines", strings.Repeat("x", 201)} {
		_, err := wrapper.New("http://a", wrapper.WithCluster(name))
		wantKind(t, err, wrapper.ErrInvalidArgument)
	}
}

// An id that is used again after the cluster has forgotten it is another operation. Entries from before its start, or
// from before the end of the earlier operation was seen, are not evidence.
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
			of.start(t, opID, "orders") // by another client
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
						t.Errorf("got forced %t after %v, %v, want a force after the whole grace", !c.forced.IsZero(), took, err)
					}
					entries, err := ledger.Entries(t.Context(), opID)
					must(t, err)
					for _, e := range entries {
						if e.Verdict == wrapper.AlreadyStopping {
							t.Errorf("got entry %+v, want the first cancel of this life not AlreadyStopping", e)
						}
					}
				})
			})
		}
	})
}

// A late answer belongs to the life in which its call began: if the id has been used again meanwhile, the cancel
// is not evidence for a force.
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
			t.Errorf("the force: the wire saw %v, want one read of the progress", seen)
		}
		got, err = prompt.Cancel(ctx, opID, wrapper.CancelOptions{})
		if err != nil || got.Verdict != wrapper.Accepted {
			t.Errorf("the first cancel of this life: got %s, %v, want Accepted", got.Verdict, err)
		}
	})
}

// Entries of earlier releases have no cluster, so they are not evidence by themselves. The client reads the operation
// from the cluster: if it is RollingBack it may be forced, and if it is Running it may not.
func TestOldEntriesNeedARead(t *testing.T) {
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

// A grace never counts from a future time: if the clock of another machine is an hour ahead, the force is still on
// time by the local clock, with every policy and with Stop.
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
						t.Errorf("got %v, want nil", err)
					}
					if took := c.forced.Sub(begin); c.forced.IsZero() || took > grace+time.Second {
						t.Errorf("got forced %t after %v, want a force within %v", !c.forced.IsZero(), took, grace+time.Second)
					}
				})
			})
		}
	})
}

// The time in an id does not count as the age of an operation that reuses the id.
func TestAgeOfReusedID(t *testing.T) {
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

// A transport may send a request twice and return the second answer. Then a start with a generated id is still
// Accepted, and so is a force after a graceful cancel.
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
				t.Errorf("force: got %s, resolved %t, %v, want Accepted, resolved %t", got.Verdict, got.Resolved, err, profile == server.Runtime)
			}
		})
	})
}

// The client reads the operation from the cluster if an entry leaves open whether earlier entries are of this life: a
// start of an id that existed, a start or an end recorded by an earlier release without a cluster, or an entry that
// saw it Running.
func TestDoubtfulLivesNeedARead(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]wrapper.Entry{
		"a start of an id that existed":    {Cluster: itsCluster, Action: "start", Outcome: "done", Verdict: wrapper.AlreadyStarted, State: wrapper.StateRunning},
		"a start of an earlier release":    {Action: "start", Verdict: wrapper.Accepted},
		"an end from an earlier release":   {Action: "graceful", Verdict: wrapper.Finished},
		"a NotFound of an earlier release": {Action: "graceful", Verdict: wrapper.NotFound},
		"seen Running":                     {Cluster: itsCluster, Action: "seen", State: wrapper.StateRunning},
		"a start of unknown outcome":       {Cluster: itsCluster, Action: "start", Outcome: "unknown"},
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
				t.Errorf("the wire saw %v, want one list", seen)
			}
			got, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
			if err != nil || got.Verdict != wrapper.Accepted {
				t.Errorf("the first cancel of this life: got %s, %v, want Accepted", got.Verdict, err)
			}
		})
	}
}

// The age of an operation counts only from entries that prove that it existed.
func TestAgeNeedsProofOfExistence(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]wrapper.Entry{
		"a start that was not sent":  {Action: "start", Outcome: "not sent"},
		"a start that was refused":   {Action: "start", Outcome: "refused"},
		"a start of unknown outcome": {Action: "start", Outcome: "unknown"},
		"a cancel that was not sent": {Action: "graceful", Outcome: "not sent"},
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
