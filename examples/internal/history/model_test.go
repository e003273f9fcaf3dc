package history_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"
	"github.com/sfcancel/sfcancel/generated"
)

// call is a request on one operation.
type call struct {
	id   uuid.UUID
	what what
}

type what string

const (
	start    what = "start"
	graceful what = "graceful"
	force    what = "force"
	read     what = "read" // the progress of the operation, or its line in a list
)

// answer is the answer to a call: a status for a start or a cancel, a state for a read.
type answer struct {
	status int    // 0 if no answer came, or the answer leaves the outcome open
	state  string // for a read; empty if the operation is unknown
}

// states is the set of states in which an operation may be. The model tracks all of
// them, because the time at which a rollback ends is not visible.
type states uint8

const (
	unknown        states = 1 << iota // no operation has this id
	running                           // before any cancel
	cancelling                        // after a graceful cancel
	forcing                           // after a force
	cancelled                         // ended
	forceCancelled                    // ended
)

// later maps a state to the state that it may turn into by itself. An operation takes an hour here, so
// none completes.
var later = map[states]states{cancelling: cancelled, forcing: forceCancelled}

// shown maps a state to what a read shows of it (runtime §5.1).
var shown = map[states]string{
	unknown: "", running: "Running", cancelling: "RollingBack", forcing: "RollingBack",
	cancelled: "Cancelled", forceCancelled: "ForceCancelled",
}

// apply is the state machine (runtime §5.2): the answer of one server to a call, and the next
// state of the operation. Both profiles agree as long as nothing fails, except that the
// documents allow a force to be repeated.
func apply(s states, w what, documented bool) (status int, next states) {
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
	case read: // changes nothing
	}
	return 0, s
}

// model is the model of one operation; operations are independent of each other.
func model(documented bool) porcupine.Model {
	return porcupine.Model{
		Partition: byOperation,
		Init:      func() any { return unknown },
		Step: func(before, input, output any) (bool, any) {
			c, a := input.(call), output.(answer)
			var after states
			for s := range each(aged(before.(states))) {
				status, next := apply(s, c.what, documented)
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

// aged adds the states that the passing of time may have led to.
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

// recorder records requests and their answers.
type recorder struct {
	begin time.Time

	mu      sync.Mutex
	history []porcupine.Operation
	told    map[int]int // number of answers by status
	lost    int         // number of requests without an answer
}

func newRecorder() *recorder { return &recorder{begin: time.Now(), told: make(map[int]int)} }

func (r *recorder) now() int64 { return time.Since(r.begin).Nanoseconds() }

func (r *recorder) note(client int, c call, a answer, from, to int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.history = append(r.history, porcupine.Operation{ClientId: client, Input: c, Output: a, Call: from, Return: to})
}

func (r *recorder) count(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if status == 0 {
		r.lost++
	} else {
		r.told[status]++
	}
}

// answered returns the number of requests answered so far, including refusals, but not server errors.
func (r *recorder) answered() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for status, times := range r.told {
		if status < http.StatusInternalServerError {
			n += times
		}
	}
	return n
}

// complete reports whether every wanted answer was seen and an answer was lost.
func (r *recorder) complete() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, status := range wanted {
		if r.told[status] == 0 {
			return false
		}
	}
	return r.lost > 0
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Sprintf("answers by status: %v, lost: %d", r.told, r.lost)
}

// change sends a start or a cancel, once.
func (r *recorder) change(client int, c call, send func() (*http.Response, error)) {
	from := r.now()
	status, code, _, err := outcome(send())
	to := r.now()
	if notSent(err) {
		return
	}
	r.count(status)
	switch {
	case status == http.StatusServiceUnavailable && code == string(generated.ErrorCodeNoWriteQuorum):
		return // this answer guarantees that nothing was written
	case status == 0 || status >= 500:
		// The request may have taken effect, or may do so later.
		r.note(client, c, answer{}, from, math.MaxInt64)
	default:
		r.note(client, c, answer{status: status}, from, to)
	}
}

// progress reads one operation.
func (r *recorder) progress(client int, id uuid.UUID, send func() (*http.Response, error)) {
	from := r.now()
	status, _, body, err := outcome(send())
	to := r.now()
	if notSent(err) {
		return
	}
	r.count(status)
	var got struct{ State string }
	switch {
	case status == http.StatusOK && json.Unmarshal(body, &got) == nil:
		r.note(client, call{id, read}, answer{state: got.State}, from, to)
	case status == http.StatusNotFound:
		r.note(client, call{id, read}, answer{}, from, to)
	}
}

// list reads all operations and records a read of each of ids.
func (r *recorder) list(client int, ids []uuid.UUID, send func() (*http.Response, error)) {
	from := r.now()
	status, _, body, err := outcome(send())
	to := r.now()
	if notSent(err) {
		return
	}
	r.count(status)
	var got []struct {
		OperationID uuid.UUID `json:"OperationId"`
		State       string
	}
	if status != http.StatusOK || json.Unmarshal(body, &got) != nil {
		return
	}
	states := make(map[uuid.UUID]string)
	for _, op := range got {
		states[op.OperationID] = op.State
	}
	for _, id := range ids {
		r.note(client, call{id, read}, answer{state: states[id]}, from, to)
	}
}

// outcome reads an answer to its end; an answer that is cut off has no status.
func outcome(resp *http.Response, err error) (status int, code string, body []byte, _ error) {
	if err != nil {
		return 0, "", nil, err
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		return 0, "", nil, err
	}
	var failure generated.FabricError
	if resp.StatusCode >= 300 && json.Unmarshal(body, &failure) == nil {
		code = string(failure.Error.Code)
	}
	return resp.StatusCode, code, body, nil
}

// notSent reports whether no connection was made, so that nothing was sent.
func notSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}
