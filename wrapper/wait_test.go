package wrapper_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
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
		check(t, rt, func(say sayer) {
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
func check(t *testing.T, rt *rapid.T, test func(say sayer)) {
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
