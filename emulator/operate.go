package emulator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
)

// Record returns an operation as it stands now, running or finished, in the
// engine's own terms. What is due is written down first; if the store can be read but not
// written ([store.ErrUnavailable]), the operation stands where it is stored. An unknown id is a
// [server.Error] with the code FABRIC_E_KEY_NOT_FOUND; a failing store gives its own error.
func (e *Emulator) Record(ctx context.Context, id uuid.UUID) (Record, error) {
	s, err := e.records.find(ctx, id)
	if err == nil {
		if s, err = e.settle(ctx, s); unwritten(s, err) {
			err = nil
		}
	}
	if errors.Is(err, store.ErrNotFound) {
		return Record{}, server.NewError(generated.ErrorCodeKeyNotFound, "No operation with this id is known.")
	}
	if err != nil {
		return Record{}, err
	}
	return s.Record, nil
}

// cancelOperation looks in the active table only, judges, writes the flag, and
// answers. It never waits for the engine (runtime §5.2).
func (e *Emulator) cancelOperation(ctx context.Context, id uuid.UUID, force bool) error {
	if err := e.available(); err != nil {
		return err
	}
	return e.change(ctx, id, func(r Record) (Record, error) { return cancel(r, force, e.profile) })
}

// start accepts an operation by writing its record. Whether its target exists is
// found out later, by the engine (runtime §5.6).
func (e *Emulator) start(ctx context.Context, id uuid.UUID, kind generated.OperationType, target Target) error {
	if err := e.available(); err != nil {
		return err
	}
	if target.Transition == generated.NodeTransitionTypeStop {
		if d := target.Duration; d < e.settings.StopNodeMinDuration || d > e.settings.StopNodeMaxDuration {
			return server.NewError(generated.ErrorCodeInvalidDuration, fmt.Sprintf("A node may be stopped for %d to %d seconds.",
				e.settings.StopNodeMinDuration/time.Second, e.settings.StopNodeMaxDuration/time.Second))
		}
	}
	for p := new(patience); ; {
		// The order of the runtime (§5.7): the node first, then the id.
		nodeRevision, err := e.freeNode(ctx, kind, target.NodeName)
		if err != nil {
			return err
		}
		if _, err := e.records.find(ctx, id); err == nil {
			return server.NewError(generated.ErrorCodeTestCommandOperationIDAlreadyExists, "The operation id is in use.")
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		r := Record{ID: id, Kind: kind, Step: StepIntentSaved, Rollback: NotRollingBack, Received: e.now().UTC(), Target: target}
		if r.Found, err = e.look(ctx, kind, target); err != nil {
			return err
		}
		r.Scenario = e.scenario(r)
		r.Due = r.Received.Add(r.Scenario.lasts(r))
		if err = e.records.insert(ctx, r, nodeRevision); !errors.Is(err, store.ErrConflict) {
			return err
		}
		if err := p.lost(ctx); err != nil {
			return err
		}
	}
}

// freeNode is the revision of the node's key if no transition holds it. One that is
// over is written down first, because what it left of the node is what the next finds.
func (e *Emulator) freeNode(ctx context.Context, kind generated.OperationType, name string) (store.Revision, error) {
	if kind != generated.OperationTypeNodeTransition {
		return 0, nil
	}
	for p := new(patience); ; {
		holder, revision, err := e.records.nodeHolder(ctx, name)
		if err != nil || revision == 0 {
			return revision, err
		}
		before, err := e.records.find(ctx, holder)
		if errors.Is(err, store.ErrNotFound) {
			return revision, nil
		}
		var s stored
		if err == nil {
			s, err = e.settle(ctx, before)
		}
		switch {
		case errors.Is(err, store.ErrNotFound): // removed meanwhile
		case err != nil:
			return 0, err
		case !s.Terminal():
			return 0, server.NewError(generated.ErrorCodeNodeTransitionInProgress, "The node is already in a transition.")
		case before.Terminal(): // moved meanwhile, and has let go of the node
			if again, _, err := e.records.nodeHolder(ctx, name); err != nil || again == holder {
				return revision, err
			}
		}
		if err := p.lost(ctx); err != nil {
			return 0, err
		}
	}
}

// isRefusal reports whether an error is an answer to a caller, and no failure.
func isRefusal(err error) bool {
	var refusal *server.Error
	return errors.As(err, &refusal)
}

// SetScenario changes how an operation that is under way goes on. What it is doing at
// the moment still ends when it was going to. It returns a [server.Error] with the code
// FABRIC_E_KEY_NOT_FOUND for an operation that is unknown or over.
func (e *Emulator) SetScenario(ctx context.Context, id uuid.UUID, scenario Scenario) error {
	return e.change(ctx, id, func(r Record) (Record, error) {
		if r.Terminal() {
			return r, errNotActive()
		}
		r.Scenario = scenario
		return r, nil
	})
}

// change writes an active record anew as edit makes it of what it is now. What is due comes
// before, in transactions of its own. Nothing is written if edit changes nothing.
func (e *Emulator) change(ctx context.Context, id uuid.UUID, edit func(Record) (Record, error)) error {
	for p := new(patience); ; {
		s, err := e.records.get(ctx, activeKey(id))
		if err == nil {
			s, err = e.settle(ctx, s)
		}
		if errors.Is(err, store.ErrNotFound) {
			return errNotActive()
		}
		if err != nil {
			return err
		}
		r, err := edit(s.Record)
		if err != nil || r == s.Record { // as it was stored at a moment of this call
			return err
		}
		if _, err = e.records.replace(ctx, s, r); !errors.Is(err, store.ErrConflict) {
			return err
		}
		// Somebody else wrote the record meanwhile: judge it again as it is now.
		if err := p.lost(ctx); err != nil {
			return err
		}
	}
}

// Sweep writes down what is due: finished operations move to the history, others
// get on. Nothing depends on it but the size of the active table, and what [Emulator.Watch]
// can tell by then; [Emulator.Run] does the same without reading everything each time. Any
// number of emulators may sweep one store. What cannot be read or written is reported at
// the end, joined, and hinders nothing else.
func (e *Emulator) Sweep(ctx context.Context) error {
	var errs []error
	add := func(err error) {
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			errs = append(errs, err)
		}
	}
	var page []stored
	settle := func() {
		e.settleAll(ctx, page, e.now(), func(_ int, err error) { add(err) })
		page = page[:0]
	}
	for s, err := range e.records.all(ctx, activePrefix) {
		if err != nil {
			add(err)
		} else if page = append(page, s); len(page) == settledAtOnce {
			settle()
		}
		if ctx.Err() != nil {
			break
		}
	}
	settle()
	return errors.Join(errs...)
}
