package wrapper

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
