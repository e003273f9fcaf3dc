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

// Limits bounds the number of concurrent calls of the implementation of a [Handler]. The zero value
// has the defaults.
type Limits struct {
	// Requests is the maximum number of concurrent requests. 0 means 100, as in the runtime
	// (ConcurrentRequests, §5.9).
	Requests int
	// Lists is the maximum number of them that are lists: operations that only read, and whose parameters
	// identify no single object. 0 means a tenth of Requests, at least 1; more than Requests means Requests.
	Lists int
	// Queue is the maximum number of waiting requests, and separately of waiting lists. 0 means ten
	// times Requests; a negative Queue means none.
	Queue int
	// Wait is the maximum time that a request waits. A request stops waiting earlier if its own timeout
	// ends. 0 means 1 s; with a negative Wait none waits.
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

// Load is the load of a [Handler] at a moment.
type Load struct {
	Running int    // running requests, lists included
	Lists   int    // running lists
	Waiting int    // waiting requests, lists included
	Refused uint64 // requests refused as too many since the start
}

// Load returns the current load. The numbers are not one consistent snapshot.
func (h *Handler) Load() Load {
	t := h.turns
	return Load{len(t.all.slots), len(t.lists.slots), int(t.all.waiting.Load() + t.lists.waiting.Load()), t.refused.Load()}
}

// turns limits the concurrent requests.
type turns struct {
	all, lists gate
	most       int64 // the maximum number of requests that wait at a gate
	wait       time.Duration
	refused    atomic.Uint64
}

// gate is a semaphore. Goroutines that wait to send on a channel proceed in FIFO order.
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

// inTurn calls the implementation when the request has a slot.
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

// enter waits for a slot. It returns an error if the request got none.
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
		// A request whose timeout ended here gets errBusy: it was not carried out, while
		// DeadlineExceeded would say that its outcome is unknown.
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return ctx.Err()
		}
	}
	t.refused.Add(1)
	return errBusy
}

func (g *gate) leave() { <-g.slots }

// isList reports whether an operation only reads, and has neither a path variable nor an id.
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
