package emulator

import (
	"sync/atomic"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
)

// Emulator is a fault service over a store. It implements
// [generated.StrictServerInterface]; hand it to server.New. Any number of emulators may
// share one store, in one process or in many, and behave as one: see the documentation of
// the package. Safe for concurrent use.
type Emulator struct {
	generated.Unimplemented // for what the document gains

	records      records
	profile      server.Profile
	settings     Settings
	now          func() time.Time
	scenario     func(Record) Scenario
	report       func(error)
	availability atomic.Pointer[Availability] // nil is Ready
	sharing      *sharing                     // nil makes a list for everybody
}

var _ generated.StrictServerInterface = (*Emulator)(nil)

// Option changes an [Emulator] that [New] makes.
type Option func(*Emulator)

// WithProfile chooses between what the documents say and what the runtime does.
// The default is [server.Documented]. Give the server the same one.
func WithProfile(p server.Profile) Option {
	return func(e *Emulator) { e.profile = p }
}

// WithSettings changes settings of the fault service; the default is all of the runtime's.
func WithSettings(s Settings) Option {
	return func(e *Emulator) { e.settings = s }
}

// WithClock sets where the engine's time comes from; the default is [time.Now].
// It must never go backwards, and is called from many goroutines. [StartClock] makes
// one that runs faster, or stands still, across restarts.
func WithClock(now func() time.Time) Option {
	return func(e *Emulator) { e.now = now }
}

// WithScenario chooses how each operation goes. The function is asked once, with the
// record of an operation that is about to be accepted, from many goroutines. The
// default gives every operation [DefaultScenario].
func WithScenario(choose func(Record) Scenario) Option {
	return func(e *Emulator) { e.scenario = choose }
}

// WithReport has a function told what [Emulator.Run] could not read or write. By default
// nobody is.
func WithReport(report func(error)) Option {
	return func(e *Emulator) { e.report = report }
}

// WithSharedLists makes one list for all callers of [Emulator.GetFaultOperationList] that ask with the same
// filters at the same time, and keeps it. Later it is brought up to date with what was committed since; the store is
// read anew only if that does not do: something has fallen due, there are many changes, or the store is no
// [store.Recaller]. This bounds what many callers cost together. Up to 16 lists are kept. A list shows every write
// that was acknowledged before the call. It is made with the context values of one of the callers, and is cancelled
// when the last of them has gone. By default each call makes a list of its own.
func WithSharedLists() Option {
	return func(e *Emulator) {
		e.sharing = &sharing{make: e.list, update: e.update, lists: map[filters]*queued{}, last: map[filters]List{}}
	}
}

// New returns an emulator that keeps its records in st. It takes up what is there:
// operations that were under way go on. The store is the caller's to close.
func New(st store.Store, options ...Option) *Emulator {
	e := &Emulator{
		records:  records{st},
		now:      time.Now,
		scenario: func(Record) Scenario { return DefaultScenario() },
		report:   func(error) {},
	}
	for _, option := range options {
		option(e)
	}
	minStop := minStopDocumented
	if e.profile == server.Runtime {
		minStop = minStopRuntime
	}
	e.settings = e.settings.complete(minStop)
	return e
}

// Settings are those that the emulator works with, defaults filled in.
func (e *Emulator) Settings() Settings { return e.settings }
