package emulator_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

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
