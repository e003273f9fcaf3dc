package wrapper_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/racedetector"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// each collects the results and errors that a CancelAll yields, by operation.
func each(tb testing.TB, all iter.Seq2[wrapper.Result, error]) (results map[uuid.UUID]wrapper.Result, errs map[uuid.UUID]error) {
	tb.Helper()
	results, errs = make(map[uuid.UUID]wrapper.Result), make(map[uuid.UUID]error)
	seen := make(map[uuid.UUID]bool)
	for result, err := range all {
		id := result.OperationID
		if err != nil {
			var e *wrapper.Error
			if !errors.As(err, &e) {
				tb.Errorf("got %v, want a *wrapper.Error", err)
				continue
			}
			id = e.OperationID()
			errs[id] = err
		} else {
			results[id] = result
		}
		if seen[id] {
			tb.Errorf("got %s twice, want it once", id)
		}
		seen[id] = true
	}
	return results, errs
}

// everything puts operations of every kind in several states, and returns them.
func everything(c *sftest.Cluster) (put []emulator.Record) {
	for _, kind := range []generated.OperationType{
		generated.OperationTypePartitionDataLoss, generated.OperationTypePartitionQuorumLoss, generated.OperationTypePartitionRestart, generated.OperationTypeNodeTransition,
	} {
		for i, r := range []emulator.Record{
			{},
			{Rollback: emulator.RollingBackDueToUserCancel},
			{Step: emulator.StepCompletedSuccessfully},
			{Step: emulator.StepFailed, Rollback: emulator.RollingBackForce},
		} {
			r.Kind, r.Scenario = kind, emulator.Scenario{Perform: time.Hour}
			if kind == generated.OperationTypeNodeTransition {
				r.Target = emulator.Target{NodeName: "n" + string(rune('0'+i)), NodeInstanceID: "1", Transition: "Stop", Duration: time.Hour}
			}
			put = append(put, c.Operation(c.Put(r)))
		}
	}
	return put
}

// The selector selects by kind and state, and never selects a finished operation.
func TestCancelAll(t *testing.T) {
	t.Parallel()
	const running, rolling = wrapper.StateRunning, wrapper.StateRollingBack
	cases := []struct {
		name  string
		which wrapper.Selector
		want  int
	}{
		{"the zero selector", wrapper.Selector{}, 8},
		{"one kind", wrapper.Selector{Kinds: []wrapper.Kind{wrapper.KindQuorumLoss}}, 2},
		{"two kinds, one named twice", wrapper.Selector{Kinds: []wrapper.Kind{wrapper.KindNodeTransition, wrapper.KindDataLoss, wrapper.KindDataLoss}}, 4},
		{"Running", wrapper.Selector{States: []wrapper.State{running}}, 4},
		{"RollingBack", wrapper.Selector{States: []wrapper.State{rolling}}, 4},
		{"both", wrapper.Selector{States: []wrapper.State{running, rolling}}, 8},
		{"a kind in a state", wrapper.Selector{Kinds: []wrapper.Kind{wrapper.KindPartitionRestart}, States: []wrapper.State{rolling}}, 1},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, c *sftest.Cluster) {
				var want []uuid.UUID
				for _, r := range everything(c) {
					state := wrapper.State(r.State())
					if !state.Final() && (tc.which.Kinds == nil || slices.Contains(tc.which.Kinds, wrapper.Kind(r.Kind))) &&
						(tc.which.States == nil || slices.Contains(tc.which.States, state)) {
						want = append(want, r.ID)
					}
				}
				ledger := new(wrapper.MemoryLedger)
				results, errs := each(t, c.Client(wrapper.WithLedger(ledger)).CancelAll(t.Context(), tc.which, wrapper.CancelAllOptions{Reason: "why"}))
				if len(results) != tc.want || len(want) != tc.want || len(errs) != 0 {
					t.Errorf("got %d results, %v, want %d, no errors", len(results), errs, tc.want)
				}
				for _, id := range want {
					if r := results[id]; r.Verdict != wrapper.Accepted || c.Operation(id).Rollback != emulator.RollingBackDueToUserCancel {
						t.Errorf("%s: got %+v and %s, want Accepted and %s", id, r, c.Operation(id).Rollback, emulator.RollingBackDueToUserCancel)
					}
					if entries, _ := ledger.Entries(background(), id); !slices.Equal(noted(entries, "why"), []wrapper.Action{"graceful"}) {
						t.Errorf("%s: got entries %+v, want one graceful cancel with the reason", id, entries)
					}
				}
				if n := carriedOut(c, sftest.CancelOperation); n != tc.want {
					t.Errorf("got %d cancels, want %d", n, tc.want)
				}
			})
		})
	}
}

// An invalid selector or option yields one error, and nothing is sent.
func TestCancelAllArguments(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		which   wrapper.Selector
		options wrapper.CancelAllOptions
		says    string
	}{
		"an unknown kind":      {which: wrapper.Selector{Kinds: []wrapper.Kind{wrapper.KindDataLoss, "Flood"}}, says: `"Flood"`},
		"an empty kind":        {which: wrapper.Selector{Kinds: []wrapper.Kind{""}}, says: `""`},
		"a final state":        {which: wrapper.Selector{States: []wrapper.State{wrapper.StateFaulted}}, says: `"Faulted"`},
		"an unknown state":     {which: wrapper.Selector{States: []wrapper.State{"running"}}, says: `"running"`},
		"a negative age":       {which: wrapper.Selector{MinAge: -1}, says: "age"},
		"negative concurrency": {options: wrapper.CancelAllOptions{Concurrency: -1}, says: "concurrency"},
	} {
		bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
			c.Put(emulator.Record{})
			results, errs := each(t, c.Client().CancelAll(t.Context(), tc.which, tc.options))
			err := errs[uuid.UUID{}]
			if onlyKind(t, err, wrapper.ErrInvalidArgument); len(results) != 0 || len(errs) != 1 || len(c.Requests()) != 0 {
				t.Errorf("%s: got %v, %v after %v, want one error and no requests", name, results, errs, c.Requests())
			}
			if err != nil && !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%s: got %v, want %s in it", name, err, tc.says)
			}
		})
	}
}

// RFC 9562 §5: ids of versions 1 and 7 contain a time. The age of any other operation counts from its first entry in
// the ledger; if it has none, CancelAll adds one.
func TestCancelAllByAge(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sftest.Cluster) {
		ledger := new(wrapper.MemoryLedger)
		client := c.Client(wrapper.WithLedger(ledger), wrapper.WithCluster(itsCluster))
		put := func(id uuid.UUID) uuid.UUID {
			return c.Put(emulator.Record{ID: id, Scenario: emulator.Scenario{Perform: 1000 * time.Hour}})
		}
		started, err := client.StartDataLoss(t.Context(), orders, "FullDataLoss", wrapper.StartOptions{}) // of version 7
		must(t, err)
		c.SetScenario(started.OperationID, emulator.Scenario{LookUp: 1000 * time.Hour})
		ids := map[string]uuid.UUID{"version 7": started.OperationID, "version 1": put(versionOne(time.Now())), "a ledger entry": put(uuid.New())}
		must(t, ledger.Append(background(), wrapper.Entry{Time: time.Now(), OperationID: ids["a ledger entry"], Cluster: itsCluster, Action: "seen"}))
		time.Sleep(time.Hour)
		must(t, ledger.Append(background(), wrapper.Entry{Time: time.Now(), OperationID: ids["a ledger entry"], Cluster: itsCluster, Action: "graceful"}))
		ids["unknown age"], ids["version 7, new"], ids["version 1, new"] = put(uuid.New()), put(versionSeven(time.Now())), put(versionOne(time.Now()))
		put(versionSeven(time.Now().Add(48 * time.Hour))) // from a fast clock

		checkSelected := func(age time.Duration, want ...string) {
			t.Helper()
			var got []uuid.UUID
			for result, err := range client.CancelAll(t.Context(), wrapper.Selector{MinAge: age}, wrapper.CancelAllOptions{
				Each: func(_ context.Context, op wrapper.Operation) (wrapper.Result, error) {
					return wrapper.Result{OperationID: op.ID}, nil
				},
			}) {
				must(t, err)
				got = append(got, result.OperationID)
			}
			for name, id := range ids {
				if slices.Contains(got, id) != slices.Contains(want, name) {
					t.Errorf("at least %v old: got %q selected: %v, want %v", age, name, slices.Contains(got, id), want)
				}
			}
			if len(got) != len(want) {
				t.Errorf("at least %v old: got %d, want %v", age, len(got), want)
			}
		}
		old := []string{"version 7", "version 1", "a ledger entry"}
		checkSelected(time.Hour, old...)
		checkSelected(time.Hour + time.Second)
		time.Sleep(time.Hour) // now the operation of unknown age was first seen an hour ago
		checkSelected(time.Hour, append(old, "unknown age", "version 7, new", "version 1, new")...)
		checkSelected(2*time.Hour, old...)
		if entries, _ := ledger.Entries(background(), ids["unknown age"]); len(entries) != 1 || entries[0].Action != "seen" || entries[0].State != "Running" {
			t.Errorf("unknown age: got entries %+v, want one: seen Running", entries)
		}
	})
}

func versionSeven(at time.Time) uuid.UUID {
	ms := at.UnixMilli()
	id := uuid.New()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	id[6] = id[6]&0x0f | 0x70
	return id
}

func versionOne(at time.Time) uuid.UUID {
	ticks := at.UnixNano()/100 + 0x01b21dd213814000 // since 1582
	id := uuid.New()
	for i, shift := range []int{24, 16, 8, 0, 40, 32, 56, 48} {
		id[i] = byte(ticks >> shift)
	}
	id[6] = id[6]&0x0f | 0x10
	return id
}

// As many operations as Concurrency allows are processed at a time, no more and no fewer.
func TestCancelAllConcurrency(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ n, concurrency, atOnce int }{{20, 0, 8}, {20, 1, 1}, {20, 3, 3}, {5, 100, 5}, {1, 0, 1}, {0, 0, 0}} {
		bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
			for range tc.n {
				c.Put(emulator.Record{Scenario: emulator.Scenario{Perform: 24 * time.Hour}})
			}
			var mu sync.Mutex
			now, most := 0, 0
			count := func(d int) {
				mu.Lock()
				defer mu.Unlock()
				now += d
				most = max(most, now)
			}
			begin := time.Now()
			results, errs := each(t, c.Client().CancelAll(t.Context(), wrapper.Selector{}, wrapper.CancelAllOptions{
				Concurrency: tc.concurrency,
				Each: func(_ context.Context, op wrapper.Operation) (wrapper.Result, error) {
					count(1)
					defer count(-1)
					time.Sleep(time.Minute)
					return wrapper.Result{OperationID: op.ID}, nil
				},
			}))
			if len(results) != tc.n || len(errs) != 0 || most != tc.atOnce {
				t.Errorf("%+v: got %d at once, %d results, %v, want %d, %d, no errors", tc, most, len(results), errs, tc.atOnce, tc.n)
			}
			if tc.n > 0 {
				if took, want := time.Since(begin), time.Duration((tc.n+tc.atOnce-1)/tc.atOnce)*time.Minute; took != want {
					t.Errorf("%+v: CancelAll took %v, want %v", tc, took, want)
				}
			}
		})
	}
}

// A result is yielded as soon as it is ready: a slow or failing operation does not delay the others.
func TestCancelAllAsTheyCome(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sftest.Cluster) {
		ids := make([]uuid.UUID, 10)
		for i := range ids {
			ids[i] = c.Put(emulator.Record{})
		}
		c.On(sftest.Graceful.Of(ids[0]), sftest.DelayAfter(time.Minute))
		c.On(sftest.Graceful.Of(ids[1]), sftest.Status(403, "E_ACCESSDENIED"))
		c.On(sftest.Graceful.Of(ids[2]), sftest.HangBefore()).Always()
		begin, came := time.Now(), make(map[uuid.UUID]time.Duration)
		client := c.Client(wrapper.WithRetry(wrapper.Retry{AttemptTimeout: 2 * time.Minute, MaxAttempts: 2}))
		results, errs := each(t, func(yield func(wrapper.Result, error) bool) {
			for result, err := range client.CancelAll(t.Context(), wrapper.Selector{}, wrapper.CancelAllOptions{Concurrency: 4}) {
				if came[result.OperationID] = time.Since(begin); !yield(result, err) {
					return
				}
			}
		})
		if len(results) != 8 || len(errs) != 2 {
			t.Errorf("got %d results, %v, want 8 and 2 errors", len(results), errs)
		}
		onlyKind(t, errs[ids[1]], wrapper.ErrServerRefused)
		onlyKind(t, errs[ids[2]], wrapper.ErrOutcomeUnknown)
		if came[ids[0]] != time.Minute || time.Since(begin) < 4*time.Minute {
			t.Errorf("got the slow operation after %v and the last after %v, want a minute and at least 4", came[ids[0]], time.Since(begin))
		}
		for _, id := range ids[3:] {
			if came[id] != 0 || results[id].Verdict != wrapper.Accepted {
				t.Errorf("%s: got %s after %v, want Accepted at once", id, results[id].Verdict, came[id])
			}
		}
	})
}

// An error that Each returned is also an *Error that names the operation.
func TestEachErrorNamesOperation(t *testing.T) {
	bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
		id := c.Put(emulator.Record{})
		for result, err := range c.Client().CancelAll(t.Context(), wrapper.Selector{}, wrapper.CancelAllOptions{
			Each: func(context.Context, wrapper.Operation) (wrapper.Result, error) { return wrapper.Result{}, errOwn },
		}) {
			var e *wrapper.Error
			if !errors.Is(err, errOwn) || result.OperationID != id && (!errors.As(err, &e) || e.OperationID() != id) {
				t.Errorf("got %+v, %v, want %v about %s", result, err, errOwn, id)
			}
		}
	})
}

// An unreadable ledger is reported, without a wait of 5 s for each operation.
func TestAgeWithUnreadableLedger(t *testing.T) {
	bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
		putMany(c, 100)
		begin, yielded := time.Now(), 0
		client := c.Client(wrapper.WithLedger(hangingLedger{}))
		for _, err := range client.CancelAll(t.Context(), wrapper.Selector{MinAge: time.Minute}, wrapper.CancelAllOptions{}) {
			wantKind(t, err, wrapper.ErrNotSent)
			yielded++
		}
		if took := time.Since(begin); yielded == 0 || took > time.Minute {
			t.Errorf("got %d errors in %v, want at least one within a minute", yielded, took)
		}
	})
}

// RFC 9562 §4.1: the version counts only if the variant is that of the RFC.
func TestAgeNeedsRFCVariant(t *testing.T) {
	bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
		id := versionSeven(time.Now().Add(-24 * time.Hour))
		id[8] = id[8]&0x1f | 0xc0 // Microsoft's
		c.Put(emulator.Record{ID: id})
		for result, err := range c.Client().CancelAll(t.Context(), wrapper.Selector{MinAge: time.Hour}, wrapper.CancelAllOptions{}) {
			t.Errorf("got %s, %v, want %s, which is new, not selected", result.Verdict, err, id)
		}
	})
}

// With a Concurrency of 1, leaving the loop at the first result keeps the second operation from being cancelled.
func TestLeavingLoopStartsNoMore(t *testing.T) {
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
		t.Errorf("got more than one operation started in %d of 200 loops left at the first result, want 0", more)
	}
}

// putMany puts n operations that last for a day.
func putMany(c *sftest.Cluster, n int) []uuid.UUID {
	ids := make([]uuid.UUID, n)
	for i := range ids {
		ids[i] = c.Put(emulator.Record{Scenario: emulator.Scenario{Perform: 24 * time.Hour}})
	}
	return ids
}

// If the operations cannot be listed, CancelAll yields that error alone.
func TestCancelAllCannotList(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault sftest.Fault
		kind  error
	}{
		"refused":       {sftest.Status(403, "E_ACCESSDENIED"), wrapper.ErrServerRefused},
		"lost":          {sftest.DropAfter(), wrapper.ErrUnavailable},
		"not a list":    {sftest.Answer{Status: 200, Body: `{"ContinuationToken":""}`}.Before(), wrapper.ErrUnavailable},
		"not even JSON": {sftest.Answer{Status: 200, Body: "<html>"}.Before(), wrapper.ErrUnavailable},
	} {
		bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
			putMany(c, 3)
			c.On(sftest.GetFaultOperationList, tc.fault).Always()
			results, errs := each(t, c.Client().CancelAll(t.Context(), wrapper.Selector{}, wrapper.CancelAllOptions{}))
			if onlyKind(t, errs[uuid.UUID{}], tc.kind); len(results) != 0 || len(errs) != 1 || carriedOut(c, sftest.CancelOperation) != 0 {
				t.Errorf("%s: got %v, %v, want one error and no cancels", name, results, errs)
			}
		})
	}
	bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
		putMany(c, 3)
		ctx, cancel := cancelled(t.Context())
		defer cancel()
		_, errs := each(t, c.Client().CancelAll(ctx, wrapper.Selector{}, wrapper.CancelAllOptions{}))
		if onlyKind(t, errs[uuid.UUID{}], wrapper.ErrNotSent); len(errs) != 1 || len(c.Requests()) != 0 {
			t.Errorf("with a cancelled context: got %v after %v, want one error and no requests", errs, c.Requests())
		}
	})
}

// Leaving the loop starts no more operations, and waits for those in progress: each of them completes, and is recorded
// in the ledger.
func TestCancelAllLeft(t *testing.T) {
	t.Parallel()
	const n, atOnce = 40, 4
	for name, leave := range map[string]func(stop func()){
		"break":   func(stop func()) { stop() },
		"a panic": func(func()) { panic("of the caller") },
		"late":    func(stop func()) { time.Sleep(time.Hour); stop() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, c *sftest.Cluster) {
				ids, ledger := putMany(c, n), new(wrapper.MemoryLedger)
				c.On(sftest.Graceful, sftest.DelayBefore(time.Minute)).Always()
				client := c.Client(wrapper.WithLedger(ledger), wrapper.WithRetry(wrapper.Retry{AttemptTimeout: time.Hour}))
				begin, yielded, panicked := time.Now(), 0, false
				func() {
					defer func() { panicked = recover() != nil }()
					for _, err := range client.CancelAll(t.Context(), wrapper.Selector{}, wrapper.CancelAllOptions{Concurrency: atOnce}) {
						must(t, err)
						yielded++
						left := false
						if leave(func() { left = true }); left {
							break
						}
					}
				}()
				begun, took := carriedOutOrUnderWay(c), time.Since(begin)
				if yielded != 1 || panicked != (name == "a panic") || begun > 2*atOnce || begun < atOnce {
					t.Errorf("got %d results yielded and %d operations started, panicked: %v; want 1 and %d to %d", yielded, begun, panicked, atOnce, 2*atOnce)
				}
				noted := 0
				for _, id := range ids {
					entries, _ := ledger.Entries(background(), id)
					noted += len(entries)
				}
				if noted != begun || carriedOut(c, sftest.Graceful) != begun || took < time.Minute {
					t.Errorf("got %d cancels carried out and %d entries after %v, want %d each after a minute", carriedOut(c, sftest.Graceful), noted, took, begun)
				}
				time.Sleep(time.Hour)
				if now := carriedOutOrUnderWay(c); now != begun {
					t.Errorf("got %d operations started an hour later, want still %d", now, begun)
				}
			})
		})
	}
}

func carriedOutOrUnderWay(c *sftest.Cluster) (n int) {
	for _, r := range c.Requests() {
		if sftest.Graceful.Match(r) {
			n++
		}
	}
	return n
}

// The end of the context ends the calls in progress, and every selected operation has a result or an error.
func TestCancelAllContextEnds(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sftest.Cluster) {
		ids := putMany(c, 20)
		c.On(sftest.Graceful.Of(ids[2]), sftest.HangAfter())
		c.On(sftest.Graceful.Of(ids[3]), sftest.HangAfter())
		time.AfterFunc(0, func() { c.On(sftest.Graceful, sftest.DelayBefore(10*time.Second)).Always() })
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		time.Sleep(time.Second)
		begin := time.Now()
		results, errs := each(t, c.Client().CancelAll(ctx, wrapper.Selector{}, wrapper.CancelAllOptions{Concurrency: 4}))
		if took := time.Since(begin); took != 24*time.Second || len(results)+len(errs) != len(ids) || len(results) == 0 {
			t.Errorf("got %d results and %d errors in %v, want %d together in 24s", len(results), len(errs), took, len(ids))
		}
		unknown := 0
		for _, id := range ids {
			err := errs[id]
			switch {
			case err == nil && results[id].Verdict == wrapper.Accepted:
			case errors.Is(err, wrapper.ErrNotSent):
				if c.Operation(id).Rollback != emulator.NotRollingBack {
					t.Errorf("%s: got %v and %s, want %s", id, err, c.Operation(id).Rollback, emulator.NotRollingBack)
				}
			default:
				unknown++
				onlyKind(t, err, wrapper.ErrOutcomeUnknown)
			}
			if err != nil && !contextError(err) {
				t.Errorf("got %v, want it to wrap the context error", err)
			}
		}
		if unknown != 4 {
			t.Errorf("got %d unknown outcomes, want 4, one for each call in progress", unknown)
		}
	})
}

// If Each calls Stop, all operations end, concurrently.
func TestCancelAllStop(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sftest.Cluster) {
		for _, r := range []emulator.Record{
			{Scenario: emulator.Scenario{Perform: 5 * time.Second}},
			{Step: emulator.StepLookingUpState, Scenario: stuck},
			{Step: emulator.StepLookingUpState, Scenario: slow, Rollback: emulator.RollingBackForce},
		} {
			c.Put(r)
			c.Put(r)
		}
		client, begin := c.Client(), time.Now()
		results, errs := each(t, client.CancelAll(t.Context(), wrapper.Selector{}, wrapper.CancelAllOptions{
			Each: func(ctx context.Context, op wrapper.Operation) (wrapper.Result, error) {
				return client.Stop(ctx, op.ID, wrapper.StopOptions{Grace: 10 * time.Second})
			},
		}))
		var states []wrapper.State
		for _, r := range results {
			states = append(states, r.State)
		}
		slices.Sort(states)
		if want := []wrapper.State{"Cancelled", "Cancelled", "ForceCancelled", "ForceCancelled", "ForceCancelled", "ForceCancelled"}; !slices.Equal(states, want) || len(errs) != 0 {
			t.Errorf("got states %v, %v, want %v, no errors", states, errs, want)
		}
		if took := time.Since(begin); took > 40*time.Second {
			t.Errorf("CancelAll took %v, want 40s at most", took)
		}
	})
}

// An operation that has finished before its turn yields a verdict. Operations that began after the list are not
// selected.
func TestCancelAllMeanwhile(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sftest.Cluster) {
		first := c.Put(emulator.Record{})
		second := c.Put(emulator.Record{})
		c.On(sftest.Graceful, sftest.DelayBefore(time.Minute)).Times(2) // both are over then
		yielded := 0
		client := c.Client(wrapper.WithRetry(wrapper.Retry{AttemptTimeout: time.Hour}))
		results, errs := each(t, func(yield func(wrapper.Result, error) bool) {
			for result, err := range client.CancelAll(t.Context(), wrapper.Selector{}, wrapper.CancelAllOptions{Concurrency: 1}) {
				yielded++
				c.Put(emulator.Record{})
				yield(result, err)
			}
		})
		for _, id := range []uuid.UUID{first, second} {
			if r := results[id]; r.Verdict != wrapper.Finished || r.State != wrapper.StateCompleted || !r.Resolved {
				t.Errorf("%s: got %+v, want Finished, Completed, resolved", id, r)
			}
		}
		if yielded != 2 || len(errs) != 0 {
			t.Errorf("got %d results, %v, want 2, no errors", yielded, errs)
		}
	})
}

// Operations that the cluster lists although the filter excludes them are not selected.
func TestCancelAllUnfiltered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const list = `[{"OperationId":"00000000-0000-4000-8000-000000000001","Type":"PartitionDataLoss","State":"Running"},
			{"OperationId":"00000000-0000-4000-8000-000000000002","Type":"PartitionQuorumLoss","State":"Running"},
			{"OperationId":"00000000-0000-4000-8000-000000000003","Type":"PartitionQuorumLoss","State":"RollingBack"},
			{"OperationId":"00000000-0000-4000-8000-000000000004","Type":"PartitionQuorumLoss","State":"Completed"}]`
		var cancelled []string
		client := directClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				_, _ = w.Write([]byte(list))
				return
			}
			cancelled = append(cancelled, r.URL.Query().Get("OperationId"))
		}))
		which := wrapper.Selector{Kinds: []wrapper.Kind{wrapper.KindQuorumLoss}, States: []wrapper.State{wrapper.StateRunning}}
		results, errs := each(t, client.CancelAll(t.Context(), which, wrapper.CancelAllOptions{}))
		if want := []string{"00000000-0000-4000-8000-000000000002"}; !slices.Equal(cancelled, want) || len(results) != 1 || len(errs) != 0 {
			t.Errorf("got %v cancelled, %d results, %v, want %v, no errors", cancelled, len(results), errs, want)
		}
	})
}

// With one operation less than a list can hold (runtime §5.10), each is cancelled once.
func TestCancelAllTenThousand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 9_999
		if racedetector.On {
			n = 2000
		}
		listed := make([]map[string]any, n)
		for i := range listed {
			listed[i] = map[string]any{"OperationId": uuid.UUID{0: byte(i), 1: byte(i >> 8), 8: 0x80}, "Type": wrapper.KindDataLoss, "State": "Running"}
		}
		body, err := json.Marshal(listed)
		must(t, err)
		var asked sync.Map
		var cancels atomic.Int64
		client := directClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				_, _ = w.Write(body)
			} else if _, twice := asked.LoadOrStore(r.URL.Query().Get("OperationId"), true); !twice {
				cancels.Add(1)
			}
		}))
		var attempts []wrapper.Attempt
		results, errs := each(t, client.CancelAll(wrapper.PerCall(t.Context(), wrapper.CallOptions{Attempts: &attempts}), wrapper.Selector{}, wrapper.CancelAllOptions{}))
		if len(results) != n || len(errs) != 0 || cancels.Load() != int64(n) {
			t.Errorf("got %d results, %d errors, %d cancels, want %d, 0, %d", len(results), len(errs), cancels.Load(), n, n)
		}
		if len(attempts) != 1 || attempts[0].Purpose() != "read" {
			t.Errorf("got %d captured attempts, want one, the list", len(attempts))
		}
	})
}
