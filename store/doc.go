// Package store is the port through which everything that has to survive a
// restart, or be seen by a second process, is kept: a small ordered map from
// string keys to byte values, changed by conditional transactions that can be
// watched.
//
// # The model
//
// A store holds at most one [Item] per key. It carries one store-wide
// [Revision], which grows with every committed transaction;
// every item remembers the revision of the transaction that last wrote it. A
// transaction ([Txn]) is a list of conditions on revisions and a list of
// writes: if every condition holds, all writes take effect as one step;
// otherwise none does and the answer is [ErrConflict]. A [Change] is what a
// transaction did, for those who watch. That is all there is: no leases, no
// locks, no values in conditions. Compare-and-swap is Get, then Commit with a
// [Condition] on the revision that Get returned:
//
//	item, err := s.Get(ctx, key) // Revision 0 if err is ErrNotFound
//	_, err = s.Commit(ctx, store.Txn{
//		If:   []store.Condition{{Key: key, Revision: item.Revision}},
//		Then: []store.Write{{Key: key, Value: next}},
//	})
//	// errors.Is(err, store.ErrConflict): somebody else was first; read again.
//
// # Order
//
// A store is linearizable. Every call takes effect at one moment between its
// start and its return: a Get or List that starts after a Commit has returned
// sees it, and nobody ever sees part of a transaction. The revisions of two
// transactions are in the order in which the transactions took effect.
//
// # Writing a driver
//
// A driver is a type with the five methods of [Store]. The doc comments in this
// package are the whole contract, and package storetest checks it: a driver is
// done when storetest.Run passes under the race detector, and storetest.RunDurable
// too if it keeps its items somewhere. [Txn.Validate] and [ValidateKey] find
// everything that is ErrInvalid about their arguments, so that all drivers
// refuse the same things. A driver that can show items without copying them may be a
// [Scanner] as well.
//
// The contract was chosen so that one etcd v3 transaction can carry it: an
// item's Revision is etcd's ModRevision (0 for an absent key there too), a
// Condition is Compare(ModRevision(key), "=", revision), List is a range read in
// key order with the revision of its header, and Watch is a watch from the next
// revision on. [MaxOps] and [MaxTxn] stay below etcd's default limits, with room
// for what a driver adds of its own.
package store
