package emulator_test

import (
	"slices"
	"time"
)

// The model: docs/runtime.md §5 and the seeds, without a look at the engine. What a target is like, the world says.
const (
	queued, lookUp, perform, completed, failed    = 0, 1, 2, 3, 4 // steps
	none, willRetry, willFail, userCancel, forced = 0, 1, 2, 3, 4 // flags
	forward, undoing, pausing, nodeKind           = 0, 1, 2, 8    // what is done; a bit of the type filter
)

var (
	under    = []string{"Running", "Running", "RollingBack", "RollingBack", "RollingBack"} // §5.1, by flag
	done     = []string{"Completed", "Completed", "Completed", "Cancelled", "ForceCancelled"}
	undone   = []string{"Faulted", "Faulted", "Faulted", "Cancelled", "ForceCancelled"}
	states   = [][]string{under, under, under, done, undone}                        // by step
	graceful = []int{userCancel, userCancel, userCancel, userCancel, -1}            // §5.2: the next flag, or 400
	force    = []int{-1, -1, -1, forced, -1}                                        // likewise
	seeds    = []int{-1, -1, forced, forced, forced}                                // force as the seeds allow it: after graceful, or if RollingBack
	overlap  = [][]uint32{{1, 1, 3, 3, 3}, {8, 8, 8, 40, 72}, {16, 16, 16, 48, 80}} // §5.10: bits of the filter
	distinct = [][]uint32{{1, 1, 2, 2, 2}, {8, 8, 8, 32, 64}, {16, 16, 16, 32, 64}} // the same in the documents, §9.2
	retried  = []uint32{0x80071BFF, 0x80071BC7, 0x80071BBD, 0x80071BE8, 0x80071BC5} // §5.5
	resumed  = []uint32{0x80071BC6, 0x80071BFE}                                     // §5.5: the next primary goes on
	givesUp  = []uint32{0x80071BC3, 0x80071BC4, 0x80071C5F, 0x80071C5E, 0x80071C30} // §5.6
)

type modelOp struct {
	order                       // what was asked for, and how each try is going to go
	step, flag, doing, left int // left is how many steps there are to undo
	wait, known             bool
	code                    int32
	due                     time.Time
}

func (o *modelOp) over() bool    { return o.step >= completed }
func (o *modelOp) state() string { return states[o.step][o.flag] }

func (o *modelOp) cancel(next []int) int { // §5.2
	if o == nil || o.over() {
		return 404
	} else if next[o.flag] < 0 {
		return 400
	}
	o.flag = next[o.flag]
	return 200
}

func (o *modelOp) refused(ops []*modelOp, shortest time.Duration) string { // §5.7, in this order
	if o.stop && (o.length < shortest || o.length > 14400*time.Second) {
		return "FABRIC_E_INVALID_DURATION"
	} else if slices.ContainsFunc(ops, func(p *modelOp) bool { return o.node != "" && o.node == p.node && !p.over() }) {
		return "FABRIC_E_NODE_TRANSITION_IN_PROGRESS"
	} else if slices.ContainsFunc(ops, func(p *modelOp) bool { return o.id == p.id }) {
		return "FABRIC_E_TEST_COMMAND_OPERATION_ID_ALREADY_EXISTS"
	}
	return ""
}

func (o *modelOp) shown(in, types uint32, table [][]uint32) bool { // §5.10
	bits := table[max(o.step-perform, 0)][o.flag]
	return in&bits != 0 && (types == 0 || types&o.kind != 0)
}

// end is the end of what is done now: only there do flags and failures count (§5.3–§5.5).
func (o *modelOp) end(w *world) {
	code, node := int32(0), o.kind == nodeKind
	switch {
	case o.wait, o.doing == pausing:
		o.wait = false
	case o.doing == undoing:
		if o.wait = w.try(o) != 0; !o.wait {
			o.left--
		}
	default:
		o.left, code = o.step, w.try(o)
		switch fatal := slices.Contains(givesUp, uint32(code)) || !node && !slices.Contains(retried, uint32(code)); {
		case code == 0:
			o.step, o.known = o.step+1, o.step > queued
		case node && !fatal, slices.Contains(resumed, uint32(code)):
			o.wait = true
		case o.flag == none:
			o.flag, o.code = map[bool]int{false: willRetry, true: willFail}[fatal], code
		}
	}
	switch { // the check of the flag; a user's stops no transition, a force leaves what is not undone
	case o.over(), o.wait:
	case o.flag == none, o.flag == userCancel && node && code == 0:
		o.doing = forward
	case o.flag != forced && !node && o.left > 0:
		o.doing = undoing
	case o.flag == willRetry:
		o.doing, o.flag, o.step, o.left, o.known, o.code = pausing, none, lookUp, 1, false, 0
	default:
		o.step = failed
	}
	o.due = o.due.Add(w.takes(o))
}
