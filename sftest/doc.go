// Package sftest tests programs that automate fault operations of Service Fabric: a
// cluster in memory, a client of it, and a script of what goes wrong on the wire between
// the two.
//
//	func TestCleanUp(t *testing.T) {
//		c := sftest.NewCluster(t)
//		id := c.Put(emulator.Record{}) // a data loss under way
//		c.On(sftest.Force, sftest.DropAfter())
//
//		cleanUp(t.Context(), c.Client(), id) // yours
//
//		if r := c.Operation(id); r.Rollback != emulator.RollingBackForce {
//			t.Errorf("the operation is %s", r.Rollback)
//		}
//	}
//
// The cluster is the server of package server and the engine of package emulator, not
// a stub: an answer that the script does not touch is byte for byte what a server on a
// socket says. There is no socket, though. Connections are pairs of net.Pipe, so that
// tests need no ports, run in parallel, and work inside a bubble of testing/synctest.
//
// # The script
//
// [Cluster.On] writes a step: which requests, what happens to them, how often. Requests
// are chosen by their [Call], by the operation that they name ([Call.Of]), or by a
// function ([MatchFunc]).
//
//	c.On(sftest.Force, sftest.DropAfter())                                     // the first force
//	c.On(sftest.GetFaultOperationList, sftest.Status(503, "E_ABORT")).Times(3) // the next three
//	c.On(sftest.CancelOperation.Of(id), sftest.HangAfter()).Always()
//	c.On(sftest.StartDataLoss, sftest.DelayBefore(time.Second)).Maybe()        // need not come
//
// The faults, and what is left of a request after each:
//
//	fault                     carried out  what the caller gets
//	DropBefore                no           the connection is closed
//	DropAfter                 yes          the connection is closed
//	Late                      later        the connection is closed
//	HangBefore                no           nothing, until it gives up
//	HangAfter                 yes          nothing, until it gives up
//	DelayBefore               later        the true answer, later
//	DelayAfter                yes          the true answer, later
//	Status, Answer.Before     no           that answer
//	Answer.After              yes          that answer
//	CutBody                   yes          the beginning of the true answer
//	Stale                     no           what was true when the step was written
//	Pass                      yes          the true answer
//	Func                      as you like  as you like
//	Cluster.SetReachable      no           a refused connection, for all requests
//	Cluster.SetAvailability   no           the refusal of the runtime, for all requests
//
// A step that was not used up fails the test at its end, and says which line wrote it:
// a test whose fault never happened proves nothing. [Cluster.Requests] is what arrived
// and what was done to it, to print or to look at.
//
// # Time
//
// The engine has a clock of its own that stands still until [Cluster.Advance] moves it,
// so that a test sees the same every time however slow the machine is. Delays, and the
// pauses and timeouts of clients, are in real time; keep them short.
//
// A test of what waits, such as GracefulFirst of package wrapper, belongs into a bubble, with
// the engine on the clock of the bubble:
//
//	synctest.Test(t, func(t *testing.T) {
//		c := sftest.NewCluster(t, sftest.WithClock(time.Now))
//		...
//	})
//
// Then a minute of grace takes no time, and moves the engine by a minute. What
// the cluster starts has ended when the bubble does. Neither way is guessed from where
// the cluster is made: without [WithClock] the engine stands still in a bubble, too.
//
// # An operation that a graceful cancel does not end
//
// An operation that acts when it is cancelled ends well once the acting succeeds: that is
// the last step, and nothing is undone after it. What hangs is an undo that fails, so put
// an operation that is undone already, or cancel it while it looks up its target:
//
//	id := c.Put(emulator.Record{
//		Step:     emulator.StepLookingUpState,
//		Scenario: emulator.Scenario{LookUp: time.Second, UndoFails: emulator.Failure{Times: emulator.Always}},
//	})
//
// After a graceful cancel it is RollingBack for ever; a force ends it when the try to undo
// that is under way is over.
//
// # Without a test
//
// [NewCluster] takes any [TB]. [Run] provides one for an Example or a program.
//
// # What it does not do
//
// There is no TLS and no HTTP/2. Faults are those of whole requests and answers: what
// happens to single packets is for a proxy on a real network.
package sftest
