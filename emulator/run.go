package emulator

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/store"
)

const (
	// longestWait is in real time: the engine's may run faster than it, or be made to.
	longestWait = time.Second
	// spread is how far apart the replicas of one store wake for the same. Whoever comes
	// first writes, and the others mostly find that there is nothing left to do.
	spread = 50 * time.Millisecond
	// horizon is how far ahead Run looks. What does not move by then is looked at again
	// when somebody writes it.
	horizon = 100 * 365 * 24 * time.Hour

	workers = 8

	leastBackOff, mostBackOff = 100 * time.Millisecond, 10 * time.Second
)

// Run writes transitions down as they fall due, until ctx ends; it then returns ctx's
// error. It follows the engine's clock: what falls due is written down within a second of
// real time, much less than that if the clock runs at real speed, and the time that the
// store takes.
//
// It reads the active operations once and then follows the store, so that it costs nothing
// while nothing happens. Nothing depends on it but how soon [Emulator.Watch] tells of a
// transition, and the size of the active table: whoever asks for an operation has what is
// due written down first. Any number of replicas may run it on one store.
//
// When the store cannot be reached, or has forgotten what it was followed for, Run waits a
// little, reads everything anew and goes on. What it could not read or write it tells the
// function of [WithReport]; a failure that is about one operation hinders no other. Only a
// store that was closed ends it, with [store.ErrClosed].
func (e *Emulator) Run(ctx context.Context) error {
	for wait := leastBackOff; ; wait = min(2*wait, mostBackOff) {
		began := time.Now()
		err := e.follow(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, store.ErrClosed):
			return err
		case !errors.Is(err, store.ErrCompacted): // which is nobody's fault
			e.report(err)
		}
		if time.Since(began) > mostBackOff {
			wait = leastBackOff
		}
		if err := pause(ctx, wait+rand.N(wait)); err != nil {
			return err
		}
	}
}

// follow is Run until the first failure.
func (e *Emulator) follow(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	plan := newSchedule()
	from, err := e.planAll(ctx, plan)
	if err != nil {
		return err
	}
	var lost error
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		lost = e.keepUp(ctx, plan, from)
	}()
	err = e.workOff(ctx, plan, watched)
	stop()
	<-watched
	if err == nil {
		err = lost
	}
	return err
}

// planAll plans every active operation. It returns the revision from which on the store has
// to be watched: what is newer may be among them or not.
func (e *Emulator) planAll(ctx context.Context, plan *schedule) (from store.Revision, err error) {
	for after := ""; ; {
		page, err := e.records.st.List(ctx, activePrefix, after, pageSize)
		if err != nil {
			return 0, err
		}
		if after == "" {
			from = page.Revision
		}
		for _, item := range page.Items {
			e.plan(plan, item)
			after = item.Key
		}
		if len(page.Items) < pageSize {
			return from, nil
		}
	}
}

// keepUp plans what is written, until the store tells no more.
func (e *Emulator) keepUp(ctx context.Context, plan *schedule, from store.Revision) error {
	for change, err := range e.records.st.Watch(ctx, activePrefix, from) {
		if err != nil {
			return err
		}
		for _, w := range change.Writes {
			if !w.Delete {
				e.plan(plan, store.Item{Key: w.Key, Value: w.Value, Revision: change.Revision})
			} else if id, err := uuid.Parse(strings.TrimPrefix(w.Key, activePrefix)); err == nil {
				plan.remove(id)
			}
		}
	}
	return nil
}

// plan plans one operation.
func (e *Emulator) plan(plan *schedule, item store.Item) {
	s, err := decode(item)
	if err != nil {
		e.report(err) // nobody can carry it on, and it hinders nothing else
		return
	}
	e.planRecord(plan, s.Record)
}

func (e *Emulator) planRecord(plan *schedule, r Record) {
	if at, comes := moment(r, e.settings.CommandStepRetryBackoff, e.now().Add(horizon)); comes {
		plan.set(r.ID, at)
	} else {
		plan.remove(r.ID)
	}
}

// workOff writes down what is planned when its moment comes, until the watch is over.
func (e *Emulator) workOff(ctx context.Context, plan *schedule, watched <-chan struct{}) error {
	for tried := time.Now(); ; {
		if err := e.sleep(ctx, plan, watched); err != nil {
			return err
		}
		if time.Since(tried) >= mostBackOff {
			tried = time.Now()
			plan.resume(e.now())
		}
		if err := e.workOnAll(ctx, plan); err != nil {
			return err
		}
		select {
		case <-watched:
			return nil
		default:
		}
	}
}

// sleep waits for the next moment, for the longest wait, or for the end of the watch.
func (e *Emulator) sleep(ctx context.Context, plan *schedule, watched <-chan struct{}) error {
	late := rand.N(spread)
	comes := func() time.Time { return time.Now().Add(plan.wait(e.now(), longestWait) + late) }
	wake := comes()
	timer := time.NewTimer(time.Until(wake))
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return nil
		case <-plan.sooner:
			if earlier := comes(); earlier.Before(wake) {
				wake = earlier
				timer.Reset(time.Until(wake))
			}
		case <-watched:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// workOnAll writes down what is due now, several at a time: a store that makes writes last
// together, or that is far away, does many in the time of one.
func (e *Emulator) workOnAll(ctx context.Context, plan *schedule) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	for range workers {
		id, due := plan.take(e.now())
		if !due {
			break
		}
		all.Go(func() {
			for ; due; id, due = plan.take(e.now()) {
				if err := e.workOn(ctx, plan, id); err != nil {
					stop(err) // the first counts
					return
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// workOn writes down what is due of an operation whose moment has come.
func (e *Emulator) workOn(ctx context.Context, plan *schedule, id uuid.UUID) error {
	s, err := e.records.get(ctx, activeKey(id))
	if err == nil {
		s, err = e.settle(ctx, s)
	}
	if errors.Is(err, store.ErrNotFound) || err == nil && s.Terminal() {
		return nil
	}
	switch {
	case err == nil:
	case ctx.Err() != nil, errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrOutcomeUnknown), errors.Is(err, store.ErrClosed):
		return err
	default: // something about this one, such as a record of its node that cannot be read
		e.report(err)
		plan.postpone(id)
		return nil
	}
	// The watch tells of this as well, unless it did so before this was taken from the plan.
	e.planRecord(plan, s.Record)
	return nil
}
