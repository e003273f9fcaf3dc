package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// Situation is the initial state of a controlled server. A reset restores it, except for the clock.
type Situation struct {
	Speed        float64 // of the clock
	Availability emulator.Availability
	Scenario     func(emulator.Record) emulator.Scenario
	Seed         *emulator.Seed // nil plants nothing
}

// Control controls a server while it runs: its clock, scenarios, availability, planted operations, and faults on
// the wire. Make it with [NewControl].
// Give [Control.Now] and [Control.Scenario] to the engine, put [Control.Wire] in front of the server, and name the
// engine with [Control.Of]. [Control.Close] ends it. It is safe for concurrent use.
type Control struct {
	st       store.Store
	begin    Situation
	engine   *emulator.Emulator
	clock    clock
	scenario atomic.Pointer[func(emulator.Record) emulator.Scenario]
	available
	*wire
	network *network

	changing sync.Mutex // held during changes of the store
}

// available remembers the availability, because an engine does not report it.
type available struct {
	condition atomic.Pointer[emulator.Availability]
}

// NewControl returns the control of a server over a store, and starts the clock.
func NewControl(ctx context.Context, st store.Store, begin Situation) (*Control, error) {
	c := &Control{st: st, begin: begin, wire: newWire()}
	c.scenario.Store(&begin.Scenario)
	return c, c.clock.move(ctx, st, begin.Speed, 0)
}

// Of sets the engine to control, and gives it its initial availability. Call it before the handlers serve.
func (c *Control) Of(e *emulator.Emulator) {
	c.engine = e
	c.setAvailability(c.begin.Availability)
}

// Replicas sets a function that makes a server like this one over another store, with another clock, for stale reads.
// Without it, the fault for stale reads is refused.
func (c *Control) Replicas(like func(st store.Store, now func() time.Time) (http.Handler, error)) {
	c.replica = func(ctx context.Context) (http.Handler, error) {
		page, err := c.st.List(ctx, "", "", math.MaxInt)
		if err != nil {
			return nil, err
		}
		copied := memory.New()
		for _, item := range page.Items {
			if _, err := copied.Commit(ctx, store.Txn{Then: []store.Write{{Key: item.Key, Value: item.Value}}}); err != nil {
				return nil, err
			}
		}
		now := c.Now()
		return like(copied, func() time.Time { return now })
	}
}

// network is the address of the server, and a function that says whether idle connections stay open.
type network struct {
	address *Address
	idle    func(stay bool)
}

// At sets the address of the server, and a function that says whether idle connections stay open. Without it, the server
// is always reachable.
func (c *Control) At(address *Address, idle func(stay bool)) { c.network = &network{address, idle} }

type reach struct {
	Reachable *bool `json:"reachable"`
}

func (c *Control) reachable() any {
	is := c.network == nil || c.network.address.Reachable()
	return reach{&is}
}

func (c *Control) setReachable(ctx context.Context, reachable bool) error {
	if c.network == nil {
		return nil
	}
	if err := c.network.address.Set(ctx, reachable); err != nil {
		return err
	}
	c.network.idle(reachable)
	return nil
}

func (c *Control) changeReachable(r *http.Request, body []byte) (any, error) {
	var asked reach
	if err := read(body, &asked); err != nil {
		return nil, err
	}
	if asked.Reachable == nil {
		return nil, invalid(errors.New(`say "reachable", true or false`))
	}
	if err := c.setReachable(r.Context(), *asked.Reachable); err != nil {
		return nil, err
	}
	return c.reachable(), nil
}

func (c *Control) setAvailability(a emulator.Availability) {
	c.condition.Store(&a)
	c.engine.SetAvailability(a)
}

// Now is the clock of the engine.
func (c *Control) Now() time.Time { return c.clock.now() }

// Scenario returns the scenario of an operation that is about to be accepted.
func (c *Control) Scenario(r emulator.Record) emulator.Scenario { return (*c.scenario.Load())(r) }

// clock is a clock that can be moved, and never goes back.
type clock struct {
	mu    sync.RWMutex
	speed float64
	shows func() time.Time
}

func (k *clock) now() time.Time {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.shows()
}

func (k *clock) move(ctx context.Context, st store.Store, speed float64, by time.Duration) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	shows, err := emulator.MoveClock(ctx, st, speed, by, nil)
	if err != nil {
		return err
	}
	if k.shows != nil {
		// A caller may have seen a later time than that of the move.
		seen := k.shows()
		k.shows = func() time.Time {
			if now := shows(); now.After(seen) {
				return now
			}
			return seen
		}
	} else {
		k.shows = shows
	}
	k.speed = speed
	return nil
}

// Handler returns the handler of /control/, described in docs/control.md.
func (c *Control) Handler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, do func(*http.Request, []byte) (any, error)) {
		mux.Handle(pattern, command(do))
	}
	handle("GET /control/clock", func(*http.Request, []byte) (any, error) { return c.time(), nil })
	handle("POST /control/clock", c.moveClock)
	handle("GET /control/availability", func(*http.Request, []byte) (any, error) { return condition{*c.condition.Load()}, nil })
	handle("POST /control/availability", c.changeAvailability)
	handle("GET /control/reachable", func(*http.Request, []byte) (any, error) { return c.reachable(), nil })
	handle("POST /control/reachable", c.changeReachable)
	handle("POST /control/scenario", c.changeScenario)
	handle("POST /control/operations/{id}/scenario", c.changeOperation)
	handle("POST /control/plant", c.plant)
	handle("POST /control/reset", c.reset)
	handle("GET /control/faults", func(*http.Request, []byte) (any, error) { return c.steps(), nil })
	handle("POST /control/faults", c.add)
	handle("DELETE /control/faults", func(*http.Request, []byte) (any, error) { c.stop(); return nil, nil })
	handle("GET /control/requests", func(*http.Request, []byte) (any, error) { return c.requests(), nil })
	mux.Handle("/", command(func(r *http.Request, _ []byte) (any, error) {
		return nil, server.NewError(generated.ErrorCodeInvalidArg, fmt.Sprintf("There is no %s %.100q here; docs/control.md lists the commands.", r.Method, r.URL.Path))
	}))
	return mux
}

// maxBody is larger than any reasonable seed.
const maxBody = 64 << 20

// command is a handler that answers with its result as JSON, or with a FabricError.
type command func(r *http.Request, body []byte) (any, error)

func (do command) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var answer any
	if err == nil {
		answer, err = do(r, body)
	}
	status := http.StatusOK
	if err != nil {
		e := refusal(err)
		status, answer = e.Status, generated.FabricError{Error: generated.FabricErrorDetail{Code: e.Code, Message: e.Message}}
	}
	if answer == nil {
		answer = struct{}{}
	}
	text, _ := json.Marshal(answer) // these all encode
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // the client may be gone
}

// refusal returns the answer for an error. It hides nothing, because the caller owns everything behind the address.
func refusal(err error) *server.Error {
	if e, ok := errors.AsType[*server.Error](err); ok {
		return e
	}
	switch {
	case errors.Is(err, emulator.ErrExists):
		return server.NewError(generated.ErrorCodeTestCommandOperationIDAlreadyExists, err.Error())
	case errors.Is(err, store.ErrUnavailable):
		return server.NewError(generated.ErrorCodeNoWriteQuorum, err.Error())
	default:
		return server.NewError(generated.ErrorCodeFail, err.Error())
	}
}

func invalid(err error) error { return server.NewError(generated.ErrorCodeInvalidArg, err.Error()) }

// read decodes a body. Unknown members are an error.
func read(body []byte, into any) error {
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil && d.More() {
		err = errors.New("something follows the object")
	}
	if err != nil {
		return invalid(fmt.Errorf("the body must be JSON: %w", err))
	}
	return nil
}

type moment struct {
	Now   time.Time `json:"now"`
	Speed float64   `json:"speed"`
}

func (c *Control) time() moment {
	c.clock.mu.RLock()
	defer c.clock.mu.RUnlock()
	return moment{c.clock.shows(), c.clock.speed}
}

func (c *Control) moveClock(r *http.Request, body []byte) (any, error) {
	var asked struct {
		Advance *duration `json:"advance"`
		Speed   *float64  `json:"speed"`
	}
	if err := read(body, &asked); err != nil {
		return nil, err
	}
	if asked.Advance == nil && asked.Speed == nil {
		return nil, invalid(errors.New(`say "advance", a duration such as "90s", or "speed", where 0 stops the clock, or both`))
	}
	speed, by := c.time().Speed, time.Duration(0)
	if asked.Speed != nil {
		speed = *asked.Speed
	}
	if asked.Advance != nil {
		by = time.Duration(*asked.Advance)
	}
	const most = 1_000_000
	if !(speed >= 0 && speed <= most) {
		return nil, invalid(fmt.Errorf("speed: it must be from 0 to %d", most))
	}
	c.changing.Lock()
	defer c.changing.Unlock()
	if err := c.clock.move(r.Context(), c.st, speed, by); err != nil {
		return nil, err
	}
	return c.time(), nil
}

// duration is a duration in Go's notation that is not negative.
type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	const most = 100 * 365 * 24 * time.Hour
	parsed, err := time.ParseDuration(string(text))
	if err != nil || parsed < 0 || parsed > most {
		return fmt.Errorf("%.100q is not a duration such as 90s or 1h30m, from 0 to %v", text, most)
	}
	*d = duration(parsed)
	return nil
}

func (d duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

type condition struct {
	Availability emulator.Availability `json:"availability"`
}

func (c *Control) changeAvailability(_ *http.Request, body []byte) (any, error) {
	var asked condition
	if err := read(body, &asked); err != nil {
		return nil, err
	}
	a, err := emulator.ParseAvailability(string(asked.Availability))
	if err != nil {
		return nil, invalid(err)
	}
	c.setAvailability(a)
	return condition{a}, nil
}

func (c *Control) changeScenario(_ *http.Request, body []byte) (any, error) {
	choose, err := emulator.ParseScenarios(body)
	if err != nil {
		return nil, invalid(err)
	}
	c.scenario.Store(&choose)
	return nil, nil
}

// changeOperation sets the scenario of an operation. The body is what a scenario file has as its default.
func (c *Control) changeOperation(r *http.Request, body []byte) (any, error) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return nil, invalid(fmt.Errorf("the id %.100q is not a GUID", r.PathValue("id")))
	}
	choose, err := emulator.ParseScenarios(slices.Concat([]byte(`{"default":`), body, []byte("}")))
	if err != nil {
		return nil, invalid(err)
	}
	return nil, c.engine.SetScenario(r.Context(), id, choose(emulator.Record{ID: id}))
}

// plant adds the operations of a seed to the existing ones. Its services and nodes, if it has any, replace the existing
// ones. It is not atomic: what was planted before an error stays.
func (c *Control) plant(r *http.Request, body []byte) (any, error) {
	seed, err := emulator.ParseSeed(body)
	if err != nil {
		return nil, invalid(err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, invalid(err)
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		switch name {
		case "operations", "services", "nodes", "service":
		default:
			return nil, invalid(fmt.Errorf("%s: it can be set only at the start of the server", name))
		}
	}
	c.changing.Lock()
	defer c.changing.Unlock()
	if members["services"] != nil || members["nodes"] != nil {
		if err := c.engine.SetCluster(r.Context(), seed.Cluster); err != nil {
			return nil, err
		}
	}
	if members["service"] != nil {
		c.setAvailability(seed.Availability)
	}
	for _, op := range seed.Operations {
		if op.Terminal() && op.Stopped.IsZero() {
			op.Stopped = c.Now().UTC().Add(-op.Age)
		}
		if err := c.engine.Put(r.Context(), op.Record); err != nil {
			return nil, err
		}
	}
	return struct {
		Operations int `json:"operations"`
	}{len(seed.Operations)}, nil
}

// reset removes everything, and restores the initial situation. The clock goes on.
func (c *Control) reset(r *http.Request, _ []byte) (any, error) {
	c.changing.Lock()
	defer c.changing.Unlock()
	c.forget()
	c.scenario.Store(&c.begin.Scenario)
	if err := c.engine.Clear(r.Context()); err != nil {
		return nil, err
	}
	if c.begin.Seed != nil {
		if err := c.engine.Plant(r.Context(), *c.begin.Seed); err != nil {
			return nil, err
		}
	}
	c.setAvailability(c.begin.Availability)
	return nil, c.setReachable(r.Context(), true)
}
