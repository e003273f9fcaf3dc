package emulator_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

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
