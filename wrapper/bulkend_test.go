package wrapper_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
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

// putMany puts operations that last for a day.
func putMany(c *sftest.Cluster, n int) []uuid.UUID {
	ids := make([]uuid.UUID, n)
	for i := range ids {
		ids[i] = c.Put(emulator.Record{Scenario: emulator.Scenario{Perform: 24 * time.Hour}})
	}
	return ids
}

// If the operations cannot be listed, that is all there is to say.
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
				t.Errorf("%s: %v, %v", name, results, errs)
			}
		})
	}
	bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
		putMany(c, 3)
		ctx, cancel := cancelled(t.Context())
		defer cancel()
		_, errs := each(t, c.Client().CancelAll(ctx, wrapper.Selector{}, wrapper.CancelAllOptions{}))
		if onlyKind(t, errs[uuid.UUID{}], wrapper.ErrNotSent); len(errs) != 1 || len(c.Requests()) != 0 {
			t.Errorf("an ended context: %v", errs)
		}
	})
}

// Leaving the loop begins no more, and waits for those under way: each that was begun
// has come to its end, and the ledger knows how.
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
					t.Errorf("%d were yielded, %d begun", yielded, begun)
				}
				noted := 0
				for _, id := range ids {
					entries, _ := ledger.Entries(background(), id)
					noted += len(entries)
				}
				if noted != begun || carriedOut(c, sftest.Graceful) != begun || took < time.Minute {
					t.Errorf("after %v: %d were begun, %d carried out, %d noted", took, begun, carriedOut(c, sftest.Graceful), noted)
				}
				time.Sleep(time.Hour)
				if now := carriedOutOrUnderWay(c); now != begun {
					t.Errorf("%d more were begun later", now-begun)
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

// The end of the context ends those under way, and each that was selected is accounted for.
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
			t.Errorf("%d results and %d errors in %v", len(results), len(errs), took)
		}
		unknown := 0
		for _, id := range ids {
			err := errs[id]
			switch {
			case err == nil && results[id].Verdict == wrapper.Accepted:
			case errors.Is(err, wrapper.ErrNotSent):
				if c.Operation(id).Rollback != emulator.NotRollingBack {
					t.Errorf("%v, and it is %s", err, c.Operation(id).Rollback)
				}
			default:
				unknown++
				onlyKind(t, err, wrapper.ErrOutcomeUnknown)
			}
			if err != nil && !contextError(err) {
				t.Errorf("%v does not say that the context ended", err)
			}
		}
		if unknown != 4 {
			t.Errorf("%d outcomes are unknown, 4 were under way", unknown)
		}
	})
}

// With Stop for each, all of them end, at the same time.
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
			t.Errorf("got %v, %v", states, errs)
		}
		if took := time.Since(begin); took > 40*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// One that is over when its turn comes is a verdict, and so is one that is gone. What
// began after the list is not selected.
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
				t.Errorf("got %+v", r)
			}
		}
		if yielded != 2 || len(errs) != 0 {
			t.Errorf("%d were yielded, %v", yielded, errs)
		}
	})
}

// What the cluster lists without having been asked for it is not selected.
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
			t.Errorf("cancelled %v, %v", cancelled, errs)
		}
	})
}

// As many as a list tells of (runtime §5.10), less one: each once, and nothing is left running.
func TestCancelAllTenThousand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 9_999
		if underRace {
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
			t.Errorf("%d results, %d errors, %d cancels", len(results), len(errs), cancels.Load())
		}
		if len(attempts) != 1 || attempts[0].Purpose() != "read" {
			t.Errorf("captured: %d attempts", len(attempts))
		}
	})
}
