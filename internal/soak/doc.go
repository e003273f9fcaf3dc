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
// # The rough world
//
// The plain world has one cluster, and loses answers. The rough world has more parts, each in
// some of the runs, drawn for itself, and turned on by name or all together:
//
//	go test -run '^TestSoak$' -v ./internal/soak -args -runs=20000 -world=rough
//	go test -run '^TestSoak$' -v ./internal/soak -args -runs=20000 -world=silence,closes
//
//	silence   a request is swallowed, or a gateway hangs for good
//	reuse     an id has several lives
//	twins     two clusters with the same ids share a ledger
//	clocks    clients have clocks that are apart
//	ledgers   single calls of a ledger fail, hang or lose their answer
//	closes    a server closes connections that the client still uses
//	replays   something below the client sends a request again
//
// The soak also prints how many calls ended with an unknown outcome, and how many did before
// (see baseline).
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
// The rules that the rough world needs stand where they are judged:
//
//   - Evidence counts for one cluster and one life of an id (cluster_test.go).
//   - A grace never begins in the future; a clock that is behind shortens it (client_test.go).
//   - A refusal may be that of a request's own copy, and then tells nothing of the request
//     (judge_test.go).
//   - A start whose id exists with its kind has been started already (judge_test.go).
//   - One silence does not cost the verdict (silence_test.go).
//   - A ledger that fails excuses what follows from it, and a force needs one that does not
//     (judgeforce_test.go); what it was told must be true (judgeforce_test.go).
//   - The end of a context is behind an error only if it is the caller's (judge_test.go).
//
// Faults that lie, such as an old list or a 200 for what was not done, are not made: no
// client could tell.
//
// # Who judges the judge
//
// A miniature of the wrapper lives here, too, with switches that make it wrong in
// one way each. The right one passes, and every wrong one has to be caught.
package soak
