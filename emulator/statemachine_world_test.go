package emulator_test

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/contract"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
)

// order is what a caller asks for and how it is going to go.
type order struct {
	id             uuid.UUID
	kind           uint32 // its bit in a type filter
	node, instance string
	stop           bool
	length         time.Duration // of a stop
	lasts          time.Duration // of a quorum loss
	target         *partition
	fault          int32 // with which the look-up of the partition ends
	play           emulator.Scenario
	tries          [3]int    // that failed: to undo, to look up, to perform
	ended          time.Time // when a step last succeeded, or the operation ended
}

// world is the cluster, the emulators, and what the model knows of them.
type world struct {
	tb        testing.TB // hears of what is not as the document has it
	t         *rapid.T
	profile   server.Profile
	open      func() store.Store
	store     store.Store
	now       time.Time
	replicas  [2]*emulator.Emulator
	handlers  [2]http.Handler
	servers   [2]*httptest.Server // nil if the handlers are called without a socket
	turn      int
	ops       []*modelOp
	nodes     map[string]*modelNode
	nodesOnly bool
	next      string // the node of the next transition, if it matters which
	starting  *order
	seen      map[uuid.UUID]string
	steps     int
}

// modelNode is a node as §5.6 tells of it.
type modelNode struct {
	instance string
	dead     bool      // down, and no transition did it
	until    time.Time // when it comes up that a transition stopped
}

type partition struct {
	service, name, id string
	faults            [3]int32 // of data loss, quorum loss, restart
}

const (
	hrNodeNotFound, hrNodeIsUp, hrNodeIsDown, hrAlreadyStopped, hrOtherInstance = -2147017789, -2147017788, -2147017633, -2147017634, -2147017680
	hrNoPartition, hrNoService, hrStateless, hrNotPersistent, hrInvalidArgument = -2147017753, -2147017779, -2147017616, -2147017615, -2147024809

	theOrders, theWeb, theCache = "1daae3f5-7fd6-42e9-b1ba-8c05f873994d", "1daae3f5-7fd6-42e9-b1ba-8c05f873994e", "1daae3f5-7fd6-42e9-b1ba-8c05f873994f"
)

var (
	partitions = []*partition{
		{"shop~orders", "fabric:/shop/orders", theOrders, [3]int32{}},
		{"shop~orders", "fabric:/shop/orders", theWeb, [3]int32{hrNoPartition, hrNoPartition, hrNoPartition}},
		{"web", "fabric:/web", theWeb, [3]int32{hrStateless, hrNotPersistent, 0}},
		{"cache", "fabric:/cache", theCache, [3]int32{0, hrNotPersistent, 0}},
		{"none", "fabric:/none", theOrders, [3]int32{hrNoService, hrNoService, hrNoService}},
	}
	// The last but one is dead, and the last does not exist.
	nodeNames = []string{"_Node_0", "_Node_0", "_Node_0", "_Node_0", "_NODE_0", "_NODE_0", "_Node_1", "_Node_2"}

	limits = emulator.Settings{MaxStoredActionCount: 4, CompletedActionKeepDuration: 10 * time.Minute}
)

func newWorld(tb testing.TB, t *rapid.T, profile server.Profile, open func() store.Store) *world {
	w := &world{
		// What a transition leaves of a node shows only if others follow.
		nodesOnly: rapid.IntRange(0, 3).Draw(t, "world") == 0,

		tb: tb, t: t, profile: profile, open: open, store: open(), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		nodes: map[string]*modelNode{"_Node_0": {instance: "5"}, "_NODE_0": {instance: "5"}, "_Node_1": {instance: "5", dead: true}},
		seen:  map[uuid.UUID]string{},
	}
	t.Cleanup(func() { _ = w.store.Close() })
	for i := range w.replicas {
		w.replace(i)
	}
	var c emulator.Cluster
	for name, n := range w.nodes {
		c.Nodes = append(c.Nodes, emulator.Node{Name: name, InstanceID: n.instance, Down: n.dead})
	}
	c.Services = []emulator.Service{
		{Name: "fabric:/shop/orders", Partitions: []uuid.UUID{uuid.MustParse(theOrders)}},
		{Name: "fabric:/web", Stateless: true, Partitions: []uuid.UUID{uuid.MustParse(theWeb)}},
		{Name: "fabric:/cache", Volatile: true, Partitions: []uuid.UUID{uuid.MustParse(theCache)}},
	}
	w.must(w.replicas[0].SetCluster(t.Context(), c))
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) emulator(clock func() time.Time) *emulator.Emulator {
	return emulator.New(w.store, emulator.WithProfile(w.profile), emulator.WithClock(clock), emulator.WithSettings(limits),
		emulator.WithScenario(func(r emulator.Record) emulator.Scenario {
			if w.starting == nil || w.starting.id != r.ID {
				w.t.Errorf("the scenario of %s is asked for while it is not accepted", r.ID)
				return emulator.Scenario{}
			}
			return w.starting.play
		}))
}

// replace restarts an emulator: whatever it only had in memory is gone (§5.8).
func (w *world) replace(i int) {
	w.replicas[i] = w.emulator(func() time.Time { return w.now })
	handler, err := server.New(w.replicas[i], server.WithProfile(w.profile))
	w.must(err)
	w.handlers[i] = contract.Handler(w.tb, contract.Edge{Profile: w.profile}, handler)
}

// live is a history: whatever happens, in any order.
func (w *world) live() {
	either := func(of ...func(*rapid.T)) func(*rapid.T) {
		return func(t *rapid.T) { of[rapid.IntRange(0, len(of)-1).Draw(t, "either")](t) }
	}
	graceful := func(t *rapid.T) { w.cancel(t, false) }
	force := func(t *rapid.T) { w.cancel(t, true) }
	sweep := func(t *rapid.T) { w.must(w.any(t).Sweep(t.Context())) }
	// Each is as likely as any other, so what changes little shares its turn.
	w.t.Repeat(map[string]func(*rapid.T){
		"":                w.check,
		"cancel":          graceful,
		"cancel or force": either(graceful, force),
		"cancel, force":   func(t *rapid.T) { graceful(t); force(t) },
		"keep":            either(sweep, w.restart, w.cleanUp),
		"look":            either(w.list, w.progress),
		"node comes up":   w.nodeUp,
		"start":           w.start,
		"start another":   w.start,
		"start or again":  either(w.startAgain, w.startNode),
		"until, cancel":   func(t *rapid.T) { w.waitUntil(t); graceful(t) },
		"until, force":    func(t *rapid.T) { w.waitUntil(t); force(t) },
		"wait":            w.wait,
		"wait until":      w.waitUntil,
	})
}

func (w *world) any(t *rapid.T) *emulator.Emulator {
	w.turn = rapid.IntRange(0, 1).Draw(t, "replica")
	return w.replicas[w.turn]
}

// listen puts the emulators behind sockets.
func (w *world) listen() {
	for i := range w.servers {
		w.servers[i] = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.handlers[i].ServeHTTP(rw, r) }))
		w.t.Cleanup(w.servers[i].Close)
	}
}

// send sends a request to the emulator whose turn it is.
func (w *world) send(method, path string) (int, generated.ErrorCode, []byte) {
	request := httptest.NewRequestWithContext(w.t.Context(), method, path, nil)
	status, body := 0, []byte(nil)
	if srv := w.servers[w.turn]; srv == nil {
		recorder := httptest.NewRecorder()
		w.handlers[w.turn].ServeHTTP(recorder, request)
		status, body = recorder.Code, recorder.Body.Bytes()
	} else {
		request.RequestURI = "" // it is a server's
		to, err := url.Parse(srv.URL)
		w.must(err)
		request.URL.Scheme, request.URL.Host = to.Scheme, to.Host
		response, err := srv.Client().Do(request)
		w.must(err)
		defer response.Body.Close()
		body, err = io.ReadAll(response.Body)
		w.must(err)
		status = response.StatusCode
	}
	if status < 400 {
		return status, "", body
	}
	var e generated.FabricError
	if err := json.Unmarshal(body, &e); err != nil || e.Error.Code == "" || e.Error.Message == "" {
		w.t.Errorf("%s %s: %d with %q, which is no FabricError", method, path, status, body)
	}
	return status, e.Error.Code, body
}

func (w *world) expect(what string, status int, code generated.ErrorCode, wantStatus int, wantCode string) {
	w.t.Helper()
	if status != wantStatus || string(code) != wantCode {
		w.t.Errorf("%s: %d %s, want %d %s", what, status, code, wantStatus, wantCode)
	}
}

// What may happen.

// advance lets the model catch up with the clock.
func (w *world) advance() {
	for _, o := range w.ops {
		for !o.over() && !o.due.After(w.now) {
			inside := o.step != queued && o.doing != pausing
			o.end(w)
			// A force that finds no step under way leaves the time as it is: none, in the queue (§5.8).
			if o.over() && (o.flag != forced || inside) {
				o.ended = o.due
			}
		}
	}
}

// try is the end of a try: a target that does not suit fails all of them (§5.6), and the
// scenario some of the others.
func (w *world) try(o *modelOp) int32 {
	which, f := o.step, []emulator.Failure{{}, o.play.LookUpFails, o.play.PerformFails}[o.step]
	if o.doing == undoing {
		which, f = 0, o.play.UndoFails
	} else if code := w.meets(o); code != 0 {
		return code
	}
	if f.Times == emulator.Always || o.tries[which] < f.Times {
		o.tries[which]++
		return cmp.Or(f.Code, -2147467259) // E_FAIL
	}
	if o.doing == forward && o.step != queued {
		o.ended = o.due
	}
	if n := w.nodes[o.node]; o.doing == forward && o.step == perform && n != nil {
		n.until = time.Time{}
		if o.stop {
			n.until = o.due.Add(o.length)
		}
	}
	return 0
}

// meets is what a step finds in the cluster (§5.6).
func (w *world) meets(o *modelOp) int32 {
	n, first := w.nodes[o.node], o.step == lookUp
	down := n != nil && o.due.Before(n.until)
	switch {
	case o.step == queued:
		return 0
	case o.node == "" && first:
		return o.fault
	case o.node == "":
		return 0
	case n == nil:
		return hrNodeNotFound
	case first && n.dead:
		return hrNodeIsDown
	case first && o.stop && down:
		return hrAlreadyStopped
	case first && !o.stop && !down:
		return hrNodeIsUp
	case !first && o.instance != n.instance:
		return hrOtherInstance
	}
	return 0
}

// takes is how long what an operation does now is going to take.
func (w *world) takes(o *modelOp) time.Duration {
	switch {
	case o.over():
		return 0
	case o.wait:
		return second // CommandStepRetryBackoffInSeconds, §5.9
	case o.doing == undoing:
		return o.play.Undo
	case o.doing == pausing:
		return w.pause(o)
	case o.step == lookUp:
		return o.play.LookUp
	}
	return o.play.Perform + o.lasts
}

// pause is what the engine drew of 10 to 59 s (§5.3). It is the one thing that the model cannot
// know: another emulator that stands at the moment at which the pause begins tells.
func (w *world) pause(o *modelOp) time.Duration {
	r, err := w.emulator(func() time.Time { return o.due }).Record(w.t.Context(), o.id)
	w.must(err)
	d := r.Due.Sub(o.due)
	if r.Phase != emulator.PhasePausing || d < 10*second || d > 59*second {
		w.t.Fatalf("%s: a pause of %s begins, and the engine is at %+v (§5.4)", o.id, d, r)
	}
	return d
}

// What is held against the model.
