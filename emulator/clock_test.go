package emulator_test

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// machine is a clock of a machine, which the test moves.
type machine struct{ now time.Time }

func (m *machine) clock() time.Time { return m.now }

func newMachine() *machine {
	return &machine{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
}

func started(t *testing.T, st store.Store, speed float64, m *machine) func() time.Time {
	t.Helper()
	clock, err := emulator.StartClock(t.Context(), st, speed, m.clock)
	if err != nil {
		t.Fatal(err)
	}
	return clock
}

func TestClockSpeeds(t *testing.T) {
	for speed, want := range map[float64]time.Duration{0: 0, 0.5: 30 * second, 1: time.Minute, 10: 10 * time.Minute, 1e6: 1e6 * time.Minute} {
		m := newMachine()
		begin := m.now
		clock := started(t, memory.New(), speed, m)
		if got := clock(); !got.Equal(begin) {
			t.Errorf("at speed %v it begins at %v", speed, got)
		}
		m.now = m.now.Add(time.Minute)
		if got := clock().Sub(begin); got != want {
			t.Errorf("at speed %v a minute is %v, want %v", speed, got, want)
		}
	}
}

// A clock of speed 1 needs no record, and leaves none.
func TestClockOfSpeedOneLeavesTheStoreAlone(t *testing.T) {
	st := memory.New()
	defer st.Close()
	started(t, st, 1, newMachine())
	if held := contents(t, st); len(held) != 0 {
		t.Errorf("%v", held)
	}
}

func TestClockIsThatOfTheMachineByDefault(t *testing.T) {
	clock, err := emulator.StartClock(t.Context(), memory.New(), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	if got := clock(); got.Before(before) || got.After(time.Now()) {
		t.Errorf("%v, and it is %v", got, before)
	}
}

// After each restart, at whatever speed, the clock goes on where it was.
func TestClockAfterRestarts(t *testing.T) {
	st := memory.New()
	defer st.Close()
	m := newMachine()
	shows := m.now
	for n, speed := range []float64{1, 10, 10, 0, 0, 1, 3600, 1, 0.25, 1e6, 0, 1} {
		clock := started(t, st, speed, m)
		// A record in the store keeps nanoseconds, and so does the clock.
		if got := clock(); !got.Equal(shows) {
			t.Fatalf("start %d, speed %v: it begins at %v, want %v", n, speed, got, shows)
		}
		m.now = m.now.Add(8 * second)
		shows = shows.Add(time.Duration(speed * float64(8*second)))
		if got := clock(); !got.Equal(shows) {
			t.Fatalf("start %d, speed %v: it shows %v, want %v", n, speed, got, shows)
		}
		// While nobody serves, time passes at the speed that was last.
		m.now = m.now.Add(4 * second)
		shows = shows.Add(time.Duration(speed * float64(4*second)))
	}
}

func TestTwoClocksAgree(t *testing.T) {
	st := memory.New()
	defer st.Close()
	m := newMachine()
	one := started(t, st, 60, m)
	m.now = m.now.Add(time.Minute)
	before := contents(t, st)
	two := started(t, st, 60, m)
	if !maps.Equal(before, contents(t, st)) {
		t.Error("the second one wrote its own record, and the speed has not changed")
	}
	for range 3 {
		m.now = m.now.Add(time.Minute + 1)
		if a, b := one(), two(); !a.Equal(b) {
			t.Errorf("%v and %v", a, b)
		}
	}
}

// Of two that begin at once, one writes the record and the other goes by it.
func TestTwoClocksBeginAtOnce(t *testing.T) {
	shared := memory.New()
	defer shared.Close()
	m := newMachine()
	meddler := &meddled{Store: shared}
	var other func() time.Time
	meddler.beforeCommit = func() {
		other = started(t, shared, 60, m)
		m.now = m.now.Add(second)
	}
	ours := started(t, meddler, 60, m)
	m.now = m.now.Add(second)
	if a, b := ours(), other(); !a.Equal(b) {
		t.Errorf("%v and %v", a, b)
	}
}

// The clock of a machine may be set back, or that of the next machine be behind. What
// was written down as the engine's time when the speed changed stays the least.
func TestClockDoesNotGoBack(t *testing.T) {
	for _, speed := range []float64{0, 1, 60, 1e9, math.MaxFloat64} {
		st := memory.New()
		m := newMachine()
		started(t, st, 10, m)
		m.now = m.now.Add(time.Hour)
		clock := started(t, st, speed, m) // which leaves a record
		before := clock()
		m.now = m.now.Add(-time.Minute)
		if got := clock(); got.Before(before) {
			t.Errorf("speed %v: it showed %v, and then %v", speed, before, got)
		}
		if got := started(t, st, speed, m)(); got.Before(before) {
			t.Errorf("speed %v, after a restart: it showed %v, and then %v", speed, before, got)
		}
		if got := started(t, st, 10, m)(); got.Before(before) {
			t.Errorf("speed %v, then 10: it showed %v, and then %v", speed, before, got)
		}
	}
}

// It does not go back while it runs either, with a record in the store or without one.
func TestClockStandsStillWhileTheMachineIsBehind(t *testing.T) {
	for _, speed := range []float64{1, 10} {
		m := newMachine()
		clock := started(t, memory.New(), speed, m)
		m.now = m.now.Add(time.Minute)
		before := clock()
		m.now = m.now.Add(-second)
		if got := clock(); !got.Equal(before) {
			t.Errorf("speed %v: it showed %v, and then %v", speed, before, got)
		}
	}
}

// Time stays within what can be reckoned and written down, however fast it goes.
func TestClockOfGreatSpeed(t *testing.T) {
	st := memory.New()
	defer st.Close()
	m := newMachine()
	var clock func() time.Time
	for n, speed := range []float64{math.MaxFloat64, 1e300, 1e12, 1, math.MaxFloat64} {
		var before time.Time
		if clock != nil {
			before = clock()
		}
		clock = started(t, st, speed, m)
		for range 3 {
			if got := clock(); got.Before(before) {
				t.Errorf("start %d: it showed %v, and then %v", n, before, got)
			} else {
				before = got
			}
			m.now = m.now.Add(time.Hour)
		}
	}
	c := newCluster(t, server.Documented, st, emulator.WithClock(clock))
	for n := range kinds {
		c.start(n)
	}
	c.list("65535", "65535")
}

func TestClockRefuses(t *testing.T) {
	st := memory.New()
	for _, speed := range []float64{-1, -math.SmallestNonzeroFloat64, math.NaN(), math.Inf(1), math.Inf(-1)} {
		if _, err := emulator.StartClock(t.Context(), st, speed, nil); err == nil || !strings.Contains(err.Error(), "0 or more") {
			t.Errorf("speed %v: %v", speed, err)
		}
	}
	if held := contents(t, st); len(held) != 0 {
		t.Errorf("a refusal left %v", held)
	}
	if _, err := emulator.StartClock(t.Context(), &failing{Store: st}, 2, nil); !errors.Is(err, errDisk) {
		t.Errorf("%v", err)
	}
	_ = st.Close()
	for _, speed := range []float64{0, 1, 2} {
		if _, err := emulator.StartClock(t.Context(), st, speed, nil); !errors.Is(err, store.ErrClosed) {
			t.Errorf("speed %v: %v", speed, err)
		}
	}
}

// A record that cannot be one is an error that names it, not a clock that is wrong.
func TestClockWithABrokenRecord(t *testing.T) {
	for _, record := range []string{
		``, `x`, `[]`, `5`, `{"speed": "fast"}`, `{"real": "yesterday"}`, `{"engine": 5}`, `{"speed": 1e999}`,
		`null`, `{}`, `{"speed": 10}`, `{"speed": -1, "real": "2026-01-01T00:00:00Z", "engine": "2026-01-01T00:00:00Z"}`,
		`{"real": "2026-01-01T00:00:00Z", "engine": "2026-01-01T00:00:00Z"}`,
		`{"speed": 10, "engine": "2026-01-01T00:00:00Z"}`,
		`{"speed": 10, "real": "2026-01-01T00:00:00Z"}`,
	} {
		for _, speed := range []float64{1, 10} {
			st := memory.New()
			if _, err := st.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: "cluster/clock", Value: []byte(record)}}}); err != nil {
				t.Fatal(err)
			}
			clock, err := emulator.StartClock(t.Context(), st, speed, newMachine().clock)
			if err == nil {
				t.Errorf("%q, at speed %v: a clock that shows %v", record, speed, clock())
				continue
			}
			if !strings.Contains(err.Error(), "cluster/clock") {
				t.Errorf("%q: the error does not name the record: %v", record, err)
			}
		}
	}
}

// The record is what a later version has to read.
func TestClockRecord(t *testing.T) {
	st := memory.New()
	defer st.Close()
	started(t, st, 2.5, newMachine())
	var got map[string]any
	if err := json.Unmarshal([]byte(contents(t, st)["cluster/clock"]), &got); err != nil {
		t.Fatal(err)
	}
	if got["speed"] != 2.5 || got["real"] != "2026-01-01T00:00:00Z" || got["engine"] != "2026-01-01T00:00:00Z" || len(got) != 3 {
		t.Errorf("%v", got)
	}
}

// Operations go at the clock's speed, and over restarts.
func TestOperationsGoByTheClock(t *testing.T) {
	st := memory.New()
	defer st.Close()
	m := newMachine()
	id := newCluster(t, server.Documented, st, emulator.WithClock(started(t, st, 10, m))).start(0)
	m.now = m.now.Add(299 * millisecond)
	if got := newCluster(t, server.Documented, st, emulator.WithClock(started(t, st, 0, m))).state(id); got != "Running" {
		t.Errorf("after 2.99 s of 3 it is shown as %s", got)
	}
	m.now = m.now.Add(time.Hour)
	again := newCluster(t, server.Documented, st, emulator.WithClock(started(t, st, 1, m)))
	if got := again.state(id); got != "Running" {
		t.Errorf("while the clock stood still it became %s", got)
	}
	m.now = m.now.Add(10 * millisecond)
	if got := again.state(id); got != "Completed" {
		t.Errorf("after 3 s it is shown as %s", got)
	}
}

// A clock that is moved shows so much more, at any speed, and goes on there after a restart.
func TestMoveClock(t *testing.T) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, speed := range []float64{0, 1, 60} {
		st, now := memory.New(), begin
		real := func() time.Time { return now }
		if _, err := emulator.StartClock(t.Context(), st, speed, real); err != nil {
			t.Fatal(err)
		}
		shown := begin
		for _, by := range []time.Duration{time.Hour, 0, time.Second} {
			now = now.Add(time.Second)
			shown = shown.Add(time.Duration(speed)*time.Second + by)
			clock, err := emulator.MoveClock(t.Context(), st, speed, by, real)
			if err != nil || !clock().Equal(shown) {
				t.Errorf("speed %v, by %v: got %v (%v), want %v", speed, by, clock(), err, shown)
			}
			if again, err := emulator.StartClock(t.Context(), st, speed, real); err != nil || !again().Equal(shown) {
				t.Errorf("speed %v, after a restart: got %v (%v), want %v", speed, again(), err, shown)
			}
		}
		for _, by := range []time.Duration{-1, 101 * 365 * 24 * time.Hour} {
			if _, err := emulator.MoveClock(t.Context(), st, speed, by, real); err == nil {
				t.Errorf("by %v: no error", by)
			}
		}
	}
}

// What is cleared can be planted anew, and the clock has gone on.
func TestClear(t *testing.T) {
	st := memory.New()
	clock, err := emulator.MoveClock(t.Context(), st, 0, time.Hour, nil)
	if err != nil {
		t.Fatal(err)
	}
	e := emulator.New(st, emulator.WithClock(clock))
	seed := emulator.Seed{Cluster: emulator.DefaultCluster()}
	for range 2 * store.MaxOps {
		seed.Operations = append(seed.Operations, emulator.SeedOperation{Record: emulator.Record{
			ID: uuid.New(), Kind: generated.OperationTypePartitionRestart, Step: emulator.StepPerformingActions, Rollback: emulator.NotRollingBack,
		}})
	}
	if err := e.Plant(t.Context(), seed); err != nil {
		t.Fatal(err)
	}
	if err := e.Clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	if page, err := st.List(t.Context(), "", "", 10); err != nil || len(page.Items) != 1 {
		t.Errorf("it left %v (%v), want the clock alone", page.Items, err)
	}
	if again, err := emulator.StartClock(t.Context(), st, 0, nil); err != nil || !again().Equal(clock()) {
		t.Errorf("the clock shows %v (%v), want %v", again(), err, clock())
	}
	if err := e.Plant(t.Context(), emulator.Seed{}); err != nil {
		t.Errorf("another seed: %v", err)
	}
}
