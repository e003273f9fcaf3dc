package emulator

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/sfcancel/sfcancel/store"
)

// CleanUp removes old operations, as the runtime does every
// [Settings.StoredActionCleanupInterval] (runtime §5.8): while more are finished than
// [Settings.MaxStoredActionCount], the ones that ended longer than
// [Settings.CompletedActionKeepDuration] ago go, oldest first, until no more than that
// are left. An id that was removed is unknown, and may be used again. Any number of
// emulators may clean up one store. Errors are as those of [Emulator.Sweep].
func (e *Emulator) CleanUp(ctx context.Context) error {
	var errs []error
	if err := e.Sweep(ctx); err != nil {
		errs = append(errs, err)
	}
	finished, limit := 0, e.now().Add(-e.settings.CompletedActionKeepDuration)
	var old []stored
	for s, err := range e.records.all(ctx, historyPrefix) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		finished++
		if s.Stopped.Before(limit) {
			old = append(old, s)
		}
	}
	slices.SortFunc(old, func(a, b stored) int {
		return cmp.Or(a.Stopped.Compare(b.Stopped), cmp.Compare(a.key, b.key))
	})
	surplus := max(finished-e.settings.MaxStoredActionCount, 0)
	for _, s := range old[:min(surplus, len(old))] {
		_, err := e.records.st.Commit(ctx, store.Txn{
			If:   []store.Condition{{Key: s.key, Revision: s.revision}},
			Then: []store.Write{{Key: s.key, Delete: true}},
		})
		if err != nil && !errors.Is(err, store.ErrConflict) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
