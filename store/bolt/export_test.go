package bolt

import "go.etcd.io/bbolt"

// AroundUpdate has around called in place of each of bbolt's updates, to hold
// them up, count them or make them fail. Before the first Commit.
func AroundUpdate(s *Store, around func(update func() error) error) {
	update := s.update
	s.update = func(fn func(*bbolt.Tx) error) error {
		return around(func() error { return update(fn) })
	}
}

// Syncs reports whether bbolt makes what it writes durable.
func Syncs(s *Store) bool {
	return !s.db.NoSync && !s.db.NoGrowSync && !s.db.NoFreelistSync
}
