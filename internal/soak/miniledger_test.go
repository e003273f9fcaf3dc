package soak

import (
	"context"
	"errors"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

// proofs are what the ledger of a miniature proves of this life of an id in this cluster.
type proofs struct {
	graceful, rolling time.Time
	forced            bool
}

func (p proofs) stopping() bool { return !p.graceful.IsZero() || !p.rolling.IsZero() || p.forced }

// known reads the ledger.
func (k *miniCall) known() (p proofs, err error) {
	ctx, cancel := k.briefly(k.ctx)
	defer cancel()
	entries, err := k.ledger.Entries(ctx, k.id)
	for _, e := range entries {
		if e.Cluster != k.name() && !k.wrong.anyCluster {
			continue
		}
		if now := time.Now(); e.Time.After(now) && !k.wrong.fromFuture {
			e.Time = now // by a clock that is ahead
		}
		begins := e.Action == "start" && e.Verdict == wrapper.Accepted && !k.wrong.startIsNoLife
		ends := e.Verdict == wrapper.Finished || e.Verdict == wrapper.NotFound
		switch {
		case (begins || ends) && !k.wrong.anyLife:
			p = proofs{}
		case e.Action == "graceful" && inEffect(e.Verdict):
			p.graceful = earlier(p.graceful, e.Time)
		case e.Action == "seen":
			p.rolling = earlier(p.rolling, e.Time)
		}
		p.forced = p.forced || inEffect(e.Verdict) && (e.Action == "force" || e.Verdict == wrapper.AlreadyForced)
	}
	return p, err
}

// earlier of two times, of which the first is zero if there is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// note puts the end of the call into the ledger, and into the result if it could not.
func (k *miniCall) note(a wrapper.Action, r wrapper.Result, failed error) wrapper.Result {
	outcome := wrapper.EntryOutcome("done")
	switch {
	case errors.Is(failed, wrapper.ErrNotSent):
		outcome = "not sent"
	case errors.Is(failed, wrapper.ErrServerRefused) || failed != nil && k.wrong.notesRefused:
		outcome = "refused"
	case failed != nil:
		outcome = "unknown"
	}
	if err := k.append(a, outcome, r.Verdict, r.State); failed == nil {
		r.LedgerErr = err
	}
	return r
}

func (k *miniCall) append(a wrapper.Action, o wrapper.EntryOutcome, v wrapper.Verdict, s wrapper.State) error {
	ctx, cancel := k.briefly(context.WithoutCancel(k.ctx))
	defer cancel()
	return k.ledger.Append(ctx, wrapper.Entry{Time: time.Now(), OperationID: k.id, Cluster: k.name(), Action: a, Outcome: o, Verdict: v, State: s})
}

// name is what the client calls its cluster.
func (k *miniCall) name() string {
	if k.wrong.oneName {
		return "the cluster"
	}
	return k.cluster()
}

// briefly bounds what a ledger may take.
func (k *miniCall) briefly(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := 5 * time.Second
	if until, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(until)/2)
	}
	return context.WithTimeout(ctx, limit)
}
