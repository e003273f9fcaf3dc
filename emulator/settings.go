package emulator

import "time"

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
