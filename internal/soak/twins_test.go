package soak

import (
	"fmt"
	"slices"
)

// Twins: two clusters have operations with the same ids, and the clients of both share one
// ledger. A cluster is known by its gateways, and by its name if its clients give it one.

// planTwins adds the second cluster, with actors of its own, and gives clients to it.
func planTwins(p *plan, d dice, starts bool) {
	p.homes = homes
	for n := range p.operations {
		p.operations[n].present[1] = d.chance(80)
	}
	for _, a := range p.planOthers(d, starts) {
		a.home = 1
		p.others = append(p.others, a)
	}
	slices.SortStableFunc(p.others, byTime)
	for n := range p.clients {
		c := &p.clients[n]
		c.ledger, c.home = 0, d.IntN(homes)
		for i := range c.endpoints {
			c.endpoints[i] += c.home * gateways
		}
		if d.chance(40) {
			c.name = fmt.Sprintf("cluster %d", c.home)
		}
	}
}
