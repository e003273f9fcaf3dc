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
			t.Errorf("%s: got %v, %v, want no ledger, %v", name, l, err, store.ErrInvalid)
		}
	}
}

// The items in the store are as in the package comment, for programs that read them directly.
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
		t.Errorf("got items %+v, want one with a key that matches %s and the value %s", page.Items, key, value)
	}
}

// WithBy applies only to entries without a By of their own.
func TestBy(t *testing.T) {
	t.Parallel()
	l := newLedger(t, memory.New(), ledger.WithBy("ann"))
	other := entry(opA, 1, "")
	other.By = "bob"
	must(t, l.Append(t.Context(), entry(opA, 0, "")))
	must(t, l.Append(t.Context(), other))
	if got := entriesOf(t, l, opA); got[0].By != "ann" || got[1].By != "bob" {
		t.Errorf("got %+v, want by ann, then by bob", got)
	}
}

// An unreadable item is an error with its key; it is never skipped.
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
		{"an array", at, `["graceful"]`},
		{"an empty object", at, `{}`},
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
			t.Errorf("%s: got %v, %v, want no entries, and %v with the key", tc.name, got, err, ledger.ErrDamaged)
		}
		same(t, entriesOf(t, l, opB), []wrapper.Entry{entry(opB, 0, "elsewhere")})

		good, damaged := 0, 0
		for e, err := range l.Trail(t.Context(), ledger.Query{}) {
			switch {
			case errors.Is(err, ledger.ErrDamaged) && strings.Contains(err.Error(), place+tc.key) && e == (wrapper.Entry{}):
				damaged++
			case err != nil:
				t.Errorf("%s: trail: got %v, want nil or %v with the key", tc.name, err, ledger.ErrDamaged)
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
			t.Errorf("%s: got %d entries and %d damaged ones, want 2 and 2", tc.name, good, damaged)
		}
		if _, err := l.Clean(t.Context()); err != nil || tc.key == at && len(entryKeys(t, st)) == 0 {
			t.Errorf("%s: clean: got %v and %d entries left, want nil and some", tc.name, err, len(entryKeys(t, st)))
		}
	}
}

// newJournal returns a journal in a new directory.
func newJournal(t *testing.T) wrapper.Ledger {
	t.Helper()
	l, err := journal.New(filepath.Join(t.TempDir(), "ledger"))
	must(t, err)
	return l
}

// Every ledger fulfils the contract of wrapper.Ledger.
func TestContract(t *testing.T) {
	t.Parallel()
	ledgers := map[string]func(*testing.T) wrapper.Ledger{
		"MemoryLedger": func(*testing.T) wrapper.Ledger { return new(wrapper.MemoryLedger) },
		"memory":       func(t *testing.T) wrapper.Ledger { return newLedger(t, memory.New()) },
		"journal":      newJournal,
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
		{"no entries is not an error", func(t *testing.T, l wrapper.Ledger) {
			same(t, entriesOf(t, l, opA), nil)
		}},
		{"a full entry is returned unchanged", func(t *testing.T, l wrapper.Ledger) {
			must(t, l.Append(t.Context(), full))
			same(t, entriesOf(t, l, opA), []wrapper.Entry{full})
		}},
		{"a minimal entry is returned unchanged", func(t *testing.T, l wrapper.Ledger) {
			minimal := wrapper.Entry{Time: at, OperationID: opA, Action: "seen"}
			must(t, l.Append(t.Context(), minimal))
			same(t, entriesOf(t, l, opA), []wrapper.Entry{minimal})
		}},
		{"operations are separate", func(t *testing.T, l wrapper.Ledger) {
			must(t, l.Append(t.Context(), entry(opA, 0, "a")))
			must(t, l.Append(t.Context(), entry(opB, 0, "b")))
			same(t, entriesOf(t, l, opA), []wrapper.Entry{entry(opA, 0, "a")})
			same(t, entriesOf(t, l, opB), []wrapper.Entry{entry(opB, 0, "b")})
		}},
		{"entries are in the order of appending, not of time", func(t *testing.T, l wrapper.Ledger) {
			var want []wrapper.Entry
			for i := range 50 {
				want = append(want, entry(opA, time.Duration(i*37%50)*time.Second, fmt.Sprint(i)))
				must(t, l.Append(t.Context(), want[i]))
			}
			same(t, entriesOf(t, l, opA), want)
		}},
		{"equal entries are kept apart", func(t *testing.T, l wrapper.Ledger) {
			must(t, l.Append(t.Context(), entry(opA, 0, "a")))
			must(t, l.Append(t.Context(), entry(opA, 0, "a")))
			same(t, entriesOf(t, l, opA), []wrapper.Entry{entry(opA, 0, "a"), entry(opA, 0, "a")})
		}},
		{"the caller may change the returned slice", func(t *testing.T, l wrapper.Ledger) {
			must(t, l.Append(t.Context(), entry(opA, 0, "a")))
			entriesOf(t, l, opA)[0].Reason = "changed"
			same(t, entriesOf(t, l, opA), []wrapper.Entry{entry(opA, 0, "a")})
		}},
		{"entries outlive the context of Append", func(t *testing.T, l wrapper.Ledger) {
			ctx, cancel := context.WithCancel(t.Context())
			must(t, l.Append(ctx, entry(opA, 0, "a")))
			cancel()
			same(t, entriesOf(t, l, opA), []wrapper.Entry{entry(opA, 0, "a")})
		}},
		{"concurrent calls", func(t *testing.T, l wrapper.Ledger) {
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
				t.Errorf("got %d entries, want 40", got)
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

// More entries than fit on a page, appended concurrently by several ledgers on one store, keep the order in
// which each ledger appended them.
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
		of := make(map[int][]int) // what each ledger appended, in the order of Entries
		for _, e := range entriesOf(t, newLedger(t, st), id) {
			var i, j int
			_, err := fmt.Sscan(e.Reason, &i, &j)
			must(t, err)
			of[i] = append(of[i], j)
		}
		for i := range ledgers {
			if len(of[i]) != each/2 || of[i][0] != k || !slices.IsSorted(of[i]) {
				t.Errorf("ledger %d: got entries %v, want %d in order, from %d on", i, of[i], each/2, k)
			}
		}
	}
}

// Times that do not fit into a key are returned unchanged.
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
		t.Errorf("the year 10000: got %v, want an error about the year", err)
	}
}

// fault is the result of one Commit of an entry: whether it is carried out, and its error.
type fault struct {
	happens bool
	err     error
}

// faulty is a store whose Commits of entries fail by a script; those after it succeed.
type faulty struct {
	store.Store
	script  []fault
	commits int
	list    error
	after   func() // called after each Commit of an entry
	loose   bool   // a Commit lacked the condition that the key is absent
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

// Whatever the store does, the entry is stored once, or Append returns an error.
func TestAppendFaults(t *testing.T) {
	t.Parallel()
	unavailable := fault{false, fmt.Errorf("the driver: %w", store.ErrUnavailable)}
	happened := fault{true, fmt.Errorf("the driver: %w", store.ErrOutcomeUnknown)}
	lost := fault{false, happened.err}
	closed := fault{false, fmt.Errorf("the driver: %w", store.ErrClosed)}
	cases := []struct {
		name    string
		script  []fault
		want    []error // wrapped by the error of Append; none for a success
		there   int
		commits int
	}{
		{"no fault", nil, nil, 1, 1},
		{"unavailable", []fault{unavailable}, []error{store.ErrUnavailable}, 0, 1},
		{"closed", []fault{closed}, []error{store.ErrClosed}, 0, 1},
		{"unknown, and it happened", []fault{happened}, nil, 1, 2},
		{"unknown, and it did not", []fault{lost}, nil, 1, 2},
		{"unknown twice", []fault{lost, happened}, nil, 1, 3},
		{"unknown for good, and it did not", []fault{lost, lost, lost}, []error{store.ErrOutcomeUnknown}, 0, 3},
		{"unknown for good, and it did", []fault{lost, lost, happened}, []error{store.ErrOutcomeUnknown}, 1, 3},
		{"unknown, then unavailable", []fault{happened, unavailable}, []error{store.ErrOutcomeUnknown, store.ErrUnavailable}, 1, 2},
		{"unknown, then closed", []fault{lost, closed}, []error{store.ErrOutcomeUnknown, store.ErrClosed}, 0, 2},
		{"a conflict on the first try", []fault{{false, store.ErrConflict}}, []error{store.ErrConflict}, 0, 1},
	}
	for _, tc := range cases {
		st := &faulty{Store: memory.New(), script: tc.script}
		err := newLedger(t, st).Append(t.Context(), entry(opA, 0, ""))
		if (err == nil) != (tc.want == nil) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		for _, want := range tc.want {
			if !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", tc.name, err, want)
			}
		}
		if n := len(entryKeys(t, st)); n != tc.there || st.commits != tc.commits || st.loose {
			t.Errorf("%s: got %d entries after %d commits, unconditional: %t; want %d after %d, false", tc.name, n, st.commits, st.loose, tc.there, tc.commits)
		}
	}
}

// After the end of its context Append does not retry, and still reports an unknown outcome.
func TestAppendEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	st := &faulty{Store: memory.New(), script: []fault{{true, store.ErrOutcomeUnknown}}, after: cancel}
	if err := newLedger(t, st).Append(ctx, entry(opA, 0, "")); !errors.Is(err, store.ErrOutcomeUnknown) || st.commits != 1 {
		t.Errorf("got %v after %d commits, want %v after 1", err, st.commits, store.ErrOutcomeUnknown)
	}
	if err := newLedger(t, st).Append(ctx, entry(opA, 0, "")); !errors.Is(err, context.Canceled) {
		t.Errorf("with a cancelled context: got %v, want %v", err, context.Canceled)
	}
}

// A failed read is an error, not an empty ledger.
func TestReadFaults(t *testing.T) {
	t.Parallel()
	st := &faulty{Store: memory.New()}
	l := newLedger(t, st)
	must(t, l.Append(t.Context(), entry(opA, 0, "")))
	for _, want := range []error{store.ErrUnavailable, store.ErrClosed, context.DeadlineExceeded} {
		st.list = fmt.Errorf("the driver: %w", want)
		if got, err := l.Entries(t.Context(), opA); !errors.Is(err, want) || got != nil {
			t.Errorf("entries: got %v, %v, want none, %v", got, err, want)
		}
		if _, err := l.Clean(t.Context()); !errors.Is(err, want) {
			t.Errorf("clean: got %v, want %v", err, want)
		}
		n := 0
		for e, err := range l.Trail(t.Context(), everything) {
			if n++; !errors.Is(err, want) || e != (wrapper.Entry{}) {
				t.Errorf("trail: got %v, %v, want the zero entry, %v", e, err, want)
			}
		}
		for e, err := range l.ByOperation(t.Context()) {
			if n++; !errors.Is(err, want) || e != (wrapper.Entry{}) {
				t.Errorf("by operation: got %v, %v, want the zero entry, %v", e, err, want)
			}
		}
		if n != 2 {
			t.Errorf("got %d errors from Trail and ByOperation, want one each", n)
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

// order compares entries by all fields that drawn sets.
func order(a, b wrapper.Entry) int {
	return cmp.Or(a.Time.Compare(b.Time), slices.Compare(a.OperationID[:], b.OperationID[:]), cmp.Compare(a.Action, b.Action),
		cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Verdict, b.Verdict), cmp.Compare(a.State, b.State), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.By, b.By))
}

// syncFaulty is a faulty store that is safe for concurrent use.
type syncFaulty struct {
	*faulty
	mu sync.Mutex
}

func (s *syncFaulty) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faulty.Commit(ctx, txn)
}

// With concurrent writers and unknown outcomes, the ledger holds exactly the entries that were appended, in order.
func TestEntriesAreWhatWasAppended(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		writers := rapid.SliceOfN(rapid.SliceOfN(drawn, 0, 8), 1, 4).Draw(rt, "writers")
		var script []fault
		for _, happens := range rapid.SliceOfN(rapid.Bool(), 0, 2).Draw(rt, "unknown") { // one less than Append has tries
			script = append(script, fault{happens, store.ErrOutcomeUnknown})
		}
		st := &syncFaulty{faulty: &faulty{Store: memory.New(), script: script}}
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
		var got, trail []wrapper.Entry
		for _, id := range []uuid.UUID{opA, opB} {
			got = append(got, entriesOf(t, l, id)...)
		}
		i := 0
		for e, err := range l.ByOperation(context.Background()) {
			must(t, err)
			if i >= len(got) || order(e, got[i]) != 0 {
				rt.Fatalf("by operation, at %d: got %+v, want entry %d of %+v", i, e, i, got)
			}
			i++
		}
		if i != len(got) {
			rt.Errorf("by operation: got %d entries, want %d", i, len(got))
		}
		for e, err := range l.Trail(context.Background(), everything) {
			must(t, err)
			trail = append(trail, e)
		}
		if !slices.IsSortedFunc(trail, func(a, b wrapper.Entry) int { return a.Time.Compare(b.Time) }) {
			rt.Errorf("trail: got %+v, want it sorted by time", trail)
		}
		for _, all := range [][]wrapper.Entry{got, trail} {
			slices.SortFunc(all, order)
			if !slices.EqualFunc(all, want, func(a, b wrapper.Entry) bool { return order(a, b) == 0 }) {
				rt.Errorf("got %+v, want %+v", all, want)
			}
		}
	})
}

// The graceful cancel of one client allows another client to force, and the entries record who did what.
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
				t.Errorf("before the graceful cancel: got %v, want %v", err, wrapper.ErrForceRefused)
			}
			_, err = ann.Cancel(t.Context(), id, wrapper.CancelOptions{Reason: "the drill is over"})
			must(t, err)
			_, err = stranger.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
			if !errors.Is(err, wrapper.ErrForceRefused) || c.Operation(id).Rollback == emulator.RollingBackForce {
				t.Errorf("with another ledger: got %v and %v, want %v and no force", err, c.Operation(id).Rollback, wrapper.ErrForceRefused)
			}
			got, err := bob.ForceCancel(t.Context(), id, wrapper.ForceOptions{Reason: "it hangs"})
			if err != nil || got.Verdict != wrapper.Accepted || got.LedgerErr != nil || c.Operation(id).Rollback != emulator.RollingBackForce {
				t.Errorf("after the graceful cancel: got %+v, %v, %v; want %s, nil, a force", got, err, c.Operation(id).Rollback, wrapper.Accepted)
			}
			got, err = ann.Cancel(t.Context(), id, wrapper.CancelOptions{})
			if err != nil || got.Verdict != wrapper.AlreadyForced {
				t.Errorf("after the force: got %+v, %v, want %s, nil", got, err, wrapper.AlreadyForced)
			}

			entries := entriesOf(t, shared, id)
			for i := range entries {
				if (entries[i].RequestID == uuid.UUID{}) != (entries[i].Outcome == "intent") {
					t.Errorf("entry %d: got request id %s, want all zeros for an intent alone", i, entries[i].RequestID)
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

// An unreadable entry blocks forces but not graceful cancels.
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
		t.Errorf("force: got %v and %v, want %v, %v and no force", err, c.Operation(id).Rollback, wrapper.ErrForceRefused, ledger.ErrDamaged)
	}
	got, err := client.Cancel(t.Context(), id, wrapper.CancelOptions{})
	if err != nil || got.Verdict != wrapper.Accepted {
		t.Errorf("graceful cancel: got %s, %v, want %s, nil", got.Verdict, err, wrapper.Accepted)
	}
	_, err = st.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: key, Delete: true}}})
	must(t, err)
	got, err = client.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
	if err != nil || got.Verdict != wrapper.Accepted {
		t.Errorf("force after the item was removed: got %s, %v, want %s, nil", got.Verdict, err, wrapper.Accepted)
	}
}
