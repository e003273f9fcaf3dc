package wrapper_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// steady is a life in which every step takes longer than the looks of a wait.
var steady = emulator.Scenario{Queue: 5 * time.Second, LookUp: 15 * time.Second, Perform: 15 * time.Second, Undo: 5 * time.Second}

// stuck is a life that a graceful cancel does not end.
var stuck = emulator.Scenario{LookUp: time.Second, Perform: time.Hour, UndoFails: emulator.Failure{Times: emulator.Always}}

// failing ends as Faulted, by FABRIC_E_SERVICE_DOES_NOT_EXIST.
var failing = emulator.Scenario{Perform: 15 * time.Second, Undo: 5 * time.Second, PerformFails: emulator.Failure{Times: emulator.Always, Code: -2147017779}}

// inBubble runs a test against both truths, with the engine on the time of the bubble.
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

// elsewhere is a cancel by somebody else, past the wire and the ledger.
func elsewhere(tb testing.TB, c *sftest.Cluster, id uuid.UUID, force bool) {
	tb.Helper()
	_, err := c.Engine().CancelOperation(background(), generated.CancelOperationRequestObject{
		Params: generated.CancelOperationParams{OperationID: id, Force: force},
	})
	if err != nil {
		tb.Errorf("somebody else's cancel: %v", err)
	}
}

// lives are operations by how they stand, what others do to them, and how they end.
var lives = []struct {
	name      string
	put       *emulator.Record // nil for an id that nobody knows
	meanwhile func(tb testing.TB, c *sftest.Cluster, id uuid.UUID)
	shown     []wrapper.State // each state on the way, the last one final, or none
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

// Wait says how an operation ended as soon as a look can see it, and asks for nothing.
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
						t.Errorf("the kind is %q, want %q", got.Kind, kind)
					}
				}
				if late := time.Since(over); late < 0 || late > 2*time.Second || len(life.shown) < 2 && late != 0 {
					t.Errorf("it came %v after the end", late)
				}
				for _, r := range c.Requests() {
					if r.Method != http.MethodGet {
						t.Errorf("a wait sent %s", r)
					}
				}
			})
		})
	}
}

// The list is asked for everything once, then for what is active of the kind, and for
// everything again when it is not among that.
func TestWaitAsksForTheActive(t *testing.T) {
	t.Parallel()
	bits := map[wrapper.Kind]string{
		wrapper.KindDataLoss: "1", wrapper.KindQuorumLoss: "2", wrapper.KindPartitionRestart: "4", wrapper.KindNodeTransition: "8"} // runtime §5.10
	inBubble(t, func(t *testing.T, c *sftest.Cluster) {
		for kind, bit := range bits {
			id := c.Put(emulator.Record{Kind: generated.OperationType(kind)})
			before := len(c.Requests())
			got, err := c.Client().Wait(t.Context(), id, wrapper.WaitOptions{Interval: 4 * time.Second})
			if err != nil || got.State != wrapper.StateCompleted || len(got.Attempts) != 2 {
				t.Errorf("%s: got %s after %d attempts, %v", kind, got.State, len(got.Attempts), err)
			}
			asked := c.Requests()[before:]
			for i, r := range asked {
				q := query(t, r.Target)
				want := bit + " 3"
				if i == 0 || i == len(asked)-1 {
					want = "65535 65535"
				}
				if filter := q.Get("TypeFilter") + " " + q.Get("StateFilter"); filter != want || q.Get("api-version") != "6.0" {
					t.Errorf("%s: request %d of %d asked for %s", kind, i, len(asked), r.Target)
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

// lister is a cluster that lists one operation: the state it is shown in, "" if it is
// not there, is up to a function. It notes when it was asked.
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

// endsAfter is an operation that completes.
func endsAfter(d time.Duration) func(time.Duration) wrapper.State {
	return func(since time.Duration) wrapper.State {
		if since < d {
			return wrapper.StateRunning
		}
		return wrapper.StateCompleted
	}
}

// Whatever the interval: no two looks are further apart than it says, the first ones come
// sooner, they do not come in a rush, the end is seen within it, and nothing piles up.
func TestWaitPace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		interval := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(rt, "interval"))
		options := wrapper.WaitOptions{Interval: interval}
		if interval < time.Millisecond {
			options.Interval, interval = 0, 2*time.Second
		}
		lasts := time.Duration(rapid.Int64Range(0, int64(50*interval)).Draw(rt, "lasts"))
		check(t, rt, func(say checker) {
			l := newLister(endsAfter(lasts))
			got, err := directClient(t, l).Wait(background(), opID, options)
			say(err == nil && got.State == wrapper.StateCompleted, "got %s, %v", got.State, err)
			took := time.Since(l.begin)
			say(took >= lasts && took <= lasts+interval, "an operation of %v took %v", lasts, took)
			say(len(got.Attempts) <= 2, "%d attempts of %d looks were kept", len(got.Attempts), len(l.asked))
			gaps := 0
			for i, at := range l.asked[1:] {
				gap := at - l.asked[i]
				if gap == 0 {
					continue // the second list of one look
				}
				gaps++
				say(gap <= interval && gap >= interval/16 && (gaps > 1 || gap <= interval/2) && (gaps <= 4 || gap >= interval/2),
					"look %d came %v after the one before, at an interval of %v", gaps+1, gap, interval)
			}
		})
	})
}

// check runs one case of a property in a bubble of its own.
func check(t *testing.T, rt *rapid.T, test func(say checker)) {
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

// The same for a day: a wait is as large at the end as at the beginning.
func TestWaitForADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLister(endsAfter(24 * time.Hour))
		got, err := directClient(t, l).Wait(t.Context(), opID, wrapper.WaitOptions{Interval: time.Minute})
		if err != nil || got.State != wrapper.StateCompleted || len(got.Attempts) != 2 || cap(got.Attempts) > 16 {
			t.Errorf("got %s with %d attempts, %v", got.State, len(got.Attempts), err)
		}
		if n := len(l.asked); n < 24*60 || n > 24*60*8/7+8 {
			t.Errorf("%d looks in a day, one a minute", n)
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
				t.Errorf("%s: a watch yields %v, %v", name, op, err)
			}
		}
		if len(l.asked) != 0 || errs != 1 {
			t.Errorf("%s: %d requests, %d errors", name, len(l.asked), errs)
		}
	}
	l := newLister(endsAfter(0))
	if _, err := directClient(t, l).Wait(t.Context(), opID, wrapper.WaitOptions{APIVersion: "3.0"}); err != nil {
		t.Errorf("api-version 3.0: %v", err)
	}
}

// A wait that was answered once lasts as long as its context, however far apart the
// retries of a look would have been.
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
				t.Errorf("after %v: %v", time.Since(begin), err)
			}
		})
	}
}

// A context may end at the instant of a read, after one that brought something.
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
				time.AfterFunc(2, cancel) // the second look comes after 2 ns, without a jitter
				err := wait(ctx, directClient(t, newLister(endsAfter(time.Hour))), wrapper.WaitOptions{Interval: 16})
				onlyKind(t, err, wrapper.ErrNotFinished)
			})
		}
		if panics > 0 {
			t.Errorf("%s: %d of 300 panic", name, panics)
		}
	}
}

// ErrNotFinished is for a context that ended first. A wait with 2.5 minutes left, in which the operation
// ends, goes on.
func TestWaitDoesNotEndBeforeDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Minute)
		defer cancel()
		l := newLister(endsAfter(24 * time.Minute))
		got, err := directClient(t, l).Wait(ctx, opID, wrapper.WaitOptions{Interval: time.Hour})
		if err == nil {
			return // a last look before the deadline saw the end
		}
		if took := time.Since(l.begin); took < 25*time.Minute || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %v of 25m, %v: %v", took, got.Verdict, err)
		}
	})
}

// Even an interval of less than 16 ns makes a pause.
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
			t.Errorf("%d looks in %v", len(l.asked), took)
		}
	})
}

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

var errOwn = errors.New("the reason of the caller")

// Who gives up a wait learns what was seen last, and why it ended.
func TestWaitGivenUp(t *testing.T) {
	t.Parallel()
	list := sftest.GetFaultOperationList
	cases := []struct {
		name   string
		script func(c *sftest.Cluster)
		end    func(ctx context.Context) (context.Context, context.CancelFunc)
		kind   error
		state  wrapper.State
		behind error
		at     time.Duration // when it ends; -1 for at the end of the context or within an interval before
	}{
		{"cancelled between two looks", nil, cancelAfter(30*time.Second + 1), wrapper.ErrNotFinished, "Running", context.Canceled, 30*time.Second + 1},
		{"for a reason", nil, causeAfter(30*time.Second + 1), wrapper.ErrNotFinished, "Running", errOwn, 30*time.Second + 1},
		{"a deadline between two looks", nil, deadlineAfter(30 * time.Second), wrapper.ErrNotFinished, "Running", nil, -1},
		{"cancelled while a look hangs", hangsAfter(10 * time.Second), cancelAfter(30 * time.Second), wrapper.ErrNotFinished, "Running", context.Canceled, 30 * time.Second},
		{"a deadline while a look hangs", hangsAfter(10 * time.Second), deadlineAfter(30 * time.Second), wrapper.ErrNotFinished, "Running", context.DeadlineExceeded, 30 * time.Second},
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
					t.Errorf("got %+v, %v, state %q", got, err, e.State())
				}
				if tc.behind != nil && !errors.Is(err, tc.behind) {
					t.Errorf("%v is not behind %v", tc.behind, err)
				}
				took := time.Since(begin)
				if tc.at >= 0 && took != tc.at {
					t.Errorf("it took %v, want %v", took, tc.at)
				}
				if tc.at < 0 && (took > 30*time.Second || took < 28*time.Second) {
					t.Errorf("it took %v", took)
				}
				if n := len(e.Attempts()); n > 8 {
					t.Errorf("%d attempts were kept", n)
				}
				// It may be begun again at any time.
				c.SetReachable(true)
				got, err = c.Client().Wait(t.Context(), id, wrapper.WaitOptions{Interval: time.Hour})
				if err != nil || got.State != wrapper.StateCompleted {
					t.Errorf("begun again: %s, %v", got.State, err)
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
	kind  error // of a wait that never heard of it
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

// A cluster that never answers ends the wait, also one that nothing else ends.
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
					t.Errorf("after %d attempts and %v: %v", n, time.Since(begin), err)
				}
				if n := len(c.Requests()); n > 8 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

// One that answered once is waited for, however long it is down, with no more than one
// look after the other. It is long over then, and that is said.
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
					t.Errorf("got %s %s, %v", got.Verdict, got.State, err)
				}
				// A pause is a minute at most, and a request that hangs is given up after 65 s.
				if took := time.Since(begin); took < 10*time.Minute || took > 13*time.Minute {
					t.Errorf("it took %v", took)
				}
				if n := len(got.Attempts); n > 9 {
					t.Errorf("%d attempts were kept", n)
				}
			})
		})
	}
}

// A refusal is an answer, and ends the wait with what is known.
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
					t.Errorf("after %v: %v", took, err)
				}
			})
		})
	}
}

// Who closes the client keeps the waits that are under way, and gets no new ones.
func TestWaitClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := directClient(t, newLister(endsAfter(time.Minute)))
		time.AfterFunc(time.Second, client.Close)
		if got, err := client.Wait(t.Context(), opID, wrapper.WaitOptions{}); err != nil || got.State != wrapper.StateCompleted {
			t.Errorf("got %s, %v", got.State, err)
		}
		_, err := client.Wait(t.Context(), opID, wrapper.WaitOptions{})
		onlyKind(t, err, wrapper.ErrNotSent)
		for op, err := range client.Watch(t.Context(), opID, wrapper.WaitOptions{}) {
			if onlyKind(t, err, wrapper.ErrNotSent); op.State != "" {
				t.Errorf("got %v", op)
			}
		}
	})
}

// contextError is what is behind an error of a call whose context ended.
func contextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// onlyKind checks that exactly one meaning is behind an error.
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
			tb.Errorf("%v means %v, too", err, other)
		}
	}
	if err != nil && strings.Count(err.Error(), "\n") > 0 {
		tb.Errorf("the error has several lines: %q", err)
	}
	return e
}

// heard are the states that observers hear of, in the order of the events.
type heard struct {
	states []wrapper.State
	forces []time.Time
	forced []bool
}

func (h *heard) observe(_ context.Context, e wrapper.Event) {
	if e.Name == "state" {
		h.states, h.forces, h.forced = append(h.states, e.State), append(h.forces, e.ForceAt), append(h.forced, e.Call.Force)
	}
}

// An observer hears of each state that a wait sees, once.
func TestWaitTellsStates(t *testing.T) {
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
				var h heard
				_, err := c.Client(wrapper.WithObserver(h.observe)).Wait(t.Context(), id, wrapper.WaitOptions{})
				must(t, err)
				want := slices.DeleteFunc(slices.Clone(life.shown), func(s wrapper.State) bool { return s == "" })
				if !slices.Equal(h.states, want) || slices.Contains(h.forced, true) || slices.ContainsFunc(h.forces, func(at time.Time) bool { return !at.IsZero() }) {
					t.Errorf("heard %+v, want the states %v and no force", h, want)
				}
			})
		})
	}
}
