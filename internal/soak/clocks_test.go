package soak

import (
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

// Clocks apart: a client is a process of its own, on a machine whose clock may be wrong by
// up to an hour. What it notes has the time of its clock, and it reads what others noted by
// its clock, too. So an entry of its own looks to it as old as it is, and one of another
// client looks older, or younger, by as much as their clocks are apart.

// planClocks also lets the clients have much to do with each other: one ledger, and mostly
// one operation.
func planClocks(p *plan, d dice, _ bool) {
	for n := range p.clients {
		p.clients[n].ledger = 0
		for i := range p.clients[n].calls {
			if k := &p.clients[n].calls[i]; d.chance(60) && !k.do.aboutAll() {
				k.op = 0
			}
		}
		if ahead := d.between(time.Second, time.Hour); d.chance(60) {
			p.clients[n].shift = pick(d, ahead, -ahead)
		}
	}
}

// What one client notes at one second counts for another one from then on: not before, if
// the clock of the first is ahead, and with less of a grace, if it is behind.
func TestClockRules(t *testing.T) {
	t.Parallel()
	const noted, grace = time.Second, 30 * time.Second
	for _, c := range []struct {
		shift         time.Duration // of who noted it
		sent          time.Duration
		allowed       bool
		refusal       time.Duration // the MinGrace of a call that refuses then
		mayBeRefusing bool
	}{
		{shift: 0, sent: noted + grace, allowed: true, refusal: grace},
		{shift: 0, sent: noted + grace - 1, refusal: grace, mayBeRefusing: true},
		{shift: time.Minute, sent: noted + grace, allowed: true, refusal: 0},
		{shift: time.Minute, sent: noted + grace - 1, refusal: grace, mayBeRefusing: true},
		{shift: time.Minute, sent: noted + grace, allowed: true, refusal: grace, mayBeRefusing: true},
		{shift: -10 * time.Second, sent: noted + grace - 10*time.Second, allowed: true, refusal: grace, mayBeRefusing: true},
		{shift: -10 * time.Second, sent: noted + grace - 11*time.Second, refusal: grace, mayBeRefusing: true},
	} {
		run := &run{plan: &plan{operations: make([]operationPlan, 1)}}
		home := &cluster{run: run}
		first := &call{
			home: home, made: clientPlan{shift: c.shift, endpoints: []int{0}}, plan: callPlan{do: deedCancel}, ended: noted,
			requests: []*request{{what: graceful, served: noted, gotAt: noted, got: answer{status: 200}}},
			result:   wrapper.Result{Verdict: wrapper.Accepted},
		}
		second := &call{
			home: home, made: clientPlan{endpoints: []int{0}}, plan: callPlan{do: deedForce}, began: c.sent, ended: c.sent,
			policy: wrapper.RequireGraceful{MinGrace: c.refusal},
		}
		run.calls = []*call{first, second}
		j := &judge{run: run, cluster: home, call: second}
		if got := j.proven(&request{what: force, sent: c.sent}, grace, true); got != c.allowed {
			t.Errorf("%+v: a force may leave: %v", c, got)
		}
		if got := j.mayRefuse(); got != c.mayBeRefusing {
			t.Errorf("%+v: it may be refused: %v", c, got)
		}
	}
}
