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
