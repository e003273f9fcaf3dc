package soak

import "time"

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
