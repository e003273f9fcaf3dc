package soak

import (
	"time"

	"github.com/google/uuid"
)

// Replays: something below the client, such as a proxy, sends a request again after it was
// carried out, and the client gets only the second answer. It sees a start refused as
// existing, or a force refused as not allowed now, that is its own.

// planReplays also makes some calls start operations whose id the call makes itself: such a
// start cannot be refused as existing by anybody else's.
func planReplays(p *plan, d dice, _ bool) {
	p.replayed = pick(d, 5, 20, 50)
	for c := range p.clients {
		for n := range p.clients[c].calls {
			k := &p.clients[c].calls[n]
			if k.do != deedStart || d.chance(50) {
				continue
			}
			o := p.operations[k.op]
			o.id, o.present = uuid.UUID{}, [homes]bool{}
			k.op, k.ownID = len(p.operations), true
			p.operations = append(p.operations, o)
			p.exact = false // an id that the wrapper makes comes from no seed
		}
	}
}

// replay is how long after it was carried out the request is sent again, 0 for never.
func (p plan) replay(q *request, d dice) time.Duration {
	if p.replayed > 0 && q.changes() && d.chance(p.replayed) {
		return d.between(50*time.Microsecond, 5*time.Second)
	}
	return 0
}
