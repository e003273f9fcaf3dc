package soak

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
)

// ledger is a ledger as one client reaches it: with the clock of its machine, over a way on
// which single calls fail, hang until their context ends, or lose their answer.
type ledger struct {
	run    *run
	client int
	shift  time.Duration // how far the clock of the client is ahead
	to     *wrapper.MemoryLedger
}

// noted is an entry that got into a ledger, with the true time.
type noted struct {
	ledger int
	call   *call // whose it is
	entry  wrapper.Entry
}

// trouble is what happens to one call of a ledger.
type trouble string

const (
	ledgerFails  trouble = "fails"
	ledgerHangs  trouble = "hangs"
	ledgerForgot trouble = "loses its answer"
	ledgerLate   trouble = "hangs after it is done"
)

var errLedger = errors.New("the ledger cannot be reached")

func planLedgers(p *plan, d dice, _ bool) { p.ledgerFails = pick(d, 5, 20, 50) }

// dealing is what the ledgers had to do with one call.
type dealing struct {
	calls   int
	unread  bool          // it could not be read once
	unnoted bool          // it did not say once that an entry was noted
	missing bool          // and the entry was not
	held    time.Duration // how long it held up the call
	read    bool          // it could be read once
	forces  bool          // it has taken an entry that a force is about to be sent
}

// held is how long the ledger held up the call, and the calls that it is made of.
func (k *call) held() time.Duration {
	all := k.ledger.held
	for _, part := range k.parts {
		all += part.ledger.held
	}
	return all
}

// failed says that the call had a reason to send no force.
func (d dealing) failed() bool { return d.unread || d.unnoted }

// trouble draws what happens to a call of the ledger, by the call of the client that makes it.
func (l ledger) trouble(ctx context.Context, writes bool) (*call, trouble) {
	k, _ := ctx.Value(callKey{}).(*call)
	percent := l.run.plan.ledgerFails
	if k == nil || percent == 0 {
		return k, ""
	}
	l.run.mu.Lock()
	defer l.run.mu.Unlock()
	d := newDice(l.run.seed, 12, uint64(k.n), uint64(k.ledger.calls))
	k.ledger.calls++
	if !d.chance(percent) {
		return k, ""
	}
	t := pick(d, ledgerFails, ledgerFails, ledgerHangs, ledgerForgot, ledgerLate)
	k.ledger.unread = k.ledger.unread || !writes
	k.ledger.unnoted = k.ledger.unnoted || writes
	k.ledger.missing = k.ledger.missing || writes && (t == ledgerFails || t == ledgerHangs)
	l.run.happens = append(l.run.happens, happening{l.run.now(), "%s: the ledger %s (to note: %v)", []any{k, t, writes}})
	return k, t
}

// fail ends a call of the ledger as its trouble says.
func (l ledger) fail(ctx context.Context, k *call, t trouble) error {
	if t == ledgerFails || t == ledgerForgot {
		return errLedger
	}
	from := l.run.now()
	<-ctx.Done()
	l.run.mu.Lock()
	k.ledger.held += l.run.now() - from
	l.run.mu.Unlock()
	return ctx.Err()
}

// Append implements [wrapper.Ledger].
func (l ledger) Append(ctx context.Context, e wrapper.Entry) error {
	k, t := l.trouble(ctx, true)
	if t == ledgerFails || t == ledgerHangs {
		return l.fail(ctx, k, t)
	}
	l.run.mu.Lock()
	l.run.noted = append(l.run.noted, noted{l.run.plan.clients[l.client].ledger, k, e})
	l.run.mu.Unlock()
	e.Time = e.Time.Add(l.shift)
	if err := l.to.Append(ctx, e); err != nil {
		return err
	}
	if t != "" {
		return l.fail(ctx, k, t)
	}
	if k != nil && e.Action == "force" {
		k.ledger.forces = true
	}
	return nil
}

// Entries implements [wrapper.Ledger].
func (l ledger) Entries(ctx context.Context, id uuid.UUID) ([]wrapper.Entry, error) {
	k, t := l.trouble(ctx, false)
	if t != "" {
		return nil, l.fail(ctx, k, t)
	}
	if k != nil {
		k.ledger.read = true
	}
	all, err := l.to.Entries(ctx, id)
	for n := range all {
		all[n].Time = all[n].Time.Add(-l.shift)
	}
	return all, err
}
