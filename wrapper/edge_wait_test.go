package wrapper_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/wrapper"
)

// scripted is a cluster with one operation: what it answers to each write, in order, and to
// the lists, given how many came before. A list that it leaves alone is that of a
// RollingBack.
type scriptedCluster struct {
	writes []answer
	list   func(n int) answer

	wrote []string // "graceful" or "force"
	at    []time.Duration
	lists int
	begin time.Time
}

func rollingBackList() answer {
	return answer{status: 200, body: `[{"OperationId":"` + id + `","Type":"PartitionDataLoss","State":"RollingBack"}]`}
}

func (s *scriptedCluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.begin.IsZero() {
		s.begin = time.Now()
	}
	now := rollingBackList()
	if r.Method == http.MethodPost {
		now = s.writes[min(len(s.wrote), len(s.writes)-1)]
		what := "graceful"
		if r.URL.Query().Get("Force") == "true" {
			what = "force"
		}
		s.wrote, s.at = append(s.wrote, what), append(s.at, time.Since(s.begin))
	} else {
		if s.list != nil {
			now = s.list(s.lists)
		}
		s.lists++
	}
	(&answers{made: []answer{now}}).ServeHTTP(w, r)
}

// Never earlier than a Retry-After says, whatever the answer that brought it: a look in the
// grace holds up the force (package comment, When it asks again).
func TestRetryAfterOfALookHoldsUpTheForce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &scriptedCluster{writes: []answer{done}, list: func(int) answer { return retryAfter(503, "120") }}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		_, err := directClient(t, s).Stop(ctx, opID, wrapper.StopOptions{Grace: time.Minute})
		wantKind(t, err, wrapper.ErrNotFinished)
		if !slices.Equal(s.wrote, []string{"graceful", "force"}) || s.at[1] < 2*time.Minute {
			t.Errorf("%v at %v", s.wrote, s.at)
		}
	})
}

// The same of a 404, which nothing is repeated after, but the list is read.
func TestRetryAfterHoldsUpTheList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gone := retryAfter(404, "30")
		gone.body = fabricError(wrapper.Code(generated.ErrorCodeKeyNotFound))
		s := &scriptedCluster{writes: []answer{gone}, list: func(int) answer { return answer{status: 200, body: "[]"} }}
		begin := time.Now()
		got, err := directClient(t, s).Cancel(t.Context(), opID, wrapper.CancelOptions{})
		if took := time.Since(begin); err != nil || got.Verdict != wrapper.NotFound || took != 30*time.Second {
			t.Errorf("%s, %v after %v", got.Verdict, err, took)
		}
	})
}

// A graceful cancel that was answered in the end is known, so that a force that was not sent
// leaves nothing unknown ([wrapper.Client.Stop]).
func TestStopKnowsItsGracefulCancel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &scriptedCluster{writes: []answer{{status: 503}, done, {dial: true}}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour) // for as long as which it goes on
		defer cancel()
		_, err := directClient(t, s, fastWith(3)).Stop(ctx, opID, wrapper.StopOptions{Grace: time.Minute})
		e := asOnly(t, err, wrapper.ErrNotFinished)
		if e.Force() || e.State() != wrapper.StateRollingBack {
			t.Errorf("%v", e)
		}
	})
}

// An operation that this call has cancelled is on its way out: a lost force is probed
// without a look ([wrapper.Client.ForceCancel]).
func TestForceAfterItsOwnGracefulIsProbed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refused := answer{status: 400, body: fabricError(wrapper.Code(generated.ErrorCodeInvalidTestCommandState))}
		s := &scriptedCluster{writes: []answer{done, {status: 503}, refused}}
		got, err := directClient(t, s, fastWith(3)).ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: wrapper.GracefulFirst{}})
		if err != nil || got.Verdict != wrapper.Accepted || !got.Resolved || s.lists != 0 || !slices.Equal(s.wrote, []string{"graceful", "force", "graceful"}) {
			t.Errorf("%s, %v: %v and %d lists", got.Verdict, err, s.wrote, s.lists)
		}
	})
}

// A success without a body may end in a line break.
func TestBlankBodyIsNone(t *testing.T) {
	t.Parallel()
	p := serving(answer{status: 200, body: "\r\n"})
	got, err := directClient(t, &p.answers).Cancel(t.Context(), opID, wrapper.CancelOptions{})
	if err != nil || got.Verdict != wrapper.Accepted || p.served != 1 {
		t.Errorf("%s, %v after %d requests", got.Verdict, err, p.served)
	}
}

// A cluster that has answered the cancel does not end a Stop by not answering the looks
// for a while ([wrapper.Client.Wait]).
func TestStopOutlastsAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &scriptedCluster{writes: []answer{done}, list: func(n int) answer {
			if n < 20 {
				return answer{status: 503}
			}
			return answer{status: 200, body: "[]"}
		}}
		got, err := directClient(t, s, fastWith(3)).Stop(t.Context(), opID, wrapper.StopOptions{NeverForce: true})
		if err != nil || got.Verdict != wrapper.NotFound {
			t.Errorf("%s, %v", got.Verdict, err)
		}
	})
}

// Looks do not count for what comes next: of the requests that a ForceCancel may use, the
// looks in its grace use none ([wrapper.Retry].MaxAttempts).
func TestLooksCostNoAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &scriptedCluster{writes: []answer{done}, list: func(n int) answer {
			if n%2 == 0 {
				return answer{status: 503}
			}
			return rollingBackList()
		}}
		got, err := directClient(t, s, fastWith(2)).ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: wrapper.GracefulFirst{Grace: time.Minute}})
		if err != nil || got.Verdict != wrapper.Accepted {
			t.Errorf("%s, %v", got.Verdict, err)
		}
	})
}

// A wait that a Retry-After makes longer than its context ends at once, and what is known is
// that the operation had not ended ([wrapper.Client.Wait]).
func TestWaitThatCannotGoOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &scriptedCluster{list: func(n int) answer {
			if n == 0 {
				return rollingBackList()
			}
			return retryAfter(503, "3600")
		}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		_, err := directClient(t, s).Wait(ctx, opID, wrapper.WaitOptions{})
		e := asOnly(t, err, wrapper.ErrNotFinished)
		if took := time.Since(begin); took > 5*time.Second || e.RetryAfter() != time.Hour {
			t.Errorf("%v after %v", e, took)
		}
	})
}

// What middleware makes of a Watch that was left is for nobody: the loop is over.
func TestWatchLeftYieldsNoError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		late := wrapper.WithCallMiddleware(func(next wrapper.CallFunc) wrapper.CallFunc {
			return func(ctx context.Context, call wrapper.Call) (wrapper.Outcome, error) {
				outcome, err := next(ctx, call)
				return outcome, errors.Join(err, errOwn)
			}
		})
		for _, err := range directClient(t, new(scriptedCluster), late).Watch(t.Context(), opID, wrapper.WaitOptions{}) {
			must(t, err)
			break
		}
	})
}
