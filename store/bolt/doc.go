// Package bolt is a store driver that keeps all items in one local file, through
// bbolt. One process at a time can have the file open for writing.
//
// # Durability
//
// When Commit has returned nil, the transaction survives SIGKILL, a crash of
// the machine and a loss of power, provided that the disk keeps the data for which it has
// acknowledged an fsync. The same holds for what Get and List have returned: a
// read that sees a transaction before its fsync waits for the fsync.
// If the disk refuses a commit because it is full, over quota, read-only or
// faulty, Commit fails with [store.ErrUnavailable]: nothing was written, reads still work,
// and commits work again once the disk accepts writes.
// If the disk fails in a way that leaves the outcome of the last transactions
// unknown, the store closes itself (see [store.Store]); open it again to find out.
//
// # Concurrent writers
//
// A transaction costs two fsyncs of bbolt: one for the pages, one for the meta page
// that makes them valid. Transactions that arrive while others are being written wait
// and are then written as one group. The conditions of each are checked in the order of
// arrival against the state left by those before it. There is no timer: a single writer never waits.
//
// # The file
//
// The file has mode 0600 and never shrinks; the space of deleted items is reused.
// It must be on a local file system that supports flock and mmap. [Store.Backup] copies
// it while it is in use; a copy made by other means is consistent only if the
// store was closed during the whole copy.
//
// With up to 1 000 free pages, each transaction writes the list of free pages. With more, as
// after deleting most of a large store, only Close writes it. If the process died before
// Close, the next [Open] for writing finds the free pages and writes the list.
//
// [Open] reads an existing file once from end to end before it opens it for
// writing. If the structure is damaged, it leaves the file untouched and fails with
// [store.ErrForeign]. This takes time in proportion to the size, about
// a second for a gigabyte in the page cache. It cannot detect changed bytes in a value,
// because bbolt keeps no checksums of values.
package bolt
