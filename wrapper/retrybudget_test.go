package wrapper_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

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
