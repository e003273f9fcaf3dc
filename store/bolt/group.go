package bolt

import (
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/sfcancel/sfcancel/store"
)

// errUnchanged makes bbolt roll back a group in which every transaction has a
// conflict, because there is nothing to write.
var errUnchanged = errors.New("nothing to write")

// write executes a group in one bbolt transaction and settles all of it. It settles
// nothing, not even a conflict, before bbolt has returned: a conflict may depend
// on a transaction of the same group whose write then fails.
func (s *Store) write(group []*pending) {
	outcomes, err := s.tryWrite(group)
	for i, p := range group {
		if err != nil {
			p.settle(0, err)
		} else {
			p.settle(outcomes[i].revision, outcomes[i].err)
		}
	}
}

func (s *Store) tryWrite(group []*pending) (outcomes []outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.stuck = true
			err = s.fail(fmt.Errorf("bbolt panicked: %v", p))
		}
	}()
	// The store may have ended while this group was in the queue.
	if err := s.whyEnded(); err != nil {
		return nil, err
	}
	s.keepFreeList()
	var id int
	err = s.update(func(tx *bbolt.Tx) (err error) {
		id = tx.ID()
		outcomes, err = apply(tx, group)
		return err
	})
	switch {
	case err == nil:
		for _, o := range outcomes {
			s.log.Append(o.revision, o.writes)
		}
		s.durable.reach(id) // after Append: Recall must know what readers can see
	case errors.Is(err, errUnchanged):
		err = nil
	default:
		err = s.afterFailure(err)
	}
	return outcomes, err
}

// afterFailure finds out whether the group was rolled back. bbolt also returns an
// error if only the last fsync has failed: readers then see the group, but whether
// it is durable is unknown.
func (s *Store) afterFailure(cause error) error {
	visible, err := s.visible()
	if err != nil {
		return s.fail(errors.Join(cause, err))
	}
	if !s.durable.has(visible) {
		return s.fail(cause)
	}
	if isOfDisk(cause) {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, cause)
	}
	return cause
}

// apply checks the conditions of each transaction against the state left by those before it,
// and executes the transactions whose conditions hold. An error is for the whole group.
func apply(tx *bbolt.Tx, group []*pending) ([]outcome, error) {
	items := tx.Bucket([]byte(itemsBucket))
	before := storeRevision(tx)
	revision := before
	outcomes := make([]outcome, len(group))
	for i, p := range group {
		if err := judge(items, p.txn.If); err != nil {
			outcomes[i].err = err
			continue
		}
		revision++
		writes, err := put(items, p.txn.Then, revision)
		if err != nil {
			return nil, err
		}
		outcomes[i] = outcome{revision: revision, writes: writes}
	}
	if revision == before {
		return outcomes, errUnchanged
	}
	return outcomes, setStoreRevision(tx, revision)
}

func judge(items *bbolt.Bucket, conditions []store.Condition) error {
	for _, c := range conditions {
		var at store.Revision
		if value := items.Get([]byte(c.Key)); value != nil {
			at = decodeRevision(value)
		}
		if at != c.Revision {
			return fmt.Errorf("%w: %.64q is at revision %d, not %d", store.ErrConflict, c.Key, at, c.Revision)
		}
	}
	return nil
}

// put executes the writes and returns those that had an effect.
func put(items *bbolt.Bucket, writes []store.Write, at store.Revision) ([]store.Write, error) {
	effective := make([]store.Write, 0, len(writes))
	for _, w := range writes {
		key := []byte(w.Key)
		var err error
		switch {
		case !w.Delete:
			err = items.Put(key, encodeItem(w.Value, at))
		case items.Get(key) == nil:
			continue
		default:
			err = items.Delete(key)
		}
		if err != nil {
			return nil, fmt.Errorf("write %.64q: %w", w.Key, err)
		}
		effective = append(effective, w)
	}
	return effective, nil
}
