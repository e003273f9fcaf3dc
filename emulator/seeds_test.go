package emulator_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// TestSeedSentences has every sentence of the two documents about what a cancel and a
// force do, for both of their api-versions, over the wire. What they say of parameters
// is in the tests of the document and of the server.
func TestSeedSentences(t *testing.T) {
	const failing = "FullDataLoss" // the operations of this mode fail by themselves
	for _, version := range []string{"3.0", "6.0"} {
		sentences := []struct {
			name  string
			holds func(t *testing.T, s seed)
		}{
			{"cancels a user-induced fault operation", func(t *testing.T, s seed) {
				s.cancel(s.start(2), "false").is(t, http.StatusOK, "")
			}},
			{"four APIs start operations that may be cancelled", func(t *testing.T, s seed) {
				for n := range kinds {
					id := s.start(n)
					s.cancel(id, "false").is(t, http.StatusOK, "")
					s.pass(10 * second)
					s.shows(t, id, generated.OperationStateCancelled)
				}
			}},
			{"force false: gracefully stopped and cleaned up", func(t *testing.T, s seed) {
				id := s.start(2)
				s.pass(1500 * millisecond) // it looks up its target
				s.cancel(id, "false").is(t, http.StatusOK, "")
				s.pass(second)
				if r := s.record(t, id); r.Phase != emulator.PhaseUndoing {
					t.Errorf("nothing is cleaned up: %+v", r)
				}
				s.pass(second)
				s.shows(t, id, generated.OperationStateCancelled)
			}},
			{"force true: aborted, and internal state may be left behind", func(t *testing.T, s seed) {
				id := s.start(2)
				s.pass(1500 * millisecond)
				s.cancel(id, "false").is(t, http.StatusOK, "")
				s.cancel(id, "true").is(t, http.StatusOK, "")
				s.pass(500 * millisecond) // the step ends, and nothing is cleaned up after it
				s.shows(t, id, generated.OperationStateForceCancelled)
			}},
			{"force is not allowed until called with force false first", func(t *testing.T, s seed) {
				id := s.start(2)
				s.cancel(id, "true").is(t, http.StatusBadRequest, generated.ErrorCodeInvalidTestCommandState)
				s.shows(t, id, generated.OperationStateRunning)
				s.cancel(id, "false").is(t, http.StatusOK, "")
				s.cancel(id, "true").is(t, http.StatusOK, "")
			}},
			{"on the same test command", func(t *testing.T, s seed) {
				s.cancel(s.start(2), "false").is(t, http.StatusOK, "")
				s.cancel(s.start(2), "true").is(t, http.StatusBadRequest, generated.ErrorCodeInvalidTestCommandState)
			}},
			{"unless it is RollingBack already", func(t *testing.T, s seed) {
				id := s.start(0)
				s.pass(3500 * millisecond) // it has failed, and is cleaned up
				s.shows(t, id, generated.OperationStateRollingBack)
				s.cancel(id, "true").is(t, http.StatusOK, "")
				s.pass(10 * second)
				s.shows(t, id, generated.OperationStateForceCancelled)
			}},
			{"RollingBack: the system will be, or is, cleaning up", func(t *testing.T, s seed) {
				id := s.start(2)
				s.pass(1500 * millisecond)
				s.cancel(id, "false").is(t, http.StatusOK, "")
				s.shows(t, id, generated.OperationStateRollingBack) // it will be
				s.pass(second)
				s.shows(t, id, generated.OperationStateRollingBack) // it is
			}},
			{"data that was lost is not restored", func(t *testing.T, s seed) {
				id := s.start(1) // of the kinds that do not fail here, one that acts on data
				s.pass(2500 * millisecond)
				s.cancel(id, "false").is(t, http.StatusOK, "")
				s.pass(10 * second)
				s.shows(t, id, generated.OperationStateCancelled)
				if r := s.record(t, id); r.Step != emulator.StepCompletedSuccessfully {
					t.Errorf("an operation that got as far as acting ended as %s", r.Step)
				}
			}},
			{"the id is passed into the corresponding progress call", func(t *testing.T, s seed) {
				for n, k := range kinds {
					id := s.start(n)
					a := s.send(http.MethodGet, k.progress+"?api-version="+s.version+"&OperationId="+id.String())
					var body struct{ State generated.OperationState }
					if err := json.Unmarshal([]byte(a.body), &body); err != nil || body.State != generated.OperationStateRunning {
						t.Errorf("%+v: %v", a, err)
					}
				}
			}},
			{"200 has no schema", func(t *testing.T, s seed) {
				if a := s.cancel(s.start(2), "false"); a.answer.body != "" {
					t.Errorf("the body is %q", a.answer.body)
				}
			}},
			{"all other status codes are a FabricError", func(t *testing.T, s seed) {
				// answered by send for every failure; these are one of each sort
				s.cancel(uuid.New(), "false").is(t, http.StatusNotFound, generated.ErrorCodeKeyNotFound)
				s.cancel(uuid.New(), "perhaps").is(t, http.StatusBadRequest, generated.ErrorCodeInvalidArg)
			}},
		}
		for _, sentence := range sentences {
			t.Run(version+"/"+sentence.name, func(t *testing.T) {
				s := seed{newCluster(t, server.Documented, nil, emulator.WithScenario(func(r emulator.Record) emulator.Scenario {
					play := emulator.Scenario{Queue: second, LookUp: second, Perform: second, Undo: second}
					if r.Target.Mode == failing {
						play.PerformFails = always(-2147017753)
					}
					return play
				})), version}
				sentence.holds(t, s)
			})
		}
	}
}

const millisecond = second / 1000

// seed is a cluster that is spoken to in one api-version.
type seed struct {
	*cluster
	version string
}

type said struct {
	what   string
	answer answer
}

func (s seed) cancel(id uuid.UUID, force string) said {
	s.t.Helper()
	path := "/Faults/$/Cancel?api-version=" + s.version + "&OperationId=" + id.String() + "&Force=" + force
	return said{path, s.send(http.MethodPost, path)}
}

func (a said) is(t *testing.T, status int, code generated.ErrorCode) {
	t.Helper()
	if a.answer.status != status || a.answer.code != code {
		t.Errorf("%s: %d %s, want %d %s", strings.TrimPrefix(a.what, "/Faults/$/"), a.answer.status, a.answer.code, status, code)
	}
}

func (s seed) shows(t *testing.T, id uuid.UUID, want generated.OperationState) {
	t.Helper()
	if got := s.state(id); got != want {
		t.Errorf("shown as %s, want %s", got, want)
	}
}

func (s seed) record(t *testing.T, id uuid.UUID) emulator.Record {
	t.Helper()
	r, err := s.engine.Record(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
