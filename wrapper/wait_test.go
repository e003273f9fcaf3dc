package wrapper_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// steady is a scenario in which every step takes longer than the default interval of a wait.
var steady = emulator.Scenario{Queue: 5 * time.Second, LookUp: 15 * time.Second, Perform: 15 * time.Second, Undo: 5 * time.Second}

// stuck is a scenario that a graceful cancel does not end.
var stuck = emulator.Scenario{LookUp: time.Second, Perform: time.Hour, UndoFails: emulator.Failure{Times: emulator.Always}}

// failing is a scenario that ends as Faulted with FABRIC_E_SERVICE_DOES_NOT_EXIST.
var failing = emulator.Scenario{Perform: 15 * time.Second, Undo: 5 * time.Second, PerformFails: emulator.Failure{Times: emulator.Always, Code: -2147017779}}

// inBubble runs a test with both profiles, each in a bubble whose time the cluster follows.
func inBubble(t *testing.T, test func(t *testing.T, c *sftest.Cluster)) {
	t.Helper()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		bubble(t, profile, test)
	})
}

func bubble(t *testing.T, profile server.Profile, test func(t *testing.T, c *sftest.Cluster), options ...sftest.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ready := []sftest.Option{sftest.WithClock(time.Now), sftest.WithProfile(profile), sftest.WithScenario(steady)}
		test(t, sftest.NewCluster(t, append(ready, options...)...))
	})
}

// elsewhere cancels an operation as another client would, without the wire and the ledger.
func elsewhere(tb testing.TB, c *sftest.Cluster, id uuid.UUID, force bool) {
	tb.Helper()
	_, err := c.Engine().CancelOperation(background(), generated.CancelOperationRequestObject{
		Params: generated.CancelOperationParams{OperationID: id, Force: force},
	})
	if err != nil {
		tb.Errorf("cancel by another client: got %v, want nil", err)
	}
}

// lives are operations in all situations, with what other clients do to them, and their states.
var lives = []struct {
	name      string
	put       *emulator.Record // nil for an unknown id
	meanwhile func(tb testing.TB, c *sftest.Cluster, id uuid.UUID)
	shown     []wrapper.State // all states in order, the last one final; "" for not found
}{
	{"unknown id", nil, nil, []wrapper.State{""}},
	{"queued", &emulator.Record{Step: emulator.StepIntentSaved}, nil, []wrapper.State{"Running", "Completed"}},
	{"running", &emulator.Record{}, nil, []wrapper.State{"Running", "Completed"}},
	{"failing", &emulator.Record{Scenario: failing}, nil, []wrapper.State{"Running", "RollingBack", "Faulted"}},
	{"cancelled", &emulator.Record{Step: emulator.StepLookingUpState, Rollback: emulator.RollingBackDueToUserCancel}, nil,
		[]wrapper.State{"RollingBack", "Cancelled"}},
	{"cancelled meanwhile", &emulator.Record{}, later(5*time.Second, false), []wrapper.State{"Running", "RollingBack", "Cancelled"}},
	{"forced", &emulator.Record{Rollback: emulator.RollingBackForce}, nil, []wrapper.State{"RollingBack", "ForceCancelled"}},
	{"stuck and forced meanwhile", &emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck, Rollback: emulator.RollingBackDueToUserCancel},
		later(time.Minute, true), []wrapper.State{"RollingBack", "ForceCancelled"}},
	{"completed", &emulator.Record{Step: emulator.StepCompletedSuccessfully}, nil, []wrapper.State{"Completed"}},
	{"faulted", &emulator.Record{Step: emulator.StepFailed}, nil, []wrapper.State{"Faulted"}},
	{"cancelled and over", &emulator.Record{Step: emulator.StepFailed, Rollback: emulator.RollingBackDueToUserCancel}, nil, []wrapper.State{"Cancelled"}},
	{"forced and over", &emulator.Record{Step: emulator.StepFailed, Rollback: emulator.RollingBackForce}, nil, []wrapper.State{"ForceCancelled"}},
	{"a node in transition", &emulator.Record{Kind: generated.OperationTypeNodeTransition}, nil, []wrapper.State{"Running", "Completed"}},
}

func later(d time.Duration, force bool) func(testing.TB, *sftest.Cluster, uuid.UUID) {
	return func(tb testing.TB, c *sftest.Cluster, id uuid.UUID) {
		tb.Helper()
		time.AfterFunc(d, func() { elsewhere(tb, c, id, force) })
	}
}

// Wait returns the end of an operation as soon as a read sees it, and sends only reads.
func TestWait(t *testing.T) {
	t.Parallel()
	for _, life := range lives {
		t.Run(life.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, c *sftest.Cluster) {
				id, verdict, state := opID, wrapper.NotFound, wrapper.State("")
				if life.put != nil {
					id, verdict, state = c.Put(*life.put), wrapper.Finished, life.shown[len(life.shown)-1]
				}
				if life.meanwhile != nil {
					life.meanwhile(t, c, id)
				}
				begin := time.Now()
				got, err := c.Client().Wait(t.Context(), id, wrapper.WaitOptions{})
				if err != nil || got.Verdict != verdict || got.State != state || got.OperationID != id || got.Force || got.Resolved || got.LedgerErr != nil {
					t.Fatalf("got %+v, %v, want %s %s", got, err, verdict, state)
				}
				over := begin
				if life.put != nil {
					over = c.Operation(id).Stopped
					if kind := wrapper.Kind(c.Operation(id).Kind); got.Kind != kind {
						t.Errorf("got kind %q, want %q", got.Kind, kind)
					}
				}
				if late := time.Since(over); late < 0 || late > 2*time.Second || len(life.shown) < 2 && late != 0 {
					t.Errorf("got the result %v after the end, want 0s to 2s, or at once if it had ended before", late)
				}
				for _, r := range c.Requests() {
					if r.Method != http.MethodGet {
						t.Errorf("got request %s, want reads alone", r)
					}
				}
			})
		})
	}
}

// A wait lists all operations once, then the active ones of the kind, and all again when the operation is no longer
// active.
func TestWaitListsActive(t *testing.T) {
	t.Parallel()
	bits := map[wrapper.Kind]string{
		wrapper.KindDataLoss: "1", wrapper.KindQuorumLoss: "2", wrapper.KindPartitionRestart: "4", wrapper.KindNodeTransition: "8"} // runtime §5.10
	inBubble(t, func(t *testing.T, c *sftest.Cluster) {
		for kind, bit := range bits {
			id := c.Put(emulator.Record{Kind: generated.OperationType(kind)})
			before := len(c.Requests())
			got, err := c.Client().Wait(t.Context(), id, wrapper.WaitOptions{Interval: 4 * time.Second})
			if err != nil || got.State != wrapper.StateCompleted || len(got.Attempts) != 2 {
				t.Errorf("%s: got %s, %v with %d attempts, want Completed with 2", kind, got.State, err, len(got.Attempts))
			}
			asked := c.Requests()[before:]
			for i, r := range asked {
				q := query(t, r.Target)
				want := bit + " 3"
				if i == 0 || i == len(asked)-1 {
					want = "65535 65535"
				}
				if filter := q.Get("TypeFilter") + " " + q.Get("StateFilter"); filter != want || q.Get("api-version") != "6.0" {
					t.Errorf("%s: request %d of %d: got %s, want filters %s and 6.0", kind, i, len(asked), r.Target, want)
				}
			}
		}
	})
}

func query(tb testing.TB, target string) url.Values {
	tb.Helper()
	u, err := url.Parse(target)
	must(tb, err)
	return u.Query()
}

// lister is a cluster that lists one operation, in the state that a function returns; "" if it is not there. It records
// the times of its requests.
type lister struct {
	begin time.Time
	state func(since time.Duration) wrapper.State
	asked []time.Duration
}

func newLister(state func(since time.Duration) wrapper.State) *lister {
	return &lister{begin: time.Now(), state: state}
}

func (l *lister) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	since := time.Since(l.begin)
	l.asked = append(l.asked, since)
	body := []map[string]any{}
	state := l.state(since)
	if active := r.URL.Query().Get("StateFilter") == "3"; state != "" && (!active || !state.Final()) {
		body = append(body, map[string]any{"OperationId": opID, "Type": wrapper.KindDataLoss, "State": state})
	}
	_ = json.NewEncoder(w).Encode(body)
}

// endsAfter returns the state of an operation that completes after d.
func endsAfter(d time.Duration) func(time.Duration) wrapper.State {
	return func(since time.Duration) wrapper.State {
		if since < d {
			return wrapper.StateRunning
		}
		return wrapper.StateCompleted
	}
}

// For any interval, two reads are never further apart than the interval, the first ones are closer together, but none
// follow in a rush, the end is seen within the interval, and attempts do not accumulate.
func TestWaitPace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		interval := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(rt, "interval"))
		options := wrapper.WaitOptions{Interval: interval}
		if interval < time.Millisecond {
			options.Interval, interval = 0, 2*time.Second
		}
		lasts := time.Duration(rapid.Int64Range(0, int64(50*interval)).Draw(rt, "lasts"))
		eachCase(t, rt, func(check checker) {
			l := newLister(endsAfter(lasts))
			got, err := directClient(t, l).Wait(background(), opID, options)
			check(err == nil && got.State == wrapper.StateCompleted, "got %s, %v, want Completed", got.State, err)
			took := time.Since(l.begin)
			check(took >= lasts && took <= lasts+interval, "the wait took %v, want %v to %v", took, lasts, lasts+interval)
			check(len(got.Attempts) <= 2, "got %d attempts of %d reads, want 2 at most", len(got.Attempts), len(l.asked))
			gaps := 0
			for i, at := range l.asked[1:] {
				gap := at - l.asked[i]
				if gap == 0 {
					continue // the second list of one read
				}
				gaps++
				check(gap <= interval && gap >= interval/16 && (gaps > 1 || gap <= interval/2) && (gaps <= 4 || gap >= interval/2),
					"got read %d %v after the one before, want a pause that fits the interval %v", gaps+1, gap, interval)
			}
		})
	})
}

// eachCase runs one case of a property in its own bubble.
func eachCase(t *testing.T, rt *rapid.T, test func(check checker)) {
	t.Helper()
	var wrong []string
	synctest.Test(t, func(*testing.T) {
		test(func(ok bool, format string, args ...any) {
			if !ok {
				wrong = append(wrong, fmt.Sprintf(format, args...))
			}
		})
	})
	for _, w := range wrong {
		rt.Error(w)
	}
}

// A wait for a day keeps as few attempts as a short one.
func TestWaitForADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLister(endsAfter(24 * time.Hour))
		got, err := directClient(t, l).Wait(t.Context(), opID, wrapper.WaitOptions{Interval: time.Minute})
		if err != nil || got.State != wrapper.StateCompleted || len(got.Attempts) != 2 || cap(got.Attempts) > 16 {
			t.Errorf("got %s, %v with %d attempts and a capacity of %d, want Completed with 2 and 16 at most", got.State, err, len(got.Attempts), cap(got.Attempts))
		}
		if n := len(l.asked); n < 24*60 || n > 24*60*8/7+8 {
			t.Errorf("got %d reads in a day, want about one a minute", n)
		}
	})
}

func TestWaitArguments(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]wrapper.WaitOptions{
		"negative interval": {Interval: -1},
		"unknown version":   {APIVersion: "six"},
	} {
		l := newLister(endsAfter(0))
		client := directClient(t, l)
		_, err := client.Wait(t.Context(), opID, options)
		wantKind(t, err, wrapper.ErrInvalidArgument)
		errs := 0
		for op, err := range client.Watch(t.Context(), opID, options) {
			wantKind(t, err, wrapper.ErrInvalidArgument)
			if errs++; op != (wrapper.Operation{}) || errs > 1 {
				t.Errorf("%s: watch: got %v, %v, want one error with the zero operation", name, op, err)
			}
		}
		if len(l.asked) != 0 || errs != 1 {
			t.Errorf("%s: got %d requests and %d errors, want 0 and 1", name, len(l.asked), errs)
		}
	}
	l := newLister(endsAfter(0))
	if _, err := directClient(t, l).Wait(t.Context(), opID, wrapper.WaitOptions{APIVersion: "3.0"}); err != nil {
		t.Errorf("api-version 3.0: got %v, want nil", err)
	}
}

// After a first answer, a wait lasts until its context ends, even if the next retry of a read would be later.
func TestWaitLastsUntilContextEnds(t *testing.T) {
	t.Parallel()
	for range 20 {
		bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
			id, begin := c.Put(emulator.Record{Scenario: emulator.Scenario{Perform: time.Hour}}), time.Now()
			time.AfterFunc(time.Second, func() { c.SetReachable(false) })
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			_, err := c.Client().Wait(ctx, id, wrapper.WaitOptions{})
			if onlyKind(t, err, wrapper.ErrNotFinished); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 2*time.Minute {
				t.Errorf("got %v after %v, want %v after 2m", err, time.Since(begin), context.DeadlineExceeded)
			}
		})
	}
}

// The context may end exactly at the time of a read that follows an answered one.
func TestWaitContextEndsAtRead(t *testing.T) {
	for name, wait := range map[string]func(ctx context.Context, c *wrapper.Client, o wrapper.WaitOptions) error{
		"Wait": func(ctx context.Context, c *wrapper.Client, o wrapper.WaitOptions) error {
			_, err := c.Wait(ctx, opID, o)
			return err
		},
		"Watch": func(ctx context.Context, c *wrapper.Client, o wrapper.WaitOptions) error {
			var last error
			for _, err := range c.Watch(ctx, opID, o) {
				last = err
			}
			return last
		},
	} {
		panics := 0
		for range 300 {
			synctest.Test(t, func(t *testing.T) {
				defer func() {
					if recover() != nil {
						panics++
					}
				}()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				time.AfterFunc(2, cancel) // the second read comes after 2 ns, without jitter
				err := wait(ctx, directClient(t, newLister(endsAfter(time.Hour))), wrapper.WaitOptions{Interval: 16})
				onlyKind(t, err, wrapper.ErrNotFinished)
			})
		}
		if panics > 0 {
			t.Errorf("%s: got %d panics in 300 calls, want 0", name, panics)
		}
	}
}

// A wait fails with ErrNotFinished only at the end of its context, even if little time is left before it.
func TestWaitDoesNotEndBeforeDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Minute)
		defer cancel()
		l := newLister(endsAfter(24 * time.Minute))
		got, err := directClient(t, l).Wait(ctx, opID, wrapper.WaitOptions{Interval: time.Hour})
		if err == nil {
			return // a last read before the deadline saw the end
		}
		if took := time.Since(l.begin); took < 25*time.Minute || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, %v after %v, want %v after 25m", got.Verdict, err, took, context.DeadlineExceeded)
		}
	})
}

// Even with an interval below 16 ns, a wait pauses between reads.
func TestTinyIntervalStillPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		l := newLister(nil)
		l.state = func(time.Duration) wrapper.State {
			if len(l.asked) > 1000 {
				cancel()
			}
			return wrapper.StateRunning
		}
		func() {
			defer func() { _ = recover() }() // TestWaitContextEndsAtRead
			_, _ = directClient(t, l).Wait(ctx, opID, wrapper.WaitOptions{Interval: 15})
		}()
		if took := time.Since(l.begin); took == 0 {
			t.Errorf("got %d reads in %v, want pauses between them", len(l.asked), took)
		}
	})
}

// scriptedCluster is a cluster with one operation. It answers writes in order from writes, and list n by list(n), or,
// if list is nil, with a RollingBack operation.
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

// No request is sent earlier than a Retry-After says, whatever the request that it answered: that of a read in the grace
// delays the force (package comment, Retries).
func TestRetryAfterOfReadDelaysForce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &scriptedCluster{writes: []answer{done}, list: func(int) answer { return retryAfter(503, "120") }}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		_, err := directClient(t, s).Stop(ctx, opID, wrapper.StopOptions{Grace: time.Minute})
		wantKind(t, err, wrapper.ErrNotFinished)
		if !slices.Equal(s.wrote, []string{"graceful", "force"}) || s.at[1] < 2*time.Minute {
			t.Errorf("got %v after %v, want graceful, then a force after 2m or more", s.wrote, s.at)
		}
	})
}

// The Retry-After of a 404 delays the list, although the cancel is not retried.
func TestRetryAfterDelaysList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gone := retryAfter(404, "30")
		gone.body = fabricError(wrapper.Code(generated.ErrorCodeKeyNotFound))
		s := &scriptedCluster{writes: []answer{gone}, list: func(int) answer { return answer{status: 200, body: "[]"} }}
		begin := time.Now()
		got, err := directClient(t, s).Cancel(t.Context(), opID, wrapper.CancelOptions{})
		if took := time.Since(begin); err != nil || got.Verdict != wrapper.NotFound || took != 30*time.Second {
			t.Errorf("got %s, %v after %v, want NotFound after 30s", got.Verdict, err, took)
		}
	})
}

// The reads in the grace of a ForceCancel do not count towards its attempts ([wrapper.Retry].MaxAttempts).
func TestReadsInGraceCostNoAttempts(t *testing.T) {
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
			t.Errorf("got %s, %v, want Accepted", got.Verdict, err)
		}
	})
}

// If a Retry-After exceeds the context, a wait fails at once with ErrNotFinished ([wrapper.Client.Wait]).
func TestWaitRetryAfterDoesNotFit(t *testing.T) {
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
			t.Errorf("got %v with RetryAfter %v after %v, want an hour within 5s", e, e.RetryAfter(), took)
		}
	})
}

var errOwn = errors.New("the reason of the caller")

// The error of a wait whose context ended has the last state seen, and wraps the reason.
func TestWaitCancelled(t *testing.T) {
	t.Parallel()
	list := sftest.GetFaultOperationList
	cases := []struct {
		name   string
		script func(c *sftest.Cluster)
		end    func(ctx context.Context) (context.Context, context.CancelFunc)
		kind   error
		state  wrapper.State
		behind error         // also wrapped by the error, if not nil
		at     time.Duration // when the wait ends; -1: at the end of the context, or up to an interval before
	}{
		{"cancelled between two reads", nil, cancelAfter(30*time.Second + 1), wrapper.ErrNotFinished, "Running", context.Canceled, 30*time.Second + 1},
		{"cancelled with a cause", nil, causeAfter(30*time.Second + 1), wrapper.ErrNotFinished, "Running", errOwn, 30*time.Second + 1},
		{"a deadline between two reads", nil, deadlineAfter(30 * time.Second), wrapper.ErrNotFinished, "Running", nil, -1},
		{"cancelled while a read hangs", hangsAfter(10 * time.Second), cancelAfter(30 * time.Second), wrapper.ErrNotFinished, "Running", context.Canceled, 30 * time.Second},
		{"a deadline while a read hangs", hangsAfter(10 * time.Second), deadlineAfter(30 * time.Second), wrapper.ErrNotFinished, "Running", context.DeadlineExceeded, 30 * time.Second},
		{"cancelled in an outage", downAfter(10 * time.Second), cancelAfter(5 * time.Minute), wrapper.ErrNotFinished, "Running", context.Canceled, 5 * time.Minute},
		{"before anything was sent", nil, cancelled, wrapper.ErrNotSent, "", context.Canceled, 0},
		{"before anything was seen", func(c *sftest.Cluster) { c.On(list, sftest.HangBefore()) }, cancelAfter(time.Second),
			wrapper.ErrUnavailable, "", context.Canceled, time.Second},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, c *sftest.Cluster) {
				id := c.Put(emulator.Record{Scenario: emulator.Scenario{Perform: 24 * time.Hour}})
				if tc.script != nil {
					tc.script(c)
				}
				ctx, cancel := tc.end(t.Context())
				defer cancel()
				begin := time.Now()
				got, err := c.Client().Wait(ctx, id, wrapper.WaitOptions{})
				e := asOnly(t, err, tc.kind)
				if e.State() != tc.state || e.OperationID() != id || e.Force() || got.Verdict != "" {
					t.Errorf("got %+v, %v about %s with state %q, want no verdict, %s and %q", got, err, e.OperationID(), e.State(), id, tc.state)
				}
				if tc.behind != nil && !errors.Is(err, tc.behind) {
					t.Errorf("got %v, want it to wrap %v", err, tc.behind)
				}
				took := time.Since(begin)
				if tc.at >= 0 && took != tc.at {
					t.Errorf("the wait took %v, want %v", took, tc.at)
				}
				if tc.at < 0 && (took > 30*time.Second || took < 28*time.Second) {
					t.Errorf("the wait took %v, want 28s to 30s", took)
				}
				if n := len(e.Attempts()); n > 8 {
					t.Errorf("got %d attempts in the error, want 8 at most", n)
				}
				// Another wait may start at any time.
				c.SetReachable(true)
				got, err = c.Client().Wait(t.Context(), id, wrapper.WaitOptions{Interval: time.Hour})
				if err != nil || got.State != wrapper.StateCompleted {
					t.Errorf("another wait: got %s, %v, want Completed", got.State, err)
				}
			})
		})
	}
}

func cancelAfter(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(d, cancel)
		return ctx, cancel
	}
}

func causeAfter(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancelCause(ctx)
		time.AfterFunc(d, func() { cancel(errOwn) })
		return ctx, func() { cancel(nil) }
	}
}

func deadlineAfter(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, d) }
}

func cancelled(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx, cancel
}

func hangsAfter(d time.Duration) func(*sftest.Cluster) {
	return func(c *sftest.Cluster) {
		time.AfterFunc(d, func() { c.On(sftest.GetFaultOperationList, sftest.HangBefore()) })
	}
}

func downAfter(d time.Duration) func(*sftest.Cluster) {
	return func(c *sftest.Cluster) { time.AfterFunc(d, func() { c.SetReachable(false) }) }
}

// outage is a way in which a cluster does not answer.
type outage struct {
	name  string
	begin func(c *sftest.Cluster) (end func())
	kind  error // of a wait that never got an answer
}

var outages = []outage{
	{"off the network", func(c *sftest.Cluster) func() {
		c.SetReachable(false)
		return func() { c.SetReachable(true) }
	}, wrapper.ErrNotSent},
	unavailable(emulator.Starting),
	unavailable(emulator.GatewayCannotReachNaming),
	scripted("closing connections", sftest.DropBefore(), wrapper.ErrUnavailable),
	scripted("hanging", sftest.HangBefore(), wrapper.ErrUnavailable),
	scripted("cutting answers", sftest.CutBody(1), wrapper.ErrUnavailable),
	scripted("too busy", sftest.Status(429, "x"), wrapper.ErrServerRefused),
}

func unavailable(a emulator.Availability) outage {
	return outage{string(a), func(c *sftest.Cluster) func() {
		c.SetAvailability(a)
		return func() { c.SetAvailability(emulator.Ready) }
	}, wrapper.ErrUnavailable}
}

func scripted(name string, f sftest.Fault, kind error) outage {
	return outage{name, func(c *sftest.Cluster) func() { return c.On(sftest.Any, f).Always().Stop }, kind}
}

// If a cluster never answers, a wait ends with an error, even if its context does not end.
func TestWaitUnanswered(t *testing.T) {
	t.Parallel()
	for _, outage := range outages {
		t.Run(outage.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
				id := c.Put(emulator.Record{})
				outage.begin(c)
				begin := time.Now()
				_, err := c.Client().Wait(background(), id, wrapper.WaitOptions{})
				e := asOnly(t, err, outage.kind)
				if n := len(e.Attempts()); e.State() != "" || n != 8 || contextError(err) {
					t.Errorf("got %v with state %q after %d attempts and %v, want no state and no context error after 8", err, e.State(), n, time.Since(begin))
				}
				if n := len(c.Requests()); n > 8 {
					t.Errorf("got %d requests, want 8 at most", n)
				}
			})
		})
	}
}

// If a cluster has answered once, a wait survives an outage of any length, and then returns the end of the operation.
func TestWaitOutage(t *testing.T) {
	t.Parallel()
	for _, outage := range outages {
		t.Run(outage.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
				id := c.Put(emulator.Record{})
				time.AfterFunc(10*time.Second, func() { time.AfterFunc(10*time.Minute, outage.begin(c)) })
				begin := time.Now()
				got, err := c.Client().Wait(background(), id, wrapper.WaitOptions{Interval: time.Minute})
				if err != nil || got.Verdict != wrapper.Finished || got.State != wrapper.StateCompleted {
					t.Errorf("got %s %s, %v, want Finished Completed", got.Verdict, got.State, err)
				}
				// A pause is a minute at most, and a request that hangs times out after 65 s.
				if took := time.Since(begin); took < 10*time.Minute || took > 13*time.Minute {
					t.Errorf("the wait took %v, want 10m to 13m", took)
				}
				if n := len(got.Attempts); n > 9 {
					t.Errorf("got %d attempts in the result, want 9 at most", n)
				}
			})
		})
	}
}

// A refusal ends a wait, and the error has the last state seen.
func TestWaitRefused(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]func(c *sftest.Cluster){
		"forbidden":        func(c *sftest.Cluster) { c.On(sftest.Any, sftest.Status(403, "E_ACCESSDENIED")).Always() },
		"no fault service": func(c *sftest.Cluster) { c.SetAvailability(emulator.NotDeployed) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
				id := c.Put(emulator.Record{})
				time.AfterFunc(10*time.Second, func() { refuse(c) })
				begin := time.Now()
				_, err := c.Client().Wait(background(), id, wrapper.WaitOptions{})
				e := asOnly(t, err, wrapper.ErrServerRefused)
				if took := time.Since(begin); e.State() != wrapper.StateRunning || took > 12*time.Second {
					t.Errorf("got %v with state %q after %v, want Running within 12s", err, e.State(), took)
				}
			})
		})
	}
}

// After Close, a wait in progress continues, and new ones are refused.
func TestWaitClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := directClient(t, newLister(endsAfter(time.Minute)))
		time.AfterFunc(time.Second, client.Close)
		if got, err := client.Wait(t.Context(), opID, wrapper.WaitOptions{}); err != nil || got.State != wrapper.StateCompleted {
			t.Errorf("in progress: got %s, %v, want Completed", got.State, err)
		}
		_, err := client.Wait(t.Context(), opID, wrapper.WaitOptions{})
		onlyKind(t, err, wrapper.ErrNotSent)
		for op, err := range client.Watch(t.Context(), opID, wrapper.WaitOptions{}) {
			if onlyKind(t, err, wrapper.ErrNotSent); op.State != "" {
				t.Errorf("watch after Close: got %v, want the zero operation", op)
			}
		}
	})
}

// contextError reports whether an error wraps that of a context.
func contextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// onlyKind checks that an error has this kind and no other.
func onlyKind(tb testing.TB, err, kind error) {
	tb.Helper()
	_ = asOnly(tb, err, kind)
}

// asOnly is onlyKind, and returns the Error.
func asOnly(tb testing.TB, err, kind error) *wrapper.Error {
	tb.Helper()
	e := asError(tb, err, kind)
	for _, other := range []error{
		wrapper.ErrInvalidArgument, wrapper.ErrForceRefused, wrapper.ErrNotSent, wrapper.ErrServerRefused,
		wrapper.ErrUnavailable, wrapper.ErrOutcomeUnknown, wrapper.ErrNotFinished,
	} {
		if !errors.Is(kind, other) && errors.Is(err, other) {
			tb.Errorf("got %v, want it to wrap %v and not %v", err, kind, other)
		}
	}
	if err != nil && strings.Count(err.Error(), "\n") > 0 {
		tb.Errorf("got error %q, want one line", err)
	}
	return e
}

// stateEvents records the state events that an observer gets, in order.
type stateEvents struct {
	states []wrapper.State
	forces []time.Time
	forced []bool
}

func (h *stateEvents) observe(_ context.Context, e wrapper.Event) {
	if e.Name == "state" {
		h.states, h.forces, h.forced = append(h.states, e.State), append(h.forces, e.ForceAt), append(h.forced, e.Call.Force)
	}
}

// An observer gets each state that a wait sees, once.
func TestWaitReportsStates(t *testing.T) {
	t.Parallel()
	for _, life := range lives {
		t.Run(life.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, c *sftest.Cluster) {
				id := opID
				if life.put != nil {
					id = c.Put(*life.put)
				}
				if life.meanwhile != nil {
					life.meanwhile(t, c, id)
				}
				var h stateEvents
				_, err := c.Client(wrapper.WithObserver(h.observe)).Wait(t.Context(), id, wrapper.WaitOptions{})
				must(t, err)
				want := slices.DeleteFunc(slices.Clone(life.shown), func(s wrapper.State) bool { return s == "" })
				if !slices.Equal(h.states, want) || slices.Contains(h.forced, true) || slices.ContainsFunc(h.forces, func(at time.Time) bool { return !at.IsZero() }) {
					t.Errorf("got events %+v, want states %v and no force", h, want)
				}
			})
		})
	}
}

// watched returns the states and the error that a watch yields.
func watched(tb testing.TB, seq iter.Seq2[wrapper.Operation, error], id uuid.UUID) (states []wrapper.State, err error) {
	tb.Helper()
	for op, e := range seq {
		switch {
		case err != nil:
			tb.Errorf("got %v, %v after the error %v, want nothing", op, e, err)
		case e != nil && op != (wrapper.Operation{}):
			tb.Errorf("got %v with the error %v, want the zero operation", op, e)
		case e == nil && op.ID != id:
			tb.Errorf("got %v, want operation %s", op, id)
		case e == nil && len(states) > 0 && states[len(states)-1].Final():
			tb.Errorf("got %v after a final state, want nothing", op)
		}
		if err = e; err == nil {
			states = append(states, op.State)
		}
	}
	return states, err
}

// Watch yields every state that lasts longer than the interval, once, and ends with a final one.
func TestWatch(t *testing.T) {
	t.Parallel()
	for _, life := range lives {
		t.Run(life.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, c *sftest.Cluster) {
				id := opID
				if life.put != nil {
					id = c.Put(*life.put)
				}
				if life.meanwhile != nil {
					life.meanwhile(t, c, id)
				}
				states, err := watched(t, c.Client().Watch(t.Context(), id, wrapper.WaitOptions{}), id)
				if !slices.Equal(states, life.shown) {
					t.Errorf("got %v, want %v", states, life.shown)
				}
				if err != nil {
					t.Errorf("got %v, want no error", err)
				}
			})
		})
	}
}

// Whatever states the cluster shows, and when, a watch yields those that its reads saw, without repetitions. If the
// operation disappears before its end, the last one is not found.
func TestWatchSequence(t *testing.T) {
	t.Parallel()
	shown := rapid.SampledFrom([]wrapper.State{"Running", "RollingBack", "Running", "RollingBack", "Strange", "Cancelled", ""})
	rapid.Check(t, func(rt *rapid.T) {
		states := rapid.SliceOfN(shown, 1, 12).Draw(rt, "states")
		each := time.Duration(rapid.IntRange(1, 5000).Draw(rt, "milliseconds")) * time.Millisecond
		eachCase(t, rt, func(check checker) {
			var saw []wrapper.State
			l := newLister(func(since time.Duration) wrapper.State {
				state := states[min(int(since/each), len(states)-1)]
				if since > 12*each && !state.Final() {
					state = "Completed"
				}
				if len(saw) == 0 || saw[len(saw)-1] != state {
					saw = append(saw, state)
				}
				return state
			})
			got, err := watched(t, directClient(t, l).Watch(background(), opID, wrapper.WaitOptions{}), opID)
			if saw[len(saw)-1] == "" {
				check(len(got) > 0 && got[len(got)-1] == "", "got states %v, want the last one not found", got)
			}
			check(err == nil, "got %v, want nil", err)
			check(slices.Equal(got, saw), "got states %v, want %v as the cluster showed", got, saw)
		})
	})
}

// After the caller leaves the loop, there is no request, no goroutine and no error.
func TestLeavingWatch(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(seq iter.Seq2[wrapper.Operation, error]) (yielded int){
		"break at once": func(seq iter.Seq2[wrapper.Operation, error]) int { return leaveAfter(seq, 1) },
		"break later":   func(seq iter.Seq2[wrapper.Operation, error]) int { return leaveAfter(seq, 2) },
		"a panic": func(seq iter.Seq2[wrapper.Operation, error]) (n int) {
			defer func() { _ = recover() }()
			for _, err := range seq {
				n++
				panic(err)
			}
			return n
		},
		"a stopped pull": func(seq iter.Seq2[wrapper.Operation, error]) int {
			next, stop := iter.Pull2(seq)
			defer stop()
			_, _, _ = next()
			return 1
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, c *sftest.Cluster) {
				id := c.Put(emulator.Record{})
				later(5*time.Second, false)(t, c, id)
				if n := leave(c.Client().Watch(t.Context(), id, wrapper.WaitOptions{})); n < 1 || n > 2 {
					t.Errorf("got %d yielded, want 1 or 2", n)
				}
				synctest.Wait()
				asked := len(c.Requests())
				time.Sleep(time.Hour)
				if n := len(c.Requests()); n != asked {
					t.Errorf("got %d requests after the loop, want 0", n-asked)
				}
			})
		})
	}
}

func leaveAfter(seq iter.Seq2[wrapper.Operation, error], n int) (yielded int) {
	for _, err := range seq {
		if yielded++; err != nil || yielded == n {
			break
		}
	}
	return yielded
}

// An error is yielded once, after the states seen.
func TestWatchErrors(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		script func(c *sftest.Cluster, cancel context.CancelFunc)
		states []wrapper.State
		kind   error
		last   wrapper.State
	}{
		{"unreachable", func(c *sftest.Cluster, _ context.CancelFunc) { c.SetReachable(false) }, nil, wrapper.ErrNotSent, ""},
		{"refused", func(c *sftest.Cluster, _ context.CancelFunc) { c.On(sftest.Any, sftest.Status(403, "E_ACCESSDENIED")) },
			nil, wrapper.ErrServerRefused, ""},
		{"cancelled between two reads", func(_ *sftest.Cluster, cancel context.CancelFunc) { time.AfterFunc(4*time.Second+1, cancel) },
			[]wrapper.State{"Running"}, wrapper.ErrNotFinished, "Running"},
		{"cancelled while a read hangs", func(c *sftest.Cluster, cancel context.CancelFunc) {
			time.AfterFunc(10*time.Second, cancel)
			hangsAfter(time.Second)(c)
		}, []wrapper.State{"Running"}, wrapper.ErrNotFinished, "Running"},
		{"cancelled before the call", func(_ *sftest.Cluster, cancel context.CancelFunc) { cancel() }, nil, wrapper.ErrNotSent, ""},
		{"cancelled in an outage", func(c *sftest.Cluster, cancel context.CancelFunc) {
			time.AfterFunc(5*time.Minute, cancel)
			downAfter(time.Second)(c)
		}, []wrapper.State{"Running"}, wrapper.ErrNotFinished, "Running"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, c *sftest.Cluster) {
				id := c.Put(emulator.Record{Scenario: emulator.Scenario{Perform: 24 * time.Hour}})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				tc.script(c, cancel)
				states, err := watched(t, c.Client().Watch(ctx, id, wrapper.WaitOptions{}), id)
				e := asOnly(t, err, tc.kind)
				if !slices.Equal(states, tc.states) || e.State() != tc.last || contextError(err) != (ctx.Err() != nil) {
					t.Errorf("got %v, then %v with state %q, want %v, then state %q, and a context error only if it ended", states, err, e.State(), tc.states, tc.last)
				}
			})
		})
	}
}

// The caller may cancel the context in the loop.
func TestWatchCancelledInLoop(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sftest.Cluster) {
		id := c.Put(emulator.Record{})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		steps := 0
		for op, err := range c.Client().Watch(ctx, id, wrapper.WaitOptions{}) {
			switch steps++; steps {
			case 1:
				if err != nil || op.State != wrapper.StateRunning {
					t.Errorf("got %v, %v, want Running", op, err)
				}
				cancel()
			default:
				onlyKind(t, err, wrapper.ErrNotFinished)
			}
		}
		if n := len(c.Requests()); steps != 2 || n != 1 {
			t.Errorf("got %d steps and %d requests, want 2 and 1", steps, n)
		}
	})
}

// An operation that ended and was removed between two reads is not found (runtime §5.8).
func TestWatchVanishes(t *testing.T) {
	t.Parallel()
	settings := emulator.Settings{MaxStoredActionCount: -1, CompletedActionKeepDuration: -1, StoredActionCleanupInterval: time.Second}
	for _, profile := range []server.Profile{server.Documented, server.Runtime} {
		bubble(t, profile, func(t *testing.T, c *sftest.Cluster) {
			id := c.Put(emulator.Record{})
			time.AfterFunc(20*time.Second, func() { must(t, c.Engine().CleanUp(background())) })
			client, options := c.Client(), wrapper.WaitOptions{Interval: time.Hour}
			states, err := watched(t, client.Watch(t.Context(), id, options), id)
			if err != nil || !slices.Equal(states, []wrapper.State{"Running", ""}) {
				t.Errorf("got %q, then %v, want Running, then not found", states, err)
			}
			id = c.Put(emulator.Record{})
			time.AfterFunc(20*time.Second, func() { must(t, c.Engine().CleanUp(background())) })
			got, err := client.Wait(t.Context(), id, options)
			if err != nil || got.Verdict != wrapper.NotFound || got.State != "" {
				t.Errorf("wait: got %s %q, %v, want NotFound without a state", got.Verdict, got.State, err)
			}
		}, sftest.WithEngine(emulator.WithSettings(settings)))
	}
}

// Each loop over the same watch starts over.
func TestWatchTwice(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sftest.Cluster) {
		id := c.Put(emulator.Record{})
		later(5*time.Second, false)(t, c, id)
		watch := c.Client().Watch(t.Context(), id, wrapper.WaitOptions{})
		time.Sleep(time.Second)
		if len(c.Requests()) != 0 {
			t.Errorf("got requests %v before the loop, want none", c.Requests())
		}
		leaveAfter(watch, 1)
		for i, want := range [][]wrapper.State{{"Running", "RollingBack", "Cancelled"}, {"Cancelled"}, {"Cancelled"}} {
			states, err := watched(t, watch, id)
			if err != nil || !slices.Equal(states, want) {
				t.Errorf("loop %d: got %v, %v, want %v", i+2, states, err, want)
			}
		}
	})
}

// A watch sends no request while the caller's loop body runs.
func TestWatchWithSlowLoop(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sftest.Cluster) {
		id := c.Put(emulator.Record{})
		var states []wrapper.State
		for op, err := range c.Client().Watch(t.Context(), id, wrapper.WaitOptions{}) {
			must(t, err)
			states = append(states, op.State)
			asked := len(c.Requests())
			time.Sleep(time.Hour)
			if len(c.Requests()) != asked {
				t.Errorf("got %d requests within the loop body, want 0", len(c.Requests())-asked)
			}
		}
		if want := []wrapper.State{"Running", "Completed"}; !slices.Equal(states, want) {
			t.Errorf("got %v, want %v", states, want)
		}
	})
}

// After the caller has left the loop, an error that middleware returns is not yielded.
func TestLeavingWatchYieldsNoError(t *testing.T) {
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
