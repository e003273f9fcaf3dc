package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// paced runs a Cancel in virtual time: it gives the answers, and records the time of each request.
type paced struct {
	answers
	asked []time.Duration // time of each request since the call began
	took  time.Duration
}

func (p *paced) cancel(ctx context.Context, tb testing.TB, retry wrapper.Retry) error {
	tb.Helper()
	begin := time.Now()
	p.served, p.asked = 0, nil
	p.onServe = func(*http.Request) { p.asked = append(p.asked, time.Since(begin)) }
	client := directClient(tb, &p.answers, wrapper.WithRetry(retry))
	_, err := client.Cancel(ctx, opID, wrapper.CancelOptions{})
	p.took = time.Since(begin)
	return err
}

// pauses returns the times between the requests; answers take no time.
func (p *paced) pauses() []time.Duration {
	var between []time.Duration
	for i := 1; i < len(p.asked); i++ {
		between = append(between, p.asked[i]-p.asked[i-1])
	}
	return between
}

func serving(made ...answer) *paced { return &paced{answers: answers{made: made}} }

func retryAfter(status int, text string) answer {
	return answer{status: status, header: http.Header{"Retry-After": {text}}}
}

var done = answer{status: 200}

// If a server returns 404 for an operation that it lists, the cancel is retried with pauses and within the budget.
func TestListedButNotFoundIsRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		missing := answer{status: 404, body: fabricError(wrapper.Code(generated.ErrorCodeKeyNotFound))}
		var made []answer
		for range 4 {
			made = append(made, missing, runningList())
		}
		p := serving(made...)
		err := p.cancel(t.Context(), t, wrapper.Retry{Burst: 1, Rate: 0.1})
		wantKind(t, err, wrapper.ErrServerRefused) // the list shows that nothing has happened
		if p.served != 8 || p.took < 19*time.Second {
			t.Errorf("got %d requests in %v, want 8, in 20 s or more for three retries with a token every 10 s", p.served, p.took)
		}
		for n, pause := range p.pauses() {
			if again := n%2 == 1; !again && pause != 0 {
				t.Errorf("got the list %v after a 404, want at once", pause)
			}
		}
	})
}

// RFC 9110 §10.2.3: Retry-After is a number of seconds or a date, which has three forms (§5.6.7). The retry is never
// earlier, and later by the jitter at most.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		at    answer
		least time.Duration
	}{
		{"seconds", retryAfter(503, "7"), 7 * time.Second},
		{"seconds with 429", retryAfter(429, "7"), 7 * time.Second},
		{"seconds with 408", retryAfter(408, "7"), 7 * time.Second},
		{"zero seconds", retryAfter(503, "0"), 0},
		{"IMF-fixdate", retryAfter(503, "Sat, 01 Jan 2000 00:00:30 GMT"), 30 * time.Second},
		{"RFC 850 date", retryAfter(503, "Saturday, 01-Jan-00 00:00:30 GMT"), 30 * time.Second},
		{"asctime date", retryAfter(503, "Sat Jan  1 00:00:30 2000"), 30 * time.Second},
		{"a past date", retryAfter(503, "Fri, 31 Dec 1999 23:59:59 GMT"), 0},
		{"not a number", retryAfter(503, "soon"), 0},
		{"a negative number", retryAfter(503, "-7"), 0},
		{"a fraction", retryAfter(503, "7.5"), 0},
		{"empty", retryAfter(503, ""), 0},
		{"none", answer{status: 503}, 0},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := serving(tc.at, done)
				must(t, p.cancel(t.Context(), t, wrapper.Retry{Base: time.Second, BusyBase: time.Second}))
				if len(p.asked) != 2 {
					t.Fatalf("got %d requests, want 2", len(p.asked))
				}
				pause := p.pauses()[0]
				if pause < tc.least || pause > tc.least+time.Second {
					t.Errorf("got a retry after %v, want %v to %v", pause, tc.least, tc.least+time.Second)
				}
			})
		})
	}
}

// Jitter is added to a Retry-After, so that callers do not return together.
func TestRetryAfterJitter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seen := map[time.Duration]bool{}
		for range 50 {
			p := serving(retryAfter(503, "7"), done)
			must(t, p.cancel(t.Context(), t, wrapper.Retry{}))
			for _, pause := range p.pauses() {
				seen[pause] = true
			}
		}
		if len(seen) < 25 {
			t.Errorf("got %d different pauses of 50 calls, want at least 25", len(seen))
		}
	})
}

// If the pause does not fit into the context, the call returns at once, and its error has the length of the pause.
func TestRetryAfterDoesNotFit(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"60", "Sat, 01 Jan 2000 00:01:00 GMT", "18446744073709551615", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			p := serving(retryAfter(503, text), done)
			e := asError(t, p.cancel(ctx, t, wrapper.Retry{}), wrapper.ErrOutcomeUnknown)
			if p.took != 0 || len(p.asked) != 1 {
				t.Errorf("%s: got %d requests in %v, want 1 at once", text, len(p.asked), p.took)
			}
			if e.RetryAfter() < time.Minute || e.Status() != 503 || !strings.Contains(e.Error(), "before the next attempt may be made") {
				t.Errorf("%s: got %v with RetryAfter %v and status %d, want a minute or more and 503", text, e, e.RetryAfter(), e.Status())
			}
		})
	}
}

// The cap is applied first, then full jitter: every pause is between 0 and its step, and many pauses cover that whole
// range.
func TestFullJitter(t *testing.T) {
	t.Parallel()
	e := func(code string) answer { return answer{status: 503, body: fabricError(wrapper.Code(code))} }
	hour := time.Hour
	cases := []struct {
		name  string
		at    answer
		retry wrapper.Retry
		steps []time.Duration
	}{
		{"transient", e("FABRIC_E_NOT_PRIMARY"), wrapper.Retry{Base: time.Second, BusyBase: hour, Cap: 5 * time.Second},
			[]time.Duration{1 * time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second, 5 * time.Second, 5 * time.Second}},
		{"no connection", answer{dial: true}, wrapper.Retry{Base: time.Second, BusyBase: hour, Cap: 2 * time.Second, MaxAttempts: 4},
			[]time.Duration{1 * time.Second, 2 * time.Second, 2 * time.Second}},
		{"a lost answer", answer{lost: true}, wrapper.Retry{Base: time.Second, BusyBase: hour, Cap: 2 * time.Second, MaxAttempts: 4},
			[]time.Duration{1 * time.Second, 2 * time.Second, 2 * time.Second}},
		{"429 is busy", answer{status: 429}, wrapper.Retry{Base: hour, BusyBase: time.Second, Cap: 3 * time.Second, MaxAttempts: 4},
			[]time.Duration{1 * time.Second, 2 * time.Second, 3 * time.Second}},
		{"runtime §8: ServiceTooBusy", e("FABRIC_E_SERVICE_TOO_BUSY"), wrapper.Retry{Base: hour, BusyBase: time.Second, Cap: 3 * time.Second, MaxAttempts: 4},
			[]time.Duration{1 * time.Second, 2 * time.Second, 3 * time.Second}},
		{"runtime §8: ReplicationQueueFull", e("FABRIC_E_REPLICATION_QUEUE_FULL"), wrapper.Retry{Base: hour, BusyBase: time.Second, Cap: 3 * time.Second, MaxAttempts: 3},
			[]time.Duration{1 * time.Second, 2 * time.Second}},
		{"the cap is below the base", answer{status: 502}, wrapper.Retry{Base: hour, Cap: time.Second, MaxAttempts: 3},
			[]time.Duration{1 * time.Second, 1 * time.Second}},
		{"the defaults", answer{status: 502}, wrapper.Retry{MaxAttempts: 11},
			milliseconds(100, 200, 400, 800, 1600, 3200, 6400, 12800, 20000, 20000)},
		{"the defaults when busy", answer{status: 429}, wrapper.Retry{}, milliseconds(1000, 2000, 4000, 8000, 16000, 20000, 20000)},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				least, most := make([]time.Duration, len(tc.steps)), make([]time.Duration, len(tc.steps))
				for round := range 150 {
					p := serving(tc.at)
					if err := p.cancel(t.Context(), t, tc.retry); err == nil {
						t.Fatal("got no error, want one")
					}
					pauses := p.pauses()
					if len(pauses) != len(tc.steps) {
						t.Fatalf("got %d pauses, want %d", len(pauses), len(tc.steps))
					}
					for i, pause := range pauses {
						if round == 0 {
							least[i] = pause
						}
						least[i], most[i] = min(least[i], pause), max(most[i], pause)
					}
				}
				for i, step := range tc.steps {
					if most[i] > step || most[i] < step*4/5 || least[i] > step/5 {
						t.Errorf("pause %d: got %v to %v, want the whole range from 0 to %v", i+1, least[i], most[i], step)
					}
				}
			})
		})
	}
}

func milliseconds(ms ...int) []time.Duration {
	var ds []time.Duration
	for _, m := range ms {
		ds = append(ds, time.Duration(m)*time.Millisecond)
	}
	return ds
}

// After a definite answer there is no pause, and the steps start over.
func TestPausesStartOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lost := answer{status: 503}
		p := serving(lost, lost, lost, answer{status: 404, body: fabricError(wrapper.Code(generated.ErrorCodeKeyNotFound))}, lost, answer{status: 200, body: "[]"})
		must(t, p.cancel(t.Context(), t, wrapper.Retry{Base: time.Second, Cap: time.Hour}))
		pauses := p.pauses()
		if len(pauses) != 5 || pauses[3] != 0 || pauses[4] > time.Second {
			t.Errorf("got pauses %v, want 5, the fourth 0 and the fifth a second at most", pauses)
		}
	})
}

// MaxAttempts limits the requests of a call, and the error says so.
func TestMaxAttempts(t *testing.T) {
	t.Parallel()
	for set, want := range map[int]int{0: 8, 1: 1, 2: 2, 13: 13} {
		for name, at := range map[string]answer{"ambiguous": {status: 503}, "busy": {status: 429}, "not sent": {dial: true}} {
			t.Run(fmt.Sprintf("%d %s", set, name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := serving(at)
					err := p.cancel(t.Context(), t, wrapper.Retry{MaxAttempts: set})
					var e *wrapper.Error
					if !errors.As(err, &e) || len(e.Attempts()) != want || p.served != want || !strings.Contains(err.Error(), "as many requests as the retry settings allow") {
						t.Errorf("got %v after %d requests, want it to name the retry settings after %d", err, p.served, want)
					}
				})
			})
		}
	}
}

// A definite refusal is not retried.
func TestNotRetried(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 307, 400, 401, 403, 404, 409, 413, 501, 505} {
		synctest.Test(t, func(t *testing.T) {
			p := serving(answer{status: status}, done)
			e := asError(t, p.cancel(t.Context(), t, wrapper.Retry{}), wrapper.ErrServerRefused)
			if p.served != 1 || e.Status() != status {
				t.Errorf("got %v with status %d after %d requests, want %d after 1", e, e.Status(), p.served, status)
			}
		})
	}
}

// RFC 9110 §10.2.3: Retry-After may have any number of digits. A number that overflows is a long time, not 0.
func TestRetryAfterOfManyDigits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		p := serving(retryAfter(503, strings.Repeat("9", 20)), done)
		if err := p.cancel(ctx, t, wrapper.Retry{}); err == nil {
			t.Errorf("got a retry after %v, want an error", p.pauses())
		}
	})
}

// MaxAttempts limits all requests of a call, including probes and reads.
func TestMaxAttemptsCountsProbesAndReads(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, situation string
		attempts        int
		policy          wrapper.ForcePolicy
	}{
		{"the list after a 404", "completed", 1, nil},
		{"the list after a refused force", "running", 1, wrapper.ServerDecides{}},
		{"the list after a 404 to a force", "completed", 1, wrapper.ServerDecides{}},
		{"the force after its graceful cancel", "running", 1, wrapper.GracefulFirst{}},
	}
	for _, tc := range cases {
		c := newCluster(t, server.Runtime)
		situationNamed(t, tc.situation).make(t, c)
		client := directClient(t, c.handler, fastWith(tc.attempts))
		if tc.policy == nil {
			_, _ = client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
		} else {
			_, _ = client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: tc.policy})
		}
		if n := len(c.seen()); n > tc.attempts {
			t.Errorf("%s: got %d requests %v, want %d at most", tc.name, n, c.seen(), tc.attempts)
		}
	}
}

// By default 100 retries may be made at once, and 10 a second after that
// ([wrapper.Retry].Burst and Rate).
func TestBudgetDefaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := serving(answer{status: 503})
		client := directClient(t, &p.answers, wrapper.WithRetry(wrapper.Retry{MaxAttempts: 121, Base: 1, Cap: 1}))
		var at []time.Duration
		begin := time.Now()
		p.onServe = func(*http.Request) { at = append(at, time.Since(begin)) }
		_, err := client.Operations(t.Context())
		wantKind(t, err, wrapper.ErrUnavailable)
		if at[100] > time.Millisecond || at[101] < 99*time.Millisecond || at[120].Round(10*time.Millisecond) != 2*time.Second {
			t.Errorf("got the last of the burst after %v, the next after %v and the twentieth after %v, want 0s, 100ms and 2s", at[100], at[101], at[120])
		}
	})
}

// The pause doubles up to Cap, and stays there for any number of retries ([wrapper.Retry]).
func TestPausesOfVeryManyRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := serving(answer{status: 503})
		client := directClient(t, &p.answers, wrapper.WithRetry(wrapper.Retry{MaxAttempts: 90, Base: 1, Cap: time.Second}))
		begin := time.Now()
		_, err := client.Operations(t.Context())
		wantKind(t, err, wrapper.ErrUnavailable)
		if took := time.Since(begin); p.served != 90 || took > 60*time.Second || took < 10*time.Second {
			t.Errorf("got %d requests in %v, want 90 in 10s to 60s", p.served, took)
		}
	})
}

// For a past date (RFC 9110 §10.2.3), RetryAfter is 0.
func TestRetryAfterHasPassed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		past := time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)
		p := serving(retryAfter(503, past))
		_, err := directClient(t, &p.answers, fastWith(2)).Operations(t.Context())
		if e := asError(t, err, wrapper.ErrUnavailable); e.RetryAfter() != 0 {
			t.Errorf("got RetryAfter %v, want 0", e.RetryAfter())
		}
	})
}

// All calls of a client together retry no faster than the token bucket allows, and each of them still makes all its
// attempts.
func TestBudgetIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const callers, attempts, burst, rate = 50, 5, 20, 4
		var mu sync.Mutex
		var asked []time.Duration
		begin := time.Now()
		down := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, time.Since(begin))
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		retry := wrapper.Retry{MaxAttempts: attempts, Base: time.Millisecond, Cap: time.Millisecond, Burst: burst, Rate: rate}
		client := directClient(t, down, wrapper.WithRetry(retry))
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				e := asError(t, cancelWith(t.Context(), client, false), wrapper.ErrOutcomeUnknown)
				if len(e.Attempts()) != attempts {
					t.Errorf("got %d attempts, want %d", len(e.Attempts()), attempts)
				}
			})
		}
		wg.Wait()
		if len(asked) != callers*attempts {
			t.Fatalf("got %d requests, want %d", len(asked), callers*attempts)
		}
		// First requests need no token. After those and the burst, rate requests a second are allowed.
		for i, at := range asked {
			if n := i + 1 - callers - burst; n > 0 {
				if earliest := time.Duration(n) * time.Second / rate; at < earliest-time.Millisecond {
					t.Fatalf("got request %d after %v, want %v or later", i+1, at, earliest)
				}
			}
		}
		if took, want := time.Since(begin), time.Second*(callers*(attempts-1)-burst)/rate; took > want+time.Second {
			t.Errorf("the calls took %v, want about %v", took, want)
		}
	})
}

// The bucket refills up to its size. A call that cannot wait for a token fails at once, and takes no token.
func TestBudgetFills(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := serving(answer{status: 503})
		client := directClient(t, &p.answers, wrapper.WithRetry(wrapper.Retry{MaxAttempts: 3, Base: 1, Cap: 1, Burst: 2, Rate: 1}))
		took := func(ctx context.Context) time.Duration {
			begin := time.Now()
			wantKind(t, cancelWith(ctx, client, false), wrapper.ErrOutcomeUnknown)
			return time.Since(begin).Round(time.Millisecond)
		}
		if d := took(t.Context()); d != 0 {
			t.Errorf("the burst took %v, want 0s", d)
		}
		if d := took(t.Context()); d != 2*time.Second {
			t.Errorf("two tokens of an empty bucket took %v, want 2s", d)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		for range 10 {
			if d := took(short); d != 0 {
				t.Errorf("a call that could not wait took %v, want 0s", d)
			}
		}
		if d := took(t.Context()); d != 2*time.Second {
			t.Errorf("two tokens after the calls that could not wait took %v, want 2s", d)
		}
		time.Sleep(time.Hour)
		if d := took(t.Context()); d != 0 {
			t.Errorf("two tokens of a full bucket took %v, want 0s", d)
		}
		if d := took(t.Context()); d != 2*time.Second {
			t.Errorf("two more tokens took %v, want 2s: the bucket holds no more than its size", d)
		}
	})
}

// AttemptTimeout limits a request, and the timeout sent to the server is shorter.
func TestAttemptTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := serving(answer{hang: true}, done)
		var timeouts []string
		p.onServe = func(r *http.Request) { timeouts = append(timeouts, r.URL.Query().Get("timeout")) }
		client := directClient(t, &p.answers, wrapper.WithRetry(wrapper.Retry{Base: 1, AttemptTimeout: 3 * time.Second}))
		begin := time.Now()
		got, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
		if err != nil || got.Verdict != wrapper.Accepted || time.Since(begin).Round(time.Second) != 3*time.Second {
			t.Errorf("got %s, %v after %v, want Accepted after 3s", got.Verdict, err, time.Since(begin))
		}
		if len(timeouts) != 2 || timeouts[0] != "2" {
			t.Errorf("got timeouts %q, want two, the first 2", timeouts)
		}
		_, err = client.Cancel(t.Context(), opID, wrapper.CancelOptions{Timeout: time.Minute})
		must(t, err)
		if timeouts[2] != "2" {
			t.Errorf("with an explicit minute: got timeout %q, want 2, since the request is limited to 3s", timeouts[2])
		}
	})
}
