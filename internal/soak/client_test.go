package soak

import (
	"context"
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
