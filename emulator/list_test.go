package emulator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// TestListFilters is runtime §5.10, before and after the records moved to
// the history.
func TestListFilters(t *testing.T) {
	fails, retries := make(map[uuid.UUID]bool), make(map[uuid.UUID]bool)
	c := newCluster(t, server.Runtime, nil, emulator.WithScenario(func(r emulator.Record) emulator.Scenario {
		s := emulator.Scenario{Perform: 10 * second, Undo: 10 * second}
		if fails[r.ID] {
			s.PerformFails = always(-2147017753)
		}
		if retries[r.ID] {
			s.PerformFails = always(-2147017729)
		}
		return s
	}))
	failing := func(n int) uuid.UUID {
		id := uuid.New()
		fails[id] = true
		c.startAs(n, id)
		return id
	}
	completed, faulted := c.start(0), failing(1)
	cancelledDone, cancelledFailed := c.start(2), failing(2)
	forcedDone, forcedFailed := c.start(0), failing(0)
	for _, id := range []uuid.UUID{cancelledDone, cancelledFailed, forcedDone, forcedFailed} {
		c.cancel(id, "false")
	}
	for _, id := range []uuid.UUID{forcedDone, forcedFailed} {
		c.cancel(id, "true")
	}
	c.pass(100 * second)
	ownFault, willRetry := failing(1), uuid.New()
	retries[willRetry] = true
	c.startAs(2, willRetry)
	c.pass(10 * second)
	running, rolling := c.start(0), c.start(1)
	c.cancel(rolling, "false")

	all := []uuid.UUID{completed, faulted, cancelledDone, cancelledFailed, forcedDone, forcedFailed, running, rolling, ownFault, willRetry}
	for _, swept := range []bool{false, true} {
		if swept {
			if err := c.engine.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range []struct {
			name          string
			kinds, states string
			want          []uuid.UUID
		}{
			{"0xFFFF is everything", "65535", "0xFFFF", all},
			{"TypeFilter 0 is every kind", "0", "65535", all},
			{"StateFilter 0 is nothing", "65535", "0", nil},
			{"running, also the rolling-back ones", "65535", "1", []uuid.UUID{running, rolling, ownFault, willRetry}},
			{"rolling back, but not what will retry", "65535", "2", []uuid.UUID{rolling, ownFault}},
			{"4 has no meaning", "65535", "4", nil},
			{"completed, also what a cancel ended after its last step", "65535", "8", []uuid.UUID{completed, cancelledDone, forcedDone}},
			{"failed, also what a cancel ended otherwise", "65535", "16", []uuid.UUID{faulted, cancelledFailed, forcedFailed}},
			{"cancelled", "65535", "32", []uuid.UUID{cancelledDone, cancelledFailed}},
			{"force-cancelled", "65535", "64", []uuid.UUID{forcedDone, forcedFailed}},
			{"bits add up", "65535", "96", []uuid.UUID{cancelledDone, cancelledFailed, forcedDone, forcedFailed}},
			{"one kind", "1", "65535", []uuid.UUID{completed, forcedDone, forcedFailed, running}},
			{"an unknown kind bit is nothing", "16", "65535", nil},
		} {
			t.Run(f.name, func(t *testing.T) {
				for _, id := range all {
					listed := false
					for _, op := range c.list(f.kinds, f.states) {
						listed = listed || op.OperationID == id
					}
					if want := slices.Contains(f.want, id); listed != want {
						t.Errorf("swept=%t: %s (%s) listed: %t, want %t", swept, id, c.state(id), listed, want)
					}
				}
			})
		}
	}
}

// §5.10: active operations come first, whatever is written down of the others.
func TestListOrder(t *testing.T) {
	c := newCluster(t, server.Runtime, nil)
	over, running := uuid.UUID{1}, uuid.UUID{2}
	c.startAs(0, over)
	c.pass(10 * second)
	c.startAs(0, running)
	if listed := c.list("65535", "65535"); len(listed) != 2 || listed[0].OperationID != running {
		t.Errorf("%+v", listed)
	}
}

var listedNow = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// stored puts records into a store as they are, each as write makes it.
func stored(tb interface {
	Helper()
	Fatal(...any)
}, st store.Store, records []emulator.Record, write func([]byte) []byte,
) {
	tb.Helper()
	for some := range slices.Chunk(records, 100) {
		var txn store.Txn
		for _, r := range some {
			value, err := json.Marshal(r)
			if err != nil {
				tb.Fatal(err)
			}
			table := map[bool]string{false: "active/", true: "history/"}[r.Terminal()]
			txn.Then = append(txn.Then, store.Write{Key: "operations/" + table + r.ID.String(), Value: write(value)})
		}
		if _, err := st.Commit(context.Background(), txn); err != nil {
			tb.Fatal(err)
		}
	}
}

func asIs(value []byte) []byte { return value }

func engineOn(st store.Store, profile server.Profile) *emulator.Emulator {
	return emulator.New(st, emulator.WithProfile(profile), emulator.WithClock(func() time.Time { return listedNow }))
}

func listOn(e *emulator.Emulator, kinds, states int) (emulator.List, error) {
	answer, err := e.GetFaultOperationList(context.Background(), generated.GetFaultOperationListRequestObject{
		Params: generated.GetFaultOperationListParams{TypeFilter: kinds, StateFilter: states},
	})
	listed, _ := answer.(emulator.List)
	return listed, err
}

// many are n operations that nothing is due of.
func many(n int, active bool) []emulator.Record {
	records := make([]emulator.Record, n)
	for i := range records {
		records[i] = emulator.Record{
			ID: uuid.UUID{byte(i >> 16), byte(i >> 8), byte(i), 9: 0x80, 15: 1}, Kind: kinds[i%3].kind,
			Step: emulator.StepFailed, Rollback: flags[i%len(flags)], Due: listedNow.Add(time.Hour + time.Duration(i)),
			Target:   emulator.Target{ServiceName: "fabric:/shop/orders", PartitionID: uuid.UUID{6: 0x40, 15: 2}},
			Scenario: emulator.DefaultScenario(), Received: listedNow,
		}
		if active {
			records[i].Step, records[i].Backoff = emulator.StepPerformingActions, i%3 == 0
			records[i].Phase = []emulator.Phase{emulator.PhaseForward, emulator.PhaseUndoing, emulator.PhasePausing}[i%3]
		}
	}
	return records
}

// anyRecord is a record in any state that there can be.
func anyRecord(t *rapid.T, n int) emulator.Record {
	k := rapid.SampledFrom(kinds).Draw(t, "kind")
	r := emulator.Record{
		ID: uuid.UUID{byte(n), 5: rapid.Byte().Draw(t, "id")}, Kind: k.kind,
		Step:      rapid.SampledFrom(steps).Draw(t, "step"),
		Phase:     rapid.SampledFrom([]emulator.Phase{"", "", "Undoing", "Pausing"}).Draw(t, "phase"),
		Rollback:  rapid.SampledFrom(flags).Draw(t, "flag"),
		Backoff:   rapid.Bool().Draw(t, "backoff"),
		ErrorCode: rapid.Int32().Draw(t, "code"),
		Received:  listedNow.Add(-time.Hour),
	}
	zone := time.FixedZone("", 60*rapid.IntRange(-720, 720).Draw(t, "zone"))
	r.Due = listedNow.Add(time.Duration(rapid.Int64Range(-3e9, 3e9).Draw(t, "due"))).In(zone)
	if r.Kind == generated.OperationTypeNodeTransition {
		r.Target = emulator.Target{NodeName: fmt.Sprint("node", n), Transition: generated.NodeTransitionTypeStart}
	}
	r.Scenario.Perform = time.Duration(rapid.Int64Range(0, 2e9).Draw(t, "perform"))
	return r
}

// TestListNeedsNoWholeRecord: of records as they are written the list shows what it shows of
// those that it has to read whole because they begin with a blank. Both write down what is due.
func TestListNeedsNoWholeRecord(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		records := make([]emulator.Record, rapid.IntRange(0, 12).Draw(t, "operations"))
		for n := range records {
			records[n] = anyRecord(t, n)
		}
		profile := rapid.SampledFrom([]server.Profile{server.Runtime, server.Documented}).Draw(t, "profile")
		kinds := rapid.SampledFrom([]int{0, 1, 2, 3, 4, 8, 12, 16, 0xFFFF}).Draw(t, "kinds")
		states := rapid.SampledFrom([]int{0, 1, 2, 8, 16, 24, 32, 64, 96, 0xFFFF}).Draw(t, "states")
		var bodies [2]string
		for i, write := range []func([]byte) []byte{asIs, func(b []byte) []byte { return append([]byte(" "), b...) }} {
			st := memory.New()
			defer st.Close()
			stored(t, st, records, write)
			listed, err := listOn(engineOn(st, profile), kinds, states)
			if err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			if err := listed.VisitGetFaultOperationListResponse(w); err != nil {
				t.Fatal(err)
			}
			bodies[i] = w.Body.String()
		}
		if bodies[0] != bodies[1] {
			t.Errorf("listed by their beginnings: %s\nread whole: %s", bodies[0], bodies[1])
		}
	})
}

// TestListOfADamagedRecord: whichever byte of a record is another, the list fails, or shows what
// else can be read of the operation, or what was there before.
func TestListOfADamagedRecord(t *testing.T) {
	t.Parallel()
	for _, active := range []bool{false, true} {
		r := many(1, active)[0]
		whole, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		want := generated.OperationStatus{OperationID: r.ID, State: r.State(), Type: r.Kind}
		fails := 0
		for at := range whole {
			for _, with := range []string{"", "x", "0", `"`, "}", "A"} {
				st := memory.New()
				stored(t, st, []emulator.Record{r}, func(b []byte) []byte { return slices.Concat(b[:at], []byte(with), b[at+1:]) })
				e := engineOn(st, server.Runtime)
				listed, err := listOn(e, 0xFFFF, 0xFFFF)
				shown := slices.Collect(listed.All())
				is, unread := e.Record(context.Background(), r.ID)
				switch {
				case err != nil && unread == nil:
					t.Errorf("byte %d is %q: %v, though the record can be read", at, with, err)
				case err != nil:
					fails++
				case len(shown) != 1:
					t.Errorf("byte %d is %q: %d are listed, want 1 or an error", at, with, len(shown))
				case unread == nil && shown[0] != (generated.OperationStatus{OperationID: is.ID, State: is.State(), Type: is.Kind}):
					t.Errorf("byte %d is %q: %+v, but the record is %+v", at, with, shown[0], is)
				case unread != nil && shown[0] != want:
					t.Errorf("byte %d is %q: %+v, want %+v, or an error", at, with, shown[0], want)
				}
				_ = st.Close()
			}
		}
		if fails < 300 {
			t.Errorf("of %d bytes %d were missed", len(whole), fails)
		}
	}
}

// TestListOfADamagedID: an id is 36 characters in lower case, in the key and in the record, and nothing else is shown.
func TestListOfADamagedID(t *testing.T) {
	t.Parallel()
	r := many(1, false)[0]
	value, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	const begin = len(`{"id":"`)
	key := []byte("operations/history/" + r.ID.String())
	st := memory.New()
	defer st.Close()
	e := engineOn(st, server.Runtime)
	for at := range 36 {
		for c := range 256 {
			value, key := bytes.Clone(value), bytes.Clone(key)
			digit := bytes.IndexByte([]byte("0123456789abcdef"), byte(c)) >= 0 && value[begin+at] != '-' || value[begin+at] == byte(c)
			value[begin+at], key[len(key)-36+at] = byte(c), byte(c)
			if _, err := st.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: string(key), Value: value}}}); err != nil {
				t.Fatal(err)
			}
			listed, err := listOn(e, 0xFFFF, 0xFFFF)
			if (err == nil) != digit {
				t.Errorf("character %d is %q: %v", at, byte(c), err)
			}
			for o := range listed.All() {
				if got := "operations/history/" + o.OperationID.String(); got != string(key) {
					t.Errorf("%s is listed as %s", key, got)
				}
			}
			if _, err := st.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: string(key), Delete: true}}}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// everyShape is one of every kind at every step with every flag.
func everyShape() (records []emulator.Record) {
	for i, step := range steps {
		for j, flag := range flags {
			for k, kind := range kinds {
				r := emulator.Record{ID: uuid.UUID{0xFF, byte(i), byte(j), byte(k)}, Kind: kind.kind, Step: step, Rollback: flag, Due: listedNow.Add(1)}
				if k == transitionKind {
					r.Target = emulator.Target{NodeName: r.ID.String(), Transition: generated.NodeTransitionTypeStart}
				}
				records = append(records, r)
			}
		}
	}
	return records
}

// pieces is a writer that takes so many pieces of an answer.
type pieces struct {
	header http.Header
	body   bytes.Buffer
	most   int // bytes of one
	left   int
}

func (p *pieces) Header() http.Header { return p.header }
func (p *pieces) WriteHeader(int)     {}
func (p *pieces) Write(b []byte) (int, error) {
	if p.left--; p.left < 0 {
		return 0, errDisk
	}
	p.most = max(p.most, len(b))
	return p.body.Write(b)
}

// TestListIsWrittenAsJSON, a piece at a time, byte for byte as encoding/json writes it, and
// not on to a writer that fails.
func TestListIsWrittenAsJSON(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 1000} {
		st := memory.New()
		defer st.Close()
		stored(t, st, many(n, true), asIs)
		e := engineOn(st, server.Runtime)
		if n == 1000 {
			stored(t, st, everyShape(), asIs)
		}
		listed, err := listOn(e, 0xFFFF, 0xFFFF)
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		shown := append(generated.OperationStatusList{}, slices.Collect(listed.All())...)
		if err := json.NewEncoder(&want).Encode(shown); err != nil {
			t.Fatal(err)
		}
		w := &pieces{header: http.Header{}, left: 1000}
		if err := listed.VisitGetFaultOperationListResponse(w); err != nil || !bytes.Equal(w.body.Bytes(), want.Bytes()) {
			t.Errorf("%d: got %v, %.200s, want %.200s", n, err, w.body.Bytes(), want.Bytes())
		}
		if all := n + n/1000*100; listed.Len() != all || len(shown) != all || w.most > 32<<10 || w.header.Get("Content-Type") != "application/json" {
			t.Errorf("%d: Len is %d, and %d are shown, the largest piece %d bytes, the header %v", n, listed.Len(), len(shown), w.most, w.header)
		}
		for left := range 1000 - w.left {
			w := &pieces{header: http.Header{}, left: left}
			if err := listed.VisitGetFaultOperationListResponse(w); !errors.Is(err, errDisk) || w.left != -1 {
				t.Errorf("%d: after %d pieces got %v, and the writer was called %d times more, want its error and 1", n, left, err, -w.left)
			}
		}
	}
}

// TestListAllocations: an operation more is none.
func TestListAllocations(t *testing.T) {
	for _, active := range []bool{false, true} {
		st := memory.New()
		defer st.Close()
		stored(t, st, many(10_000, active), asIs)
		e := engineOn(st, server.Runtime)
		got := testing.AllocsPerRun(3, func() {
			listed, err := listOn(e, 0xFFFF, 0xFFFF)
			if err == nil {
				err = listed.VisitGetFaultOperationListResponse(&pieces{header: http.Header{}, left: 0})
			}
			if listed.Len() != 10_000 || !errors.Is(err, errDisk) {
				t.Fatal(listed.Len(), err)
			}
		})
		if got > 100 {
			t.Errorf("a list of 10 000, active %t, allocates %v times, want 100 at most", active, got)
		}
	}
}

// BenchmarkList is a list and its answer, without the edge.
func BenchmarkList(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		for _, active := range []bool{false, true} {
			b.Run(fmt.Sprintf("%d/active=%t", n, active), func(b *testing.B) {
				st := memory.New()
				defer st.Close()
				stored(b, st, many(n, active), asIs)
				e := engineOn(st, server.Runtime)
				b.ReportAllocs()
				for b.Loop() {
					listed, err := listOn(e, 0xFFFF, 0xFFFF)
					if err != nil || listed.Len() != n {
						b.Fatal(listed.Len(), err)
					}
					if err := listed.VisitGetFaultOperationListResponse(nowhere{http.Header{}}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// nowhere is a writer of an answer that nobody reads.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) WriteHeader(int)             {}
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }

// interrupted is a store that lets somebody else act before its n-th list, the first being 0.
type interrupted struct {
	store.Store
	n     int
	lists map[string]int
	act   func()
}

func (i *interrupted) List(ctx context.Context, prefix, after string, limit int) (store.Page, error) {
	if i.n--; i.n == -1 {
		i.act()
	}
	i.lists[strings.Split(prefix, "/")[1]]++
	return i.Store.List(ctx, prefix, after, limit)
}

// scannedWith is an interrupted store that can be scanned.
type scannedWith struct{ *interrupted }

func (s scannedWith) Scan(ctx context.Context, prefix, after string, limit int, see func(key, value []byte, at store.Revision) bool) (store.Revision, error) {
	if s.n--; s.n == -1 {
		s.act()
	}
	s.lists[strings.Split(prefix, "/")[1]]++
	return store.Scan(ctx, s.Store, prefix, after, limit, see)
}

// TestAListIsOfOneMoment: B was sent after A was answered, so whoever sees B sees A as well,
// whatever is due, and wherever among 2 400 others the two are.
func TestAListIsOfOneMoment(t *testing.T) {
	t.Parallel()
	const others = 2400
	first, last := uuid.UUID{0, 0, 1}, uuid.UUID{0xFF}
	for _, tt := range []struct {
		name string
		a, b uuid.UUID
		ends bool // B is cancelled and ends as well
		due  bool // something else is due when the list begins

		scans bool // the store can be scanned
	}{
		{"A before B", first, last, false, false, false},
		{"B before A", last, first, false, false, false},
		{"B ends", first, last, true, false, false},
		{"something is due", first, last, false, true, false},
		{"something is due, and B ends", last, first, true, true, false},
		{"B ends, and the store can be scanned", first, last, true, false, true},
		{"something is due, B ends, and the store can be scanned", last, first, true, true, true},
	} {
		for n := 0; ; n++ {
			shared := memory.New()
			fill(t, shared, "active", 0, others-1200, emulator.StepPerformingActions)
			fill(t, shared, "history", others-1200, others, emulator.StepFailed)
			if !tt.ends {
				fill(t, shared, "active", others, others+1200, emulator.StepPerformingActions)
			}
			all := map[bool]int{true: others, false: others + 1200}[tt.ends]
			m := &interrupted{Store: shared, n: n, lists: map[string]int{}}
			var st store.Store = m
			if tt.scans {
				st = scannedWith{m}
			}
			ours, other := newCluster(t, server.Runtime, st), newCluster(t, server.Runtime, shared)
			due := uuid.UUID{0x80}
			if tt.due {
				other.startAs(1, due)
				ours.pass(10 * second)
				all++
			}
			m.act = func() {
				for _, id := range []uuid.UUID{tt.a, tt.b} {
					if a := other.startAs(0, id); a.status != 202 {
						t.Errorf("%+v", a)
					}
				}
				if !tt.ends {
					return
				}
				if a := other.cancel(tt.b, "false"); a.status != 200 {
					t.Errorf("%+v", a)
				}
				other.pass(10 * second)
				if r := other.record(tt.b); r.State() != generated.OperationStateCancelled {
					t.Errorf("B is %s", r.State())
				}
			}
			at := fmt.Sprintf("%s, before list %d of the store", tt.name, n)
			shown := map[uuid.UUID]generated.OperationState{}
			over := false
			for _, o := range ours.list("65535", "65535") {
				if _, twice := shown[o.OperationID]; twice {
					t.Errorf("%s: %s is listed twice", at, o.OperationID)
				}
				shown[o.OperationID] = o.State
				is := o.State != generated.OperationStateRunning
				if over && !is {
					t.Errorf("%s: %s is active, and comes after what is over", at, o.OperationID)
				}
				over = over || is
			}
			_, a := shown[tt.a]
			_, b := shown[tt.b]
			if b && !a {
				t.Errorf("%s: B is shown and A is not", at)
			}
			if got := len(shown) - map[bool]int{true: 1}[a] - map[bool]int{true: 1}[b]; got != all {
				t.Errorf("%s: %d others, want %d", at, got, all)
			}
			if tt.due && shown[due] != generated.OperationStateCompleted {
				t.Errorf("%s: what was due is %q", at, shown[due])
			}
			_ = shared.Close()
			if m.n >= 0 { // it took no more lists
				if a || b || n < map[bool]int{false: 3, true: 2}[tt.scans] || m.lists["active"] != map[bool]int{false: 1, true: 2}[tt.due] {
					t.Errorf("%s: %v, A %t, B %t", at, m.lists, a, b)
				}
				break
			}
		}
	}
}

// TestAListOfTheFirstMoment: nothing was ever written when the active table is read, and that
// is a moment like any other.
func TestAListOfTheFirstMoment(t *testing.T) {
	shared := memory.New()
	defer shared.Close()
	other := newCluster(t, server.Runtime, shared)
	m := &interrupted{Store: shared, n: 1, lists: map[string]int{}, act: func() {
		other.startAs(0, uuid.UUID{1})
		other.pass(10 * second)
		other.record(uuid.UUID{1})
	}}
	if listed := newCluster(t, server.Runtime, m).list("65535", "65535"); len(listed) != 0 || m.n >= 0 {
		t.Errorf("%+v", listed)
	}
}

// TestAListEnds, and is of one moment, even if each time that it reads something new is due.
func TestAListEnds(t *testing.T) {
	shared := memory.New()
	defer shared.Close()
	m := &interrupted{Store: shared, lists: map[string]int{}}
	ours := newCluster(t, server.Runtime, m)
	other := newCluster(t, server.Runtime, shared, emulator.WithScenario(func(emulator.Record) emulator.Scenario { return emulator.Scenario{} }))
	var begun byte
	m.act = func() {
		begun++
		other.startAs(0, uuid.UUID{begun}) // due at once
		m.n = 0                            // and before the next list again
	}
	m.act()
	listed := ours.list("65535", "65535")
	// One before, one before each read of the active table, and another one before the history.
	if n := m.lists["active"]; n < 2 || n > 5 || len(listed) != n+1 || listed[0].State != generated.OperationStateRunning {
		t.Fatalf("lists of the store: %v; listed: %+v", m.lists, listed)
	}
	for _, o := range listed[1:] {
		if o.State != generated.OperationStateCompleted {
			t.Errorf("%+v", o)
		}
	}
}

// TestAnyListIsOfOneMoment: whatever replicas do meanwhile, in whatever order, and whether
// the store fails or not, a list is all that was stored at one moment.
func TestAnyListIsOfOneMoment(t *testing.T) {
	t.Parallel()
	lists := 0
	rapid.Check(t, func(t *rapid.T) {
		f := newFleet(t, server.Runtime, rapid.Bool().Draw(t, "fails"))
		calls := make([][]call, 4)
		for client := range calls {
			names := []string{"start", "start", "start", "cancel", "force", "progress", "sweep", "clean up"}
			if client == 0 {
				names = []string{"list"}
			}
			for range rapid.IntRange(3, 6).Draw(t, "calls") {
				calls[client] = append(calls[client], call{what: rapid.SampledFrom(names).Draw(t, "call"), which: rapid.IntRange(0, len(f.ids)-1).Draw(t, "of")})
			}
		}
		f.live(calls)
		lists += f.lists
	})
	if lists == 0 {
		t.Error("no list was answered")
	}
}
