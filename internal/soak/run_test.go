package soak

import (
	"context"
	"errors"
	"net/http"
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
