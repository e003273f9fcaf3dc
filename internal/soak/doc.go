// Package soak is a long test of one promise: what a call of package wrapper says is
// what the server recorded. It has tests only.
//
// A run is a random history in virtual time: clients with deadlines and policies of
// their own on one cluster, other actors, restarts, gateways that go down, and faults
// on the wire. What happens follows from the seed of the run, so that a seed is all it
// takes to see a run again:
//
//	go test -run '^TestSoak$' -v ./internal/soak -args -runs=20000 -seed=1
//	go test -run '^TestSoak$' -v ./internal/soak -args -runs=1 -seed=4711
//
// Run i of the first has the seed 1+i. A run that fails prints its seed and its history.
// Half of the runs are exact: the same to the nanosecond each time. In the others the
// wrapper draws numbers of its own, for how long it leaves a gateway alone and when it
// looks again, and no seed governs those; a single run is therefore played up to 200
// times, until it fails.
//
// # What is judged
//
// The judge believes the wire and the server, and nothing that the client says of itself:
// what left the client, what the client got for it, and how the operation stood at every
// instant at which the server answered anybody. Calls overlap, so a verdict is right if
// it was true at one of the instants between the beginning and the end of its call, and a
// final state if it is true for ever. What an error other than wrapper.ErrOutcomeUnknown
// denies must not happen later either; requests that were held up arrive before a run
// ends. An unknown outcome needs a lost answer and a reason not to ask again. A force
// needs what its policy demands, and after a lost one an answer which says that none
// is in effect.
//
// Faults that lie, such as an old list or a 200 for what was not done, are not made: no
// client could tell.
//
// # Who judges the judge
//
// A miniature of the wrapper lives here, too, with switches that make it wrong in
// one way each. The right one passes, and every wrong one has to be caught.
package soak
