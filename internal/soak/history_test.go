package soak

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// tell adds a line to the history. Only runs that fail are read, but what is not noted
// when it happens is lost.
func (c *cluster) tell(format string, args ...any) {
	if c.plan.homes > 1 {
		format, args = "in cluster %d: "+format, append([]any{c.home}, args...)
	}
	c.happens = append(c.happens, happening{at: c.now(), format: format, args: args})
}

// happening is a line that is not written before somebody wants to read it.
type happening struct {
	at     time.Duration
	format string
	args   []any
}

// history is everything that happened, in order of time.
func (run *run) history() string {
	lines := slices.Clone(run.happens)
	add := func(at time.Duration, format string, args ...any) {
		lines = append(lines, happening{at, format, args})
	}
	for _, k := range run.calls {
		add(k.began, "%s begins: %s", k, k.asked())
		for _, q := range k.requests {
			add(q.sent, "%s leaves: %s", q, q.fate)
			if q.served > 0 {
				add(q.served, "%s is served: %s", q, q.answer)
			}
			add(q.gotAt, "%s ends: %s", q, q.ending())
		}
		add(k.ended, "%s ends: %s", k, k.outcome())
	}
	slices.SortStableFunc(lines, func(a, b happening) int { return cmp.Compare(a.at.Truncate(tick), b.at.Truncate(tick)) })
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, profile %s, %d%% spoilt, %d%% slow%s\n", run.seed, run.plan.profile, run.plan.spoilt, run.plan.slow, run.plan.rough())
	for n, o := range run.plan.operations {
		fmt.Fprintf(&b, "operation %d: %s, present %v, %+v\n", n, o.kind, o.present[:run.plan.homes], o.scenario)
	}
	for n, c := range run.plan.clients {
		fmt.Fprintf(&b, "client %d: ledger %d, api-version %s, %T%+v, %d attempts, each %s, burst %d rate %v, gateways %v (all %v)",
			n, c.ledger, c.version, c.policy, c.policy, c.attempts, c.each, c.burst, c.rate, c.endpoints, c.several)
		if c.shift != 0 {
			fmt.Fprintf(&b, ", clock ahead by %s", c.shift)
		}
		b.WriteString("\n")
	}
	for _, l := range lines {
		fmt.Fprintf(&b, "%14s  %s\n", l.at.Truncate(tick), fmt.Sprintf(l.format, l.args...))
	}
	return b.String()
}

// rough is what a plan has of the rough world.
func (p plan) rough() string {
	if len(p.parts) == 0 {
		return ""
	}
	s := fmt.Sprintf(", with %v", p.parts)
	if p.swallowed+p.replayed+p.ledgerFails > 0 {
		s += fmt.Sprintf(", %d%% swallowed, %d%% replayed, %d%% of the ledger's calls fail", p.swallowed, p.replayed, p.ledgerFails)
	}
	if p.closes != [gateways]closing{} {
		s += fmt.Sprintf(", connections closed %+v", p.closes)
	}
	return s
}

func (s sight) String() string {
	if !s.found {
		return "unknown"
	}
	if s.forced {
		return string(s.state) + " by force"
	}
	return string(s.state)
}

func (k *call) String() string { return fmt.Sprintf("client %d call %d", k.client, k.n) }

func (k *call) asked() string {
	s := fmt.Sprintf("%s of operation %d", k.plan.do, k.plan.op)
	switch k.plan.do {
	case deedForce:
		s += fmt.Sprintf(", %T%+v", k.policy, k.policy)
	case deedStop:
		s += fmt.Sprintf(", grace %s, never force %v", k.plan.grace, k.plan.gentle)
	case deedStart:
		s += ", " + string(k.plan.kind)
	default:
	}
	if k.plan.deadline > 0 {
		s += fmt.Sprintf(", deadline %s", k.deadline)
	}
	if k.plan.cancel > 0 {
		s += fmt.Sprintf(", given up at %s", k.ctxEnded)
	}
	return s
}

func (k *call) outcome() string {
	switch {
	case k.err != nil:
		return "error: " + k.err.Error()
	case k.plan.do == deedAll:
		return fmt.Sprintf("%d operations", len(k.parts))
	case k.plan.do == deedRead || k.plan.do == deedList:
		return fmt.Sprintf("read %v", k.read)
	}
	return fmt.Sprintf("%s %s %s, resolved %v", k.result.Verdict, k.result.State, k.result.Kind, k.result.Resolved)
}

func (q *request) String() string {
	s := fmt.Sprintf("%s request %d (%s", q.call, q.n, q.what)
	if q.op >= 0 {
		s += fmt.Sprintf(" %d", q.op)
	}
	return s + fmt.Sprintf(" to gw%d)", q.gate)
}

func (f fate) String() string {
	name := cmp.Or(f.fault.name, "untouched")
	if f.again > 0 && f.fault.apply == inTime {
		name += ", and sent again below the client"
	}
	return name
}

func (q *request) ending() string {
	switch {
	case q.gotError != nil && q.got.status != 0:
		return fmt.Sprintf("%s, and then %v", q.got, q.gotError)
	case q.gotError != nil:
		return q.gotError.Error()
	}
	return q.got.String()
}

func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, a.body) }
