package history_test

import (
	"fmt"
	"slices"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"
)

// call is what was asked, and of which operation.
type call struct {
	id   uuid.UUID
	what what
}

type what string

const (
	start    what = "start"
	graceful what = "graceful"
	force    what = "force"
	read     what = "read" // its progress, or its line in the list
)

// answer is what came back: a status for a start or a cancel, a state for a read.
type answer struct {
	status int    // 0: none came, or one that does not tell
	state  string // of a read; empty if the operation is not known
}

// states is a set of the states in which an operation may be. The model follows all of
// them, because nobody sees when the engine comes to the end of a rollback.
type states uint8

const (
	unknown        states = 1 << iota // there is none with this id
	running                           // no cancel came
	cancelling                        // a graceful cancel came
	forcing                           // a force came
	cancelled                         // over
	forceCancelled                    // over
)

// later is what a state may have become by itself. An operation takes an hour here, so
// none completes.
var later = map[states]states{cancelling: cancelled, forcing: forceCancelled}

// shown is what a read says of a state (runtime §5.1).
var shown = map[states]string{
	unknown: "", running: "Running", cancelling: "RollingBack", forcing: "RollingBack",
	cancelled: "Cancelled", forceCancelled: "ForceCancelled",
}

// judge is the state machine (runtime §5.2): what one server answers to a call, and what
// the call makes of the operation. Both profiles agree as long as nothing fails, but for
// a force, which the documents let be repeated.
func judge(s states, w what, documented bool) (status int, next states) {
	switch w {
	case start:
		if s == unknown {
			return 202, running
		}
		return 409, s
	case graceful:
		switch s {
		case running, cancelling:
			return 200, cancelling
		case forcing:
			return 400, s
		default:
			return 404, s
		}
	case force:
		switch {
		case s == cancelling, documented && s == forcing:
			return 200, forcing
		case s == running, s == forcing:
			return 400, s
		}
		return 404, s
	case read: // it tells a state and changes nothing
	}
	return 0, s
}

// model is one operation; operations have nothing to do with each other.
func model(documented bool) porcupine.Model {
	return porcupine.Model{
		Partition: byOperation,
		Init:      func() any { return unknown },
		Step: func(before, input, output any) (bool, any) {
			c, a := input.(call), output.(answer)
			var after states
			for s := range each(aged(before.(states))) {
				status, next := judge(s, c.what, documented)
				switch {
				case c.what == read:
					if shown[s] == a.state {
						after |= s
					}
				case a.status == 0:
					after |= s | next
				case a.status == status:
					after |= next
				}
			}
			return after != 0, after
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprint(input.(call).what, " → ", output) },
		DescribeState: func(state any) string {
			var names []string
			for s := range each(state.(states)) {
				names = append(names, fmt.Sprintf("%d:%s", s, shown[s]))
			}
			return fmt.Sprint(names)
		},
	}
}

// aged adds what time may have done.
func aged(s states) states {
	for from, to := range later {
		if s&from != 0 {
			s |= to
		}
	}
	return s
}

func each(s states) func(func(states) bool) {
	return func(yield func(states) bool) {
		for one := unknown; one <= forceCancelled; one <<= 1 {
			if s&one != 0 && !yield(one) {
				return
			}
		}
	}
}

func byOperation(history []porcupine.Operation) [][]porcupine.Operation {
	parts := make(map[uuid.UUID][]porcupine.Operation)
	var order []uuid.UUID
	for _, op := range history {
		id := op.Input.(call).id
		if !slices.Contains(order, id) {
			order = append(order, id)
		}
		parts[id] = append(parts[id], op)
	}
	var out [][]porcupine.Operation
	for _, id := range order {
		out = append(out, parts[id])
	}
	return out
}
