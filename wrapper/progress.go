package wrapper

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/hresult"
	"github.com/sfcancel/sfcancel/internal/opdecode"
)

// address is the target in the path of a progress request, as the start named it. The zero value is none.
type address struct {
	kind   Kind
	target string // as Entry.Target has it
}

// address is that of a target, of which the kind may be missing.
func (t Target) address() address {
	switch {
	case t.Node.Name != "":
		return address{t.Kind, t.Node.Name}
	case t.Partition != Partition{}:
		return address{t.Kind, t.Partition.name()}
	default:
		return address{t.Kind, ""}
	}
}

// parse is the target at an address; false if it is none that can be asked.
func (at address) parse() (Target, bool) {
	t, name := Target{Kind: at.kind}, at.target
	if at.kind == KindNodeTransition {
		t.Node.Name = name
	} else {
		space := max(strings.LastIndexByte(name, ' '), 0)
		id, err := uuid.Parse(strings.TrimPrefix(name[space:], " "))
		if err != nil {
			return Target{}, false
		}
		name = name[:space]
		t.Partition = Partition{name, id}
	}
	return t, kindBit(at.kind) != 0 && checkTarget(name) == nil
}

// anywhere returns an address for an operation whose kind is known, but not its target. A server finds an
// operation by its id and ignores the target (runtime §1.4).
func anywhere(kind Kind) address {
	if kind == KindNodeTransition {
		return Target{Kind: kind, Node: Node{Name: "unknown"}}.address()
	}
	return Target{Kind: kind, Partition: Partition{Service: "unknown"}}.address()
}

// told is what a progress said beside the state.
type told struct {
	by address // where it was asked for
	opdecode.Result
}

// cause is why the operation ended.
func (b belief) cause() Cause {
	if b.told == nil || b.told.ErrorCode == 0 {
		return Cause{}
	}
	return Cause{b.told.ErrorCode, Code(hresult.Name(b.told.ErrorCode))}
}

// target is what the operation works on: what the cluster told, or else what was started.
func (b belief) target() Target {
	t, _ := b.where.parse()
	if b.kind != "" && t.Kind != b.kind { // of another life of the id
		t = Target{Kind: b.kind}
	}
	switch {
	case b.told == nil:
	case b.told.Node != "":
		t.Node = Node{b.told.Node, b.told.NodeInstance}
	case b.told.Partition != uuid.UUID{}, t.Partition == Partition{}: // all zeros is one that was not found
		t.Partition = Partition{b.told.Service, b.told.Partition}
	}
	if t.address().target == "" {
		return Target{}
	}
	return t
}

// aim has the operation of the call asked for at a target, unless that is the zero value.
func (k *call) aim(at Target) error {
	if at == (Target{}) {
		return nil
	}
	if _, ok := at.address().parse(); !ok {
		return k.fail(ErrInvalidArgument, errNoTarget)
	}
	where := at.address()
	k.at, k.known.where = &where, where
	return nil
}

var errNoTarget = errors.New("the target needs its kind, and the service and partition or the node")

// Progress returns the state of an operation of any kind, with its cause and its target. The target argument is
// what the caller knows of it. If it is the zero value or has only a kind, Progress takes the target from the ledger,
// and the kind from the list, which is one more request. A server that also checks the target then tells only the
// state.
//
// Progress is retried and recorded in the ledger like [Client.Operation]. If the cluster does not know the
// operation, the result is not [Operation.Found]. The error is an [*Error]: those of [Client.Operation], or
// [ErrInvalidArgument] for an incomplete target.
func (c *Client) Progress(ctx context.Context, id uuid.UUID, target Target) (Progress, error) {
	k, err := c.newCall("progress", id, "", 0)
	if err != nil {
		return Progress{}, err
	}
	if k.known.kind = target.Kind; target != (Target{Kind: target.Kind}) {
		if err := k.aim(target); err != nil {
			return Progress{}, err
		}
	}
	op, err := k.readOne(ctx, func(ctx context.Context) (Operation, bool, error) {
		_ = k.learn(ctx) // without it the list tells the kind
		return k.inform(ctx)
	})
	if err != nil || !op.Found() {
		return Progress{Operation: op}, err
	}
	return Progress{Operation: op, Cause: k.known.cause(), Target: k.known.target()}, nil
}

// inform finds out what there is to know of the operation: from its progress, asked for where it is known to be
// or else anywhere, and from the list where that shows nothing, which tells the kind.
func (k *call) inform(ctx context.Context) (op Operation, found bool, err error) {
	at := k.known.where
	if _, ok := at.parse(); !ok {
		at = anywhere(k.known.kind)
	}
	for listed := (Operation{}); ; at = anywhere(listed.Kind) {
		_, again := at.parse()
		for again && (k.left() > 2 || listed.Found() && k.left() > 0) { // a list and one more may have to follow
			op, found, err := k.ask(ctx, at)
			if found {
				return op, true, nil
			}
			last := k.spent.latest() // an operation of another kind is a failed cast, which is a 500 (runtime §6)
			again = err == nil && retryable(last) && last.Status != http.StatusInternalServerError
		}
		if listed.Found() {
			return listed, true, nil
		}
		listed, found, err = k.find(ctx)
		if err != nil || !found || listed.Kind == at.kind {
			return listed, found, err
		}
	}
}

// progress asks once for the operation of the call where it is known to be. A server finds it by its id,
// whether it is over or not, and shows it at the address of its kind alone, so that a success proves what a
// list would (runtime §1.4). Anything else proves nothing, because the address may be of an
// earlier life of the id, or of a server that goes by more than the id: found is false, and the list
// has to tell. The error is why nothing may be sent any more.
func (k *call) progress(ctx context.Context) (op Operation, found bool, err error) {
	if k.left() < 2 { // a list may have to follow
		return Operation{}, false, nil
	}
	return k.ask(ctx, k.known.where)
}

// ask is progress at some address. Where there is none to ask, it asks nothing.
func (k *call) ask(ctx context.Context, at address) (op Operation, found bool, err error) {
	target, ok := at.parse()
	if !ok {
		return Operation{}, false, nil
	}
	if err := k.ready(ctx); err != nil {
		return Operation{}, false, err
	}
	k.known.told = &told{by: at}
	var came opdecode.Progress
	a := k.send(ctx, purposeRead, success{http.StatusOK, func(body io.Reader, shown func(string) string) (err error) {
		came, err = opdecode.ReadProgress(body, shown)
		return err
	}}, target.request)
	if a.class != classDone {
		return Operation{}, false, nil
	}
	op = Operation{ID: k.id, Kind: at.kind, State: State(came.State)}
	k.see(ctx, op, true)
	k.known.told.Result = came.Result
	return op, true, nil
}

func (t Target) request(ctx context.Context, k *call, s sending) (*http.Request, error) {
	service, partition := t.Partition.serviceID(k.version), t.Partition.ID
	switch t.Kind {
	case KindDataLoss:
		return generated.NewGetDataLossProgressRequest(ctx, s.to, service, partition,
			generated.GetDataLossProgressParams{APIVersion: k.version, OperationID: k.id, Timeout: s.timeout})
	case KindQuorumLoss:
		return generated.NewGetQuorumLossProgressRequest(ctx, s.to, service, partition,
			generated.GetQuorumLossProgressParams{APIVersion: k.version, OperationID: k.id, Timeout: s.timeout})
	case KindPartitionRestart:
		return generated.NewGetPartitionRestartProgressRequest(ctx, s.to, service, partition,
			generated.GetPartitionRestartProgressParams{APIVersion: k.version, OperationID: k.id, Timeout: s.timeout})
	default:
		return generated.NewGetNodeTransitionProgressRequest(ctx, s.to, t.Node.Name,
			generated.GetNodeTransitionProgressParams{APIVersion: k.version, OperationID: k.id, Timeout: s.timeout})
	}
}

// explain adds the cause and the target to a result. It reads the progress of a Faulted operation if the
// target is known and was not asked yet. The verdict does not depend on it.
func (k *call) explain(ctx context.Context, r *Result) {
	switch {
	case r.Verdict == NotFound:
		return
	case k.starts != "": // what exists already may have another target
		if r.Verdict == Accepted {
			r.Target, _ = address{k.starts, k.target}.parse()
		}
		return
	case r.State == StateFaulted && (k.known.told == nil || k.known.told.by != k.known.where) && k.left() > 0:
		if op, _, _ := k.ask(ctx, k.known.where); op.State != r.State { // it was used again meanwhile
			k.known.told = nil
		}
		r.Attempts = slices.Clip(k.spent.attempts)
	}
	r.Cause, r.Target = k.known.cause(), k.known.target()
}
