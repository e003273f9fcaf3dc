package soak

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/wrapper"
)

func (m *miniature) call(ctx context.Context, id uuid.UUID, asked what) *miniCall {
	return &miniCall{miniature: m, ctx: ctx, id: id, asked: asked, forced: asked == force}
}

// fail ends a call without a verdict.
func (k *miniCall) fail(cause error) (wrapper.Result, error) {
	kind := wrapper.ErrNotSent
	switch {
	case (k.pending || k.unsure || k.copied && !k.wrong.copyIsRefused) && !k.wrong.lostIsFailed:
		kind = wrapper.ErrOutcomeUnknown
	case k.refused || k.pending || k.unsure:
		kind = wrapper.ErrServerRefused
	case k.asked == list:
		kind = wrapper.ErrUnavailable
	}
	if k.wrong.anyContext && k.timedOut != nil {
		cause = k.timedOut
	}
	return wrapper.Result{}, &miniError{kind, cause}
}

func (k *miniCall) result(v wrapper.Verdict, o wrapper.Operation, resolved bool) (wrapper.Result, error) {
	state := o.State
	if k.asked != start && v != wrapper.Finished && v != wrapper.NotFound {
		state = wrapper.StateRollingBack
	}
	return wrapper.Result{OperationID: k.id, Force: k.forced, Verdict: v, State: state, Kind: o.Kind, Resolved: resolved}, nil
}

// over is the verdict on an operation that is not active, if the list agrees.
func (k *miniCall) over() (r wrapper.Result, settled bool, err error) {
	if k.wrong.notFoundIsNever {
		r, err = k.result(wrapper.NotFound, wrapper.Operation{}, false)
		return r, true, err
	}
	o, found, err := k.look()
	switch {
	case err != nil:
		r, err = k.fail(err)
	case !found:
		r, err = k.result(wrapper.NotFound, o, true)
	case o.State.Final():
		r, err = k.result(wrapper.Finished, o, true)
	default:
		return r, false, nil
	}
	return r, true, err
}

func (k *miniCall) graceful() (r wrapper.Result, err error) {
	before, _ := k.known()
	defer func() { r = k.note("graceful", r, err) }()
	for {
		if k.moved {
			if r, settled, err := k.over(); settled {
				return r, err
			}
		}
		a, err := k.cancel(graceful)
		switch {
		case err != nil:
			return k.fail(err)
		case a.class == classDone && before.graceful.IsZero():
			return k.result(wrapper.Accepted, wrapper.Operation{}, false)
		case a.class == classDone:
			return k.result(wrapper.AlreadyStopping, wrapper.Operation{}, false)
		case a.code(wrapper.Code(generated.ErrorCodeInvalidTestCommandState)) && k.wrong.refusedIsAccepted:
			return k.result(wrapper.Accepted, wrapper.Operation{}, false)
		case a.code(wrapper.Code(generated.ErrorCodeInvalidTestCommandState)):
			return k.result(wrapper.AlreadyForced, wrapper.Operation{}, false)
		case a.code(wrapper.Code(generated.ErrorCodeKeyNotFound)):
			if r, settled, err := k.over(); settled {
				return r, err
			}
		case a.class == classAmbiguous && k.wrong.givesUpEarly, !a.again():
			return k.fail(errNo)
		}
	}
}

// Cancel is that of the wrapper, and so are the others.
func (m *miniature) Cancel(ctx context.Context, id uuid.UUID, options wrapper.CancelOptions) (wrapper.Result, error) {
	if options.Timeout != 0 && m.version == generated.APIVersion30 {
		return wrapper.Result{}, &miniError{wrapper.ErrInvalidArgument, errTimed}
	}
	return m.call(ctx, id, graceful).graceful()
}

// Operation reads one operation.
func (m *miniature) Operation(ctx context.Context, id uuid.UUID) (wrapper.Operation, error) {
	k := m.call(ctx, id, list)
	o, _, err := k.look()
	if err != nil {
		_, err = k.fail(err)
	}
	o.ID = id
	return o, err
}

// Operations reads all operations.
func (m *miniature) Operations(ctx context.Context) ([]wrapper.Operation, error) {
	k := m.call(ctx, uuid.UUID{}, list)
	all, err := k.list()
	if err != nil {
		_, err = k.fail(err)
	}
	return all, err
}

// StartDataLoss starts one operation; the others differ only in what they send.
func (m *miniature) StartDataLoss(ctx context.Context, target wrapper.Partition, mode generated.DataLossMode, options wrapper.StartOptions) (wrapper.Result, error) {
	return m.start(ctx, wrapper.KindDataLoss, options, func(k *miniCall, server generated.Base) (*http.Request, error) {
		return generated.NewStartDataLossRequest(k.ctx, server, "shop~orders", target.ID, generated.StartDataLossParams{
			APIVersion: m.version, OperationID: k.id, DataLossMode: mode,
		})
	})
}

// StartQuorumLoss is not what the judge is about here.
func (m *miniature) StartQuorumLoss(ctx context.Context, target wrapper.Partition, mode generated.QuorumLossMode, lasts time.Duration, options wrapper.StartOptions) (wrapper.Result, error) {
	return m.start(ctx, wrapper.KindQuorumLoss, options, func(k *miniCall, server generated.Base) (*http.Request, error) {
		return generated.NewStartQuorumLossRequest(k.ctx, server, "shop~orders", target.ID, generated.StartQuorumLossParams{
			APIVersion: m.version, OperationID: k.id,
			QuorumLossMode: mode, QuorumLossDuration: int(lasts / time.Second),
		})
	})
}

// StartPartitionRestart restarts.
func (m *miniature) StartPartitionRestart(ctx context.Context, target wrapper.Partition, mode generated.RestartPartitionMode, options wrapper.StartOptions) (wrapper.Result, error) {
	return m.start(ctx, wrapper.KindPartitionRestart, options, func(k *miniCall, server generated.Base) (*http.Request, error) {
		return generated.NewStartPartitionRestartRequest(k.ctx, server, "shop~orders", target.ID, generated.StartPartitionRestartParams{
			APIVersion: m.version, OperationID: k.id, RestartPartitionMode: mode,
		})
	})
}

// StartNodeTransition stops a node.
func (m *miniature) StartNodeTransition(ctx context.Context, target wrapper.Node, transition generated.NodeTransitionType, stopFor time.Duration, options wrapper.StartOptions) (wrapper.Result, error) {
	return m.start(ctx, wrapper.KindNodeTransition, options, func(k *miniCall, server generated.Base) (*http.Request, error) {
		return generated.NewStartNodeTransitionRequest(k.ctx, server, target.Name, generated.StartNodeTransitionParams{
			APIVersion: m.version, OperationID: k.id, NodeInstanceID: nodeInstance,
			NodeTransitionType: transition, StopDurationInSeconds: int32(stopFor / time.Second),
		})
	})
}

func (m *miniature) start(ctx context.Context, kind wrapper.Kind, options wrapper.StartOptions, build func(*miniCall, generated.Base) (*http.Request, error)) (wrapper.Result, error) {
	if options.Timeout != 0 && m.version == generated.APIVersion30 {
		return wrapper.Result{}, &miniError{wrapper.ErrInvalidArgument, errTimed}
	}
	k := m.call(ctx, options.OperationID, start)
	own := k.id == uuid.UUID{}
	if own {
		k.id = uuid.New()
	}
	r, err := k.started(kind, own, build)
	return k.note("start", r, err), err
}

func (k *miniCall) started(kind wrapper.Kind, own bool, build func(k *miniCall, server generated.Base) (*http.Request, error)) (wrapper.Result, error) {
	for {
		if k.moved {
			o, found, err := k.look()
			switch {
			case err != nil:
				return k.fail(err)
			case found && o.Kind == kind:
				return k.result(wrapper.Accepted, o, true)
			}
		}
		a, err := k.send(start, http.StatusAccepted, func(server generated.Base) (*http.Request, error) { return build(k, server) })
		switch {
		case err != nil:
			return k.fail(err)
		case a.class == classDone:
			return k.result(wrapper.Accepted, wrapper.Operation{Kind: kind, State: wrapper.StateRunning}, false)
		case a.code(wrapper.Code(generated.ErrorCodeTestCommandOperationIDAlreadyExists)) || a.code(wrapper.Code(generated.ErrorCodeNodeTransitionInProgress)):
			if k.wrong.copyIsRefused && !k.pending {
				return k.fail(errNo)
			}
			return k.exists(kind, own, a)
		case !a.again():
			return k.fail(errNo)
		}
	}
}

// exists is the end of a start that is refused: by one that was lost, by its own copy, or
// by somebody else's.
func (k *miniCall) exists(kind wrapper.Kind, own bool, a miniAnswer) (wrapper.Result, error) {
	o, found, err := k.look()
	switch {
	case err != nil:
		return k.fail(err)
	case found && (o.Kind == kind || k.wrong.anyKind) && (k.pending || own || k.wrong.ownsStart):
		return k.result(wrapper.Accepted, wrapper.Operation{Kind: kind, State: o.State}, true)
	case found && (o.Kind == kind || k.wrong.anyKind):
		return k.result(wrapper.AlreadyStarted, wrapper.Operation{Kind: kind, State: o.State}, true)
	}
	// A copy of it would be there, unless it is over and forgotten.
	k.copied = !found && a.code(wrapper.Code(generated.ErrorCodeTestCommandOperationIDAlreadyExists))
	return k.fail(errNo)
}
