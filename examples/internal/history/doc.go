// Package history holds what a replicated cluster answers against what one server would
// have answered. It has tests only.
//
// TestHistory starts three members of etcd and three servers as processes of their own.
// Clients start, cancel, force, read and list the same few operations at all servers at
// once, each request sent once and never repeated, while servers and members are killed,
// held and started again, and connections are cut between all of them. Every request is
// noted with when it began, when it was answered, and what the answer was. The history is
// then checked for linearizability with porcupine against the state machine of one
// operation (model_test.go): there must be an order of all requests, in keeping with the
// clock, in which one server would have given these answers. A request without an answer
// may have taken effect at any time after it began, or never.
//
//	cd examples && go test -v -run '^TestHistory$' ./internal/history -args -seconds=60 -seed=7
//
// The seed decides what the clients ask for and what goes wrong when; what comes of it is
// up to the machine, so a failure may need more than one try to be seen again. A history
// that fails is drawn into a page of HTML, whose path is printed.
package history
