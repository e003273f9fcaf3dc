package ledger_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
	"pgregory.net/rapid"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func() (*ledger.Ledger, error){
		"no store":           func() (*ledger.Ledger, error) { return ledger.New(nil) },
		"a nil option":       func() (*ledger.Ledger, error) { return ledger.New(memory.New(), nil) },
		"no retention":       func() (*ledger.Ledger, error) { return ledger.New(memory.New(), ledger.WithRetention(0)) },
		"negative retention": func() (*ledger.Ledger, error) { return ledger.New(memory.New(), ledger.WithRetention(-1)) },
	} {
		if l, err := make(); !errors.Is(err, store.ErrInvalid) || l != nil {
			t.Errorf("%s: %v, %v", name, l, err)
		}
	}
}

// What is in the store is what the package comment says, for those who read it otherwise.
func TestFormat(t *testing.T) {
	t.Parallel()
	st := memory.New()
	must(t, newLedger(t, st, ledger.WithBy("ann@ops-1"), ledger.WithRetention(ledger.Forever)).Append(t.Context(), entry(opA, 0, "why")))
	page, err := st.List(t.Context(), "", "", 10)
	must(t, err)
	const (
		key   = `^ledger/5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01/07263259200123456789-[A-Z2-7]{26}$`
		value = `{"time":"2200-03-01T12:00:00.123456789Z","operationId":"5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01",` +
			`"action":"graceful","verdict":"Accepted","state":"RollingBack","reason":"why","by":"ann@ops-1"}`
	)
	if len(page.Items) != 1 || !regexp.MustCompile(key).MatchString(page.Items[0].Key) || string(page.Items[0].Value) != value {
		t.Errorf("the store holds %+v", page.Items)
	}
}

// Who it was is told by the ledger, unless the entry says it.
func TestBy(t *testing.T) {
	t.Parallel()
	l := newLedger(t, memory.New(), ledger.WithBy("ann"))
	other := entry(opA, 1, "")
	other.By = "bob"
	must(t, l.Append(t.Context(), entry(opA, 0, "")))
	must(t, l.Append(t.Context(), other))
	if got := entriesOf(t, l, opA); got[0].By != "ann" || got[1].By != "bob" {
		t.Errorf("%+v", got)
	}
}

// What is no entry is an error that names it, never an entry less.
func TestDamaged(t *testing.T) {
	t.Parallel()
	const (
		place = "ledger/5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01/"
		good  = `{"time":"2200-03-01T12:00:00Z","operationId":"5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01","action":"graceful","verdict":"Accepted"}`
		at    = "07263259200000000000-A"
	)
	cases := []struct{ name, key, value string }{
		{"an empty value", at, ``},
		{"half a value", at, good[:60]},
		{"two values", at, good + good},
		{"another sort of value", at, `["graceful"]`},
		{"an object of something else", at, `{}`},
		{"another operation", at, strings.Replace(good, "7d01", "7d02", 1)},
		{"another time", "07263259200000000001-A", good},
		{"a key without a time", "A", good},
		{"a key with a short time", "7263259200000000000-A", good},
		{"a key with a negative time", "-0000000000000000001-A", good},
		{"a key that ends early", "07263259200000000000-", good},
	}
	for _, tc := range cases {
		st := memory.New()
		l := newLedger(t, st)
		must(t, l.Append(t.Context(), entry(opA, 0, "before")))
		must(t, l.Append(t.Context(), entry(opB, 0, "elsewhere")))
		_, err := st.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: place + tc.key, Value: []byte(tc.value)}}})
		must(t, err)
		got, err := l.Entries(t.Context(), opA)
		if !errors.Is(err, ledger.ErrDamaged) || !strings.Contains(err.Error(), place+tc.key) || got != nil {
			t.Errorf("%s: %v, %v", tc.name, got, err)
		}
		same(t, entriesOf(t, l, opB), []wrapper.Entry{entry(opB, 0, "elsewhere")})

		good, damaged := 0, 0
		for e, err := range l.Trail(t.Context(), ledger.Query{}) {
			switch {
			case errors.Is(err, ledger.ErrDamaged) && strings.Contains(err.Error(), place+tc.key) && e == (wrapper.Entry{}):
				damaged++
			case err != nil:
				t.Errorf("%s: %v", tc.name, err)
			default:
				good++
			}
		}
		for e, err := range l.ByOperation(t.Context()) {
			if errors.Is(err, ledger.ErrDamaged) && strings.Contains(err.Error(), place+tc.key) && e == (wrapper.Entry{}) {
				damaged++
			}
		}
		if good != 2 || damaged != 2 {
			t.Errorf("%s: a trail of %d and %d damaged", tc.name, good, damaged)
		}
		if _, err := l.Clean(t.Context()); err != nil || tc.key == at && len(entryKeys(t, st)) == 0 {
			t.Errorf("%s: cleaned: %v", tc.name, err)
		}
	}
}

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

// fault is what becomes of one Commit of an entry: with it carried out or not, and an error or none.
type fault struct {
	happens bool
	err     error
}

// faulty is a store whose Commits of entries go wrong by a script, and then no more.
type faulty struct {
	store.Store
	script  []fault
	commits int
	list    error
	after   func() // each Commit of an entry
	loose   bool   // an entry could be written twice
}

func (f *faulty) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	if !strings.HasPrefix(txn.Then[0].Key, "ledger/") {
		return f.Store.Commit(ctx, txn)
	}
	f.commits++
	f.loose = f.loose || len(txn.If) != 1 || txn.If[0] != store.Condition{Key: txn.Then[0].Key}
	if f.after != nil {
		defer f.after()
	}
	if len(f.script) == 0 {
		return f.Store.Commit(ctx, txn)
	}
	now := f.script[0]
	f.script = f.script[1:]
	if now.happens {
		if _, err := f.Store.Commit(ctx, txn); err != nil {
			return 0, err
		}
	}
	return 0, now.err
}

func (f *faulty) List(ctx context.Context, prefix, after string, limit int) (store.Page, error) {
	if f.list != nil {
		return store.Page{}, f.list
	}
	return f.Store.List(ctx, prefix, after, limit)
}

// An entry is there once, or Append says that it may not be; whatever the store does.
func TestAppendFaults(t *testing.T) {
	t.Parallel()
	unavailable := fault{false, fmt.Errorf("the driver: %w", store.ErrUnavailable)}
	happened := fault{true, fmt.Errorf("the driver: %w", store.ErrOutcomeUnknown)}
	lost := fault{false, happened.err}
	closed := fault{false, fmt.Errorf("the driver: %w", store.ErrClosed)}
	cases := []struct {
		name    string
		script  []fault
		want    []error // behind the error; none for a success
		there   int
		commits int
	}{
		{"nothing", nil, nil, 1, 1},
		{"unavailable", []fault{unavailable}, []error{store.ErrUnavailable}, 0, 1},
		{"closed", []fault{closed}, []error{store.ErrClosed}, 0, 1},
		{"unknown, and it happened", []fault{happened}, nil, 1, 2},
		{"unknown, and it did not", []fault{lost}, nil, 1, 2},
		{"unknown twice", []fault{lost, happened}, nil, 1, 3},
		{"unknown for good, and it did not", []fault{lost, lost, lost}, []error{store.ErrOutcomeUnknown}, 0, 3},
		{"unknown for good, and it did", []fault{lost, lost, happened}, []error{store.ErrOutcomeUnknown}, 1, 3},
		{"unknown, then unavailable", []fault{happened, unavailable}, []error{store.ErrOutcomeUnknown, store.ErrUnavailable}, 1, 2},
		{"unknown, then closed", []fault{lost, closed}, []error{store.ErrOutcomeUnknown, store.ErrClosed}, 0, 2},
		{"the key of somebody else", []fault{{false, store.ErrConflict}}, []error{store.ErrConflict}, 0, 1},
	}
	for _, tc := range cases {
		st := &faulty{Store: memory.New(), script: tc.script}
		err := newLedger(t, st).Append(t.Context(), entry(opA, 0, ""))
		if (err == nil) != (tc.want == nil) {
			t.Errorf("%s: %v", tc.name, err)
		}
		for _, want := range tc.want {
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, and not %v", tc.name, err, want)
			}
		}
		if n := len(entryKeys(t, st)); n != tc.there || st.commits != tc.commits || st.loose {
			t.Errorf("%s: %d entries after %d commits", tc.name, n, st.commits)
		}
	}
}

// An end of the context ends the asking, and leaves open what is open.
func TestAppendEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	st := &faulty{Store: memory.New(), script: []fault{{true, store.ErrOutcomeUnknown}}, after: cancel}
	if err := newLedger(t, st).Append(ctx, entry(opA, 0, "")); !errors.Is(err, store.ErrOutcomeUnknown) || st.commits != 1 {
		t.Errorf("%v after %d commits", err, st.commits)
	}
	if err := newLedger(t, st).Append(ctx, entry(opA, 0, "")); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}

// A store that cannot be read is an error, and not a ledger with nothing in it.
func TestReadFaults(t *testing.T) {
	t.Parallel()
	st := &faulty{Store: memory.New()}
	l := newLedger(t, st)
	must(t, l.Append(t.Context(), entry(opA, 0, "")))
	for _, want := range []error{store.ErrUnavailable, store.ErrClosed, context.DeadlineExceeded} {
		st.list = fmt.Errorf("the driver: %w", want)
		if got, err := l.Entries(t.Context(), opA); !errors.Is(err, want) || got != nil {
			t.Errorf("entries: %v, %v", got, err)
		}
		if _, err := l.Clean(t.Context()); !errors.Is(err, want) {
			t.Errorf("clean: %v", err)
		}
		n := 0
		for e, err := range l.Trail(t.Context(), everything) {
			if n++; !errors.Is(err, want) || e != (wrapper.Entry{}) {
				t.Errorf("trail: %v, %v", e, err)
			}
		}
		for e, err := range l.ByOperation(t.Context()) {
			if n++; !errors.Is(err, want) || e != (wrapper.Entry{}) {
				t.Errorf("by operation: %v, %v", e, err)
			}
		}
		if n != 2 {
			t.Errorf("a trail of %d", n)
		}
	}
}

var drawn = rapid.Custom(func(t *rapid.T) wrapper.Entry {
	return wrapper.Entry{
		Time:        at.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "time"))),
		OperationID: rapid.SampledFrom([]uuid.UUID{opA, opB}).Draw(t, "operation"),
		Action:      rapid.SampledFrom([]wrapper.Action{"force", "graceful", "seen", "start"}).Draw(t, "action"),
		Cluster:     rapid.SampledFrom([]string{"", "http://sf1:19080"}).Draw(t, "cluster"),
		Outcome:     rapid.SampledFrom([]wrapper.EntryOutcome{"", "done", "refused"}).Draw(t, "outcome"),
		Code:        wrapper.Code(rapid.String().Draw(t, "code")),
		Verdict:     rapid.SampledFrom([]wrapper.Verdict{"", wrapper.Accepted, wrapper.NotFound}).Draw(t, "verdict"),
		State:       wrapper.State(rapid.String().Draw(t, "state")),
		Reason:      rapid.String().Draw(t, "reason"),
		By:          rapid.StringN(1, 5, -1).Draw(t, "by"),
	}
})

// order is that of all that an entry says.
func order(a, b wrapper.Entry) int {
	return cmp.Or(a.Time.Compare(b.Time), slices.Compare(a.OperationID[:], b.OperationID[:]), cmp.Compare(a.Action, b.Action),
		cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Verdict, b.Verdict), cmp.Compare(a.State, b.State), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.By, b.By))
}

// safely makes a faulty store one for many goroutines.
type safely struct {
	*faulty
	mu sync.Mutex
}

func (s *safely) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faulty.Commit(ctx, txn)
}

// Whoever appends what at the same time, and whatever the store loses sight of: what is there is
// what was appended, no more and no less, in order.
func TestEntriesAreWhatWasAppended(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		writers := rapid.SliceOfN(rapid.SliceOfN(drawn, 0, 8), 1, 4).Draw(rt, "writers")
		var script []fault
		for _, happens := range rapid.SliceOfN(rapid.Bool(), 0, 2).Draw(rt, "unknown") { // one less than Append has tries
			script = append(script, fault{happens, store.ErrOutcomeUnknown})
		}
		st := &safely{faulty: &faulty{Store: memory.New(), script: script}}
		var all sync.WaitGroup
		for _, entries := range writers {
			l, err := ledger.New(st, ledger.WithRetention(ledger.Forever))
			must(t, err)
			all.Go(func() {
				for _, e := range entries {
					if err := l.Append(context.Background(), e); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		l, err := ledger.New(st)
		must(t, err)
		want := slices.Concat(writers...)
		slices.SortFunc(want, order)
		var got, told []wrapper.Entry
		for _, id := range []uuid.UUID{opA, opB} {
			got = append(got, entriesOf(t, l, id)...)
		}
		i := 0
		for e, err := range l.ByOperation(context.Background()) {
			must(t, err)
			if i >= len(got) || order(e, got[i]) != 0 {
				rt.Fatalf("by operation, at %d: %+v", i, e)
			}
			i++
		}
		if i != len(got) {
			rt.Errorf("by operation: %d of %d", i, len(got))
		}
		for e, err := range l.Trail(context.Background(), everything) {
			must(t, err)
			told = append(told, e)
		}
		if !slices.IsSortedFunc(told, func(a, b wrapper.Entry) int { return a.Time.Compare(b.Time) }) {
			rt.Errorf("the trail is not in order: %+v", told)
		}
		for _, all := range [][]wrapper.Entry{got, told} {
			slices.SortFunc(all, order)
			if !slices.EqualFunc(all, want, func(a, b wrapper.Entry) bool { return order(a, b) == 0 }) {
				rt.Errorf("got %+v, want %+v", all, want)
			}
		}
	})
}

// The graceful cancel of one client is what lets another force, and the trail says who did what.
func TestSharedEvidence(t *testing.T) {
	t.Parallel()
	for _, profile := range []server.Profile{server.Documented, server.Runtime} {
		t.Run(profile.String(), func(t *testing.T) {
			c := sftest.NewCluster(t, sftest.WithProfile(profile))
			id := c.Put(emulator.Record{})
			st := memory.New()
			defer func() { must(t, st.Close()) }()
			shared := newLedger(t, st, ledger.WithBy("ann"))
			ann := c.Client(wrapper.WithLedger(shared))
			bob := c.Client(wrapper.WithLedger(newLedger(t, st, ledger.WithBy("bob"))))
			stranger := c.Client(wrapper.WithLedger(newLedger(t, memory.New())))

			_, err := bob.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
			if !errors.Is(err, wrapper.ErrForceRefused) {
				t.Errorf("before: %v", err)
			}
			_, err = ann.Cancel(t.Context(), id, wrapper.CancelOptions{Reason: "the drill is over"})
			must(t, err)
			_, err = stranger.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
			if !errors.Is(err, wrapper.ErrForceRefused) || c.Operation(id).Rollback == emulator.RollingBackForce {
				t.Errorf("without the ledger: %v", err)
			}
			got, err := bob.ForceCancel(t.Context(), id, wrapper.ForceOptions{Reason: "it hangs"})
			if err != nil || got.Verdict != wrapper.Accepted || got.LedgerErr != nil || c.Operation(id).Rollback != emulator.RollingBackForce {
				t.Errorf("after: %+v, %v", got, err)
			}
			got, err = ann.Cancel(t.Context(), id, wrapper.CancelOptions{})
			if err != nil || got.Verdict != wrapper.AlreadyForced {
				t.Errorf("and then: %+v, %v", got, err)
			}

			entries := entriesOf(t, shared, id)
			for i := range entries {
				if (entries[i].RequestID == uuid.UUID{}) != (entries[i].Outcome == "intent") {
					t.Errorf("entry %d is of request %s, want one unless it is an intent", i, entries[i].RequestID)
				}
				entries[i].Time, entries[i].RequestID = at, uuid.UUID{}
			}
			stopping := wrapper.Entry{
				Time: at, OperationID: id, Cluster: "http://cluster.test:19080/", State: wrapper.StateRollingBack, Outcome: "done",
			}
			intent := stopping
			intent.State, intent.Outcome = "", "intent"
			want := []wrapper.Entry{stopping, intent, stopping, stopping}
			want[0].Action, want[0].Verdict, want[0].By, want[0].Reason = "graceful", wrapper.Accepted, "ann", "the drill is over"
			want[1].Action, want[1].By, want[1].Reason = "force", "bob", "it hangs"
			want[2].Action, want[2].Verdict, want[2].By, want[2].Reason = "force", wrapper.Accepted, "bob", "it hangs"
			want[3].Action, want[3].Verdict, want[3].By = "graceful", wrapper.AlreadyForced, "ann"
			same(t, entries, want)
		})
	}
}

// An entry that cannot be read stops a force, and no graceful cancel.
func TestDamagedStopsForce(t *testing.T) {
	t.Parallel()
	c, st := sftest.NewCluster(t), memory.New()
	id := c.Put(emulator.Record{})
	client := c.Client(wrapper.WithLedger(newLedger(t, st)), wrapper.WithForcePolicy(wrapper.ServerDecides{}))
	_, err := client.Cancel(t.Context(), id, wrapper.CancelOptions{})
	must(t, err)
	key := "ledger/" + id.String() + "/x"
	_, err = st.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: key}}})
	must(t, err)
	_, err = client.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
	if !errors.Is(err, wrapper.ErrForceRefused) || !errors.Is(err, ledger.ErrDamaged) || c.Operation(id).Rollback == emulator.RollingBackForce {
		t.Errorf("got %v", err)
	}
	got, err := client.Cancel(t.Context(), id, wrapper.CancelOptions{})
	if err != nil || got.Verdict != wrapper.Accepted {
		t.Errorf("got %s, %v", got.Verdict, err)
	}
	_, err = st.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: key, Delete: true}}})
	must(t, err)
	got, err = client.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
	if err != nil || got.Verdict != wrapper.Accepted {
		t.Errorf("once it is away: %s, %v", got.Verdict, err)
	}
}
