package ledger_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
)

// onJournal is a ledger in a directory of its own.
func onJournal(t *testing.T) wrapper.Ledger {
	t.Helper()
	l, err := journal.New(filepath.Join(t.TempDir(), "ledger"))
	must(t, err)
	return l
}

// Every ledger keeps what wrapper.Ledger promises.
func TestContract(t *testing.T) {
	t.Parallel()
	ledgers := map[string]func(*testing.T) wrapper.Ledger{
		"MemoryLedger": func(*testing.T) wrapper.Ledger { return new(wrapper.MemoryLedger) },
		"memory":       func(t *testing.T) wrapper.Ledger { return newLedger(t, memory.New()) },
		"journal":      onJournal,
	}
	full := wrapper.Entry{
		Time: at.In(time.FixedZone("", 7200)), OperationID: opA, Cluster: "http://sf1:19080 http://sf2:19080", Action: "force",
		Kind: "PartitionDataLoss", Target: "fabric:/shop/orders 1", RequestID: opB, Outcome: "done", Verdict: wrapper.AlreadyForced,
		Code: wrapper.Code(generated.ErrorCodeKeyNotFound), State: wrapper.StateForceCancelled, Reason: "a \"reason\"\nof 2 lines, \u00fc, \x00", By: "ann@ops-1",
	}
	contract := []struct {
		name string
		test func(t *testing.T, l wrapper.Ledger)
	}{
		{"nothing is no error", func(t *testing.T, l wrapper.Ledger) {
			same(t, entriesOf(t, l, opA), nil)
		}},
		{"an entry comes back as it was", func(t *testing.T, l wrapper.Ledger) {
			must(t, l.Append(t.Context(), full))
			same(t, entriesOf(t, l, opA), []wrapper.Entry{full})
		}},
		{"so does one with little in it", func(t *testing.T, l wrapper.Ledger) {
			little := wrapper.Entry{Time: at, OperationID: opA, Action: "seen"}
			must(t, l.Append(t.Context(), little))
			same(t, entriesOf(t, l, opA), []wrapper.Entry{little})
		}},
		{"an operation has its own", func(t *testing.T, l wrapper.Ledger) {
			must(t, l.Append(t.Context(), entry(opA, 0, "a")))
			must(t, l.Append(t.Context(), entry(opB, 0, "b")))
			same(t, entriesOf(t, l, opA), []wrapper.Entry{entry(opA, 0, "a")})
			same(t, entriesOf(t, l, opB), []wrapper.Entry{entry(opB, 0, "b")})
		}},
		{"in the order of appending, whatever the clocks say", func(t *testing.T, l wrapper.Ledger) {
			var want []wrapper.Entry
			for i := range 50 {
				want = append(want, entry(opA, time.Duration(i*37%50)*time.Second, fmt.Sprint(i)))
				must(t, l.Append(t.Context(), want[i]))
			}
			same(t, entriesOf(t, l, opA), want)
		}},
		{"two alike are two", func(t *testing.T, l wrapper.Ledger) {
			must(t, l.Append(t.Context(), entry(opA, 0, "a")))
			must(t, l.Append(t.Context(), entry(opA, 0, "a")))
			same(t, entriesOf(t, l, opA), []wrapper.Entry{entry(opA, 0, "a"), entry(opA, 0, "a")})
		}},
		{"what was returned is the caller's", func(t *testing.T, l wrapper.Ledger) {
			must(t, l.Append(t.Context(), entry(opA, 0, "a")))
			entriesOf(t, l, opA)[0].Reason = "changed"
			same(t, entriesOf(t, l, opA), []wrapper.Entry{entry(opA, 0, "a")})
		}},
		{"nothing of the context is kept", func(t *testing.T, l wrapper.Ledger) {
			ctx, cancel := context.WithCancel(t.Context())
			must(t, l.Append(ctx, entry(opA, 0, "a")))
			cancel()
			same(t, entriesOf(t, l, opA), []wrapper.Entry{entry(opA, 0, "a")})
		}},
		{"many at once", func(t *testing.T, l wrapper.Ledger) {
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					for j := range 5 {
						if err := l.Append(t.Context(), entry(opA, 0, fmt.Sprint(i, j))); err != nil {
							t.Error(err)
						}
						if _, err := l.Entries(t.Context(), opA); err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			if got := len(entriesOf(t, l, opA)); got != 40 {
				t.Errorf("%d entries of 40", got)
			}
		}},
	}
	for name, make := range ledgers {
		for _, c := range contract {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				c.test(t, make(t))
			})
		}
	}
}

// More than fits on a page, appended in any order, out of several ledgers on one store.
func TestManyLedgers(t *testing.T) {
	t.Parallel()
	st := memory.New()
	const ledgers, each = 10, 60
	var all sync.WaitGroup
	for i := range ledgers {
		l := newLedger(t, st)
		all.Go(func() {
			for j := range each {
				id := []uuid.UUID{opA, opB}[j%2]
				if err := l.Append(t.Context(), entry(id, -time.Duration(j)*time.Second, fmt.Sprint(i, " ", j))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for k, id := range []uuid.UUID{opA, opB} {
		of := make(map[int][]int) // what each ledger appended, in the order that is told
		for _, e := range entriesOf(t, newLedger(t, st), id) {
			var i, j int
			_, err := fmt.Sscan(e.Reason, &i, &j)
			must(t, err)
			of[i] = append(of[i], j)
		}
		for i := range ledgers {
			if len(of[i]) != each/2 || of[i][0] != k || !slices.IsSorted(of[i]) {
				t.Errorf("of ledger %d: %v", i, of[i])
			}
		}
	}
}

// Times that a key has no room for come back as they were.
func TestExtremeTimes(t *testing.T) {
	t.Parallel()
	l := newLedger(t, memory.New(), ledger.WithRetention(ledger.Forever))
	var want []wrapper.Entry
	for _, at := range []time.Time{{}, at, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
		want = append(want, wrapper.Entry{Time: at, OperationID: opA, Action: "seen"})
		must(t, l.Append(t.Context(), want[len(want)-1]))
	}
	same(t, entriesOf(t, l, opA), want)
	var got []wrapper.Entry
	for e, err := range l.Trail(t.Context(), everything) {
		must(t, err)
		got = append(got, e)
	}
	same(t, got, want)
	if err := l.Append(t.Context(), wrapper.Entry{Time: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC), OperationID: opA}); err == nil || !strings.Contains(err.Error(), "year") {
		t.Errorf("a time that has no form: %v", err)
	}
}
