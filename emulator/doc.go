// Package emulator is the reference server's implementation of the fault
// operations: an engine that behaves, call by call, like the fault service of a
// Service Fabric cluster, without a cluster.
//
// An operation is one durable [Record]. Two pure functions are the whole machine:
// cancel judges a Cancel call, and advance says what the engine would have done
// by a given moment. Records change only by compare-and-swap in a
// [github.com/sfcancel/sfcancel/store.Store], so a restart changes nothing and
// nobody has to lead.
//
//	st, err := bolt.Open("faults.db")
//	...
//	handler, err := server.New(emulator.New(st))
//	...
//	http.ListenAndServe("127.0.0.1:19080", handler)
//
// # Replicas
//
// Any number of emulators over one store are one server. Nobody leads, and nothing that
// counts is in memory:
//
//   - What is shown is stored. Whoever looks at an operation, or judges a call, first
//     writes down what is due of it, and then goes by what is stored, whoever wrote that.
//     So nothing that one replica has shown is ever taken back by another whose clock is
//     behind. Clocks that differ make an operation get on a little sooner or later. The one
//     exception is [Emulator.Node], which tells by its own clock whether a node that was
//     stopped is up again; no call of the API shows that.
//   - Each [Transition] is a transaction of its own, in order, however late it is written.
//     [Emulator.Watch] tells of all of them, on every replica.
//   - [Emulator.Run] writes down what is due while nobody looks. Each replica may run it.
//   - All that a start or a cancel has found is a condition of its transaction. Of many who
//     write the same one wins, and the others read again and judge anew.
//   - A list is of one moment, as long as no more than 10 000 operations are active: who sees
//     an operation in it sees all that were accepted before, but for what is being cleaned up.
//
// A store that cannot be reached is answered like a fault service without its write
// quorum, 503 FABRIC_E_NO_WRITE_QUORUM, and nothing has happened. If it can still be read
// and only not be written, a look is answered with what is stored, though more may be due.
// If the outcome of a transaction is unknown, so is that of the call: 504 FABRIC_E_TIMEOUT,
// after which a client has to ask, or to repeat its call and read the refusal (runtime §5.2,
// §5.7): none of them takes effect twice while the operation is remembered. A store that was
// closed is a replica that goes away, 503 E_ABORT, and so is a call that lost to others too
// often. Everything else is 500.
//
// # Profiles
//
// The two documents and the open-source runtime disagree in places. The profile of
// [WithProfile] decides whom the engine follows; where the documents are silent, both
// profiles do what the runtime does. The table of all differences, those of the engine
// included, is in the documentation of package server. In the comments of this package
// "runtime §" is a section of docs/runtime.md, the notes on what the runtime does and
// where its code says so.
//
// # How operations go
//
// A [Scenario] says how long each step takes and which tries fail with which code, per
// operation; [ParseScenarios] reads a file of them. [Emulator.SetCluster] says which
// services and nodes exist, [Emulator.Put] writes operations down in any state, and
// [ParseSeed] with [Emulator.Plant] does both from a file. Time is what [WithClock]
// says it is.
//
// # What is simplified
//
// Steps take the time that the scenario gives them, and nothing happens to any service;
// of the nodes it is known which are stopped, and a node keeps its instance id when it
// starts again, because no call of this family could tell the new one.
//
// Every operation gets its turn after [Scenario.Queue]; that no more than 100 act at the
// same time is not played, as nobody could see the difference but for the time it takes.
//
// Three accidents of the runtime are left out: a cancel that is overwritten because it
// came between a read and a write of the engine; a Cancel that loses a lock for four
// seconds and fails with a .NET error; and a quorum loss of more than 2 147 483 seconds,
// whose milliseconds overflow.
package emulator
