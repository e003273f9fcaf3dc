package emulator

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
)

// Record returns an operation as it stands now, running or finished, in the
// engine's own terms. An unknown id is a [server.Error] with the code
// FABRIC_E_KEY_NOT_FOUND; a failing store gives its own error.
func (e *Emulator) Record(ctx context.Context, id uuid.UUID) (Record, error) {
	s, err := e.records.find(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return Record{}, server.NewError(generated.ErrorCodeKeyNotFound, "No operation with this id is known.")
	}
	if err != nil {
		return Record{}, err
	}
	return e.current(s.Record), nil
}

// cancelOperation looks in the active table only, judges, writes the flag, and
// answers. It never waits for the engine (runtime §5.2).
func (e *Emulator) cancelOperation(ctx context.Context, id uuid.UUID, force bool) error {
	for {
		s, err := e.records.get(ctx, activeKey(id))
		if errors.Is(err, store.ErrNotFound) {
			return errNotActive()
		}
		if err != nil {
			return err
		}
		r, err := cancel(e.current(s.Record), force, e.profile)
		if err != nil {
			return err
		}
		err = e.records.replace(ctx, s, r)
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
		// Somebody else wrote the record meanwhile: judge it again as it is now.
	}
}

// start accepts an operation by writing its record. Whether its target exists is
// found out later, by the engine (runtime §5.6).
func (e *Emulator) start(ctx context.Context, id uuid.UUID, kind generated.OperationType, target Target) error {
	if target.Transition == generated.NodeTransitionTypeStop {
		if err := checkStopDuration(target.Duration, e.profile); err != nil {
			return err
		}
	}
	r := Record{ID: id, Kind: kind, Step: StepIntentSaved, Rollback: NotRollingBack, Target: target}
	for {
		// The order of the runtime (§5.7): the node first, then the id.
		nodeRevision, err := e.freeNode(ctx, r)
		if err != nil {
			return err
		}
		if _, err := e.records.find(ctx, id); err == nil {
			return server.NewError(generated.ErrorCodeTestCommandOperationIDAlreadyExists, "The operation id is in use.")
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		r.Received = e.now().UTC()
		r.Due = r.Received.Add(e.scenario(r).lasts(r))
		err = e.records.insert(ctx, r, nodeRevision)
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}

// freeNode is the revision of the node's key if the node is free for r. It stays
// held until its operation is over, whether or not that is written down yet.
func (e *Emulator) freeNode(ctx context.Context, r Record) (store.Revision, error) {
	if r.Kind != generated.OperationTypeNodeTransition {
		return 0, nil
	}
	holder, revision, err := e.records.nodeHolder(ctx, r.Target.NodeName)
	if err != nil || revision == 0 {
		return revision, err
	}
	s, err := e.records.find(ctx, holder)
	if errors.Is(err, store.ErrNotFound) {
		return revision, nil
	}
	if err != nil {
		return 0, err
	}
	if !e.current(s.Record).Terminal() {
		return 0, server.NewError(generated.ErrorCodeNodeTransitionInProgress, "The node is already in a transition.")
	}
	return revision, nil
}

// The bounds of a stop. The documents begin at ten minutes, the runtime's
// StopNodeMinDurationInSeconds at five (runtime §9.2).
const (
	minStopDocumented = 600 * time.Second
	minStopRuntime    = 300 * time.Second
	maxStop           = 14400 * time.Second
)

func checkStopDuration(d time.Duration, profile server.Profile) error {
	least := minStopDocumented
	if profile == server.Runtime {
		least = minStopRuntime
	}
	if d < least || d > maxStop {
		return server.NewError(generated.ErrorCodeInvalidDuration, "The stop duration is outside its bounds.")
	}
	return nil
}

// Sweep writes down what is due: finished operations move to the history, others
// get on. Nothing depends on it but the size of the active table, so how often it
// runs is a matter of taste, and any number of emulators may sweep one store.
func (e *Emulator) Sweep(ctx context.Context) error {
	for s, err := range e.records.all(ctx, activePrefix) {
		if err != nil {
			return err
		}
		r := e.current(s.Record)
		if r == s.Record {
			continue
		}
		if err := e.records.replace(ctx, s, r); err != nil && !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return nil
}
