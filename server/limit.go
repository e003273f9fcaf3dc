package server

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/sfcancel/sfcancel/generated"
)

// Limits bounds how much a [Handler] has its implementation do at once. The zero value has the
// defaults.
type Limits struct {
	// Requests is how many requests are carried out at once. 0 is 100, as in the runtime
	// (ConcurrentRequests, §5.9).
	Requests int
	// Lists is how many of them may be lists: operations that only read, and name no one thing to
	// read of. 0 is a tenth of Requests, and at least 1. More than Requests is as good as Requests.
	Lists int
	// Queue is how many more requests may wait for their turn, and how many lists besides. 0 is ten
	// times Requests; below 0 none may.
	Queue int
	// Wait is how long a request waits at most; a request whose own timeout is over waits no longer
	// either. 0 is 1 s; below 0 none waits.
	Wait time.Duration
}

const (
	defaultRequests = 100
	defaultWait     = time.Second
	busyRetryAfter  = time.Second
)

// WithLimits bounds how many requests are carried out at once. Further requests wait in a FIFO queue.
// A request that waits for longer than Limits.Wait is refused with 503 FABRIC_E_SERVICE_TOO_BUSY and a
// Retry-After of 1 s; it was not carried out. Only the implementation holds a slot: reading a slow body
// and writing to a slow reader hold none. The default is the zero Limits. Negative Requests or Lists
// are an error.
func WithLimits(l Limits) Option {
	return func(c *config) error {
		if l.Requests < 0 || l.Lists < 0 {
			return errors.New("server: limits: neither Requests nor Lists can be negative")
		}
		c.limits = l
		return nil
	}
}

// Load is how much a [Handler] has to do at a moment.
type Load struct {
	Running int    // requests that are carried out, lists included
	Lists   int    // lists that are carried out
	Waiting int    // requests that wait for their turn
	Refused uint64 // how many were too many, so far
}

// Load returns what the handler has to do now. The numbers are not all of the same moment.
func (h *Handler) Load() Load {
	t := h.turns
	return Load{len(t.all.slots), len(t.lists.slots), int(t.all.waiting.Load() + t.lists.waiting.Load()), t.refused.Load()}
}

// turns is what lets requests in.
type turns struct {
	all, lists gate
	most       int64 // that wait at a gate
	wait       time.Duration
	refused    atomic.Uint64
}

// gate has a place for each who is in. Whoever waits for one of a channel gets it in order.
type gate struct {
	slots   chan struct{}
	waiting atomic.Int64
}

func newTurns(l Limits) *turns {
	requests := cmp.Or(l.Requests, defaultRequests)
	lists := min(cmp.Or(l.Lists, max(requests/10, 1)), requests)
	return &turns{
		all:   gate{slots: make(chan struct{}, requests)},
		lists: gate{slots: make(chan struct{}, lists)},
		most:  cmp.Or(int64(l.Queue), 10*int64(requests)),
		wait:  cmp.Or(l.Wait, defaultWait),
	}
}

var errBusy = &Error{
	Status: http.StatusServiceUnavailable, Code: generated.ErrorCodeServiceTooBusy, RetryAfter: busyRetryAfter,
	Message: "The server has as much to do as it can, and has not carried this request out.",
}

// inTurn has the implementation carry out a request when it is its turn.
func (h *Handler) inTurn(ctx context.Context, r *route, request any) (any, error) {
	t := h.turns
	if r.lists {
		if err := t.enter(ctx, &t.lists); err != nil {
			return nil, err
		}
		defer t.lists.leave()
	}
	if err := t.enter(ctx, &t.all); err != nil {
		return nil, err
	}
	defer t.all.leave()
	return h.invoke(ctx, r.operation, request)
}

// enter waits for a place. An error says that there was none.
func (t *turns) enter(ctx context.Context, g *gate) error {
	select {
	case g.slots <- struct{}{}:
		return nil
	default:
	}
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) > t.most || t.wait < 0 {
		t.refused.Add(1)
		return errBusy
	}
	timer := time.NewTimer(t.wait)
	defer timer.Stop()
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-timer.C:
	case <-ctx.Done():
		// Of one whose time is over the outcome is not open, as another error would have it.
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return ctx.Err()
		}
	}
	t.refused.Add(1)
	return errBusy
}

func (g *gate) leave() { <-g.slots }

// isList says whether an operation only reads, and names no one thing.
func isList(op *generated.Operation) bool {
	if op.Method != http.MethodGet {
		return false
	}
	for _, p := range op.Parameters {
		if p.In == "path" || p.Format == "uuid" {
			return false
		}
	}
	return true
}
