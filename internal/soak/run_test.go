package soak

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// run is one history. Play it in a bubble.
type run struct {
	seed uint64
	plan *plan

	mu       sync.Mutex
	began    time.Time
	clusters []*cluster // those of [plan.homes]
	calls    []*call
	ledgers  [2]wrapper.MemoryLedger
	noted    []noted        // what the ledgers were told
	happens  []happening    // that is no call, for the history
	late     sync.WaitGroup // requests that are still on their way
}

// desks are the servers of both profiles, one for each cluster that a run may have.
type desks map[server.Profile][homes]*desk

func newDesks() (desks, error) {
	all := desks{}
	for _, p := range []server.Profile{server.Documented, server.Runtime} {
		var pair [homes]*desk
		for n := range pair {
			var err error
			if pair[n], err = newDesk(p); err != nil {
				return nil, err
			}
		}
		all[p] = pair
	}
	return all, nil
}

// play plays the history of a seed to its end, when nothing is on its way any more.
func play(seed uint64, w world, all desks, make maker) (*run, error) {
	p := newPlan(seed, w)
	run := &run{seed: seed, plan: &p, began: time.Now()}
	for home := range p.homes {
		run.clusters = append(run.clusters, newCluster(run, home, all[p.profile][home]))
	}
	var actors sync.WaitGroup
	begin := []func(){run.others}
	for n, c := range p.clients {
		client, err := make(c, &http.Client{Transport: newWire(run, n)}, ledger{run, n, c.shift, &run.ledgers[c.ledger]})
		if err != nil {
			return nil, err
		}
		mine := run.planned(n, c, client)
		begin = append(begin, func() {
			for _, k := range mine {
				run.play(k, client)
			}
		})
	}
	for _, f := range begin {
		actors.Go(f)
	}
	actors.Wait()
	run.late.Wait()
	return run, nil
}

// planned is the calls that a client will make.
func (run *run) planned(n int, c clientPlan, client canceller) (mine []*call) {
	_, waits := client.(waiter)
	for _, p := range c.calls {
		if !waits {
			p = p.instead()
		}
		k := &call{n: len(run.calls), client: n, made: c, home: run.clusters[c.home], plan: p, policy: p.policy}
		if k.policy == nil {
			k.policy = c.policy
		}
		run.calls = append(run.calls, k)
		mine = append(mine, k)
	}
	return mine
}

func (run *run) now() time.Duration { return time.Since(run.began) }

// others plays what is not a client.
func (run *run) others() {
	for _, a := range run.plan.others {
		_ = run.sleepUntil(context.Background(), a.at)
		run.mu.Lock()
		run.clusters[a.home].otherDoes(a)
		run.mu.Unlock()
	}
}

func (run *run) play(k *call, client canceller) {
	_ = run.sleepUntil(context.Background(), run.now().Truncate(tick)+k.plan.after)
	ctx := context.WithValue(context.Background(), callKey{}, k)
	begin := run.now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if k.plan.deadline > 0 {
		k.deadline = begin + k.plan.deadline
		ctx, cancel = context.WithDeadline(ctx, run.began.Add(k.deadline))
		defer cancel()
	}
	if k.plan.cancel > 0 {
		k.ctxEnded = begin + k.plan.cancel
		var give context.CancelFunc
		ctx, give = context.WithCancel(ctx)
		defer time.AfterFunc(k.plan.cancel, give).Stop()
		defer give()
	}
	k.began = begin
	if k.plan.do == deedAll {
		run.cancelAll(ctx, k, client.(waiter))
	} else {
		k.make(ctx, client, run.plan.operations[k.plan.op])
	}
	k.ended, k.ctxErr = run.now(), ctx.Err()
}

// cancelAll makes a call for each operation that the client selects, judged as any other.
func (run *run) cancelAll(ctx context.Context, k *call, client waiter) {
	width := k.plan.width
	if run.plan.exact {
		width = 1
	}
	for r, err := range client.CancelAll(ctx, wrapper.Selector{}, wrapper.CancelAllOptions{
		Concurrency: width,
		Each: func(ctx context.Context, op wrapper.Operation) (wrapper.Result, error) {
			run.mu.Lock() // for the ids of the plan
			part := &call{client: k.client, made: k.made, home: k.home, plan: k.plan, policy: k.policy, deadline: k.deadline, ctxEnded: k.ctxEnded, began: run.now()}
			part.plan.do, part.plan.op, part.plan.timeout = deedCancel, run.plan.number(op.ID), 0
			part.n = k.n + 1000*(part.plan.op+1) // which does not depend on the order
			if k.plan.gentle {
				part.plan.do, part.plan.gentle = deedStop, false
			}
			k.parts = append(k.parts, part)
			run.calls = append(run.calls, part)
			run.mu.Unlock()
			part.make(context.WithValue(ctx, callKey{}, part), client, run.plan.operations[part.plan.op])
			part.ended, part.ctxErr = run.now(), ctx.Err()
			return part.result, part.err
		},
	}) {
		if e := (*wrapper.Error)(nil); errors.As(err, &e) && e.OperationID() == (uuid.UUID{}) {
			k.err = err
		} else {
			k.yielded++
		}
		k.read = append(k.read, wrapper.Operation{ID: r.OperationID})
	}
}

// tell adds a line to the history. Only runs that fail are read, but what is not noted
// when it happens is lost.
func (c *cluster) tell(format string, args ...any) {
	if c.plan.homes > 1 {
		format, args = "in cluster %d: "+format, append([]any{c.home}, args...)
	}
	c.happens = append(c.happens, happening{at: c.now(), format: format, args: args})
}

// happening is a line that is not written before somebody wants to read it.
type happening struct {
	at     time.Duration
	format string
	args   []any
}

// history is everything that happened, in order of time.
func (run *run) history() string {
	lines := slices.Clone(run.happens)
	add := func(at time.Duration, format string, args ...any) {
		lines = append(lines, happening{at, format, args})
	}
	for _, k := range run.calls {
		add(k.began, "%s begins: %s", k, k.asked())
		for _, q := range k.requests {
			add(q.sent, "%s leaves: %s", q, q.fate)
			if q.served > 0 {
				add(q.served, "%s is served: %s", q, q.answer)
			}
			add(q.gotAt, "%s ends: %s", q, q.ending())
		}
		add(k.ended, "%s ends: %s", k, k.outcome())
	}
	slices.SortStableFunc(lines, func(a, b happening) int { return cmp.Compare(a.at.Truncate(tick), b.at.Truncate(tick)) })
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, profile %s, %d%% spoilt, %d%% slow%s\n", run.seed, run.plan.profile, run.plan.spoilt, run.plan.slow, run.plan.rough())
	for n, o := range run.plan.operations {
		fmt.Fprintf(&b, "operation %d: %s, present %v, %+v\n", n, o.kind, o.present[:run.plan.homes], o.scenario)
	}
	for n, c := range run.plan.clients {
		fmt.Fprintf(&b, "client %d: ledger %d, api-version %s, %T%+v, %d attempts, each %s, burst %d rate %v, gateways %v (all %v)",
			n, c.ledger, c.version, c.policy, c.policy, c.attempts, c.each, c.burst, c.rate, c.endpoints, c.several)
		if c.shift != 0 {
			fmt.Fprintf(&b, ", clock ahead by %s", c.shift)
		}
		b.WriteString("\n")
	}
	for _, l := range lines {
		fmt.Fprintf(&b, "%14s  %s\n", l.at.Truncate(tick), fmt.Sprintf(l.format, l.args...))
	}
	return b.String()
}

// rough is what a plan has of the rough world.
func (p plan) rough() string {
	if len(p.parts) == 0 {
		return ""
	}
	s := fmt.Sprintf(", with %v", p.parts)
	if p.swallowed+p.replayed+p.ledgerFails > 0 {
		s += fmt.Sprintf(", %d%% swallowed, %d%% replayed, %d%% of the ledger's calls fail", p.swallowed, p.replayed, p.ledgerFails)
	}
	if p.closes != [gateways]closing{} {
		s += fmt.Sprintf(", connections closed %+v", p.closes)
	}
	return s
}

func (s sight) String() string {
	if !s.found {
		return "unknown"
	}
	if s.forced {
		return string(s.state) + " by force"
	}
	return string(s.state)
}

func (k *call) String() string { return fmt.Sprintf("client %d call %d", k.client, k.n) }

func (k *call) asked() string {
	s := fmt.Sprintf("%s of operation %d", k.plan.do, k.plan.op)
	switch k.plan.do {
	case deedForce:
		s += fmt.Sprintf(", %T%+v", k.policy, k.policy)
	case deedStop:
		s += fmt.Sprintf(", grace %s, never force %v", k.plan.grace, k.plan.gentle)
	case deedStart:
		s += ", " + string(k.plan.kind)
	default:
	}
	if k.plan.deadline > 0 {
		s += fmt.Sprintf(", deadline %s", k.deadline)
	}
	if k.plan.cancel > 0 {
		s += fmt.Sprintf(", given up at %s", k.ctxEnded)
	}
	return s
}

func (k *call) outcome() string {
	switch {
	case k.err != nil:
		return "error: " + k.err.Error()
	case k.plan.do == deedAll:
		return fmt.Sprintf("%d operations", len(k.parts))
	case k.plan.do == deedRead || k.plan.do == deedList:
		return fmt.Sprintf("read %v", k.read)
	}
	return fmt.Sprintf("%s %s %s, resolved %v", k.result.Verdict, k.result.State, k.result.Kind, k.result.Resolved)
}

func (q *request) String() string {
	s := fmt.Sprintf("%s request %d (%s", q.call, q.n, q.what)
	if q.op >= 0 {
		s += fmt.Sprintf(" %d", q.op)
	}
	return s + fmt.Sprintf(" to gw%d)", q.gate)
}

func (f fate) String() string {
	name := cmp.Or(f.fault.name, "untouched")
	if f.again > 0 && f.fault.apply == inTime {
		name += ", and sent again below the client"
	}
	return name
}

func (q *request) ending() string {
	switch {
	case q.gotError != nil && q.got.status != 0:
		return fmt.Sprintf("%s, and then %v", q.got, q.gotError)
	case q.gotError != nil:
		return q.gotError.Error()
	}
	return q.got.String()
}

func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, a.body) }
