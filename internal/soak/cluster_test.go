package soak

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
)

// desk is a server whose engine can be exchanged: making a server takes longer than a run.
type desk struct {
	generated.StrictServerInterface
	handler http.Handler
}

func newDesk(p server.Profile) (*desk, error) {
	d := &desk{StrictServerInterface: emulator.New(memory.New())}
	var err error
	d.handler, err = server.New(d, server.WithProfile(p))
	return d, err
}

// cluster is the server of one run, and what it really did. [run.mu] guards it.
type cluster struct {
	*run
	home   int
	desk   *desk
	store  *memory.Store
	engine *emulator.Emulator
	down   bool
	gates  [gateways]condition

	seen  []sight
	did   []effect
	lives []int // of each operation
}

// sight is how an operation stood at an instant.
type sight struct {
	at     time.Duration
	op     int
	found  bool
	state  wrapper.State
	kind   wrapper.Kind
	forced bool // a force is in effect
	over   bool
	life   int // of the id: how many starts had been carried out by then
}

// effect is a cancel or a start that the server carried out.
type effect struct {
	at   time.Duration
	op   int
	what what
	call *call // nil for somebody else
	life int   // of the id, a start's own included
}

// what a request asks for.
type what string

const (
	graceful what = "graceful"
	force    what = "force"
	list     what = "list"
	start    what = "start"
)

func newCluster(run *run, home int, d *desk) *cluster {
	c := &cluster{run: run, home: home, desk: d, store: memory.New(), lives: make([]int, len(run.plan.operations))}
	for n := range c.gates {
		c.gates[n] = gateWell
	}
	c.boot()
	for n, o := range run.plan.operations {
		if o.present[home] {
			c.otherDoes(action{do: actStart, op: n, kind: o.kind})
		} else {
			c.look(n)
		}
	}
	return c
}

// boot puts a new engine at the store.
func (c *cluster) boot() {
	c.engine = emulator.New(c.store,
		emulator.WithProfile(c.plan.profile),
		emulator.WithSettings(emulator.Settings{MaxStoredActionCount: -1, CompletedActionKeepDuration: time.Second}),
		emulator.WithScenario(func(r emulator.Record) emulator.Scenario {
			return c.plan.operations[c.plan.number(r.ID)].scenario
		}))
	c.desk.StrictServerInterface = c.engine
}

// number is which operation has an id, -1 for none.
func (p *plan) number(id uuid.UUID) int {
	return slices.IndexFunc(p.operations, func(o operationPlan) bool { return o.id == id })
}

// look notes how an operation stands at this instant, as the server would say.
func (c *cluster) look(op int) sight {
	s := sight{at: c.now(), op: op, life: c.lives[op]}
	r, err := c.engine.Record(context.Background(), c.plan.operations[op].id)
	if err == nil {
		s.found, s.state, s.kind = true, wrapper.State(r.State()), wrapper.Kind(r.Kind)
		s.over = r.Terminal()
		s.forced = r.Rollback == emulator.RollingBackForce && !s.over
	}
	c.seen = append(c.seen, s)
	return s
}

// lookAll is the same of all of them.
func (c *cluster) lookAll() {
	for n := range c.plan.operations {
		c.look(n)
	}
}

// otherDoes carries out what others do, behind the clients' backs.
func (c *cluster) otherDoes(a action) {
	ctx, id := context.Background(), c.plan.operations[a.op].id
	note := func(w what, err error) {
		text := "refused"
		if err == nil {
			c.does(w, a.op, nil)
			text = "done"
		}
		c.tell("somebody %s operation %d: %s, now %s", a.do, a.op, text, c.look(a.op))
	}
	switch a.do {
	case actCancel, actForce:
		_, err := c.engine.CancelOperation(ctx, generated.CancelOperationRequestObject{
			Params: generated.CancelOperationParams{OperationID: id, Force: a.do == actForce},
		})
		if a.do == actForce {
			note(force, err)
		} else {
			note(graceful, err)
		}
	case actStart:
		note(start, c.otherStarts(a.op, a.kind))
	case actDown:
		c.down = true
		c.tell("the server goes down")
	case actUp:
		c.down = false
		c.boot()
		c.tell("the server comes up")
	case actFail:
		c.engine.SetAvailability(a.cond)
		c.tell("the fault service is %s", a.cond)
	case actRecover:
		c.engine.SetAvailability(emulator.Ready)
		c.tell("the fault service is ready")
	case actGate:
		c.gates[a.gate] = a.how
		c.tell("gateway %d: %s", a.gate, a.how)
	case actSweep:
		c.tell("sweep, error %v", c.engine.Sweep(ctx))
	case actCleanUp:
		c.lookAll()
		c.tell("clean-up, error %v", c.engine.CleanUp(ctx))
		c.lookAll()
	}
}

// does notes that something was carried out.
func (c *cluster) does(w what, op int, k *call) {
	if w == start {
		c.lives[op]++
	}
	c.did = append(c.did, effect{at: c.now(), op: op, what: w, call: k, life: c.lives[op]})
}

func (c *cluster) otherStarts(op int, kind wrapper.Kind) error {
	ctx, o := context.Background(), c.plan.operations[op]
	switch kind {
	case wrapper.KindQuorumLoss:
		_, err := c.engine.StartQuorumLoss(ctx, generated.StartQuorumLossRequestObject{ServiceID: "shop~orders",
			Params: generated.StartQuorumLossParams{OperationID: o.id, QuorumLossMode: generated.QuorumLossModeAllReplicas, QuorumLossDuration: 5}})
		return err
	case wrapper.KindPartitionRestart:
		_, err := c.engine.StartPartitionRestart(ctx, generated.StartPartitionRestartRequestObject{ServiceID: "shop~orders",
			Params: generated.StartPartitionRestartParams{OperationID: o.id, RestartPartitionMode: generated.RestartPartitionModeAllReplicasOrInstances}})
		return err
	case wrapper.KindNodeTransition:
		_, err := c.engine.StartNodeTransition(ctx, generated.StartNodeTransitionRequestObject{NodeName: o.node,
			Params: generated.StartNodeTransitionParams{OperationID: o.id, NodeInstanceID: nodeInstance,
				NodeTransitionType: generated.NodeTransitionTypeStop, StopDurationInSeconds: 600}})
		return err
	default:
		_, err := c.engine.StartDataLoss(ctx, generated.StartDataLossRequestObject{ServiceID: "shop~orders",
			Params: generated.StartDataLossParams{OperationID: o.id, DataLossMode: generated.DataLossModePartialDataLoss}})
		return err
	}
}

const nodeInstance = "17"

// deliver hands a request to the server and notes what it did. It says false if there is
// no server.
func (run *run) deliver(q *request, r *http.Request) bool {
	run.mu.Lock()
	defer run.mu.Unlock()
	c := q.call.home
	if c.down {
		c.tell("%s finds no server", q)
		return false
	}
	if q.op < 0 {
		from := len(c.seen)
		if q.call.plan.do.aboutAll() {
			c.lookAll()
		} else {
			c.look(q.call.plan.op)
		}
		q.listed = c.seen[from:len(c.seen):len(c.seen)]
	}
	r = r.WithContext(context.Background()) // the server does not notice that a client has gone
	r.Body = http.NoBody
	rec := recorder{header: http.Header{}}
	c.desk.handler.ServeHTTP(&rec, r)
	q.served, q.answer = c.now(), answer{status: rec.status, body: rec.body.Bytes(), header: rec.header}
	if q.op >= 0 {
		if rec.status/100 == 2 {
			c.does(q.what, q.op, q.call)
		}
		q.life = c.look(q.op).life
	}
	return true
}

// deliverLater does so at an instant of the run, whatever has become of the client.
func (run *run) deliverLater(q *request, r *http.Request, at time.Duration) {
	run.late.Go(func() {
		_ = run.sleepUntil(context.Background(), at)
		run.deliver(q, r)
	})
}

// recorder is the answer of a server that has no socket.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

// An id has a new life whenever a start of it is carried out, which a cluster allows once it
// has forgotten the operation before (runtime §5.7, §5.8). Evidence counts only for the life
// that it was got in. Nobody can know of a life that somebody else began, so that what the
// ledger shows is what counts: evidence is stale if a call that was over when this one began,
// and that could note it, was told of a later life by an accepted start, or of the end of
// the evidence's own life.

// lifeAt is the life of an id at an instant.
func (c *cluster) lifeAt(op int, at time.Duration) (life int) {
	for _, e := range c.did {
		if e.op == op && e.what == start && e.at <= at {
			life = e.life
		}
	}
	return life
}

// life is that of which the last answer told that the call got, 0 if none told of any.
func (k *call) life(op int) int {
	for _, q := range slices.Backward(k.requests) {
		switch q.class() {
		case classDone, classRefused:
			if q.op == op && q.served > 0 {
				return q.life
			}
			for _, s := range q.listed {
				if s.op == op {
					return s.life
				}
			}
		default:
		}
	}
	return 0
}

// stale says that the call could know that evidence is not of this life.
func (j *judge) stale(e evidence, op, life int) bool {
	if e.call == j.call || e.life >= life {
		return false
	}
	for _, k := range j.calls {
		if k.shares(j.call) && k.sameName(j.call) && k.ended < j.call.began && k.buries(op, e.life) {
			return true
		}
	}
	return false
}

// buries says that the call was told, and could note, that a life of an id is over.
func (k *call) buries(op, life int) bool {
	if k.plan.op != op || k.err != nil || k.ledger.missing {
		return false
	}
	switch k.plan.do {
	case deedStart:
		return k.result.Verdict == wrapper.Accepted && k.life(op) > life
	case deedCancel, deedStop:
		return (k.result.Verdict == wrapper.Finished || k.result.Verdict == wrapper.NotFound) && k.life(op) >= life
	default:
		return false
	}
}

// seemedOver says that something which may have been noted since a call began told of the end
// of a life, or of a new one, or of a start that may have begun one: what the call noted need not
// be known then. One that could not read the ledger does not know which life it began in. A list that showed Running may be noted after a graceful cancel
// that came after it, and looks then as if it were of the next life.
func (j *judge) seemedOver(op int, told *call) bool {
	since := told.began
	if told.ledger.unread {
		since = 0
	}
	for _, k := range j.calls {
		if !k.shares(j.call) || k.ended < since || k.began > j.call.ended {
			continue
		}
		if k.plan.do == deedStart && k.plan.op == op && (k.result.Verdict == wrapper.Accepted || errors.Is(k.err, wrapper.ErrOutcomeUnknown)) {
			return true
		}
		for _, q := range k.requests {
			if s, ok := q.shows(op); ok && (s.over || !s.found || s.state == wrapper.StateRunning) { // the ledger may have heard of it only when the call was over
				return true
			}
		}
	}
	return false
}

// sameName says that the clients of two calls call their cluster the same: one that has no
// name is known by the gateways of the client. What was noted of a cluster by another name
// need not be known.
func (k *call) sameName(other *call) bool { return k.made.cluster() == other.made.cluster() }

func (c clientPlan) cluster() string {
	if c.name != "" {
		return c.name
	}
	used := c.endpoints[:1]
	if c.several {
		used = c.endpoints
	}
	var all []string
	for _, gate := range used {
		all = append(all, endpoint(gate))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// fault is one thing that may happen to a request on the wire.
type fault struct {
	name   string
	often  int
	apply  applies
	status int // of the answer in the server's place; 0 for the kind of loss
	body   string
	wait   string // Retry-After
	loss   loss
}

// applies is when the server carries a request out.
type applies int

const (
	never applies = iota
	inTime
	late // some time after the client got what it gets
)

// loss is what a client gets instead of an answer.
type loss int

const (
	trueAnswer loss = iota
	refusedDial
	hangingDial
	reset
	cut
	hang
)

// untouched is the fate of most requests.
var untouched = fault{apply: inTime}

const htmlPage = "<html><body>Bad Gateway</body></html>"

func fabric(code string) string {
	return `{"Error":{"Code":"` + code + `","Message":"a sentence"}}`
}

var faults = []fault{
	{name: "connection refused", often: 2, loss: refusedDial},
	{name: "no connection in time", often: 1, loss: hangingDial},
	{name: "lost before", often: 3, loss: reset},
	{name: "lost after", often: 6, apply: inTime, loss: reset},
	{name: "lost and late", often: 6, apply: late, loss: reset},
	{name: "cut after", often: 3, apply: inTime, loss: cut},
	{name: "hangs before", often: 2, loss: hang},
	{name: "hangs after", often: 3, apply: inTime, loss: hang},
	{name: "hangs and late", often: 3, apply: late, loss: hang},
	{name: "500 before", often: 1, status: 500, body: fabric("E_FAIL")},
	{name: "500 after", often: 1, apply: inTime, status: 500, body: htmlPage},
	{name: "502 before", often: 1, status: 502, body: fabric("FABRIC_E_GATEWAY_NOT_REACHABLE")},
	{name: "502 after", often: 1, apply: inTime, status: 502, body: htmlPage},
	{name: "502 and late", often: 1, apply: late, status: 502},
	{name: "503 before", often: 2, status: 503, body: fabric("E_ABORT")},
	{name: "503 after", often: 2, apply: inTime, status: 503},
	{name: "503 and wait", often: 1, status: 503, body: fabric("FABRIC_E_SERVICE_TOO_BUSY"), wait: "3"},
	{name: "504 before", often: 1, status: 504, body: fabric("FABRIC_E_TIMEOUT")},
	{name: "504 after", often: 2, apply: inTime, status: 504, body: fabric("FABRIC_E_TIMEOUT")},
	{name: "504 and late", often: 3, apply: late, status: 504, body: htmlPage},
	{name: "408 after", often: 1, apply: inTime, status: 408, body: htmlPage},
	{name: "429", often: 2, status: 429, body: fabric("FABRIC_E_SERVICE_TOO_BUSY")},
	{name: "429 and wait", often: 2, status: 429, body: fabric("FABRIC_E_SERVICE_TOO_BUSY"), wait: "2"},
	{name: "403", often: 1, status: 403},
	{name: "HTML before", often: 1, status: 200, body: htmlPage},
	{name: "HTML after", often: 1, apply: inTime, status: 200, body: htmlPage},
}

// tardy is a choice of faults after which a late force may do what nobody expects any more:
// it is on its way, and what follows does not get through.
var tardy = []fault{
	{name: "lost and late", often: 4, apply: late, loss: reset},
	{name: "504 and late", often: 2, apply: late, status: 504, body: htmlPage},
	{name: "connection refused", often: 4, loss: refusedDial},
	{name: "429", often: 1, status: 429, body: fabric("FABRIC_E_SERVICE_TOO_BUSY")},
	{name: "403", often: 2, status: 403},
}

// anyOf is one of them, each as often as it says.
func (d dice) anyOf(all []fault) fault {
	n := 0
	for _, f := range all {
		n += f.often
	}
	n = d.IntN(n)
	for _, f := range all {
		if n -= f.often; n < 0 {
			return f
		}
	}
	return untouched // never
}

// fate is everything about one request on the wire that does not depend on the cluster.
type fate struct {
	fault     fault
	out, back time.Duration
	late      time.Duration // after the client got what it gets
	slowly    time.Duration // out, if there is nothing there
	again     time.Duration // until it is sent a second time, 0 for never
}

func (p plan) fate(q *request, d dice) fate {
	f := fate{fault: untouched, out: d.between(50*time.Microsecond, 50*time.Millisecond), back: d.between(50*time.Microsecond, 50*time.Millisecond)}
	f.late = d.between(time.Millisecond, 60*time.Second)
	if q.what == list && q.call.plan.interval == nothing && q.call.waits() {
		f.out = d.between(50*time.Millisecond, 10*time.Second)
	}
	if d.chance(p.slow) {
		f.out = d.between(10*time.Millisecond, 20*time.Second)
	}
	if d.chance(p.slow) {
		f.back = d.between(10*time.Millisecond, 20*time.Second)
	}
	// What fails may take its time: that, and no pause of the client, is what gives an
	// outage the time to end.
	if f.slowly = f.out; d.chance(70) {
		f.slowly = d.between(10*time.Millisecond, 20*time.Second)
	}
	if !d.chance(p.spoilt) {
		return f
	}
	f.fault = d.anyOf(p.faults)
	if f.fault.apply == never {
		f.out = f.slowly
	}
	return f
}

// through is what a gateway in that condition makes of a fate.
func (c condition) through(f fate) fate {
	if c != gateWell {
		f.out = f.slowly
	}
	switch c {
	case serverDown:
		f.fault = fault{name: "the server is down", loss: refusedDial}
	case gateRefuses:
		f.fault = fault{name: "the gateway refuses connections", loss: refusedDial}
	case gate502:
		f.fault = fault{name: "the gateway is cut off", status: 502, body: fabric("FABRIC_E_GATEWAY_NOT_REACHABLE")}
	case gate503:
		f.fault = fault{name: "the gateway is overloaded", status: 503}
	case gateSilent:
		f.fault = fault{name: "the gateway does nothing", loss: hang}
	case gateMute:
		f.fault = fault{name: "the gateway never answers", apply: inTime, loss: hang}
	case gateDeaf:
		f.fault = fault{name: "the gateway takes no connection", loss: hangingDial}
	default:
	}
	return f
}

// roughened is what the rough world makes of a fate.
func (p plan) roughened(f fate, q *request, d dice) fate {
	switch {
	case q.call.plan.swallow == q.n+1:
		f.fault = d.anyOf(silent)
	case p.swallowed > 0 && d.chance(p.swallowed):
		f.fault = d.anyOf(silent)
	}
	f.again = p.replay(q, d)
	return f
}
