package soak

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/wrapper"
)

// canceller is what a run drives: the wrapper, or one that takes its place.
type canceller interface {
	Cancel(ctx context.Context, id uuid.UUID, options wrapper.CancelOptions) (wrapper.Result, error)
	ForceCancel(ctx context.Context, id uuid.UUID, options wrapper.ForceOptions) (wrapper.Result, error)
	StartDataLoss(ctx context.Context, target wrapper.Partition, mode generated.DataLossMode, options wrapper.StartOptions) (wrapper.Result, error)
	StartQuorumLoss(ctx context.Context, target wrapper.Partition, mode generated.QuorumLossMode, lasts time.Duration, options wrapper.StartOptions) (wrapper.Result, error)
	StartPartitionRestart(ctx context.Context, target wrapper.Partition, mode generated.RestartPartitionMode, options wrapper.StartOptions) (wrapper.Result, error)
	StartNodeTransition(ctx context.Context, target wrapper.Node, transition generated.NodeTransitionType, stopFor time.Duration, options wrapper.StartOptions) (wrapper.Result, error)
	Operation(ctx context.Context, id uuid.UUID) (wrapper.Operation, error)
	Operations(ctx context.Context) ([]wrapper.Operation, error)
}

// waiter is a canceller that also sees things to their end. The miniature does not.
type waiter interface {
	canceller
	Wait(ctx context.Context, id uuid.UUID, options wrapper.WaitOptions) (wrapper.Result, error)
	Watch(ctx context.Context, id uuid.UUID, options wrapper.WaitOptions) iter.Seq2[wrapper.Operation, error]
	Stop(ctx context.Context, id uuid.UUID, options wrapper.StopOptions) (wrapper.Result, error)
	CancelAll(ctx context.Context, which wrapper.Selector, options wrapper.CancelAllOptions) iter.Seq2[wrapper.Result, error]
}

// maker makes a canceller of a client's plan.
type maker func(c clientPlan, h *http.Client, ledger wrapper.Ledger) (canceller, error)

func makeWrapper(c clientPlan, h *http.Client, ledger wrapper.Ledger) (canceller, error) {
	var more []string
	for _, gate := range c.endpoints[1:] {
		if c.several {
			more = append(more, endpoint(gate))
		}
	}
	var named []wrapper.Option
	if c.name != "" {
		named = append(named, wrapper.WithCluster(c.name))
	}
	return wrapper.New(endpoint(c.endpoints[0]), wrapper.WithEndpoints(more...), wrapper.Options(named...),
		wrapper.WithHTTPClient(h), wrapper.WithLedger(ledger),
		wrapper.WithAPIVersion(c.version), wrapper.WithForcePolicy(c.policy),
		// Pauses come from the wire, where a seed governs them.
		wrapper.WithRetry(wrapper.Retry{
			MaxAttempts: c.attempts, AttemptTimeout: c.each, Burst: c.burst, Rate: c.rate, Base: 1, BusyBase: 1, Cap: 1,
		}))
}

func endpoint(gate int) string { return fmt.Sprintf("http://gw%d:19080", gate) }

// call is one call of a client, and everything that the judge is told of it.
type call struct {
	n        int // in the run
	client   int
	made     clientPlan
	home     *cluster
	plan     callPlan
	policy   wrapper.ForcePolicy
	requests []*request
	ledger   dealing

	began, ended time.Duration
	deadline     time.Duration // 0 for none
	ctxErr       error         // at the end
	ctxEnded     time.Duration // when it was cancelled, if it was

	result wrapper.Result
	read   []wrapper.Operation // by a read
	err    error

	watched []wrapper.State // what a Watch yielded

	parts   []*call // of a CancelAll, one an operation
	yielded int
}

// count is how many requests of the call were about an operation.
func (k *call) count(op int) (n int) {
	for _, q := range k.requests {
		if q.op == op {
			n++
		}
	}
	return n
}

// invalid says that the call makes no sense as it stands: 3.0 has no timeout.
func (k *call) invalid() bool {
	timed := k.plan.do == deedCancel || k.plan.do == deedForce || k.plan.do == deedStart || k.plan.do == deedStop
	return timed && k.plan.timeout != 0 && k.made.version == generated.APIVersion30
}

// make makes the call.
func (k *call) make(ctx context.Context, c canceller, o operationPlan) {
	p := k.plan
	switch p.do {
	case deedCancel:
		k.result, k.err = c.Cancel(ctx, o.id, wrapper.CancelOptions{Timeout: p.timeout})
	case deedForce:
		k.result, k.err = c.ForceCancel(ctx, o.id, wrapper.ForceOptions{Timeout: p.timeout, Policy: p.policy})
	case deedStart:
		k.result, k.err = k.start(ctx, c, o)
	case deedRead:
		one, err := c.Operation(ctx, o.id)
		k.read, k.err = []wrapper.Operation{one}, err
	case deedList:
		k.read, k.err = c.Operations(ctx)
	case deedWait:
		k.result, k.err = c.(waiter).Wait(ctx, o.id, wrapper.WaitOptions{Interval: p.interval})
	case deedWatch:
		k.watch(o.id, c.(waiter).Watch(ctx, o.id, wrapper.WaitOptions{Interval: p.interval}))
	case deedStop:
		k.result, k.err = c.(waiter).Stop(ctx, o.id, wrapper.StopOptions{
			Grace: p.grace, Interval: p.interval, NeverForce: p.gentle, Timeout: p.timeout,
		})
	default: // a CancelAll is made of calls
	}
}

// watch takes what a Watch yields: states, and then an error or nothing. That there is no
// such operation is the last of them there, and a verdict elsewhere.
func (k *call) watch(id uuid.UUID, states iter.Seq2[wrapper.Operation, error]) {
	k.result = wrapper.Result{OperationID: id, Verdict: wrapper.Finished}
	for op, err := range states {
		if err != nil {
			k.err, k.result = err, wrapper.Result{}
			break
		}
		if !op.Found() {
			k.result = wrapper.Result{OperationID: id, Verdict: wrapper.NotFound}
			continue
		}
		k.watched, k.result.State, k.result.Kind = append(k.watched, op.State), op.State, op.Kind
	}
}

// instead is what a canceller is asked that cannot wait.
func (p callPlan) instead() callPlan {
	switch p.do {
	case deedWait, deedWatch:
		p.do = deedRead
	case deedStop:
		p.do = deedForce
	case deedAll:
		p.do = deedList
	default:
	}
	return p
}

func (k *call) start(ctx context.Context, c canceller, o operationPlan) (wrapper.Result, error) {
	options := wrapper.StartOptions{OperationID: o.id, Timeout: k.plan.timeout} // without an id the call makes one
	target := wrapper.Partition{Service: "fabric:/shop/orders", ID: uuid.UUID{1}}
	switch k.plan.kind {
	case wrapper.KindQuorumLoss:
		return c.StartQuorumLoss(ctx, target, "AllReplicas", 5*time.Second, options)
	case wrapper.KindPartitionRestart:
		return c.StartPartitionRestart(ctx, target, "AllReplicasOrInstances", options)
	case wrapper.KindNodeTransition:
		return c.StartNodeTransition(ctx, wrapper.Node{Name: o.node, Instance: 17}, "Stop", 600*time.Second, options)
	default:
		return c.StartDataLoss(ctx, target, "PartialDataLoss", options)
	}
}

// evidence is an answer that proves something of an operation.
type evidence struct {
	at       time.Duration
	call     *call // that got it
	life     int   // of the id, of which alone it proves anything
	graceful bool  // of a graceful cancel
	force    bool  // of a force alone; neither: RollingBack was seen
	forced   bool  // that a force is in effect
}

// evidence is all that the clients with the ledger of this call were told of its cluster.
// What they were told of another cluster proves nothing, whatever the id.
func (j *judge) evidence(op int) (all []evidence) {
	for _, k := range j.calls {
		if !k.shares(j.call) {
			continue
		}
		for _, q := range k.requests {
			if s, ok := q.shows(op); ok && s.state == wrapper.StateRollingBack {
				all = append(all, evidence{at: q.gotAt, call: k, life: s.life})
			}
			if q.op == op && q.what == force && q.class() == classDone {
				all = append(all, evidence{at: q.gotAt, call: k, life: q.life, force: true, forced: true})
			}
			if q.op != op || q.what != graceful {
				continue
			}
			// A graceful cancel is refused so while a force is in effect, which only a graceful
			// cancel, or a failure that the documents take for one, makes possible.
			if refused := q.refusedWith(wrapper.Code(generated.ErrorCodeInvalidTestCommandState)); refused || q.class() == classDone {
				all = append(all, evidence{at: q.gotAt, call: k, life: q.life, graceful: true, forced: refused})
			}
		}
	}
	return all
}

// shares says that two calls have one ledger and are about one cluster.
func (k *call) shares(other *call) bool {
	return k.made.ledger == other.made.ledger && k.home == other.home
}

// behind is how much older evidence looks to this call than it is, because the clock of who
// noted it is behind: that much of a grace may be missing. A clock that is ahead makes
// nothing look as if it were still to come: a grace begins at the latest when the call
// learns of what it counts from.
func (j *judge) behind(e evidence) time.Duration {
	return max(j.call.made.shift-e.call.made.shift, 0)
}

// doneBy says whether the cluster had carried such a request out by then, anybody's.
func (c *cluster) doneBy(op int, w what, at time.Duration) bool {
	for _, e := range c.did {
		if e.op == op && e.what == w && e.at <= at {
			return true
		}
	}
	return false
}

// sawBy says whether the operation stood so at an instant before.
func (c *cluster) sawBy(op int, state wrapper.State, at time.Duration) bool {
	for _, s := range c.seen {
		if s.op == op && s.state == state && s.at <= at {
			return true
		}
	}
	return false
}

// ledger is a ledger as one client reaches it: with the clock of its machine, over a way on
// which single calls fail, hang until their context ends, or lose their answer.
type ledger struct {
	run    *run
	client int
	shift  time.Duration // how far the clock of the client is ahead
	to     *wrapper.MemoryLedger
}

// noted is an entry that got into a ledger, with the true time.
type noted struct {
	ledger int
	call   *call // whose it is
	entry  wrapper.Entry
}

// trouble is what happens to one call of a ledger.
type trouble string

const (
	ledgerFails  trouble = "fails"
	ledgerHangs  trouble = "hangs"
	ledgerForgot trouble = "loses its answer"
	ledgerLate   trouble = "hangs after it is done"
)

var errLedger = errors.New("the ledger cannot be reached")

func planLedgers(p *plan, d dice, _ bool) { p.ledgerFails = pick(d, 5, 20, 50) }

// dealing is what the ledgers had to do with one call.
type dealing struct {
	calls   int
	unread  bool          // it could not be read once
	unnoted bool          // it did not say once that an entry was noted
	missing bool          // and the entry was not
	held    time.Duration // how long it held up the call
	read    bool          // it could be read once
	forces  bool          // it has taken an entry that a force is about to be sent
}

// held is how long the ledger held up the call, and the calls that it is made of.
func (k *call) held() time.Duration {
	all := k.ledger.held
	for _, part := range k.parts {
		all += part.ledger.held
	}
	return all
}

// failed says that the call had a reason to send no force.
func (d dealing) failed() bool { return d.unread || d.unnoted }

// trouble draws what happens to a call of the ledger, by the call of the client that makes it.
func (l ledger) trouble(ctx context.Context, writes bool) (*call, trouble) {
	k, _ := ctx.Value(callKey{}).(*call)
	percent := l.run.plan.ledgerFails
	if k == nil || percent == 0 {
		return k, ""
	}
	l.run.mu.Lock()
	defer l.run.mu.Unlock()
	d := newDice(l.run.seed, 12, uint64(k.n), uint64(k.ledger.calls))
	k.ledger.calls++
	if !d.chance(percent) {
		return k, ""
	}
	t := pick(d, ledgerFails, ledgerFails, ledgerHangs, ledgerForgot, ledgerLate)
	k.ledger.unread = k.ledger.unread || !writes
	k.ledger.unnoted = k.ledger.unnoted || writes
	k.ledger.missing = k.ledger.missing || writes && (t == ledgerFails || t == ledgerHangs)
	l.run.happens = append(l.run.happens, happening{l.run.now(), "%s: the ledger %s (to note: %v)", []any{k, t, writes}})
	return k, t
}

// fail ends a call of the ledger as its trouble says.
func (l ledger) fail(ctx context.Context, k *call, t trouble) error {
	if t == ledgerFails || t == ledgerForgot {
		return errLedger
	}
	from := l.run.now()
	<-ctx.Done()
	l.run.mu.Lock()
	k.ledger.held += l.run.now() - from
	l.run.mu.Unlock()
	return ctx.Err()
}

// Append implements [wrapper.Ledger].
func (l ledger) Append(ctx context.Context, e wrapper.Entry) error {
	k, t := l.trouble(ctx, true)
	if t == ledgerFails || t == ledgerHangs {
		return l.fail(ctx, k, t)
	}
	l.run.mu.Lock()
	l.run.noted = append(l.run.noted, noted{l.run.plan.clients[l.client].ledger, k, e})
	l.run.mu.Unlock()
	e.Time = e.Time.Add(l.shift)
	if err := l.to.Append(ctx, e); err != nil {
		return err
	}
	if t != "" {
		return l.fail(ctx, k, t)
	}
	if k != nil && e.Action == "force" {
		k.ledger.forces = true
	}
	return nil
}

// Entries implements [wrapper.Ledger].
func (l ledger) Entries(ctx context.Context, id uuid.UUID) ([]wrapper.Entry, error) {
	k, t := l.trouble(ctx, false)
	if t != "" {
		return nil, l.fail(ctx, k, t)
	}
	if k != nil {
		k.ledger.read = true
	}
	all, err := l.to.Entries(ctx, id)
	for n := range all {
		all[n].Time = all[n].Time.Add(-l.shift)
	}
	return all, err
}
