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

	"github.com/sfcancel/sfcancel/generated"
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
