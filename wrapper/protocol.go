package wrapper

import (
	"context"
	"net/http"

	"github.com/sfcancel/sfcancel/generated"
)

// belief is what a call knows of its operation. It changes in learn, observe, see, ask and
// noteSeen, and nowhere else.
type belief struct {
	evidence      // what the ledger proves
	ours     bool // fixed: the call made the id, so that nobody else can have used it before

	state State // as last seen or told; "" if it was not
	kind  Kind  // "" until it was learnt
	told  *told // by its progress, if that was asked for

	// once is what became of a write that must not be repeated blindly, a force or a start, or
	// that was refused.
	once doubt
	// unsure says that a graceful cancel was lost, and that none was answered since.
	unsure bool
	// wroteAt is the endpoint of the last write that was lost, until a list was read since.
	wroteAt string
}

// doubt is how much is open about a force or a start.
type doubt uint8

const (
	none doubt = iota
	// copied: it was refused because of what has happened, and that may be the doing of a copy
	// of itself: a proxy may have sent it twice. A cancel that finds nothing is one of these.
	copied
	// taken: a start was refused because its id exists, and that may be its own doing.
	taken
	// lost: it may have been carried out, or may still be. What was lost can arrive late, so
	// that only a verdict ends it.
	lost
)

// open reports whether something that was asked for may have happened.
func (b belief) open() bool { return b.once != none || b.unsure }

// observe takes in the answer to a write.
func (b *belief) observe(sent purpose, a Attempt, starts Kind) {
	switch once := sent == purposeForce || sent == purposeStart; {
	case a.class == classDone && sent == purposeStart:
		b.state, b.kind, b.once = StateRunning, starts, none
	case a.class == classDone:
		b.state, b.unsure = StateRollingBack, false
		if once || b.once == copied {
			b.once = none
		}
	case a.class == classAmbiguous && once:
		b.once, b.wroteAt = lost, a.Endpoint
	case a.class == classAmbiguous:
		b.unsure, b.wroteAt = true, a.Endpoint
	case a.refusedWith(codeTestCommandOperationIDExists) && once:
		b.once = max(b.once, taken)
	case a.inTheWay(sent), a.refusedWith(codeKeyNotFound) && sent != purposeStart:
		b.once = max(b.once, copied)
	case a.refusedWith(codeInvalidTestCommandState):
		b.state = StateRollingBack // only a force in effect refuses a graceful cancel (runtime §5.2)
	}
}

// inTheWay reports whether a force or a start was refused because one is in effect, which
// may be a copy of itself. A node refuses a second transition before it looks at the id
// (runtime §5.7).
func (a Attempt) inTheWay(sent purpose) bool {
	switch sent {
	case purposeForce:
		return a.refusedWith(codeInvalidTestCommandState)
	case purposeStart:
		return a.refusedWith(codeTestCommandOperationIDExists) || a.refusedWith(codeNodeTransitionInProgress)
	default:
		return false
	}
}

// see takes in what a list shows: the operation, or that there is none. Only an operation that
// is RollingBack leaves open whether a force that was refused has a copy in effect, and only
// an id that is free again whether a start that was refused had one.
func (b *belief) see(op Operation, found bool) {
	b.wroteAt, b.state = "", op.State
	if found {
		b.kind = op.Kind
	}
	if b.once == copied && b.state != StateRollingBack || b.once == taken && found {
		b.once = none
	}
}

// move is what a call does next: send a request for a purpose, or end.
type move struct {
	send purpose // "" ends the call
	// why a list is read, which decides what it means; for purposeRead only.
	why  question
	then purpose // what goes on after a list that settles nothing

	verdict  Verdict // of the end; "" is an end without one
	resolved bool
	cause    error // of an end without a verdict
}

type question int

const (
	isOver    question = iota // a 404 or a new gateway: is there anything left to cancel?
	isForced                  // a force was lost: is it in effect?
	mayForce                  // a force was refused: because of an earlier one?
	isStarted                 // a start was lost, and another gateway is next
	isTaken                   // a start was refused: is the id, or the node, ours?
)

// pursue sends what is wanted until its outcome is known. It is the only loop that writes.
// What comes next is decided by [afterWrite] and [afterList], which read the belief and
// change nothing.
func (k *call) pursue(ctx context.Context, want purpose, build builder) (Result, error) {
	m := move{send: want}
	for {
		if err := k.ready(ctx); err != nil {
			return Result{}, k.giveUp(want, err)
		}
		if m.send != purposeRead && k.moved() {
			m = move{send: purposeRead, why: whenMoved[want], then: m.send}
		}
		switch {
		case m.send == purposeRead:
			op, found, err := k.lookUp(ctx)
			if err != nil {
				return Result{}, k.giveUp(want, k.unread(err))
			}
			m = afterList(want, m, op, found, k.starts, k.known)
		case m.send == purposeForce && !k.announced:
			if err := k.announce(ctx); err != nil {
				return Result{}, err
			}
			continue // the context may have ended meanwhile
		default:
			a := k.write(ctx, m.send, build)
			if a.class == classDone && m.send == purposeProbe {
				_ = k.append(ctx, Entry{Action: actionGraceful, Outcome: outcomeDone, Verdict: Accepted, Reason: "probe"})
			}
			m = afterWrite(want, m.send, a, k.known)
		}
		switch {
		case m.send != "":
		case m.verdict != "":
			return k.result(m.verdict, m.resolved), nil
		default:
			return Result{}, k.giveUp(want, m.cause)
		}
	}
}

var whenMoved = map[purpose]question{purposeGraceful: isOver, purposeForce: isForced, purposeStart: isStarted}

// afterWrite decides what follows a write whose answer was observed.
func afterWrite(want, sent purpose, a Attempt, b belief) move {
	switch {
	case a.class == classDone && sent != want: // a probe: no force is in effect, and one is legal now
		return move{send: want}
	case a.class == classDone && want == purposeForce && b.forced: // the documents let it be repeated
		return move{verdict: AlreadyForced}
	case a.class == classDone && want == purposeGraceful && !b.graceful.IsZero():
		return move{verdict: AlreadyStopping}
	case a.class == classDone:
		return move{verdict: Accepted}
	case sent == purposeProbe && a.refusedWith(codeInvalidTestCommandState):
		return move{verdict: whoseForce(b), resolved: true}
	case sent == purposeGraceful && a.refusedWith(codeInvalidTestCommandState):
		return move{verdict: AlreadyForced}
	case a.refusedWith(codeKeyNotFound) && want != purposeStart:
		return move{send: purposeRead, why: isOver, then: sent}
	case sent == purposeForce && b.once == lost && b.state == StateRollingBack && (a.class == classAmbiguous || a.inTheWay(sent)):
		// A graceful cancel changes then nothing but the name of the end. What the ledger knows is
		// not enough: it may be of a life that has ended meanwhile. pursue reads the list first if
		// the gateway is another.
		return move{send: purposeProbe}
	case sent == purposeForce && a.class == classAmbiguous:
		return move{send: purposeRead, why: isForced}
	case sent == purposeForce && a.inTheWay(sent):
		return move{send: purposeRead, why: mayForce}
	case sent == purposeStart && a.inTheWay(sent):
		return move{send: purposeRead, why: isTaken}
	case !retryable(a):
		return move{}
	}
	return move{send: sent}
}

// whoseForce is the verdict on a force that a probe found to be in effect. No server tells
// whose it is: it counts as the caller's if one of the caller's was lost, or was refused where
// a graceful cancel but no force is known to have come before.
func whoseForce(b belief) Verdict {
	if !b.forced && (b.once == lost || b.once == copied && !b.graceful.IsZero()) {
		return Accepted
	}
	return AlreadyForced
}

// afterList decides what follows a list, which shows the operation or shows that it is gone.
func afterList(want purpose, m move, op Operation, found bool, starts Kind, b belief) move {
	switch {
	case want == purposeStart && found && op.Kind == starts:
		if b.once == lost || b.ours {
			return move{verdict: Accepted, resolved: true}
		}
		return move{verdict: AlreadyStarted, resolved: true}
	case m.why == isTaken && found:
		return move{cause: errOtherKind}
	case m.why == isTaken:
		return move{}
	case want == purposeStart:
		return move{send: purposeStart}
	case !found:
		return move{verdict: NotFound, resolved: true}
	case op.State.Final():
		return move{verdict: Finished, resolved: true}
	case m.why == isOver:
		return move{send: m.then}
	case op.State == StateRollingBack: // forced, cancelled, or failing by itself: it looks the same (runtime §5.2)
		return move{send: purposeProbe}
	case m.why == mayForce:
		return move{cause: errNoGracefulYet}
	}
	return move{send: purposeForce}
}

// write sends one write, and takes in what it tells.
func (k *call) write(ctx context.Context, purpose purpose, build builder) Attempt {
	wanted := success{status: http.StatusOK}
	if purpose == purposeStart {
		wanted.status = http.StatusAccepted
	} else {
		build = cancelRequest
	}
	a := k.send(ctx, purpose, wanted, build)
	k.known.observe(purpose, a, k.starts)
	return a
}

func cancelRequest(ctx context.Context, k *call, s sending) (*http.Request, error) {
	return generated.NewCancelOperationRequest(ctx, s.to, generated.CancelOperationParams{
		APIVersion: k.version, OperationID: k.id, Force: s.purpose == purposeForce, Timeout: s.timeout,
	})
}
