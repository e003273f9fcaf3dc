package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/wirefault"
)

// wire injects faults into requests.
type wire struct {
	life context.Context
	end  context.CancelFunc
	late sync.WaitGroup
	// replica returns a server of a copy of the current state, with a stopped clock; nil if there is none.
	replica func(ctx context.Context) (http.Handler, error)

	mu     sync.Mutex
	script *wirefault.Wire
	faults []*fault
	seen   []*arrived
}

const (
	maxFaults = 1000
	maxSeen   = 1000 // older requests are dropped
)

func newWire() *wire {
	w := &wire{script: new(wirefault.Wire)}
	w.life, w.end = context.WithCancel(context.Background())
	return w
}

// Close ends delays, and waits for requests that are carried out late.
func (w *wire) Close() {
	w.end()
	w.late.Wait()
}

// Sleep and Go implement [wirefault.Life].
func (w *wire) Sleep(d time.Duration) bool { return pause(w.life, d) }
func (w *wire) Go(f func())                { w.late.Go(f) }

// arrived is a request that arrived, and the fault that was injected.
type arrived struct {
	Time   time.Time `json:"time"`
	Method string    `json:"method"`
	Target string    `json:"target"`
	Call   string    `json:"call,omitempty"`
	Fault  string    `json:"fault,omitempty"`
}

// Wire returns a handler that injects the faults in front of server.
func (w *wire) Wire(server http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		a := &arrived{Time: time.Now().UTC(), Method: r.Method, Target: r.URL.RequestURI(), Call: callOf(r)}
		w.mu.Lock()
		if w.seen = append(w.seen, a); len(w.seen) > maxSeen {
			w.seen = slices.Delete(w.seen, 0, len(w.seen)-maxSeen)
		}
		script := w.script
		w.mu.Unlock()
		through := server
		if s := script.Next(r); s != nil {
			wirefault.Hold(r)
			w.mu.Lock()
			for _, f := range w.faults {
				if f.step == s {
					a.Fault = f.Fault
				}
			}
			w.mu.Unlock()
			through = s.Through(server)
		}
		through.ServeHTTP(rw, r)
	})
}

func (w *wire) requests() []arrived {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]arrived, 0, len(w.seen))
	for _, a := range w.seen {
		all = append(all, *a)
	}
	return all
}

func (w *wire) steps() []fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]fault, 0, len(w.faults))
	for _, f := range w.faults {
		told := *f
		told.Used, told.Left = f.step.Used()
		all = append(all, told)
	}
	return all
}

// stop removes every fault.
func (w *wire) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.faults {
		f.step.Stop()
	}
	w.script, w.faults = new(wirefault.Wire), nil
}

// forget removes every fault and the list of requests.
func (w *wire) forget() {
	w.stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = nil
}

// fault is a step of the script: for which requests, what happens to them, and how often.
type fault struct {
	Call        string     `json:"call"`
	OperationID *uuid.UUID `json:"operationId,omitempty"`
	Fault       string     `json:"fault"`
	Times       *times     `json:"times,omitempty"`

	Delay      *duration `json:"delay,omitempty"`      // of delayBefore, delayAfter and late
	Bytes      int       `json:"bytes,omitempty"`      // that cutBody lets through
	Status     int       `json:"status,omitempty"`     // of answerBefore and answerAfter, as all below
	Code       string    `json:"code,omitempty"`       // makes the body a FabricError
	Message    string    `json:"message,omitempty"`    // of the FabricError
	Body       string    `json:"body,omitempty"`       // if there is no code
	RetryAfter int       `json:"retryAfter,omitempty"` // in seconds

	Used int `json:"used"` // how many requests had this fault
	Left int `json:"left"` // how many more will have it; -1 without a limit

	step *wirefault.Step
}

// times is the number of requests that a step is for, or "always".
type times int

func (n *times) UnmarshalJSON(raw []byte) error {
	if string(raw) == `"always"` {
		*n = wirefault.Forever
		return nil
	}
	parsed, err := strconv.ParseInt(string(raw), 10, 32)
	if err != nil || parsed < 1 {
		return fmt.Errorf(`times: it must be a number from 1 up, or "always", not %.40s`, raw)
	}
	*n = times(parsed)
	return nil
}

func (n times) MarshalJSON() ([]byte, error) {
	if n == wirefault.Forever {
		return []byte(`"always"`), nil
	}
	return json.Marshal(int(n))
}

// add appends a step.
func (w *wire) add(r *http.Request, body []byte) (any, error) {
	f := new(fault)
	if err := read(body, f); err != nil {
		return nil, err
	}
	f.Used, f.Left = 0, 0
	f.Call = cmp.Or(f.Call, callAny)
	if !slices.Contains(calls(), f.Call) {
		return nil, invalid(fmt.Errorf("call %.100q: it must be one of %s", f.Call, strings.Join(calls(), ", ")))
	}
	through, err := w.through(r.Context(), *f)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.faults) >= maxFaults {
		return nil, invalid(fmt.Errorf("there are %d faults already: DELETE them first", maxFaults))
	}
	f.step = w.script.Add(f.matches, through)
	if f.Times != nil {
		f.step.Times(int(*f.Times))
	}
	w.faults = append(w.faults, f)
	told := *f
	told.Used, told.Left = f.step.Used()
	return told, nil
}

// through returns the middleware of the fault.
func (w *wire) through(ctx context.Context, f fault) (wirefault.Through, error) {
	if f.Fault == faultStale {
		return w.stale(ctx, f)
	}
	through, err := w.made(f)
	if err != nil {
		err = invalid(err)
	}
	return through, err
}

// faultStale is the only fault that is limited to reads.
const faultStale = "stale"

// stale answers from a copy of the current state.
func (w *wire) stale(ctx context.Context, f fault) (wirefault.Through, error) {
	reads := func(o generated.Operation) bool { return o.ID == f.Call && o.Method == http.MethodGet }
	if f.Call != callAny && !slices.ContainsFunc(generated.Operations[:], reads) {
		return nil, invalid(fmt.Errorf("call %s: only a read can be stale", f.Call))
	}
	if w.replica == nil {
		return nil, invalid(errors.New("this server has no replica that could be stale"))
	}
	replica, err := w.replica(ctx)
	if err != nil {
		return nil, err
	}
	return func(http.Handler) http.Handler { return replica }, nil
}

func (w *wire) made(f fault) (wirefault.Through, error) {
	answer := func(apply bool) (wirefault.Through, error) {
		if f.Status < http.StatusOK || f.Status > 999 {
			return nil, fmt.Errorf("status %d: it must be from 200 to 999", f.Status)
		}
		if f.Code != "" && f.Body != "" {
			return nil, errors.New("an answer has a code or a body, not both")
		}
		header, text := make(http.Header), f.Body
		if f.Code != "" {
			said, _ := json.Marshal(generated.FabricError{Error: generated.FabricErrorDetail{
				Code: generated.ErrorCode(f.Code), Message: cmp.Or(f.Message, "The script of a test says so."),
			}}) // two strings always encode
			text = string(said)
			header.Set("Content-Type", "application/json; charset=utf-8")
		}
		if f.RetryAfter > 0 {
			header.Set("Retry-After", strconv.Itoa(f.RetryAfter))
		}
		return wirefault.Fault{Apply: apply, Status: f.Status, Header: header, Body: text}.Through, nil
	}
	delayed := func(of func(wirefault.Life, time.Duration) wirefault.Through) (wirefault.Through, error) {
		if f.Delay == nil {
			return nil, fmt.Errorf(`%s needs "delay", a duration such as "2s"`, f.Fault)
		}
		return of(w, time.Duration(*f.Delay)), nil
	}
	switch f.Fault {
	case "pass":
		return func(server http.Handler) http.Handler { return server }, nil
	case "dropBefore":
		return wirefault.Fault{}.Through, nil
	case "dropAfter":
		return wirefault.Fault{Apply: true}.Through, nil
	case "hangBefore":
		return wirefault.Fault{Hang: true}.Through, nil
	case "hangAfter":
		return wirefault.Fault{Apply: true, Hang: true}.Through, nil
	case "delayBefore":
		return delayed(wirefault.DelayBefore)
	case "delayAfter":
		return delayed(wirefault.DelayAfter)
	case "late":
		return delayed(wirefault.Late)
	case "answerBefore":
		return answer(false)
	case "answerAfter":
		return answer(true)
	case "cutBody":
		if f.Bytes < 0 {
			return nil, errors.New("bytes: the number must not be negative")
		}
		return wirefault.CutBody(f.Bytes, nil), nil
	default:
		return nil, fmt.Errorf("fault %.100q: it must be pass, dropBefore, dropAfter, late, hangBefore, hangAfter, delayBefore, delayAfter, answerBefore, answerAfter, cutBody or stale", f.Fault)
	}
}

// The calls besides the operations of the document.
const (
	callAny      = "Any"
	callGraceful = "Graceful"
	callForce    = "Force"
)

func calls() []string {
	all := []string{callAny, callGraceful, callForce}
	for i := range generated.Operations {
		all = append(all, generated.Operations[i].ID)
	}
	return all
}

func (f *fault) matches(r *http.Request) bool {
	if f.OperationID != nil {
		if id, err := uuid.Parse(parameter(r, "OperationId")); err != nil || id != *f.OperationID {
			return false
		}
	}
	if f.Fault == faultStale && r.Method != http.MethodGet {
		return false
	}
	call := callOf(r)
	force := strings.EqualFold(parameter(r, "Force"), "true")
	switch f.Call {
	case callAny:
		return true
	case callGraceful:
		return call == generated.IDCancelOperation && !force
	case callForce:
		return call == generated.IDCancelOperation && force
	default:
		return call == f.Call
	}
}

func callOf(r *http.Request) string {
	if o := generated.OperationAt(r.Method, r.URL.EscapedPath()); o != nil {
		return o.ID
	}
	return ""
}

// parameter reads the query as the server does: undecoded, and the first pair of a name with a value counts.
func parameter(r *http.Request, name string) string {
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if n, value, _ := strings.Cut(pair, "="); n == name && value != "" {
			return value
		}
	}
	return ""
}
