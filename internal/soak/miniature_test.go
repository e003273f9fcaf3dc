package soak

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/wrapper"
)

// miniature is a small canceller of its own. It is right, unless a switch makes it
// wrong: the judge has to let the first through, and to catch every other.
type miniature struct {
	clientPlan
	http   *http.Client
	ledger wrapper.Ledger
	wrong  wrong
}

func makeMiniature(w wrong) maker {
	return func(c clientPlan, h *http.Client, ledger wrapper.Ledger) (canceller, error) {
		return &miniature{clientPlan: c, http: h, ledger: ledger, wrong: w}, nil
	}
}

// miniCall is one call of it.
type miniCall struct {
	*miniature
	ctx      context.Context
	id       uuid.UUID
	n, gate  int
	wait     time.Duration
	asked    what
	pending  bool  // a force or a start may be, or come to be, in effect
	unsure   bool  // the same of a graceful cancel
	copied   bool  // what was refused may be a copy of what was carried out
	moved    bool  // to another gateway, after a write was lost: read there first
	timedOut error // of the last request that brought no answer
	stopping bool
	refused  bool // what was asked for, by a server
	forced   bool // asks whether a force is wanted, for the result
}

type miniError struct{ kind, cause error }

func (e *miniError) Error() string   { return e.kind.Error() + ": " + e.cause.Error() }
func (e *miniError) Unwrap() []error { return []error{e.kind, e.cause} }

var (
	errStop  = errors.New("no more requests")
	errNo    = errors.New("the server says no")
	errTimed = errors.New("3.0 has no timeout")
)

type miniAnswer struct {
	class  class
	status int
	body   []byte
}

func (a miniAnswer) code(c wrapper.Code) bool {
	return a.class == classRefused && strings.Contains(string(a.body), `"`+string(c)+`"`)
}

// mayBeCopy says that the request itself, carried out before, explains the refusal.
func (a miniAnswer) mayBeCopy() bool {
	return a.code(wrapper.Code(generated.ErrorCodeTestCommandOperationIDAlreadyExists)) || a.code(wrapper.Code(generated.ErrorCodeNodeTransitionInProgress)) ||
		a.code(wrapper.Code(generated.ErrorCodeInvalidTestCommandState)) || a.code(wrapper.Code(generated.ErrorCodeKeyNotFound))
}

func (a miniAnswer) again() bool {
	return a.class == classNotSent || a.class == classAmbiguous || a.status == http.StatusTooManyRequests
}

// send makes one request, if one more may be made.
func (k *miniCall) send(w what, wanted int, build func(server generated.Base) (*http.Request, error)) (a miniAnswer, err error) {
	if k.n++; k.n > k.attempts || k.ctx.Err() != nil {
		return a, errStop
	}
	if until, ok := k.ctx.Deadline(); ok && time.Until(until) <= k.wait {
		return a, errStop
	}
	select {
	case <-k.ctx.Done():
		return a, errStop
	case <-time.After(k.wait):
	}
	k.wait = 0
	server, err := generated.ParseBase(endpoint(k.endpoints[k.gate]))
	if err != nil {
		return a, err
	}
	r, err := build(server)
	if err != nil {
		return a, err
	}
	a = k.carry(r, w, wanted)
	lost := a.class == classAmbiguous
	if w == graceful && (lost || a.class == classDone) {
		k.unsure = lost
	}
	k.pending = k.pending || lost && (w == force || w == start)
	k.refused = k.refused || w == k.asked && a.class == classRefused
	k.copied = k.copied || w == k.asked && a.mayBeCopy()
	if a.status == 0 && !k.wrong.stays || lost && k.wrong.elsewhere {
		k.gate = (k.gate + 1) % len(k.endpoints)
		k.moved = (k.moved || lost && w != list || k.pending || k.unsure) && len(k.endpoints) > 1 && !k.wrong.elsewhere
	}
	return a, nil
}

// limit is how long one request may take: a part of what is left, so that a silence does
// not take it all.
func (k *miniCall) limit() time.Duration {
	const longest = 65 * time.Second
	if until, ok := k.ctx.Deadline(); ok && !k.wrong.patient {
		return min(longest, max(time.Until(until)/4, 2*time.Second))
	}
	return longest
}

func (k *miniCall) carry(r *http.Request, w what, wanted int) (a miniAnswer) {
	a.class = classAmbiguous
	ctx, cancel := context.WithTimeout(k.ctx, k.limit())
	defer cancel()
	dialled, connected := false, false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { dialled = true },
		GotConn: func(httptrace.GotConnInfo) { connected = true },
	})
	response, err := k.http.Do(r.WithContext(ctx))
	if err != nil {
		if k.timedOut = err; dialled && !connected {
			a.class = classNotSent
		}
		return a
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	a.status = response.StatusCode
	a.body, err = io.ReadAll(response.Body)
	seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
	k.wait = time.Duration(seconds) * time.Second
	clean := len(a.body) == 0 || w == list && json.Valid(a.body) || k.wrong.trustBodies
	switch {
	case err == nil && a.status == wanted && clean:
		a.class = classDone
	case err == nil && a.status >= 300 && a.status < 500 && a.status != http.StatusRequestTimeout:
		a.class = classRefused
	}
	return a
}

// cancel sends one Cancel.
func (k *miniCall) cancel(w what) (miniAnswer, error) {
	a, err := k.send(w, http.StatusOK, func(server generated.Base) (*http.Request, error) {
		return generated.NewCancelOperationRequest(k.ctx, server, generated.CancelOperationParams{
			APIVersion: k.version, OperationID: k.id, Force: w == force,
		})
	})
	k.stopping = k.stopping || a.class == classDone
	return a, err
}

// list reads all operations, until an answer is definite.
func (k *miniCall) list() ([]wrapper.Operation, error) {
	for {
		a, err := k.send(list, http.StatusOK, func(server generated.Base) (*http.Request, error) {
			return generated.NewGetFaultOperationListRequest(k.ctx, server, generated.GetFaultOperationListParams{
				APIVersion: k.version, TypeFilter: 65535, StateFilter: 65535,
			})
		})
		switch {
		case err != nil:
			return nil, err
		case a.class == classDone:
			var listed []struct {
				OperationID uuid.UUID `json:"OperationId"`
				Type        wrapper.Kind
				State       wrapper.State
			}
			if err := json.Unmarshal(a.body, &listed); err != nil {
				return nil, err
			}
			var all []wrapper.Operation
			for _, o := range listed {
				all = append(all, wrapper.Operation{ID: o.OperationID, Kind: o.Type, State: o.State})
			}
			return all, nil
		case !a.again():
			return nil, errNo
		}
	}
}

// look finds the operation of the call in the list.
func (k *miniCall) look() (o wrapper.Operation, found bool, err error) {
	all, err := k.list()
	for _, one := range all {
		if one.ID == k.id {
			o, found = one, true
		}
	}
	k.moved = k.moved && err != nil
	k.copied = k.copied && o.State != wrapper.StateRunning // which no force lets it be
	if o.State == wrapper.StateRollingBack {
		k.stopping = true
		_ = k.append("seen", "", "", o.State)
	}
	return o, found, err
}

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

// ForceCancel asks the policy, and then forces.
func (m *miniature) ForceCancel(ctx context.Context, id uuid.UUID, options wrapper.ForceOptions) (wrapper.Result, error) {
	if options.Timeout != 0 && m.version == generated.APIVersion30 {
		return wrapper.Result{}, &miniError{wrapper.ErrInvalidArgument, errTimed}
	}
	k := m.call(ctx, id, force)
	known, err := k.known()
	if err != nil && !m.wrong.noLedger {
		r, _, err := k.refuse()
		return r, err
	}
	policy := options.Policy
	if policy == nil {
		policy = m.policy
	}
	if r, over, err := k.allowed(policy, known); over {
		return r, err
	}
	if err := k.append("force", "intent", "", ""); err != nil && !m.wrong.noLedger {
		r, _, err := k.refuse()
		return r, err
	}
	r, err := k.force()
	return k.note("force", r, err), err
}

func (k *miniCall) refuse() (wrapper.Result, bool, error) {
	return wrapper.Result{}, true, &miniError{wrapper.ErrForceRefused, errNo}
}

// allowed returns when the force may go out, or ends the call.
func (k *miniCall) allowed(policy wrapper.ForcePolicy, known proofs) (r wrapper.Result, over bool, err error) {
	since := known.graceful
	if k.wrong.noEvidence {
		return r, false, nil
	}
	switch p := policy.(type) {
	case wrapper.RequireGraceful:
		if since.IsZero() {
			since = known.rolling
		}
		if since.IsZero() || time.Since(since) < p.MinGrace {
			return k.refuse()
		}
	case wrapper.GracefulFirst:
		if since.IsZero() {
			k.asked = graceful
			r, err := k.graceful()
			k.asked, k.refused = force, false
			if err != nil || r.Verdict != wrapper.Accepted {
				return r, true, err
			}
			since = time.Now()
		}
		left := time.Until(since.Add(p.Grace))
		if until, ok := k.ctx.Deadline(); ok && time.Until(until) <= left {
			return k.refuse()
		}
		select {
		case <-k.ctx.Done():
			return k.refuse()
		case <-time.After(left):
		case <-after(k.wrong.noGrace):
		}
	}
	return r, false, nil
}

// after is now, or never.
func after(now bool) <-chan time.Time {
	if now {
		return time.After(0)
	}
	return nil
}

func (k *miniCall) force() (wrapper.Result, error) {
	known, _ := k.known()
	forced := known.forced && !k.wrong.ownsForce
	k.stopping = k.stopping || known.stopping()
	next := force
	for {
		if k.moved {
			if r, settled, err := k.over(); settled {
				return r, err
			}
			if next = force; k.stopping {
				next = graceful
			}
		}
		a, err := k.cancel(next)
		lost := a.class == classAmbiguous
		switch {
		case err != nil:
			return k.fail(err)
		case a.class == classDone && next == force && forced:
			return k.result(wrapper.AlreadyForced, wrapper.Operation{}, false)
		case a.class == classDone && next == force:
			return k.result(wrapper.Accepted, wrapper.Operation{}, false)
		case k.wrong.ignoresProbe && next == graceful && !a.again():
			return k.result(wrapper.Accepted, wrapper.Operation{}, true)
		case a.class == classDone:
			_ = k.append("graceful", "done", wrapper.Accepted, wrapper.StateRollingBack)
			// It has not landed yet, and may do so any time.
			k.pending, next = k.pending && !k.wrong.forgetsLate, force
		case next == graceful && a.code(wrapper.Code(generated.ErrorCodeInvalidTestCommandState)):
			if (k.pending || k.copied && !k.wrong.modest) && !forced {
				return k.result(wrapper.Accepted, wrapper.Operation{}, true)
			}
			return k.result(wrapper.AlreadyForced, wrapper.Operation{}, true)
		case a.code(wrapper.Code(generated.ErrorCodeKeyNotFound)):
			if r, settled, err := k.over(); settled {
				return r, err
			}
		case next == force && lost && (k.wrong.blind || k.wrong.elsewhere):
		case next == force && k.pending && k.stopping && (lost || a.code(wrapper.Code(generated.ErrorCodeInvalidTestCommandState))):
			next = graceful
		case next == force && (lost || a.code(wrapper.Code(generated.ErrorCodeInvalidTestCommandState))):
			o, found, err := k.look()
			switch {
			case err != nil:
				return k.fail(err)
			case !found:
				return k.result(wrapper.NotFound, o, true)
			case o.State.Final():
				return k.result(wrapper.Finished, o, true)
			case o.State == wrapper.StateRollingBack:
				next = graceful
			case !lost:
				return k.fail(errNo)
			}
		case !a.again():
			return k.fail(errNo)
		}
	}
}

// proofs are what the ledger of a miniature proves of this life of an id in this cluster.
type proofs struct {
	graceful, rolling time.Time
	forced            bool
}

func (p proofs) stopping() bool { return !p.graceful.IsZero() || !p.rolling.IsZero() || p.forced }

// known reads the ledger.
func (k *miniCall) known() (p proofs, err error) {
	ctx, cancel := k.briefly(k.ctx)
	defer cancel()
	entries, err := k.ledger.Entries(ctx, k.id)
	for _, e := range entries {
		if e.Cluster != k.name() && !k.wrong.anyCluster {
			continue
		}
		if now := time.Now(); e.Time.After(now) && !k.wrong.fromFuture {
			e.Time = now // by a clock that is ahead
		}
		begins := e.Action == "start" && e.Verdict == wrapper.Accepted && !k.wrong.startIsNoLife
		ends := e.Verdict == wrapper.Finished || e.Verdict == wrapper.NotFound
		switch {
		case (begins || ends) && !k.wrong.anyLife:
			p = proofs{}
		case e.Action == "graceful" && inEffect(e.Verdict):
			p.graceful = earlier(p.graceful, e.Time)
		case e.Action == "seen":
			p.rolling = earlier(p.rolling, e.Time)
		}
		p.forced = p.forced || inEffect(e.Verdict) && (e.Action == "force" || e.Verdict == wrapper.AlreadyForced)
	}
	return p, err
}

// earlier of two times, of which the first is zero if there is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// note puts the end of the call into the ledger, and into the result if it could not.
func (k *miniCall) note(a wrapper.Action, r wrapper.Result, failed error) wrapper.Result {
	outcome := wrapper.EntryOutcome("done")
	switch {
	case errors.Is(failed, wrapper.ErrNotSent):
		outcome = "not sent"
	case errors.Is(failed, wrapper.ErrServerRefused) || failed != nil && k.wrong.notesRefused:
		outcome = "refused"
	case failed != nil:
		outcome = "unknown"
	}
	if err := k.append(a, outcome, r.Verdict, r.State); failed == nil {
		r.LedgerErr = err
	}
	return r
}

func (k *miniCall) append(a wrapper.Action, o wrapper.EntryOutcome, v wrapper.Verdict, s wrapper.State) error {
	ctx, cancel := k.briefly(context.WithoutCancel(k.ctx))
	defer cancel()
	return k.ledger.Append(ctx, wrapper.Entry{Time: time.Now(), OperationID: k.id, Cluster: k.name(), Action: a, Outcome: o, Verdict: v, State: s})
}

// name is what the client calls its cluster.
func (k *miniCall) name() string {
	if k.wrong.oneName {
		return "the cluster"
	}
	return k.cluster()
}

// briefly bounds what a ledger may take.
func (k *miniCall) briefly(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := 5 * time.Second
	if until, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(until)/2)
	}
	return context.WithTimeout(ctx, limit)
}
