package emulator_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// pacedStore is a store whose calls take their time, and that counts them.
type pacedStore struct {
	store.Store
	reads, writes              time.Duration
	calls, commits, conflicted atomic.Int64
	running, most              atomic.Int64 // calls that are not over
}

// enter counts a call, until what it returns is called.
func (p *pacedStore) enter() (leave func()) {
	p.calls.Add(1)
	n := p.running.Add(1)
	for most := p.most.Load(); n > most && !p.most.CompareAndSwap(most, n); {
		most = p.most.Load()
	}
	return func() { p.running.Add(-1) }
}

func (p *pacedStore) Get(ctx context.Context, key string) (store.Item, error) {
	defer p.enter()()
	time.Sleep(p.reads)
	return p.Store.Get(ctx, key)
}

func (p *pacedStore) List(ctx context.Context, prefix, after string, limit int) (store.Page, error) {
	defer p.enter()()
	time.Sleep(p.reads)
	return p.Store.List(ctx, prefix, after, limit)
}

func (p *pacedStore) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	defer p.enter()()
	p.commits.Add(1)
	time.Sleep(p.writes)
	at, err := p.Store.Commit(ctx, txn)
	if errors.Is(err, store.ErrConflict) {
		p.conflicted.Add(1)
	}
	return at, err
}

// bubble is a test in virtual time, which Run shares. It ends what was begun and notices a
// goroutine that is left over.
type bubble struct {
	*testing.T
	ctx  context.Context
	disk *observer
	runs []chan error
	stop context.CancelFunc
}

func inBubble(t *testing.T, test func(b *bubble)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), 100*24*time.Hour)
		b := &bubble{T: t, ctx: ctx, disk: newObserver(server.Runtime), stop: stop}
		defer b.disk.Close()
		defer func() {
			stop()
			for _, ran := range b.runs {
				if err := <-ran; !errors.Is(err, context.Canceled) {
					t.Errorf("Run ended with %v", err)
				}
			}
		}()
		test(b)
		if len(b.disk.wrong) > 0 {
			t.Error(b.disk.wrong)
		}
	})
}

// engine is an emulator that runs.
func (b *bubble) engine(st store.Store, options ...emulator.Option) *emulator.Emulator {
	e := emulator.New(st, append([]emulator.Option{emulator.WithProfile(server.Runtime), emulator.WithScenario(scenarioByID)}, options...)...)
	ran := make(chan error, 1)
	b.runs = append(b.runs, ran)
	go func() { ran <- e.Run(b.ctx) }()
	return e
}

func (b *bubble) start(e *emulator.Emulator, ids ...uuid.UUID) {
	b.Helper()
	for _, id := range ids {
		if err := startOn(b.ctx, e, id, id[0] >= 4); err != nil {
			b.Error(err)
		}
	}
}

// stored is the record as it is written down, without a look by anybody.
func (b *bubble) stored(id uuid.UUID) emulator.Record {
	b.disk.mu.Lock()
	defer b.disk.mu.Unlock()
	return b.disk.before[id].Record
}

func (b *bubble) expect(what string, id uuid.UUID, want emulator.Step) {
	b.Helper()
	if got := b.stored(id).Step; got != want {
		b.Errorf("%s: %s is %q, want %q", what, id, got, want)
	}
}

// soon is how late a transition may be written down when the clock runs as ever.
const soon = 60 * millisecond

// TestRun: what is due is written down when it is due, for operations that were there
// before, that come while it waits, and that somebody interferes with.
func TestRun(t *testing.T) {
	inBubble(t, func(b *bubble) {
		first, other := uuid.UUID{1}, uuid.UUID{4}
		b.start(emulator.New(b.disk, emulator.WithScenario(scenarioByID)), first)
		time.Sleep(300 * millisecond)
		e := b.engine(b.disk)
		time.Sleep(100 * millisecond)
		b.start(e, other) // due later than the first
		for n, step := range steps[1:4] {
			time.Sleep(time.Until(b.stored(first).Due) - 1)
			b.expect("just before", first, steps[n])
			time.Sleep(soon)
			b.expect("when it is due", first, step)
			time.Sleep(400 * millisecond)
			b.expect("when it is due", other, step)
		}
		third := uuid.UUID{1, 1}
		b.start(e, third)
		time.Sleep(500 * millisecond)
		if err := e.SetScenario(b.ctx, third, emulator.Scenario{LookUp: 5 * time.Hour, Perform: 5 * millisecond}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(500*millisecond + soon)
		b.expect("after the queue", third, emulator.StepLookingUpState)
		time.Sleep(5*time.Hour - soon)
		b.expect("just before", third, emulator.StepLookingUpState)
		time.Sleep(3 * soon)
		b.expect("when it is due, and once more right after", third, emulator.StepCompletedSuccessfully)

		// One that another replica accepts in the middle of a long wait.
		quick := emulator.New(b.disk, emulator.WithScenario(func(emulator.Record) emulator.Scenario {
			return emulator.Scenario{Queue: 100 * millisecond, LookUp: time.Hour}
		}))
		for n := range 4 {
			time.Sleep(1370 * millisecond)
			b.start(quick, uuid.UUID{1, 2, byte(n)})
			time.Sleep(100*millisecond + soon)
			b.expect("soon after it was accepted", uuid.UUID{1, 2, byte(n)}, emulator.StepLookingUpState)
		}
	})
}

// What nobody can see costs nothing: no write, and no more than a look at the clock now and then.
func TestRunIsIdle(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		speed float64
		scene emulator.Scenario
	}{
		{"undoing for ever", 1, emulator.Scenario{PerformFails: always(partitionNotFound), UndoFails: always(0)}},
		{"starting over for ever", 1, emulator.Scenario{PerformFails: always(-2147017729)}},
		{"a frozen clock", 0, emulator.Scenario{Queue: 1}},
		{"a clock that is slow", 1e-6, emulator.Scenario{Queue: second}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(b *bubble) {
				st := &pacedStore{Store: b.disk}
				clock, err := emulator.StartClock(b.ctx, b.disk, tt.speed, nil)
				if err != nil {
					t.Fatal(err)
				}
				e := b.engine(st, emulator.WithClock(clock), emulator.WithScenario(func(emulator.Record) emulator.Scenario { return tt.scene }))
				b.start(e, uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3})
				time.Sleep(time.Minute)
				before := st.calls.Load()
				time.Sleep(10 * time.Minute)
				if n := st.calls.Load() - before; n > 0 {
					t.Errorf("%d calls of the store in ten minutes", n)
				}
			})
		})
	}
}

// The engine's time may be faster: then a second of real time is the most that it takes.
func TestRunOfAFastClock(t *testing.T) {
	inBubble(t, func(b *bubble) {
		clock, err := emulator.StartClock(b.ctx, b.disk, 60, nil)
		if err != nil {
			t.Fatal(err)
		}
		e, id := b.engine(b.disk, emulator.WithClock(clock)), uuid.UUID{1}
		time.Sleep(10 * time.Second) // it is in the middle of its longest wait
		b.start(e, id)
		time.Sleep(time.Second + soon)
		b.expect("a minute later", id, emulator.StepCompletedSuccessfully)
	})
}

// What fell due while nobody looked is written down by eight at once, each transition in a transaction of its own and
// those of an operation in their order, which the disk of the bubble sees to.
func TestRunOfMany(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		const many, transitions, workers = 80, 3, 8
		const reads, writes = millisecond, 5 * millisecond
		ids := make([]uuid.UUID, many)
		for n := range ids {
			ids[n] = uuid.UUID{1, byte(n)}
		}
		b.start(emulator.New(b.disk, emulator.WithScenario(scenarioByID)), ids...)
		time.Sleep(time.Minute)
		told := len(b.disk.told)
		st := &pacedStore{Store: b.disk, reads: reads, writes: writes}
		b.engine(st)
		time.Sleep(many*(reads+transitions*writes)/workers + soon + reads)
		for _, id := range ids {
			b.expect("when eight have had the time for it", id, emulator.StepCompletedSuccessfully)
		}
		if most := st.most.Load(); most != workers {
			t.Errorf("%d calls of the store at once, want %d", most, workers)
		}
		if n, all := len(b.disk.told)-told, st.commits.Load(); n != many*transitions || all != many*transitions {
			t.Errorf("%d transitions in %d transactions, want %d", n, all, many*transitions)
		}
	})
}

// Several replicas do not hinder each other, and mostly one of them does the work.
func TestRunOfSeveral(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		st := &pacedStore{Store: b.disk, reads: millisecond, writes: 5 * millisecond}
		engines := []*emulator.Emulator{b.engine(st), b.engine(st), b.engine(st)}
		var ids []uuid.UUID
		for n := range 50 {
			ids = append(ids, uuid.UUID{1, byte(n)})
			b.start(engines[n%3], ids[n])
			time.Sleep(200 * millisecond)
		}
		time.Sleep(4 * second)
		for _, id := range ids {
			b.expect("at the end", id, emulator.StepCompletedSuccessfully)
		}
		if n := len(b.disk.told); n != 4*len(ids) {
			t.Errorf("%d transitions of %d operations", n, len(ids))
		}
		lost, all := st.conflicted.Load(), st.commits.Load()
		t.Logf("of %d transactions %d came too late", all, lost)
		if lost > all/3 {
			t.Errorf("of %d transactions %d came too late", all, lost)
		}
	})
}

// A store that fails, forgets, or comes back is no reason to end: everything is read anew.
func TestRunOfAStoreThatFails(t *testing.T) {
	t.Run("it cannot be reached for a while", func(t *testing.T) {
		inBubble(t, func(b *bubble) {
			var mu sync.Mutex
			var told []error
			down, id := &switched{Store: b.disk}, uuid.UUID{1}
			e := b.engine(down, emulator.WithReport(func(err error) { mu.Lock(); defer mu.Unlock(); told = append(told, err) }))
			b.start(e, id)
			down.off.Store(true)
			time.Sleep(10 * time.Minute)
			b.expect("while it is down", id, emulator.StepIntentSaved)
			down.off.Store(false)
			time.Sleep(21 * time.Second) // the longest back-off
			b.expect("afterwards", id, emulator.StepCompletedSuccessfully)
			mu.Lock()
			defer mu.Unlock()
			if len(told) < 30 || len(told) > 80 || !slices.ContainsFunc(told, func(err error) bool { return errors.Is(err, store.ErrUnavailable) }) {
				t.Errorf("%d failures were told, in ten minutes", len(told))
			}
		})
	})
	t.Run("it forgets", func(t *testing.T) {
		inBubble(t, func(b *bubble) {
			st, id := &forgetful{Store: b.disk, floor: 1_000_000}, uuid.UUID{1}
			e := b.engine(st, emulator.WithReport(func(err error) { t.Errorf("told: %v", err) }))
			time.Sleep(second)
			b.start(e, id)
			time.Sleep(time.Minute)
			b.expect("a minute later", id, emulator.StepCompletedSuccessfully)
		})
	})
	t.Run("a record cannot be read", func(t *testing.T) {
		inBubble(t, func(b *bubble) {
			write(t, b.disk.Store, "operations/active/"+(uuid.UUID{9}).String(), "x")
			told, id := 0, uuid.UUID{1}
			e := b.engine(b.disk.Store, emulator.WithReport(func(error) { told++ }))
			b.start(e, id)
			time.Sleep(time.Minute)
			r, err := e.Record(b.ctx, id)
			if err != nil || !r.Terminal() || told != 1 {
				t.Errorf("%+v, %v; told %d times", r, err, told)
			}
		})
	})
	t.Run("a node cannot be read", func(t *testing.T) {
		inBubble(t, func(b *bubble) {
			var told atomic.Int64
			e := b.engine(b.disk, emulator.WithReport(func(error) { told.Add(1) }))
			stuck, id := uuid.UUID{4}, uuid.UUID{1}
			b.start(e, stuck)
			sum := sha256.Sum256([]byte("_Node_0"))
			node := "cluster/nodes/" + hex.EncodeToString(sum[:])
			sound := contents(t, b.disk)[node]
			write(t, b.disk, node, "x")
			time.Sleep(10 * second)
			b.start(e, id)
			for _, step := range steps[1:4] {
				time.Sleep(second)
				time.Sleep(soon)
				b.expect("another one", id, step)
			}
			time.Sleep(time.Minute)
			b.expect("it cannot end", stuck, emulator.StepPerformingActions)
			if n := told.Load(); n < 5 || n > 10 {
				t.Errorf("told %d times in 70 seconds", n)
			}
			write(t, b.disk, node, sound)
			time.Sleep(12 * second)
			b.expect("when the node can be read", stuck, emulator.StepCompletedSuccessfully)
		})
	})
	t.Run("it is closed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			st := memory.New()
			time.AfterFunc(time.Minute, func() { _ = st.Close() })
			if err := emulator.New(st).Run(t.Context()); !errors.Is(err, store.ErrClosed) {
				t.Errorf("%v", err)
			}
		})
	})
}

// switched is a store that cannot be reached while it is switched off.
type switched struct {
	store.Store
	off atomic.Bool
}

func (s *switched) now() store.Store { return &downStore{Store: s.Store, down: s.off.Load()} }

func (s *switched) Get(ctx context.Context, key string) (store.Item, error) {
	return s.now().Get(ctx, key)
}
func (s *switched) List(ctx context.Context, prefix, after string, limit int) (store.Page, error) {
	return s.now().List(ctx, prefix, after, limit)
}
func (s *switched) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	return s.now().Commit(ctx, txn)
}
