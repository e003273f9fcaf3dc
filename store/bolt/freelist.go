package bolt

import "go.etcd.io/bbolt"

// maxFreeList is the largest number of free pages that is written with each transaction. bbolt sorts
// and writes the whole list. After the clean-up of a large file that takes many times as long as the
// rest of the transaction, and goes on for the life of the file. The list is a convenience: bbolt finds the
// free pages by itself when it opens a file that has none, in a walk over the pages in use.
const maxFreeList = 1000

// keepFreeList decides whether the next transaction writes the list of free pages. Under leader.
func (s *Store) keepFreeList() {
	stats := s.db.Stats()
	s.db.NoFreelistSync = stats.FreePageN+stats.PendingPageN > maxFreeList
}

// writeFreeList writes the list if the last transaction did not, so that the next to open the
// file need not look for the pages. A failure only makes that slower. Under leader.
func (s *Store) writeFreeList() {
	if !s.db.NoFreelistSync || s.readOnly || s.durable.hasFailed() {
		return
	}
	s.db.NoFreelistSync = false
	_ = s.db.Update(func(*bbolt.Tx) error { return nil })
}
