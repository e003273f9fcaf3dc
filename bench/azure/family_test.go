// Package azure_test runs the unmodified Azure autorest clients against a process of "sfcancel
// serve": every operation, and every refusal that a user can encounter.
package azure_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/go-autorest/autorest"
	"github.com/Azure/go-autorest/autorest/azure"
	uuid "github.com/satori/go.uuid"
)

// The bits of the two filters, as documented.
const (
	all = 65535

	stateRunning        = 1
	stateRollingBack    = 2
	stateCompleted      = 8
	stateFailed         = 16
	stateCancelled      = 32
	stateForceCancelled = 64
)

var typeFilter = map[kind]int32{dataLoss: 1, quorumLoss: 2, restart: 4, nodeTransition: 8}

const (
	callTakes = 30 * time.Second // timeout of one call
	endTakes  = 2 * time.Minute  // limit for an operation to end; it takes 21 s
	pollEvery = 250 * time.Millisecond
)

// session is one client of one server. It is not safe for concurrent use.
type session struct {
	client
	wire       wire
	profile    string
	apiVersion string
	delimiter  string
}

// call makes one call of the client, with a deadline. The client must send exactly one request:
// a retry would mean that it considers the status transient.
func (s *session) call(t *testing.T, do func(ctx context.Context) error) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), callTakes)
	defer cancel()
	s.wire.requests, s.wire.request, s.wire.response, s.wire.body = 0, nil, nil, nil
	err := do(ctx)
	if s.wire.response == nil {
		t.Fatalf("the client got no answer: %v", err)
	}
	if s.wire.requests != 1 {
		t.Fatalf("got %d requests for one call, the last one answered with %d, want 1", s.wire.requests, s.wire.response.StatusCode)
	}
	return err
}

// accepted makes a call that must succeed with the given status and no body.
func (s *session) accepted(t *testing.T, what string, status int, do func(ctx context.Context) error) {
	t.Helper()
	if err := s.call(t, do); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if got := s.wire.response.StatusCode; got != status || len(s.wire.body) != 0 {
		t.Fatalf("%s: got %d and body %q, want %d and no body", what, got, s.wire.body, status)
	}
}

// started, cancelled and forced make calls that must succeed.
func (s *session) started(t *testing.T, o operation) {
	t.Helper()
	s.accepted(t, "start", http.StatusAccepted, func(ctx context.Context) error { return s.start(ctx, o) })
}

func (s *session) cancelled(t *testing.T, o operation) {
	t.Helper()
	s.accepted(t, "graceful cancel", http.StatusOK, func(ctx context.Context) error { return s.cancel(ctx, o.id, false) })
}

func (s *session) forced(t *testing.T, o operation) {
	t.Helper()
	s.accepted(t, "force", http.StatusOK, func(ctx context.Context) error { return s.cancel(ctx, o.id, true) })
}

// progressOf reads the progress of an operation that must exist.
func (s *session) progressOf(t *testing.T, o operation) progress {
	t.Helper()
	var p progress
	err := s.call(t, func(ctx context.Context) (err error) {
		p, err = s.progress(ctx, o)
		return err
	})
	if err != nil || s.wire.response.StatusCode != http.StatusOK {
		t.Fatalf("progress: got %d, %v, want 200", s.wire.response.StatusCode, err)
	}
	return p
}

// stands asserts the current state of an operation, and that it has no result.
func (s *session) stands(t *testing.T, o operation, want string) {
	t.Helper()
	if p := s.progressOf(t, o); p.state != want || p.result != nil {
		t.Fatalf("got the state %q in the body %s, want %q and no result", p.state, s.wire.body, want)
	}
}

// ends polls until an operation has the final state want. It fails on a state that does not
// lead to want.
func (s *session) ends(t *testing.T, o operation, want string) progress {
	t.Helper()
	onTheWay := []string{"RollingBack"}
	if want == "Completed" || want == "Faulted" {
		onTheWay = []string{"Running"}
	}
	for deadline := time.Now().Add(endTakes); ; time.Sleep(pollEvery) {
		p := s.progressOf(t, o)
		switch {
		case p.state == want:
			return p
		case !slices.Contains(onTheWay, p.state):
			t.Fatalf("got the state %q, want %v and then %q", p.state, onTheWay, want)
		case time.Now().After(deadline):
			t.Fatalf("got the state %q after %v, want %q", p.state, endTakes, want)
		}
	}
}

// shown asserts the line of an operation in the list: the state filters in found must
// find it, those in hidden must not. The type filters are tested with all states.
func (s *session) shown(t *testing.T, o operation, state string, found, hidden []int32) {
	t.Helper()
	check := func(types, states int32, want bool) {
		t.Helper()
		var list []listed
		err := s.call(t, func(ctx context.Context) (err error) {
			list, err = s.list(ctx, types, states)
			return err
		})
		if err != nil || s.wire.response.StatusCode != http.StatusOK {
			t.Fatalf("list with types %d and states %d: got %d, %v, want 200", types, states, s.wire.response.StatusCode, err)
		}
		if list == nil {
			t.Fatalf("list with types %d and states %d: got no array from %s, want one", types, states, s.wire.body)
		}
		i := slices.IndexFunc(list, func(l listed) bool { return l.id == o.id.String() })
		switch {
		case want && i < 0:
			t.Errorf("list with types %d and states %d: got no %s, want it as a %s that is %s", types, states, o.id, o.kind, state)
		case !want && i >= 0:
			t.Errorf("list with types %d and states %d: got %+v, want it left out", types, states, list[i])
		case want && list[i] != listed{o.id.String(), state, o.kind}:
			t.Errorf("list with types %d and states %d: got %+v, want a %s that is %s", types, states, list[i], o.kind, state)
		}
	}
	check(all, all, true)
	for k, bit := range typeFilter {
		check(bit, all, k == o.kind)
	}
	for _, bit := range found {
		check(all, bit, true)
	}
	for _, bit := range hidden {
		check(all, bit, false)
	}
	check(all, 0, false) // 0 selects nothing (runtime §5.10)
}

// refusal is a refusing answer. The zero value means that the call succeeds.
type refusal struct {
	status int
	code   string
}

// The refusals that the tests below share.
var (
	notActive  = refusal{http.StatusNotFound, "FABRIC_E_KEY_NOT_FOUND"}
	notNow     = refusal{http.StatusBadRequest, "FABRIC_E_INVALID_TEST_COMMAND_STATE"}
	idTaken    = refusal{http.StatusConflict, "FABRIC_E_TEST_COMMAND_OPERATION_ID_ALREADY_EXISTS"}
	nodeTaken  = refusal{http.StatusBadRequest, "FABRIC_E_NODE_TRANSITION_IN_PROGRESS"}
	badRequest = refusal{http.StatusBadRequest, "E_INVALIDARG"}
	missing    = refusal{http.StatusNotFound, "FABRIC_E_NAME_DOES_NOT_EXIST"}
)

// refused makes a call that must be refused, and checks everything that a
// user of the client can read from the refusal.
func (s *session) refused(t *testing.T, what string, want refusal, do func(ctx context.Context) error) {
	t.Helper()
	err := s.call(t, do)
	if err == nil {
		t.Fatalf("%s: got success with %d, want %d %s", what, s.wire.response.StatusCode, want.status, want.code)
	}
	if got := s.wire.response.StatusCode; got != want.status {
		t.Errorf("%s: got %d %s, want %d %s", what, got, s.wire.body, want.status, want.code)
	}
	var detailed autorest.DetailedError
	if !errors.As(err, &detailed) || detailed.StatusCode != want.status {
		t.Errorf("%s: got the error %#v, want a DetailedError with status %d", what, err, want.status)
	}
	var request *azure.RequestError
	if !errors.As(err, &request) || request.ServiceError == nil {
		t.Fatalf("%s: got the error %v, want a RequestError with a ServiceError", what, err)
	}
	// With a null or empty message the client would report the code "Unknown".
	if request.ServiceError.Code != want.code || request.ServiceError.Message == "" {
		t.Errorf("%s: got the code %q and message %q, want the code %s and a message", what, request.ServiceError.Code, request.ServiceError.Message, want.code)
	}
	if !strings.Contains(err.Error(), want.code) {
		t.Errorf("%s: got the error text %q, want the code %s in it", what, err, want.code)
	}
	code, message, err := s.fabricError(s.wire.body)
	if err != nil || code != want.code || text(message) != request.ServiceError.Message {
		t.Errorf("%s: got the FabricError %q with message %q (%v) from %s, want %s with the same message as in the error", what, code, text(message), err, s.wire.body, want.code)
	}
}

// fresh returns a new operation of a kind on a new partition or node.
func (s *session) fresh(k kind, mode string, seconds int32) operation {
	o := operation{kind: k, id: uuid.NewV4(), mode: mode, seconds: seconds}
	if k == nodeTransition {
		// The clients escape node names, and a + must not turn into a space.
		o.node = "N ö/1+x " + o.id.String()
		o.instance = "18446744073709551615" // more than a JSON number can hold
	} else {
		// The clients do not escape service ids, except for spaces.
		o.service = strings.Join([]string{"My App", "Tier", "Svc"}, s.delimiter)
		o.partition = uuid.NewV4()
	}
	return o
}

// kinds are the starts that stories tests. AllReplicas is a mode of a
// quorum loss that both profiles accept.
var kinds = []struct {
	name    string
	kind    kind
	mode    string
	seconds int32
}{
	{"full data loss", dataLoss, "FullDataLoss", 0},
	{"partial data loss", dataLoss, "PartialDataLoss", 0},
	{"quorum loss", quorumLoss, "AllReplicas", 1},
	{"restart of all", restart, "AllReplicasOrInstances", 0},
	{"restart of secondaries", restart, "OnlyActiveSecondaries", 0},
	{"stop of a node", nodeTransition, "Stop", 600}, // a start would need a stopped node
}

// everywhere runs a test with each client and each profile, each with its own server.
func everywhere(t *testing.T, test func(t *testing.T, connect func(t *testing.T) *session)) {
	t.Parallel()
	for _, profile := range []string{"documented", "runtime"} {
		for _, g := range generated {
			t.Run(profile+"/"+g.name, func(t *testing.T) {
				t.Parallel()
				address := serve(t, "--profile", profile)
				test(t, func(t *testing.T) *session {
					t.Helper()
					s := &session{profile: profile, apiVersion: g.apiVersion, delimiter: g.delimiter}
					s.client = g.new(address, &s.wire)
					return s
				})
			})
		}
	}
}

// stories runs a test with each start.
func stories(t *testing.T, story func(t *testing.T, s *session, o operation)) {
	everywhere(t, func(t *testing.T, connect func(t *testing.T) *session) {
		for _, k := range kinds {
			t.Run(k.name, func(t *testing.T) {
				t.Parallel()
				s := connect(t)
				story(t, s, s.fresh(k.kind, k.mode, k.seconds))
			})
		}
	})
}

// A force is refused until a graceful cancel was sent, and then ends an operation.
// The cancels are sent during the first step.
func TestForce(t *testing.T) {
	stories(t, func(t *testing.T, s *session, o operation) {
		s.started(t, o)
		if q := s.wire.request.URL.Query(); q.Get("api-version") != s.apiVersion {
			t.Fatalf("got the api-version %q from the client, want %s", q.Get("api-version"), s.apiVersion)
		}
		s.stands(t, o, "Running")
		s.refused(t, "force before a graceful cancel", notNow, func(ctx context.Context) error { return s.cancel(ctx, o.id, true) })
		s.stands(t, o, "Running")

		s.cancelled(t, o)
		s.stands(t, o, "RollingBack")
		s.forced(t, o)
		s.refused(t, "graceful cancel after a force", notNow, func(ctx context.Context) error { return s.cancel(ctx, o.id, false) })

		if p := s.ends(t, o, "ForceCancelled"); p.result != nil {
			t.Errorf("got the body %s, want no result: the operation was cancelled", s.wire.body)
		}
		s.shown(t, o, "ForceCancelled", []int32{stateForceCancelled}, []int32{stateRunning, stateRollingBack, stateCancelled})
		for _, force := range []bool{false, true} {
			s.refused(t, fmt.Sprintf("cancel with force=%v after the end", force), notActive, func(ctx context.Context) error { return s.cancel(ctx, o.id, force) })
		}
		s.refused(t, "start with the same id after the end", idTaken, func(ctx context.Context) error { return s.start(ctx, o) })
	})
}

// A graceful cancel may be repeated, and ends an operation. A node
// transition runs to its end, and only then is shown as Cancelled.
func TestCancel(t *testing.T) {
	stories(t, func(t *testing.T, s *session, o operation) {
		s.started(t, o)
		s.cancelled(t, o)
		s.cancelled(t, o)
		s.stands(t, o, "RollingBack")
		found, hidden := []int32{stateRollingBack}, []int32{stateRunning}
		if s.profile == "runtime" { // the bits overlap (runtime §5.10)
			found, hidden = append(found, hidden...), nil
		}
		s.shown(t, o, "RollingBack", found, append(hidden, stateCompleted, stateCancelled, stateForceCancelled))

		if p := s.ends(t, o, "Cancelled"); p.result != nil {
			t.Errorf("got the body %s, want no result: the operation was cancelled", s.wire.body)
		}
		s.shown(t, o, "Cancelled", []int32{stateCancelled}, []int32{stateRunning, stateRollingBack, stateForceCancelled})
		s.refused(t, "force after the end", notActive, func(ctx context.Context) error { return s.cancel(ctx, o.id, true) })
	})
}

// told asserts the result of an operation that ended by itself: its error code and target.
func (s *session) told(t *testing.T, o operation, p progress, errorCode int32) {
	t.Helper()
	want := result{errorCode: errorCode, node: o.node, instance: o.instance}
	if o.kind != nodeTransition {
		want = result{errorCode: errorCode, service: "fabric:/My App/Tier/Svc", partition: o.partition.String()}
	}
	if p.result == nil || *p.result != want {
		t.Errorf("got the result %+v from %s, want %+v", p.result, s.wire.body, &want)
	}
}

// An operation that is not cancelled completes by itself. A stopped node can be
// started.
func TestCompleted(t *testing.T) {
	stories(t, func(t *testing.T, s *session, o operation) {
		s.started(t, o)
		s.stands(t, o, "Running")
		s.shown(t, o, "Running", []int32{stateRunning}, []int32{stateRollingBack, stateCompleted, stateFailed, stateCancelled, stateForceCancelled})
		s.told(t, o, s.ends(t, o, "Completed"), 0)
		s.shown(t, o, "Completed", []int32{stateCompleted}, []int32{stateRunning, stateRollingBack, stateFailed, stateCancelled, stateForceCancelled})
		s.refused(t, "cancel after the end", notActive, func(ctx context.Context) error { return s.cancel(ctx, o.id, false) })
		if o.kind == nodeTransition {
			o.id, o.mode, o.seconds = uuid.NewV4(), "Start", 0
			s.started(t, o)
			s.told(t, o, s.ends(t, o, "Completed"), 0)
		}
	})
}

// An operation with a wrong target is accepted, and reports the error
// when it has ended.
func TestFaulted(t *testing.T) {
	const nodeIsUp = -2147017788 // FABRIC_E_NODE_IS_UP (runtime §5.6)
	everywhere(t, func(t *testing.T, connect func(t *testing.T) *session) {
		s := connect(t)
		o := s.fresh(nodeTransition, "Start", 0)
		s.started(t, o)
		s.told(t, o, s.ends(t, o, "Faulted"), nodeIsUp)
		s.shown(t, o, "Faulted", []int32{stateFailed}, []int32{stateRunning, stateRollingBack, stateCompleted, stateCancelled, stateForceCancelled})
	})
}

// each is one start of each kind.
var each = []struct {
	kind kind
	mode string
}{
	{dataLoss, "FullDataLoss"},
	{quorumLoss, "AllReplicas"},
	{restart, "AllReplicasOrInstances"},
	{nodeTransition, "Stop"},
}

// Every call with an unknown operation id is refused.
func TestUnknown(t *testing.T) {
	everywhere(t, func(t *testing.T, connect func(t *testing.T) *session) {
		s := connect(t)
		for _, force := range []bool{false, true} {
			s.refused(t, fmt.Sprintf("cancel with force=%v", force), notActive, func(ctx context.Context) error {
				return s.cancel(ctx, uuid.NewV4(), force)
			})
		}
		for _, k := range each {
			o := s.fresh(k.kind, k.mode, 600)
			s.refused(t, "progress of a "+string(k.kind), notActive, func(ctx context.Context) error {
				_, err := s.progress(ctx, o)
				return err
			})
		}
	})
}

// An id in use is refused for all kinds.
func TestDuplicate(t *testing.T) {
	everywhere(t, func(t *testing.T, connect func(t *testing.T) *session) {
		s := connect(t)
		for _, first := range each {
			for _, second := range each {
				o := s.fresh(first.kind, first.mode, 600)
				s.started(t, o)
				again := s.fresh(second.kind, second.mode, 600)
				again.id = o.id
				s.refused(t, fmt.Sprintf("a %s with the id of a %s", second.kind, first.kind), idTaken, func(ctx context.Context) error {
					return s.start(ctx, again)
				})
				s.stands(t, o, "Running")
			}
		}
	})
}

// A node accepts another transition only after the current one has ended.
func TestSecondTransition(t *testing.T) {
	everywhere(t, func(t *testing.T, connect func(t *testing.T) *session) {
		s := connect(t)
		o := s.fresh(nodeTransition, "Stop", 600)
		s.started(t, o)
		second := s.fresh(nodeTransition, "Start", 0)
		second.node = o.node
		start := func(ctx context.Context) error { return s.start(ctx, second) }
		s.refused(t, "a second transition of the node", nodeTaken, start)
		// The node is checked before the id (runtime §5.7).
		s.refused(t, "the same transition again", nodeTaken, func(ctx context.Context) error { return s.start(ctx, o) })

		s.cancelled(t, o)
		s.refused(t, "a second transition of the node while the first rolls back", nodeTaken, start)
		s.forced(t, o)
		s.ends(t, o, "ForceCancelled")
		s.accepted(t, "a transition after the end of the first one", http.StatusAccepted, start)
	})
}

// A progress call of another kind gets the runtime's failed cast as a 500
// (runtime §6). With its default settings a client retries a 500 for minutes before it
// reports it.
func TestOtherKind(t *testing.T) {
	everywhere(t, func(t *testing.T, connect func(t *testing.T) *session) {
		s := connect(t)
		for _, started := range each {
			o := s.fresh(started.kind, started.mode, 600)
			s.started(t, o)
			for _, asked := range each {
				if asked.kind == started.kind {
					continue
				}
				want := refusal{http.StatusInternalServerError, "E_POINTER"}
				if asked.kind == dataLoss {
					want.code = "0x80004002"
				}
				other := s.fresh(asked.kind, "", 0)
				other.id = o.id
				s.refused(t, fmt.Sprintf("%s progress of a %s", asked.kind, started.kind), want, func(ctx context.Context) error {
					_, err := s.progress(ctx, other)
					return err
				})
			}
		}
	})
}

// The two profiles validate parameters differently. The zero refusal means that
// the call is accepted.
func TestParameters(t *testing.T) {
	var fine refusal
	noInstance := refusal{http.StatusBadRequest, "FABRIC_E_INVALID_INSTANCE_ID"}
	noDuration := refusal{http.StatusBadRequest, "FABRIC_E_INVALID_DURATION"}

	start := func(k kind, mode string, seconds int32) func(context.Context, *session) error {
		return func(ctx context.Context, s *session) error { return s.start(ctx, s.fresh(k, mode, seconds)) }
	}
	cancel := func(ctx context.Context, s *session) error { return s.cancel(ctx, uuid.NewV4(), false) }
	progress := func(ctx context.Context, s *session) error {
		_, err := s.progress(ctx, s.fresh(restart, "", 0))
		return err
	}
	list := func(ctx context.Context, s *session) error { _, err := s.list(ctx, all, all); return err }
	// The clients choose some parameters themselves; set and drop change them in the query.
	set := func(name, value string) func(url.Values) { return func(q url.Values) { q.Set(name, value) } }
	drop := func(name string) func(url.Values) { return func(q url.Values) { q.Del(name) } }

	everywhere(t, func(t *testing.T, connect func(t *testing.T) *session) {
		for _, c := range []struct {
			name                string
			call                func(context.Context, *session) error
			edit                func(url.Values)
			documented, runtime refusal
		}{
			// The clients have a constant "Invalid" for each mode.
			{"invalid data loss mode", start(dataLoss, "Invalid", 0), nil, badRequest, badRequest},
			{"invalid quorum loss mode", start(quorumLoss, "Invalid", 1), nil, badRequest, badRequest},
			{"invalid restart mode", start(restart, "Invalid", 0), nil, badRequest, badRequest},
			{"invalid transition type", start(nodeTransition, "Invalid", 600), nil, badRequest, badRequest},

			// The clients have a constant only for the documented value, but the gateway accepts only the other one (runtime §1.4).
			{"QuorumReplicas", start(quorumLoss, "QuorumReplicas", 1), nil, fine, badRequest},
			{"QuorumLossReplicas", start(quorumLoss, "QuorumLossReplicas", 1), nil, fine, fine},

			{"negative quorum loss duration", start(quorumLoss, "AllReplicas", -1), nil, badRequest, badRequest},
			{"stop of a node for 299 s", start(nodeTransition, "Stop", 299), nil, noDuration, noDuration},
			{"stop of a node for 300 s", start(nodeTransition, "Stop", 300), nil, noDuration, fine},
			{"stop of a node for 14401 s", start(nodeTransition, "Stop", 14401), nil, noDuration, noDuration},
			{"node instance 0", start(nodeTransition, "Start", 0), set("NodeInstanceId", "0"), noInstance, noInstance},

			{"cancel with a future api-version", cancel, set("api-version", "99.0"), badRequest, badRequest},
			{"start with a future api-version", start(dataLoss, "FullDataLoss", 0), set("api-version", "99.0"), badRequest, badRequest},
			{"progress with a future api-version", progress, set("api-version", "99.0"), badRequest, badRequest},
			{"list with a future api-version", list, set("api-version", "99.0"), badRequest, badRequest},
			{"list with an undocumented old api-version", list, set("api-version", "1.0"), badRequest, fine},
			{"list with a malformed api-version", list, set("api-version", "latest"), badRequest, badRequest},
			{"list without an api-version", list, drop("api-version"), badRequest, badRequest},

			{"cancel without an id", cancel, drop("OperationId"), missing, missing},
			{"cancel with a malformed id", cancel, set("OperationId", "42"), badRequest, badRequest},
			{"cancel without Force", cancel, drop("Force"), missing, notActive},
			{"cancel with a malformed Force", cancel, set("Force", "perhaps"), badRequest, badRequest},
			{"list without filters", list, drop("StateFilter"), missing, fine},
		} {
			t.Run(c.name, func(t *testing.T) {
				s := connect(t)
				s.wire.edit = c.edit
				want := c.documented
				if s.profile == "runtime" {
					want = c.runtime
				}
				call := func(ctx context.Context) error { return c.call(ctx, s) }
				if want != fine {
					s.refused(t, c.name, want, call)
				} else if err := s.call(t, call); err != nil {
					t.Errorf("%s: got the error %v, want none", c.name, err)
				}
			})
		}
	})
}
