// Package history checks that a replicated cluster answers as one server would. It has
// tests only.
//
// TestHistory starts three members of etcd and three servers as separate processes.
// Clients start, cancel, force, read and list the same few operations at all servers
// concurrently. They never repeat a request. Meanwhile servers and members are killed,
// paused and restarted, and connections between all processes are cut. The test records the
// start, the end and the answer of every request. Porcupine then checks the history
// for linearizability against the state machine of one operation (model_test.go): there must
// be an order of all requests, consistent with real time, in which one server would have
// given these answers. A request without an answer may have taken effect at any time after
// it began, or never.
//
//	cd examples && go test -v -run '^TestHistory$' ./internal/history -args -seconds=60 -seed=7
//
// The seed determines the requests of the clients and the faults, but not the timing of the
// machine, so a failure may take several tries to reproduce. The test draws a history
// that fails into an HTML page and prints its path.
package history
