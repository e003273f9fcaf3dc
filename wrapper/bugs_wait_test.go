package wrapper_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// A context that ends at the instant of a look, after one that brought something: index out of range.
func TestBugWaitPanics(t *testing.T) {
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

// ErrNotFinished is for a context that ended first. This one had 2.5 minutes left, in which
// the operation ended; and context.DeadlineExceeded is not behind the error.
func TestBugWaitGivesUpBeforeTheDeadline(t *testing.T) {
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

// A look that hangs holds up the force for far longer than the grace.
func TestBugHangingLookHoldsUpTheForce(t *testing.T) {
	bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
		id, begin := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck}), time.Now()
		c.On(sftest.GetFaultOperationList, sftest.HangBefore()).Times(3)
		got, err := c.Client().Stop(t.Context(), id, wrapper.StopOptions{Grace: 10 * time.Second})
		truthful(t, c, id, got, err)
		if _, forces := cancels(c, begin); forces[0] > 20*time.Second {
			t.Errorf("the grace is 10s, the force came after %v", forces[0])
		}
	})
}

// "ErrNotFinished when the context ended after the cancel had its effect": it is ErrNotSent,
// "what was asked for never reached a server".
func TestBugStopSaysNotSent(t *testing.T) {
	bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
		id := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck})
		begin := time.Now()
		lastLook := sftest.MatchFunc(func(r sftest.Request) bool {
			return r.Call == sftest.GetFaultOperationList && r.Time.Sub(begin) >= 8*time.Second
		})
		c.On(lastLook, sftest.Func(func(server http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c.SetReachable(false) // for what comes next
				server.ServeHTTP(w, r)
			})
		}))
		ctx, cancel := cancelAfter(11 * time.Second)(t.Context())
		defer cancel()
		_, err := c.Client().Stop(ctx, id, wrapper.StopOptions{Grace: 10 * time.Second})
		if c.Operation(id).Rollback != emulator.RollingBackDueToUserCancel {
			t.Fatal("the graceful cancel had no effect")
		}
		onlyKind(t, err, wrapper.ErrNotFinished)
	})
}

// An error that an Each made does not name the operation: "an *Error that names the operation".
func TestBugEachErrorNamesNothing(t *testing.T) {
	bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
		id := c.Put(emulator.Record{})
		for result, err := range c.Client().CancelAll(t.Context(), wrapper.Selector{}, wrapper.CancelAllOptions{
			Each: func(context.Context, wrapper.Operation) (wrapper.Result, error) { return wrapper.Result{}, errOwn },
		}) {
			var e *wrapper.Error
			if !errors.Is(err, errOwn) || result.OperationID != id && (!errors.As(err, &e) || e.OperationID() != id) {
				t.Errorf("which one is it? %+v, %v", result, err)
			}
		}
	})
}

// A ledger that cannot be read leaves out operations without a word, 5 s for each.
func TestBugAgeWithoutLedger(t *testing.T) {
	bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
		putMany(c, 100)
		begin, yielded := time.Now(), 0
		client := c.Client(wrapper.WithLedger(hangingLedger{}))
		for _, err := range client.CancelAll(t.Context(), wrapper.Selector{MinAge: time.Minute}, wrapper.CancelAllOptions{}) {
			wantKind(t, err, wrapper.ErrNotSent)
			yielded++
		}
		if took := time.Since(begin); yielded == 0 || took > time.Minute {
			t.Errorf("after %v nothing was said (%d)", took, yielded)
		}
	})
}

// A token that is kept until it is refused lasts an hour: the second refusal ends the wait.
func TestBugSecondTokenOfAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		valid := func() string { return time.Now().Truncate(time.Hour).Format("15") }
		token := valid()
		source := func(_ context.Context, refused string) (string, error) {
			if refused == token {
				token = valid()
			}
			return token, nil
		}
		l := newLister(endsAfter(5 * time.Hour))
		client := directClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+valid() {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			l.ServeHTTP(w, r)
		}), wrapper.WithTokenSource(source))
		if got, err := client.Wait(t.Context(), opID, wrapper.WaitOptions{Interval: time.Minute}); err != nil {
			t.Errorf("after %v: %s, %v", time.Since(l.begin), got.Verdict, err)
		}
	})
}

// A full list lacks operations (runtime §5.10), and CancelAll says nothing of it, although
// one list a kind would show them all.
func TestBugFullList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 10_000
		list := func(kinds ...wrapper.Kind) (listed []map[string]any) {
			for i := range n + 2 {
				if kind := []wrapper.Kind{wrapper.KindDataLoss, wrapper.KindQuorumLoss}[i%2]; kinds == nil || kinds[0] == kind {
					listed = append(listed, map[string]any{"OperationId": uuid.UUID{0: byte(i), 1: byte(i >> 8), 8: 0x80}, "Type": kind, "State": "Running"})
				}
			}
			return listed[:min(len(listed), n)]
		}
		client := directClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet {
				return
			}
			switch r.URL.Query().Get("TypeFilter") {
			case "1":
				_ = json.NewEncoder(w).Encode(list(wrapper.KindDataLoss))
			case "2":
				_ = json.NewEncoder(w).Encode(list(wrapper.KindQuorumLoss))
			case "4", "8":
				_, _ = w.Write([]byte("[]"))
			default:
				_ = json.NewEncoder(w).Encode(list())
			}
		}))
		results, errs := each(t, client.CancelAll(t.Context(), wrapper.Selector{}, wrapper.CancelAllOptions{}))
		if len(results) != n+2 && len(errs) == 0 {
			t.Errorf("%d of %d were cancelled, and that is all that was said", len(results), n+2)
		}
	})
}

// RFC 9562 §4.1: the version counts only if the variant is that of the RFC.
func TestBugVariant(t *testing.T) {
	bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
		id := versionSeven(time.Now().Add(-24 * time.Hour))
		id[8] = id[8]&0x1f | 0xc0 // Microsoft's
		c.Put(emulator.Record{ID: id})
		for result, err := range c.Client().CancelAll(t.Context(), wrapper.Selector{MinAge: time.Hour}, wrapper.CancelAllOptions{}) {
			t.Errorf("%s began now, and counts as a day old: %s, %v", id, result.Verdict, err)
		}
	})
}

// An interval of less than 16 ns makes no pause at all, not even the interval.
func TestBugTinyInterval(t *testing.T) {
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
			defer func() { _ = recover() }() // TestBugWaitPanics
			_, _ = directClient(t, l).Wait(ctx, opID, wrapper.WaitOptions{Interval: 15})
		}()
		if took := time.Since(l.begin); took == 0 {
			t.Errorf("%d looks in %v", len(l.asked), took)
		}
	})
}

// With one at a time, leaving the loop at the first result does not keep the second
// operation from being cancelled, and nobody hears of it.
func TestBugLeftAtTheFirst(t *testing.T) {
	more := 0
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			ids := []uuid.UUID{{1}, {2}, {3}}
			var begun atomic.Int64
			client := directClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var listed []map[string]any
				for _, id := range ids {
					listed = append(listed, map[string]any{"OperationId": id, "Type": wrapper.KindDataLoss, "State": "Running"})
				}
				_ = json.NewEncoder(w).Encode(listed)
			}))
			for _, err := range client.CancelAll(t.Context(), wrapper.Selector{}, wrapper.CancelAllOptions{Concurrency: 1,
				Each: func(context.Context, wrapper.Operation) (wrapper.Result, error) {
					begun.Add(1)
					return wrapper.Result{}, nil
				},
			}) {
				must(t, err)
				break
			}
			if begun.Load() > 1 {
				more++
			}
		})
	}
	if more > 0 {
		t.Errorf("in %d of 200 loops that were left at the first result more were begun", more)
	}
}

// The graceful cancel could not be noted, and the error does not say so: a repetition
// begins the grace anew.
func TestBugLedgerErrIsLost(t *testing.T) {
	bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
		id := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: slow})
		ctx, cancel := cancelAfter(15 * time.Second)(t.Context())
		defer cancel()
		_, err := c.Client(wrapper.WithLedger(&unwritable{})).Stop(ctx, id, wrapper.StopOptions{})
		if onlyKind(t, err, wrapper.ErrNotFinished); !errors.Is(err, errOwn) {
			t.Errorf("the ledger could not be written, and the error is %v", err)
		}
	})
}

type unwritable struct{ wrapper.MemoryLedger }

func (*unwritable) Append(context.Context, wrapper.Entry) error { return errOwn }
