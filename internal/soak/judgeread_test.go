package soak

import (
	"github.com/sfcancel/sfcancel/wrapper"
)

// read holds what a read told against what was there.
func (j *judge) read() {
	k := j.call
	if k.plan.do == deedRead {
		op := k.plan.op
		if !k.read[0].Found() {
			j.must(j.ever(op, absent), "the operation was there all the time")
		} else {
			j.must(j.ever(op, func(s sight) bool { return s.shownAs(k.read[0]) }), "the operation never stood so")
		}
		j.must(k.read[0].ID == j.plan.operations[op].id, "it is another operation")
		return
	}
	// A list shows all operations as they were at one instant.
	for _, q := range k.requests {
		if q.what == list && q.class() == classDone && sameList(j.plan, q.listed, k.read) {
			return
		}
	}
	j.must(false, "the cluster never looked like this")
}

func (s sight) shownAs(o wrapper.Operation) bool {
	return s.found && s.state == o.State && s.kind == o.Kind
}

func sameList(p *plan, seen []sight, told []wrapper.Operation) bool {
	left := len(told)
	for _, s := range seen {
		if !s.found {
			continue
		}
		listed := false
		for _, o := range told {
			listed = listed || o.ID == p.operations[s.op].id && s.shownAs(o)
		}
		if left--; !listed {
			return false
		}
	}
	return left == 0
}
