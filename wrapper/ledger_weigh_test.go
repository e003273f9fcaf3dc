package wrapper

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// The evidence of a MemoryLedger is that of its entries. For a single cluster it is that of all entries ever appended,
// however many of them were dropped.
func TestMemoryLedgerWeighs(t *testing.T) {
	id := uuid.New()
	rapid.Check(t, func(r *rapid.T) {
		clusters := rapid.SampledFrom([][]string{{"a"}, {"http://a/ http://b/", "http://b/ http://c/", "", "n"}}).Draw(r, "clusters")
		lives, verdicts := []uuid.UUID{{}, {1}, {2}}, []Verdict{"", Accepted, AlreadyStopping, AlreadyForced, Finished, NotFound}
		actions, states := []Action{actionGraceful, actionForce, actionStart, actionSeen}, []State{"", StateRunning, StateRollingBack, StateCompleted}
		if rapid.Bool().Draw(r, "one long life") {
			lives, verdicts, actions, states = lives[:1], verdicts[:3], []Action{actionGraceful, actionSeen}, []State{"", StateRollingBack}
		}
		var l MemoryLedger
		var all []Entry
		for range rapid.SampledFrom([]int{10, 70, 200}).Draw(r, "entries") {
			e := Entry{
				OperationID: id,
				Time:        time.Unix(rapid.Int64Range(0, 10_000).Draw(r, "time"), 0),
				Cluster:     rapid.SampledFrom(clusters).Draw(r, "cluster"),
				Action:      rapid.SampledFrom(actions).Draw(r, "action"),
				Verdict:     rapid.SampledFrom(verdicts).Draw(r, "verdict"),
				State:       rapid.SampledFrom(states).Draw(r, "state"),
				Outcome:     rapid.SampledFrom([]EntryOutcome{outcomeDone, outcomeUnknown}).Draw(r, "outcome"),
				RequestID:   rapid.SampledFrom(lives).Draw(r, "request"),
				Life:        rapid.SampledFrom(lives).Draw(r, "life"),
			}
			all = append(all, e)
			_ = l.Append(t.Context(), e)
			kept, _ := l.Entries(t.Context(), id)
			for _, cluster := range clusters {
				if got, want := l.weigh(id, cluster), weigh(cluster, kept); got != want {
					r.Fatalf("cluster %q: got evidence %+v, want %+v, that of its entries", cluster, got, want)
				}
			}
			if got, want := l.weigh(id, "a"), weigh("a", all); len(clusters) == 1 && got != want {
				r.Fatalf("got evidence %+v, want %+v, that of all entries", got, want)
			}
		}
	})
}
