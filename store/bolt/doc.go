// Package bolt is the store driver that keeps everything in one file of this
// machine, through bbolt. One process at a time can have the file open.
//
// # Durability
//
// When Commit has returned nil, the transaction survives SIGKILL, a crash of
// the machine and a loss of power, as far as the disk keeps what it has
// acknowledged to fsync. The same holds for what Get and List have shown: a
// read that meets a transaction on its way to the disk waits until it is there.
// A commit that the disk does not take, because it is full, over a quota, read-only or
// faulty, is [store.ErrUnavailable]: it has not happened, reads go on, and so does the
// store once there is room.
// If the disk fails in a way that leaves open whether the last transactions were
// kept, the store closes itself (see [store.Store]); open it again to find out.
//
// # Concurrent writers
//
// A transaction costs two fsyncs (bbolt's: pages, then the page that makes them
// valid). Transactions that arrive while others are being written wait and are
// then written together, each judged in the order of arrival against the state
// left by those before it. There is no timer: a lone writer waits for nobody.
//
// # The file
//
// The file has mode 0600 and grows, but never shrinks; room left by deleted
// items is used again. It must be on a local file system that honours flock and
// mmap. [Store.Backup] copies it while it is in use; a copy made by other means is
// one of a store only if the store was closed all the while.
//
// With up to 1 000 free pages each transaction writes which they are. With more, such as a
// clean-up of a large store leaves, only Close does. If a process died before that, the next
// [Open] for writing finds them out and writes them down.
//
// [Open] reads an existing file once from end to end before it opens it for
// writing, and refuses it with [store.ErrForeign], byte for byte untouched, if
// its structure is damaged. This takes time in proportion to the size, in the
// order of a second for a gigabyte that the system has in its cache. What it
// cannot notice is a value in which bytes have changed: bbolt keeps no
// checksums of them.
package bolt
