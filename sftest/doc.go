// Package sftest is for testing programs that automate fault operations of Service Fabric: a
// cluster in memory, a client for it, and a script of faults on the wire between
// the two.
//
//	func TestCleanUp(t *testing.T) {
//		c := sftest.NewCluster(t)
//		id := c.Put(emulator.Record{}) // a running data loss
//		c.On(sftest.Force, sftest.DropAfter())
//
//		cleanUp(t.Context(), c.Client(), id) // the code under test
//
//		if r := c.Operation(id); r.Rollback != emulator.RollingBackForce {
//			t.Errorf("the operation is %s", r.Rollback)
//		}
//	}
//
// The cluster is the server of package server and the engine of package emulator, not
// a stub: without a fault, an answer is byte for byte that of a server on a
// socket. Connections are pairs of net.Pipe, so that
// tests need no ports, run in parallel, and work inside a bubble of testing/synctest.
//
// # The script
//
// [Cluster.On] adds a step: which requests, which fault, how often. Requests
// are selected by their [Call], by their operation ([Call.Of]), or by a
// function ([MatchFunc]).
//
//	c.On(sftest.Force, sftest.DropAfter())                                     // the first force
//	c.On(sftest.GetFaultOperationList, sftest.Status(503, "E_ABORT")).Times(3) // the next three
//	c.On(sftest.CancelOperation.Of(id), sftest.HangAfter()).Always()
//	c.On(sftest.StartDataLoss, sftest.DelayBefore(time.Second)).Maybe()        // optional
//
// The faults and their effects:
//
//	fault                     carried out  the caller gets
//	DropBefore                no           a closed connection
//	DropAfter                 yes          a closed connection
//	Late                      later        a closed connection
//	HangBefore                no           nothing, until it gives up
//	HangAfter                 yes          nothing, until it gives up
//	DelayBefore               later        the true answer, later
//	DelayAfter                yes          the true answer, later
//	Status, Answer.Before     no           that answer
//	Answer.After              yes          that answer
//	CutBody                   yes          the beginning of the true answer
//	Stale                     no           the answer as of the call of On
//	Pass                      yes          the true answer
//	Func                      your choice  your choice
//	Cluster.SetReachable      no           a refused connection, for all requests
//	Cluster.SetAvailability   no           the refusal of the runtime, for all requests
//
// A step that was not used up fails the test at its end, with the line that added it:
// a test whose fault never happened proves nothing. [Cluster.Requests] returns the requests
// that arrived, and their faults, to print or to check.
//
// # Time
//
// The engine has its own clock, which stands still until [Cluster.Advance] moves it,
// so that a test is deterministic however slow the machine is. Delays, and the
// pauses and timeouts of clients, are in real time; keep them short.
//
// Run a test of code that waits, such as GracefulFirst of package wrapper, in a bubble, with
// the engine on the clock of the bubble:
//
//	synctest.Test(t, func(t *testing.T) {
//		c := sftest.NewCluster(t, sftest.WithClock(time.Now))
//		...
//	})
//
// Then a minute of grace takes no time, and moves the engine by a minute. All goroutines of
// the cluster end with the bubble. The cluster does not detect a
// bubble: without [WithClock] the engine stands still in a bubble, too.
//
// # An operation that a graceful cancel does not end
//
// If an operation is cancelled while it performs its actions, it completes when they succeed: that is
// the last step, and nothing is undone after it. To make an operation hang, let its undo fail. Put
// an operation that is already rolling back, or cancel it while it looks up its target:
//
//	id := c.Put(emulator.Record{
//		Step:     emulator.StepLookingUpState,
//		Scenario: emulator.Scenario{LookUp: time.Second, UndoFails: emulator.Failure{Times: emulator.Always}},
//	})
//
// After a graceful cancel it is RollingBack for ever; a force ends it after the current
// attempt to undo.
//
// # Without a test
//
// [NewCluster] takes any [TB]. [Run] provides one for an Example or a program.
//
// # Limitations
//
// TLS and HTTP/2 are not supported. Faults affect whole requests and answers; for faults
// of single packets use a proxy on a real network.
package sftest
