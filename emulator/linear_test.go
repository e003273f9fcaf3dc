package emulator_test

import (
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/server"
)

// The model of one operation, without a look at the engine: where it is, where time may
// take it (§5.4), and what a call does there (§5.2, §5.7).
const unheard, running, ailing, byUser, byForce = "unheard", "running", "failing", "by user", "by force"

var (
	timeTakesIt = map[string][]string{
		running: {ailing, "Completed"}, ailing: {"Faulted"}, byUser: {"Cancelled"}, byForce: {"ForceCancelled"},
		"Completed": {unheard}, "Faulted": {unheard}, "Cancelled": {unheard}, "ForceCancelled": {unheard}, // by a clean-up
	}
	shownAs = map[string]string{unheard: "", running: "Running", ailing: "RollingBack", byUser: "RollingBack", byForce: "RollingBack"}
	// What a call makes of it. What is not here is refused with what follows.
	accepted = map[string]map[string]string{
		"start":  {unheard: running},
		"cancel": {running: byUser, ailing: byUser, byUser: byUser},
		"force":  {byUser: byForce},
	}
	acceptedByDocument = map[string]string{byUser: byForce, ailing: byForce, byForce: byForce}
)

const (
	exists, inTransition = "FABRIC_E_TEST_COMMAND_OPERATION_ID_ALREADY_EXISTS", "FABRIC_E_NODE_TRANSITION_IN_PROGRESS"
	notNow, unknownID    = "FABRIC_E_INVALID_TEST_COMMAND_STATE", "FABRIC_E_KEY_NOT_FOUND"
	noQuorum, timedOut   = "FABRIC_E_NO_WRITE_QUORUM", "FABRIC_E_TIMEOUT"
)

// model says what a call may answer. Only a clean-up takes an operation away.
func model(profile server.Profile, removes bool) porcupine.Model {
	takes := map[string]map[string]string{"start": accepted["start"], "cancel": accepted["cancel"], "force": accepted["force"]}
	if profile == server.Documented {
		takes["force"] = acceptedByDocument
	}
	return (&porcupine.NondeterministicModel{
		Init: func() []any { return []any{unheard} },
		Step: func(state, input, output any) (states []any) {
			call, answer := input.(string), output.(string)
			reached := []string{state.(string)}
			for i := 0; i < len(reached); i++ {
				for _, next := range timeTakesIt[reached[i]] {
					if next != unheard || removes {
						reached = append(reached, next)
					}
				}
			}
			for _, s := range reached {
				next, ok := takes[call][s]
				refusal := unknownID
				switch shown, under := shownAs[s]; {
				case call == "start":
					refusal = exists
				case under && shown != "":
					refusal = notNow
				}
				switch {
				case answer == timedOut && ok: // it happened, or did not
					states = append(states, next, s)
				case answer == timedOut, answer == noQuorum, answer == inTransition && call == "start":
					states = append(states, s)
				case call == "list" || call == "progress":
					shown, is := shownAs[s]
					if !is {
						shown = s
					}
					if answer == shown || call == "progress" && s == unheard && answer == unknownID {
						states = append(states, s)
					}
				case ok && (answer == "202" || answer == "200"):
					states = append(states, next)
				case !ok && answer == refusal:
					states = append(states, s)
				}
			}
			return states
		},
	}).ToModel()
}

// TestReplicasAreOneServer: whichever replica is called, in whatever order their calls of
// the store come, however their clocks differ and whether the store fails or not: after
// every transaction everything is as it should be, and all answers are those of one server.
func TestReplicasAreOneServer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		profile server.Profile
		fails   bool
	}{
		{"runtime", server.Runtime, false}, {"runtime, on a store that fails", server.Runtime, true},
		{"documented, on a store that fails", server.Documented, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				f := newFleet(t, tt.profile, tt.fails)
				f.live(anyCalls(t, len(f.ids)))
				f.answersOfOneServer(tt.profile)
			})
		})
	}
}

// anyCalls is what four clients do, two of them at the same replica.
func anyCalls(t *rapid.T, ids int) [][]call {
	names := []string{"start", "start", "start", "cancel", "cancel", "force", "force", "progress", "progress", "list", "sweep", "clean up"}
	calls := make([][]call, 4)
	few := rapid.IntRange(1, ids).Draw(t, "ids") // the fewer, the more they are in each other's way
	first := rapid.IntRange(0, ids-few).Draw(t, "the first of them")
	for client := range calls {
		for range rapid.IntRange(1, 6).Draw(t, "calls") {
			calls[client] = append(calls[client], call{
				what:  rapid.SampledFrom(names).Draw(t, "call"),
				which: first + rapid.IntRange(0, few-1).Draw(t, "of"),
			})
		}
	}
	return calls
}

func (f *fleet) answersOfOneServer(profile server.Profile) {
	for id, history := range f.history {
		switch porcupine.CheckOperationsTimeout(model(profile, f.removes), history, 10*time.Second) {
		case porcupine.Illegal:
			f.t.Errorf("%s: no one server answers like this: %+v", id, history)
		case porcupine.Unknown:
			f.t.Logf("%s: %d calls are too many to judge", id, len(history))
		case porcupine.Ok:
		}
	}
}
