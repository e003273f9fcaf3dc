package emulator

import (
	"fmt"
	"strings"
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

// Settings are those of the runtime's FaultAnalysisService section that have an effect
// here (runtime §5.9). A zero field has the runtime's default, a negative one counts as 0.
type Settings struct {
	// MaxStoredActionCount is how many finished operations are kept in any case. Only
	// while there are more are old ones removed. Default 10 000.
	MaxStoredActionCount int
	// CompletedActionKeepDuration is how long ago an operation must have ended to be
	// removed. Default 7 days.
	CompletedActionKeepDuration time.Duration
	// StoredActionCleanupInterval is how often that happens. Default 1 hour, least 1 s.
	StoredActionCleanupInterval time.Duration
	// CommandStepRetryBackoff is the pause between two tries of a step. Default 1 s, least 1 ms.
	CommandStepRetryBackoff time.Duration
	// StopNodeMinDuration and StopNodeMaxDuration bound how long a node may be stopped,
	// both included. The defaults are 300 s and 14 400 s; the documents have a minimum
	// of 600 s, which is the default of [server.Documented].
	StopNodeMinDuration, StopNodeMaxDuration time.Duration
	// ConcurrentRequests is how many requests are carried out at once. It is for who makes the
	// server, see server.WithLimits. Default 100, least 1.
	ConcurrentRequests int
}

// The documents begin at ten minutes, the runtime at five (runtime §9.2).
const (
	minStopDocumented = 600 * time.Second
	minStopRuntime    = 300 * time.Second
	maxStop           = 14400 * time.Second
)

// complete fills in the defaults.
func (s Settings) complete(minStop time.Duration) Settings {
	s.MaxStoredActionCount = orDefault(s.MaxStoredActionCount, 10000)
	s.CompletedActionKeepDuration = orDefault(s.CompletedActionKeepDuration, 7*24*time.Hour)
	s.StoredActionCleanupInterval = max(orDefault(s.StoredActionCleanupInterval, time.Hour), time.Second)
	s.CommandStepRetryBackoff = max(orDefault(s.CommandStepRetryBackoff, time.Second), time.Millisecond)
	s.StopNodeMinDuration = orDefault(s.StopNodeMinDuration, minStop)
	s.StopNodeMaxDuration = orDefault(s.StopNodeMaxDuration, maxStop)
	s.ConcurrentRequests = max(orDefault(s.ConcurrentRequests, 100), 1)
	return s
}

func orDefault[T int | time.Duration](field, value T) T {
	if field == 0 {
		return value
	}
	return max(field, 0)
}

// Availability is in which condition the fault service is (runtime §4.2, §5.8).
type Availability string

// The conditions. In all but the first every call of the family is refused, reads
// included, whatever the operation: the runtime judges before it looks at anything
// (FaultAnalysisServiceImpl.cs, ThrowIfNotReady).
const (
	Ready                       Availability = "ready"
	Starting                    Availability = "starting"                    // takes up its records again: 503 E_ABORT
	NotPrimary                  Availability = "notPrimary"                  // 503 E_ABORT
	NoWriteQuorum               Availability = "noWriteQuorum"               // 503 E_ABORT
	NotDeployed                 Availability = "notDeployed"                 // not installed: 500 FMFailoverUnitNotFound
	HostingDeploymentInProgress Availability = "hostingDeploymentInProgress" // 503 FABRIC_E_RECONFIGURATION_PENDING
	GatewayCannotReachNaming    Availability = "gatewayCannotReachNaming"    // 502 FABRIC_E_GATEWAY_NOT_REACHABLE
)

// codeFailoverUnitNotFound is a name of the runtime's inside that leaks out: clients
// see "(FMFailoverUnitNotFound) Null" where no fault service is installed.
const codeFailoverUnitNotFound generated.ErrorCode = "FMFailoverUnitNotFound"

// Availabilities are all conditions, [Ready] first.
func Availabilities() []Availability {
	return []Availability{Ready, Starting, NotPrimary, NoWriteQuorum, NotDeployed, HostingDeploymentInProgress, GatewayCannotReachNaming}
}

// ParseAvailability reads a condition by its name, in exact letter case.
func ParseAvailability(text string) (Availability, error) {
	var names []string
	for _, a := range Availabilities() {
		if text == string(a) {
			return a, nil
		}
		names = append(names, string(a))
	}
	return "", fmt.Errorf("availability %q: it must be one of %s", text, strings.Join(names, ", "))
}

// refusal is the error that every call gets, nil if the service is ready.
func (a Availability) refusal() error {
	switch a {
	case Starting:
		return server.NewError(generated.ErrorCodeAbort, "The fault service is starting and does not accept calls yet.")
	case NotPrimary:
		return server.NewError(generated.ErrorCodeAbort, "This replica of the fault service is not the primary.")
	case NoWriteQuorum:
		return server.NewError(generated.ErrorCodeAbort, "The fault service has no write quorum.")
	case NotDeployed:
		return server.NewError(codeFailoverUnitNotFound, "The cluster has no fault service.")
	case HostingDeploymentInProgress:
		return server.NewError(generated.ErrorCodeReconfigurationPending, "")
	case GatewayCannotReachNaming:
		return server.NewError(generated.ErrorCodeGatewayNotReachable, "")
	case Ready, "":
		return nil
	default:
		return server.NewError(generated.ErrorCodeAbort, "The fault service is in a condition that nobody knows.")
	}
}

// SetAvailability puts the fault service into a condition. It holds for calls from now
// on, of this emulator alone; [Emulator.Record] and the like go on working.
func (e *Emulator) SetAvailability(a Availability) { e.availability.Store(&a) }

// available is what every operation of the API asks first.
func (e *Emulator) available() error {
	if a := e.availability.Load(); a != nil {
		return a.refusal()
	}
	return nil
}
