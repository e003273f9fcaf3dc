// Package emulator is the reference server's implementation of the fault
// operations: an engine that behaves, call by call, like the fault service of a
// Service Fabric cluster, without a cluster.
//
// An operation is one durable [Record]. Two pure functions are the whole machine:
// cancel judges a Cancel call, and advance says what the engine would have done
// by a given moment. Records change only by compare-and-swap in a
// [github.com/sfcancel/sfcancel/store.Store], so a restart changes nothing and
// nobody has to lead: whoever looks at a record computes where it stands now,
// and whoever changes it writes that down first.
//
//	st, err := bolt.Open("faults.db")
//	...
//	handler, err := server.New(emulator.New(st))
//	...
//	http.ListenAndServe("127.0.0.1:19080", handler)
//
// # Profiles
//
// The two documents and the open-source runtime disagree in places. The profile
// of [WithProfile] decides whom the engine follows; where the documents are
// silent, both profiles do what the runtime does.
//
//	call                                      documented                     runtime
//	force while a failure is rolled back      accepted: the state is         refused: no graceful cancel
//	                                          RollingBack                    came first
//	force repeated                            accepted: a graceful cancel    refused: force is legal once
//	                                          came first
//	stop duration of a node, in seconds       600 to 14400                   300 to 14400
//
// What differs before a request reaches the engine is told by package server. In the
// comments of this package "runtime §" is a section of docs/runtime.md, the notes on
// what the runtime does and where its code says so.
//
// # What is simplified
//
// Steps take the time that the [Scenario] gives them and nothing else happens
// to any service or node. A retryable failure, the choice of a primary, and the
// removal of old records are not played.
package emulator
