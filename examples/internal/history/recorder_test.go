package history_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// recorder notes requests and what came of them.
type recorder struct {
	begin time.Time

	mu      sync.Mutex
	history []porcupine.Operation
	told    map[int]int // requests by status
	lost    int         // without an answer
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

// answered is how many requests the cluster has answered by now, refusals included.
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

// complete reports whether every wanted answer was seen, and one was lost.
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
		return // the promise of this answer: nothing was written
	case status == 0 || status >= 500:
		// It may have taken effect, and may still.
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

// list reads all of them; each of ids is a read.
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

// outcome reads an answer whole; one that breaks off has no status.
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

// notSent reports whether there was no connection to send anything on.
func notSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}
