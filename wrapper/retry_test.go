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

// paced is a Cancel in virtual time: the answers it gets, and when it asked for each.
type paced struct {
	answers
	asked []time.Duration // since the call began
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

// pauses are the times between the requests; direct answers take none.
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

// A server that does not find what it lists is asked again, with pauses and out of the budget.
func TestWhatIsListedAndNotFoundIsAskedAgainSlowly(t *testing.T) {
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
			t.Errorf("got %d requests in %v, want 8, and with a token in 10 s three repeats in 20 s or more", p.served, p.took)
		}
		for n, pause := range p.pauses() {
			if again := n%2 == 1; !again && pause != 0 {
				t.Errorf("the list after a 404 came %v later, want at once", pause)
			}
		}
	})
}

// RFC 9110 §10.2.3: a number of seconds or a date, of which §5.6.7 has three forms.
// Never earlier than told, and at most the jitter later.
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
		{"no seconds", retryAfter(503, "0"), 0},
		{"IMF-fixdate", retryAfter(503, "Sat, 01 Jan 2000 00:00:30 GMT"), 30 * time.Second},
		{"RFC 850 date", retryAfter(503, "Saturday, 01-Jan-00 00:00:30 GMT"), 30 * time.Second},
		{"asctime date", retryAfter(503, "Sat Jan  1 00:00:30 2000"), 30 * time.Second},
		{"a date that is over", retryAfter(503, "Fri, 31 Dec 1999 23:59:59 GMT"), 0},
		{"not a number", retryAfter(503, "soon"), 0},
		{"a negative number", retryAfter(503, "-7"), 0},
		{"a broken number", retryAfter(503, "7.5"), 0},
		{"empty", retryAfter(503, ""), 0},
		{"none", answer{status: 503}, 0},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := serving(tc.at, done)
				must(t, p.cancel(t.Context(), t, wrapper.Retry{Base: time.Second, BusyBase: time.Second}))
				if len(p.asked) != 2 {
					t.Fatalf("%d requests, want 2", len(p.asked))
				}
				pause := p.pauses()[0]
				if pause < tc.least || pause > tc.least+time.Second {
					t.Errorf("it asked again after %v, want %v to a second more", pause, tc.least)
				}
			})
		})
	}
}

// The jitter is on top of a Retry-After, so that callers do not come back together.
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
			t.Errorf("50 calls waited for only %d different times", len(seen))
		}
	})
}

// A wait that does not fit is not begun, and the error tells how long it would be.
func TestRetryAfterDoesNotFit(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"60", "Sat, 01 Jan 2000 00:01:00 GMT", "18446744073709551615", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			p := serving(retryAfter(503, text), done)
			e := asError(t, p.cancel(ctx, t, wrapper.Retry{}), wrapper.ErrOutcomeUnknown)
			if p.took != 0 || len(p.asked) != 1 {
				t.Errorf("%s: %d requests in %v", text, len(p.asked), p.took)
			}
			if e.RetryAfter() < time.Minute || e.Status() != 503 || !strings.Contains(e.Error(), "before the next attempt may be made") {
				t.Errorf("%s: RetryAfter is %v: %v", text, e.RetryAfter(), e)
			}
		})
	}
}

// cap first, then full jitter. Every pause lies between nothing and its
// step, and so many of them fill the whole of it.
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
						t.Fatal("no error")
					}
					pauses := p.pauses()
					if len(pauses) != len(tc.steps) {
						t.Fatalf("%d pauses, want %d", len(pauses), len(tc.steps))
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
						t.Errorf("pause %d was from %v to %v, want all of 0 to %v", i+1, least[i], most[i], step)
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

// The steps begin anew after an answer that brought something, and there is no pause after one.
func TestPausesBeginAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lost := answer{status: 503}
		p := serving(lost, lost, lost, answer{status: 404, body: fabricError(wrapper.Code(generated.ErrorCodeKeyNotFound))}, lost, answer{status: 200, body: "[]"})
		must(t, p.cancel(t.Context(), t, wrapper.Retry{Base: time.Second, Cap: time.Hour}))
		pauses := p.pauses()
		if len(pauses) != 5 || pauses[3] != 0 || pauses[4] > time.Second {
			t.Errorf("the pauses are %v", pauses)
		}
	})
}

// MaxAttempts bounds the requests of a call, and the error says that it did.
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
						t.Errorf("%d requests: %v", p.served, err)
					}
				})
			})
		}
	}
}

// What the server says once and for all is not asked again.
func TestNotAskedAgain(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 307, 400, 401, 403, 404, 409, 413, 501, 505} {
		synctest.Test(t, func(t *testing.T) {
			p := serving(answer{status: status}, done)
			e := asError(t, p.cancel(t.Context(), t, wrapper.Retry{}), wrapper.ErrServerRefused)
			if p.served != 1 || e.Status() != status {
				t.Errorf("%d: %d requests: %v", status, p.served, e)
			}
		})
	}
}

// RFC 9110 §10.2.3: any number of digits. What is too long to count is not "now".
func TestRetryAfterOfManyDigits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		p := serving(retryAfter(503, strings.Repeat("9", 20)), done)
		if err := p.cancel(ctx, t, wrapper.Retry{}); err == nil {
			t.Errorf("it asked again after %v", p.pauses())
		}
	})
}

// MaxAttempts bounds the requests of one call, probes and reads included.
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
			t.Errorf("%s: %d requests, and %d are allowed: %v", tc.name, n, tc.attempts, c.seen())
		}
	}
}

// By default a hundred requests may be made again at once, and ten a second after that
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
			t.Errorf("the last of the burst came after %v, the next after %v, and twenty after %v", at[100], at[101], at[120])
		}
	})
}

// The pause doubles up to Cap, and stays there however often a call asks ([wrapper.Retry]).
func TestPausesOfVeryManyRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := serving(answer{status: 503})
		client := directClient(t, &p.answers, wrapper.WithRetry(wrapper.Retry{MaxAttempts: 90, Base: 1, Cap: time.Second}))
		begin := time.Now()
		_, err := client.Operations(t.Context())
		wantKind(t, err, wrapper.ErrUnavailable)
		if took := time.Since(begin); p.served != 90 || took > 60*time.Second || took < 10*time.Second {
			t.Errorf("%d requests took %v", p.served, took)
		}
	})
}

// A date that has passed asks for no wait (RFC 9110 §10.2.3); an attempt says 0 then.
func TestRetryAfterHasPassed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		past := time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)
		p := serving(retryAfter(503, past))
		_, err := directClient(t, &p.answers, fastWith(2)).Operations(t.Context())
		if e := asError(t, err, wrapper.ErrUnavailable); e.RetryAfter() != 0 {
			t.Errorf("it is said to be %v", e.RetryAfter())
		}
	})
}

// All calls of a client together ask again no faster than the bucket allows, and
// yet every one of them goes on until it knows.
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
					t.Errorf("%d requests, want %d", len(e.Attempts()), attempts)
				}
			})
		}
		wg.Wait()
		if len(asked) != callers*attempts {
			t.Fatalf("%d requests, want %d", len(asked), callers*attempts)
		}
		// After the first requests, which are free, and the burst: so many a second.
		for i, at := range asked {
			if n := i + 1 - callers - burst; n > 0 {
				if earliest := time.Duration(n) * time.Second / rate; at < earliest-time.Millisecond {
					t.Fatalf("request %d was made after %v, and %v is allowed", i+1, at, earliest)
				}
			}
		}
		if took, want := time.Since(begin), time.Second*(callers*(attempts-1)-burst)/rate; took > want+time.Second {
			t.Errorf("it took %v, want about %v", took, want)
		}
	})
}

// The bucket fills again, up to its size; a call that cannot wait for its token says so at once
// and takes nothing from the others.
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
			t.Errorf("the burst took %v", d)
		}
		if d := took(t.Context()); d != 2*time.Second {
			t.Errorf("two tokens of an empty bucket took %v", d)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		for range 10 {
			if d := took(short); d != 0 {
				t.Errorf("a call that could not wait took %v", d)
			}
		}
		if d := took(t.Context()); d != 2*time.Second {
			t.Errorf("after those that could not wait it took %v", d)
		}
		time.Sleep(time.Hour)
		if d := took(t.Context()); d != 0 {
			t.Errorf("a full bucket took %v", d)
		}
		if d := took(t.Context()); d != 2*time.Second {
			t.Errorf("an hour filled the bucket beyond its size: %v", d)
		}
	})
}

// A request may be bounded by itself, and the server is told less time then.
func TestAttemptTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := serving(answer{hang: true}, done)
		var told []string
		p.onServe = func(r *http.Request) { told = append(told, r.URL.Query().Get("timeout")) }
		client := directClient(t, &p.answers, wrapper.WithRetry(wrapper.Retry{Base: 1, AttemptTimeout: 3 * time.Second}))
		begin := time.Now()
		got, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
		if err != nil || got.Verdict != wrapper.Accepted || time.Since(begin).Round(time.Second) != 3*time.Second {
			t.Errorf("%s, %v after %v", got.Verdict, err, time.Since(begin))
		}
		if len(told) != 2 || told[0] != "2" {
			t.Errorf("the server was told %q", told)
		}
		_, err = client.Cancel(t.Context(), opID, wrapper.CancelOptions{Timeout: time.Minute})
		must(t, err)
		if told[2] != "2" {
			t.Errorf("an explicit minute is told as %q, and the request lasts 3 s", told[2])
		}
	})
}
