package wrapper_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

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

// The server is told the least of what the context leaves, what the request may take
// ([wrapper.Retry].AttemptTimeout), and what was asked for.
func TestLeastTimeoutIsTold(t *testing.T) {
	t.Parallel()
	cases := []struct {
		context, attempt, asked time.Duration
		told                    string
	}{
		{30 * time.Second, 10 * time.Second, 0, "9"}, // of 10 s, and a twelfth is for the way
		{10 * time.Second, 30 * time.Second, 0, "5"}, // of 6 s, three fifths of what is left
		{30 * time.Second, 20 * time.Second, 10 * time.Second, "10"},
		{10 * time.Second, 30 * time.Second, 20 * time.Second, "5"},
		{30 * time.Second, 10 * time.Second, 20 * time.Second, "9"},
		{0, 10 * time.Second, 0, "9"},
		{60 * time.Second, 0, 0, "22"}, // of 24 s, two fifths of what is left
		{0, 0, 0, ""},
		{0, 60 * time.Second, 0, "55"},
		{0, 65 * time.Second, 0, ""},
	}
	for _, tc := range cases {
		synctest.Test(t, func(t *testing.T) {
			p := serving(done)
			var told string
			p.onServe = func(r *http.Request) { told = r.URL.Query().Get("timeout") }
			ctx := t.Context()
			if tc.context > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, tc.context)
				defer cancel()
			}
			client := directClient(t, &p.answers, wrapper.WithRetry(wrapper.Retry{AttemptTimeout: tc.attempt}))
			_, err := client.Cancel(ctx, opID, wrapper.CancelOptions{Timeout: tc.asked})
			must(t, err)
			if told != tc.told {
				t.Errorf("%+v: the server was told %q", tc, told)
			}
		})
	}
}

// A cause that says no more than the error of the context is not said twice.
func TestPlainContextErrorIsSaidOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := serving(done)
	err := cancelWith(ctx, directClient(t, &p.answers), false)
	wantKind(t, err, context.Canceled)
	if strings.Count(err.Error(), context.Canceled.Error()) != 1 {
		t.Error(err)
	}
}
