package emulator_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
	"github.com/sfcancel/sfcancel/store/memory"
)

// TestStateMachine drives random histories through two emulators at one store, and holds
// every answer, and what the list and the progress calls show after each action, against
// the model (§5.1–§5.10).
func TestStateMachine(t *testing.T) {
	for _, profile := range profiles {
		t.Run(profile.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				w := newWorld(t, profile, func() store.Store { return memory.New() })
				w.live()
			})
		})
	}
}

// TestStateMachineOnDisk is the same over real sockets and with restarts that close the
// store and open its file again (§5.8).
func TestStateMachineOnDisk(t *testing.T) {
	// Every write waits for the disk, so there are a few checks only: a part of those asked for.
	checks := flag.Lookup("rapid.checks")
	all := checks.Value.String()
	n, err := strconv.Atoi(all)
	if err != nil {
		t.Fatal(err)
	}
	if err := checks.Value.Set(strconv.Itoa(max(n/20, 1))); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = checks.Value.Set(all) }()
	dir, files := t.TempDir(), 0
	for _, profile := range profiles {
		t.Run(profile.String(), func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				files++
				path := filepath.Join(dir, strconv.Itoa(files))
				w := newWorld(rt, profile, func() store.Store {
					st, err := bolt.Open(path)
					if err != nil {
						rt.Fatal(err)
					}
					return st
				})
				w.listen()
				w.live()
			})
		})
	}
}

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

func newWorld(t *rapid.T, profile server.Profile, open func() store.Store) *world {
	w := &world{
		// What a transition leaves of a node shows only if others follow.
		nodesOnly: rapid.IntRange(0, 3).Draw(t, "world") == 0,

		t: t, profile: profile, open: open, store: open(), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
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
	w.handlers[i] = handler
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

func (w *world) cancel(t *rapid.T, forcing bool) {
	w.any(t)
	o, id := w.known(t)
	next := graceful
	if forcing {
		next = force
		if w.profile == server.Documented {
			next = seeds
		}
	}
	status, code, body := w.send(http.MethodPost, fmt.Sprintf("/Faults/$/Cancel?api-version=6.0&OperationId=%s&Force=%t", id, forcing))
	want := o.cancel(next)
	w.expect(fmt.Sprintf("cancel of %s, Force=%t (§5.2)", id, forcing), status, code, want,
		map[int]string{400: "FABRIC_E_INVALID_TEST_COMMAND_STATE", 404: "FABRIC_E_KEY_NOT_FOUND"}[want])
	if want == 200 && len(body) > 0 {
		t.Errorf("a cancel answers with a body: %q", body)
	}
}

// known is an operation, mostly one that is under way, or nil with an id that nobody has.
func (w *world) known(t *rapid.T) (*modelOp, uuid.UUID) {
	var under []*modelOp
	for _, o := range w.ops {
		if !o.over() {
			under = append(under, o)
		}
	}
	n := rapid.IntRange(0, 9).Draw(t, "which")
	switch {
	case n < 8 && len(under) > 0:
		o := under[rapid.IntRange(0, len(under)-1).Draw(t, "of those under way")]
		return o, o.id
	case n < 9 && len(w.ops) > 0:
		o := w.ops[rapid.IntRange(0, len(w.ops)-1).Draw(t, "of all")]
		return o, o.id
	}
	return nil, fresh(t)
}

func fresh(t *rapid.T) uuid.UUID {
	id, err := uuid.FromBytes(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (w *world) start(t *rapid.T) {
	kind := 3
	if !w.nodesOnly {
		kind = rapid.IntRange(0, 2).Draw(t, "kind")
	}
	w.startAs(t, fresh(t), kind)
}

func (w *world) startNode(t *rapid.T) { w.startAs(t, fresh(t), 3) }

func (w *world) startAgain(t *rapid.T) {
	if _, id := w.known(t); id != uuid.Nil {
		w.startAs(t, id, rapid.IntRange(0, 3).Draw(t, "kind"))
	}
}

func (w *world) startAs(t *rapid.T, id uuid.UUID, kind int) {
	w.any(t)
	one := func(name string, of ...time.Duration) time.Duration { return rapid.SampledFrom(of).Draw(t, name) }
	o := &modelOp{order: order{id: id, kind: 1 << kind}}
	o.play = emulator.Scenario{
		Queue:   one("queue", 0, 0, second, 3*second, 400*second),
		LookUp:  one("look up", 0, second, 2500*time.Millisecond, 10*second),
		Perform: one("perform", second, 0, 2500*time.Millisecond, 10*second),
		Undo:    one("undo", second, 0, 2500*time.Millisecond, 10*second),
	}
	const always = emulator.Always
	failure := func(name string, times ...int) emulator.Failure {
		f := emulator.Failure{Times: rapid.SampledFrom(times).Draw(t, name+" fails")}
		if f.Times != 0 {
			code := rapid.SampledFrom(append(slices.Concat(retried, givesUp, resumed, []uint32{0, 0x80071C63}), retried...)).Draw(t, name+" fails with")
			f.Code = int32(code)
		}
		return f
	}
	smooth := rapid.IntRange(0, 2).Draw(t, "smooth") == 0
	if !smooth {
		o.play.LookUpFails = failure("look up", 0, 0, 0, 1, 2, always)
		o.play.PerformFails, o.play.UndoFails = failure("perform", 0, 0, 1, 2, always), failure("undo", 0, 0, 1, 2, always)
	}
	if kind == 3 && rapid.IntRange(0, 3).Draw(t, "at once") > 0 { // else hardly any node is ever stopped, and found so
		o.play = emulator.Scenario{Queue: one("queue", 0, second)}
	}
	path := ""
	switch kind {
	case 3:
		o.node = cmp.Or(w.next, rapid.SampledFrom(nodeNames).Draw(t, "node"))
		o.instance = rapid.SampledFrom([]string{"5", "5", "5", "5", "5", "6"}).Draw(t, "instance")
		seconds := rapid.SampledFrom([]int{600, 600, 600, 300, 599, 299, 14400, 14401}).Draw(t, "stop for")
		kind := "Start"
		if o.stop = rapid.Bool().Draw(t, "stop"); o.stop {
			kind, o.length = "Stop", time.Duration(seconds)*second
		}
		path = fmt.Sprintf("/Faults/Nodes/%s/$/StartTransition/?NodeInstanceId=%s&NodeTransitionType=%s&StopDurationInSeconds=%d",
			o.node, o.instance, kind, seconds)
	default:
		p := partitions[0]
		if !smooth {
			p = rapid.SampledFrom(slices.Concat(partitions[:1], partitions[:1], partitions[:1], partitions)).Draw(t, "partition")
		}
		o.target, o.fault = p, p.faults[kind]
		path = fmt.Sprintf("/Faults/Services/%s/$/GetPartitions/%s/$/", p.service, p.id)
		switch kind {
		case 0:
			path += "StartDataLoss?DataLossMode=FullDataLoss"
		case 1:
			o.lasts = one("quorum loss", 0, second, 100*second)
			path += fmt.Sprintf("StartQuorumLoss?QuorumLossMode=AllReplicas&QuorumLossDuration=%d", o.lasts/second)
		case 2:
			mode := rapid.SampledFrom([]string{"AllReplicasOrInstances", "OnlyActiveSecondaries"}).Draw(t, "mode")
			if mode == "OnlyActiveSecondaries" && p.service == "web" {
				o.fault = hrInvalidArgument
			}
			path += "StartRestart?RestartPartitionMode=" + mode
		}
	}
	shortest := 300 * second
	if w.profile == server.Documented {
		shortest = 600 * second
	}
	w.starting = &o.order
	status, code, body := w.send(http.MethodPost, path+"&api-version=6.0&OperationId="+id.String())
	w.starting = nil
	refusal := o.refused(w.ops, shortest)
	want := 202
	if strings.HasSuffix(refusal, "EXISTS") {
		want = 409
	} else if refusal != "" {
		want = 400
	}
	w.expect("start at "+path+" (§5.7)", status, code, want, refusal)
	if refusal != "" {
		return
	}
	if len(body) > 0 {
		t.Errorf("a start answers with a body: %q", body)
	}
	o.due = w.now.Add(o.play.Queue)
	w.ops = append(w.ops, o)
	w.advance()
}

func (w *world) wait(t *rapid.T) {
	w.now = w.now.Add(rapid.SampledFrom([]time.Duration{
		second, 0, 100 * time.Millisecond, 2 * second, 5 * second, 30 * second, 10 * time.Minute, time.Hour,
	}).Draw(t, "wait"))
	w.advance()
}

// waitUntil ends at a moment at which something happens, or next to it.
func (w *world) waitUntil(t *rapid.T) {
	var moments []time.Time
	for _, name := range w.down() {
		moments = append(moments, w.nodes[name].until)
	}
	for _, o := range w.ops {
		if !o.over() {
			moments = append(moments, o.due)
		}
	}
	if len(moments) == 0 {
		return
	}
	slices.SortFunc(moments, time.Time.Compare)
	w.until(t, moments[:min(3, len(moments))]) // on the way to a later one too much goes by
}

// nodeUp starts a transition of a node just when it comes up, or next to it.
func (w *world) nodeUp(t *rapid.T) {
	if down := w.down(); len(down) > 0 {
		w.next = rapid.SampledFrom(down).Draw(t, "of those down")
		w.until(t, []time.Time{w.nodes[w.next].until})
	}
	w.startNode(t)
	w.next = ""
}

// down are the nodes that are going to come up by themselves.
func (w *world) down() []string {
	names := slices.Sorted(maps.Keys(w.nodes))
	return slices.DeleteFunc(names, func(name string) bool { return !w.nodes[name].until.After(w.now) })
}

func (w *world) until(t *rapid.T, moments []time.Time) {
	until := rapid.SampledFrom(moments).Draw(t, "until").Add(rapid.SampledFrom([]time.Duration{0, -1, 1}).Draw(t, "give or take"))
	if until.After(w.now) {
		w.now = until
	}
	w.advance()
}

func (w *world) restart(t *rapid.T) {
	if w.servers[0] != nil { // what is in memory would be lost
		w.must(w.store.Close())
		w.store = w.open()
		w.replace(0)
		w.replace(1)
		return
	}
	w.any(t)
	w.replace(w.turn)
}

// cleanUp removes finished operations if there are too many, and only then, and only old ones (§5.8).
func (w *world) cleanUp(t *rapid.T) {
	w.must(w.any(t).CleanUp(t.Context()))
	var over []*modelOp
	for _, o := range w.ops {
		if o.over() {
			over = append(over, o)
		}
	}
	many := len(over) - limits.MaxStoredActionCount
	over = slices.DeleteFunc(over, func(o *modelOp) bool { return w.now.Sub(o.ended) <= limits.CompletedActionKeepDuration })
	slices.SortFunc(over, func(a, b *modelOp) int { return a.ended.Compare(b.ended) })
	many = max(0, min(many, len(over)))
	listed := w.listed(0xFFFF, 0xFFFF)
	var gone []*modelOp
	for _, o := range w.ops {
		if !slices.ContainsFunc(listed, func(s generated.OperationStatus) bool { return s.OperationID == o.id }) {
			gone = append(gone, o)
		}
	}
	slices.SortFunc(gone, func(a, b *modelOp) int { return a.ended.Compare(b.ended) })
	// Which of two goes that ended at one moment is not said.
	if !slices.EqualFunc(gone, over[:many], func(a, b *modelOp) bool { return a.over() && a.ended.Equal(b.ended) }) {
		t.Errorf("cleaned up %s, want %s (§5.8)", ids(gone), ids(over[:many]))
	}
	w.ops = slices.DeleteFunc(w.ops, func(o *modelOp) bool { return slices.Contains(gone, o) })
	for _, o := range gone {
		delete(w.seen, o.id)
	}
}

func ids(ops []*modelOp) string {
	var all []string
	for _, o := range ops {
		all = append(all, fmt.Sprintf("%s (ended %s)", o.id, o.ended.Format(time.RFC3339Nano)))
	}
	return "[" + strings.Join(all, " ") + "]"
}

// list asks with any filters (§5.10).
func (w *world) list(t *rapid.T) {
	w.any(t)
	filter := func(name string) uint32 {
		return rapid.OneOf(rapid.SampledFrom([]uint32{0xFFFF, 1, 2, 4, 8, 16, 32, 64, 0}), rapid.Uint32Range(0, 0x1FFFF)).Draw(t, name)
	}
	w.filtered(filter("states"), filter("types"))
}

func (w *world) filtered(in, types uint32) {
	got, want, table := map[uuid.UUID]string{}, map[uuid.UUID]string{}, overlap
	if w.profile == server.Documented {
		table = distinct
	}
	for _, s := range w.listed(in, types) {
		got[s.OperationID] = string(s.State)
	}
	for _, o := range w.ops {
		if o.shown(in, types, table) {
			want[o.id] = o.state()
		}
	}
	if !maps.Equal(got, want) {
		w.t.Errorf("StateFilter=%d TypeFilter=%d lists %v, want %v (§5.10)", in, types, got, want)
	}
}

// progress asks for any operation under any address.
func (w *world) progress(t *rapid.T) {
	w.any(t)
	o, id := w.known(t)
	w.progressOf(o, id, rapid.IntRange(0, 3).Draw(t, "address"))
}

// What the model needs of the world.

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

func (w *world) listed(in, types uint32) generated.OperationStatusList {
	status, code, body := w.send(http.MethodGet, fmt.Sprintf("/Faults/?api-version=6.0&StateFilter=%d&TypeFilter=%d", in, types))
	w.expect("list", status, code, 200, "")
	var listed generated.OperationStatusList
	if err := json.Unmarshal(body, &listed); err != nil || listed == nil {
		w.t.Fatalf("the list is %q (%v); it must be an array, even when empty", body, err)
	}
	return listed
}

// edges are those of §5.4 that one action can lead along. That of a cancel needs no time, so
// none leads from Running to Cancelled or ForceCancelled.
var edges = map[string][]string{
	"":            {"Running", "RollingBack", "Completed", "Faulted"}, // whose steps take no time
	"Running":     {"Running", "RollingBack", "Completed", "Faulted"},
	"RollingBack": {"RollingBack", "Faulted", "Cancelled", "ForceCancelled"},
}

func (w *world) check(t *rapid.T) {
	w.turn = 1 - w.turn
	got := map[uuid.UUID]string{}
	history := false
	for _, s := range w.listed(0xFFFF, 0xFFFF) {
		if _, twice := got[s.OperationID]; twice {
			t.Errorf("%s is listed twice", s.OperationID)
		}
		state := string(s.State)
		got[s.OperationID] = state
		under := state == "Running" || state == "RollingBack"
		if history && under {
			t.Errorf("%s is under way and listed after a finished one (§5.10)", s.OperationID)
		}
		history = !under
		before := w.seen[s.OperationID]
		if !slices.Contains(edges[before], state) && before != state {
			t.Errorf("%s went from %s to %s, which is no edge (§5.4)", s.OperationID, before, state)
		}
	}
	for _, o := range w.ops {
		if got[o.id] != o.state() {
			t.Errorf("%s is shown as %q, want %s: %+v", o.id, got[o.id], o.state(), *o)
		}
	}
	if len(got) != len(w.ops) {
		t.Errorf("listed: %v, want %d operations", got, len(w.ops))
	}
	for i, o := range w.ops {
		if w.seen[o.id] != got[o.id] || w.steps%len(w.ops) == i {
			w.progressOf(o, o.id, map[uint32]int{1: 0, 2: 1, 4: 2, 8: 3}[o.kind])
		}
	}
	if n := w.steps / 3; w.steps%3 == 0 {
		w.filtered([]uint32{8, 16, 1, 32, 2, 64, 0}[n%7], []uint32{0, 0xFFFF, 0, 1, 2, 4, 8, 0}[n%8])
	}
	w.steps++
	w.seen = got
}

// progressOf compares the progress of an operation that is asked for at the n-th kind's address.
func (w *world) progressOf(o *modelOp, id uuid.UUID, n int) {
	status, code, body := w.send(http.MethodGet, kinds[n].progress+"?api-version=6.0&OperationId="+id.String())
	what := fmt.Sprintf("progress of %s at the address of a %s", id, kinds[n].kind)
	switch {
	case o == nil:
		w.expect(what+" (§5.8)", status, code, 404, "FABRIC_E_KEY_NOT_FOUND")
		return
	case o.kind != 1<<n && n == 0:
		w.expect(what+" (§6)", status, code, 500, "0x80004002")
		return
	case o.kind != 1<<n:
		w.expect(what+" (§6)", status, code, 500, "E_POINTER")
		return
	}
	w.expect(what, status, code, 200, "")
	want := map[string]any{"State": o.state()}
	if s := o.state(); s == "Completed" || s == "Faulted" {
		result := map[string]any{"ErrorCode": float64(o.code)}
		if o.target != nil {
			p := map[string]any{"ServiceName": o.target.name, "PartitionId": uuid.Nil.String()}
			if o.known {
				p["PartitionId"] = o.target.id
			}
			result["SelectedPartition"] = p
		} else {
			result["NodeResult"] = map[string]any{"NodeName": o.node, "NodeInstanceId": o.instance}
		}
		want[kinds[n].result] = result
	}
	var got map[string]any
	if err := json.Unmarshal(body, &got); err != nil {
		w.t.Errorf("%s is %q: %v", what, body, err)
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		w.t.Errorf("%s (§6), -want +got:\n%s", what, diff)
	}
}

// What random histories seldom meet.

// TestForceBetweenTries: a force that comes while a transition waits for its next try keeps
// it from being made (§5.3: the flag is read before each try).
func TestForceBetweenTries(t *testing.T) {
	c := newCluster(t, server.Runtime, nil, emulator.WithScenario(func(emulator.Record) emulator.Scenario {
		return emulator.Scenario{Perform: 10 * second, PerformFails: emulator.Failure{Times: 1}}
	}))
	id := c.start(3)
	c.pass(10*second + second/2)
	c.cancel(id, "false")
	c.cancel(id, "true")
	c.pass(20 * second)
	if listed := c.list("0", "8"); len(listed) > 0 {
		t.Errorf("listed as completed: %v", listed)
	}
	if node, _, err := c.engine.Node(t.Context(), "_Node_0"); err != nil || node.Down {
		t.Errorf("the node was stopped: %+v, %v", node, err)
	}
}

// TestEveryTryLooksAnew: a transition that tries to look up its node again and again finds
// it up once it is (§5.5, §5.6), whoever looks at it meanwhile.
func TestEveryTryLooksAnew(t *testing.T) {
	for _, sweeps := range []bool{false, true} {
		c := newCluster(t, server.Documented, nil, emulator.WithScenario(func(r emulator.Record) emulator.Scenario {
			if r.Target.Transition == generated.NodeTransitionTypeStart {
				return emulator.Scenario{LookUpFails: always(0)}
			}
			return emulator.Scenario{}
		}))
		c.start(3) // stops it for 600 s
		id := uuid.New()
		c.send(http.MethodPost, "/Faults/Nodes/_Node_0/$/StartTransition/?api-version=6.0&NodeTransitionType=Start&NodeInstanceId=5"+
			"&StopDurationInSeconds=600&OperationId="+id.String())
		for _, at := range []struct {
			after time.Duration
			want  generated.OperationState
		}{{599 * second, generated.OperationStateRunning}, {second, generated.OperationStateFaulted}} {
			c.pass(at.after)
			if got := c.state(id); got != at.want {
				t.Errorf("swept %t, %s later: %s, want %s", sweeps, at.after, got, at.want)
			}
			if sweeps {
				if err := c.engine.Sweep(t.Context()); err != nil {
					t.Error(err)
				}
			}
		}
	}
}
