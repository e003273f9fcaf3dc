package wrapper

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/internal/guard"
	"github.com/sfcancel/sfcancel/internal/plain"
)

// evidence is what the entries of one operation prove of one cluster, and of the life of the
// id that goes on: after the last accepted start and the last end that was seen.
type evidence struct {
	graceful time.Time // of the first graceful cancel that took effect
	rolling  time.Time // of the first sight of RollingBack
	began    time.Time // of the first entry of this life that proves that there was an operation
	life     uuid.UUID // the request that told of the last start or end
	forced   bool      // a force took effect

	// unproved says that there are entries that would be evidence, if they said of which
	// cluster or which life they are.
	unproved bool

	where address // of the last start, in whichever life; it proves nothing
}

// stopping reports whether the operation is known to be on its way out.
func (ev evidence) stopping() bool { return !ev.since().IsZero() || ev.forced }

// since is when the operation was first known to be on its way out, by the clock of whoever
// noted it; zero if it is not. A force alone does not tell when the graceful cancel came.
func (ev evidence) since() time.Time { return earlier(ev.graceful, ev.rolling) }

// doubt is what is left of evidence once there may be another life: the cluster is asked.
func (ev evidence) doubt() evidence {
	return evidence{unproved: ev.unproved || ev.stopping(), life: ev.life, where: ev.where}
}

// weigh goes through the entries in the order in which they were appended: the clocks of
// different machines do not tell which came first. A call that began in an earlier life may
// have been answered by it, however late it notes that.
func weigh(cluster string, parts ...[]Entry) (ev evidence) {
	for _, entries := range parts {
		for i := range entries {
			ev = ev.with(&entries[i], cluster)
		}
	}
	return ev
}

// with is the evidence after one more entry.
func (ev evidence) with(e *Entry, cluster string) evidence {
	if e.Cluster != "" && !sameCluster(e.Cluster, cluster) {
		return ev
	}
	start, end := e.Action == actionStart, e.Verdict == Finished || e.Verdict == NotFound || e.State.Final()
	late := e.Life != ev.life && !start
	if start && e.Target != "" && e.Cluster != "" {
		ev.where = address{e.Kind, e.Target}
	}
	switch {
	case e.Cluster == "" && (start || end): // it may be of this cluster
		ev = ev.doubt()
	case end && !late, start && e.Verdict == Accepted:
		ev = evidence{life: e.RequestID, where: ev.where}
	case end, start && e.Outcome == outcomeUnknown, e.State == StateRunning:
		ev = ev.doubt() // the evidence before may be of another life: a cancelled operation is not Running
	}
	rolls := e.Action == actionSeen && e.State == StateRollingBack
	inEffect := e.Verdict == Accepted || e.Verdict == AlreadyStopping || e.Verdict == AlreadyForced
	proves := rolls || inEffect && !start
	switch {
	case e.Cluster == "", late:
		ev.unproved = ev.unproved || proves
		return ev
	case end || e.Verdict == "" && e.Action != actionSeen:
		return ev
	}
	ev.began = earlier(ev.began, e.Time)
	switch {
	case rolls:
		ev.rolling = earlier(ev.rolling, e.Time)
	case proves && e.Action == actionGraceful:
		ev.graceful = earlier(ev.graceful, e.Time)
	}
	ev.forced = ev.forced || proves && (e.Action == actionForce || e.Verdict == AlreadyForced)
	return ev
}

// earlier of two times, where the zero time means none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// sooner is a time as far as our clock has got, and now if it is zero: the clock of whoever
// noted it may be ahead, and no grace counts from the future.
func sooner(t time.Time) time.Time { return earlier(time.Now(), t) }

// sameCluster reports whether two clients are clients of one cluster: they were given the same
// name, or, without names, they share an endpoint.
func sameCluster(a, b string) bool {
	if a == b || !unnamed(a) || !unnamed(b) {
		return a == b
	}
	others := strings.Fields(b)
	return slices.ContainsFunc(strings.Fields(a), func(endpoint string) bool { return slices.Contains(others, endpoint) })
}

func unnamed(cluster string) bool { return strings.Contains(cluster, "://") }

// WithCluster names the cluster in the [Ledger]. Entries of one client are evidence for another
// if both have the same name. Without a name the endpoints identify the cluster, and clients with
// an endpoint in common have the same cluster. Set a name if an address may lead to another cluster at
// another time, such as a forwarded port of this machine, or if clients use different gateways of
// one cluster.
func WithCluster(name string) Option {
	return func(c *Client) error {
		if c.cluster = name; name == "" || unnamed(name) || len(name) > 200 || plain.Line(name) != name {
			return errors.New("the name of the cluster must be printable, of 1 to 200 bytes, and no URL")
		}
		return nil
	}
}

// ledgerTime bounds how long the ledger may hold up a call, or an answer that is
// already there.
const ledgerTime = 5 * time.Second

// evidence reads the ledger. There is none beside an error.
func (c *Client) evidence(ctx context.Context, k *call) (evidence, error) {
	if own, ok := c.ledger.(*MemoryLedger); ok { // which waits for nothing
		return own.weigh(k.id, c.cluster), nil
	}
	limit := ledgerTime
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)/2) // or a ledger that hangs would cost the cancel
	}
	var entries []Entry
	err := reach(ctx, limit, func(ctx context.Context) (err error) {
		entries, err = c.ledger.Entries(ctx, k.id)
		return err
	})
	if err != nil {
		return evidence{}, err
	}
	return weigh(c.cluster, entries), nil
}

// learn takes in what the ledger proves.
func (k *call) learn(ctx context.Context) (err error) {
	if k.known.evidence, err = k.c.evidence(ctx, k); k.at != nil {
		k.known.where = *k.at
	}
	return err
}

// note puts the end of the call into the ledger, even if the context has ended: it
// is the evidence for what comes next.
func (k *call) note(ctx context.Context, action Action, reason string, result Result, err error) (Result, error) {
	if k.spent.sent == 0 {
		return result, err
	}
	entry := Entry{Action: action, Outcome: outcomeDone, Verdict: result.Verdict, RequestID: k.spent.latest().RequestID, Reason: reason}
	e, failed := asError(err)
	if failed {
		entry.Outcome, entry.Code = outcomes[e.kind], e.Code()
		if errors.Is(e.kind, ErrOutcomeUnknown) {
			entry.RequestID = e.RequestID()
		}
	}
	k.unnoted = errors.Join(k.unnoted, k.append(ctx, entry))
	if failed {
		e.ledgerErr = k.unnoted
	} else {
		result.LedgerErr = k.unnoted
	}
	return result, err
}

// outcomes are those of the errors of calls that change something.
var outcomes = map[error]EntryOutcome{
	ErrInvalidArgument: outcomeNotSent,
	ErrForceRefused:    outcomeNotSent,
	ErrNotSent:         outcomeNotSent,
	ErrServerRefused:   outcomeRefused,
	ErrOutcomeUnknown:  outcomeUnknown,
}

// announce notes that a force is about to be sent. One that cannot be noted is refused.
func (k *call) announce(ctx context.Context) error {
	if err := k.enter(ctx, Entry{Action: actionForce, Outcome: outcomeIntent, Reason: k.reason}); err != nil {
		return k.fail(ErrForceRefused, unwritable(err))
	}
	k.announced = true
	return nil
}

// noteSeen notes that the operation was seen RollingBack, unless that is known by a clock
// that is not ahead of ours: who looks at an operation for an hour must not fill the ledger.
func (k *call) noteSeen(ctx context.Context) {
	if since := k.known.since(); !since.IsZero() && !since.After(time.Now()) {
		return
	}
	if ev, err := k.c.evidence(ctx, k); err == nil {
		k.known.rolling = sooner(ev.since()) // what others do meanwhile is no evidence of before
		if since := ev.since(); since.IsZero() || since.After(time.Now()) {
			_ = k.append(ctx, Entry{Action: actionSeen, RequestID: k.spent.latest().RequestID})
		}
	}
}

// noteEnd notes that the end of the operation was seen, if the ledger knows anything of this
// life of its id: it proves nothing of the next one.
func (k *call) noteEnd(ctx context.Context) {
	// If the end is of an earlier life, no more is lost than evidence.
	if err := k.learn(ctx); err != nil || k.known.unproved || !k.known.began.IsZero() {
		k.unnoted = errors.Join(k.unnoted, k.append(ctx, Entry{Action: actionSeen, Verdict: k.end(), RequestID: k.spent.latest().RequestID}))
	}
}

// append notes an entry even if the context has ended.
func (k *call) append(ctx context.Context, entry Entry) error {
	if _, ok := k.c.ledger.(*MemoryLedger); !ok {
		ctx = context.WithoutCancel(ctx)
	}
	return k.enter(ctx, entry)
}

func (k *call) enter(ctx context.Context, entry Entry) error {
	entry.Time, entry.OperationID, entry.Cluster, entry.Life = time.Now(), k.id, k.c.cluster, k.known.life
	entry.Kind, entry.Target, entry.State = orDefault(k.known.kind, k.starts), k.target, k.known.state
	if own, ok := k.c.ledger.(*MemoryLedger); ok { // which waits for nothing
		return own.Append(ctx, entry)
	}
	noted := entry
	return reach(ctx, ledgerTime, func(ctx context.Context) error { return k.c.ledger.Append(ctx, noted) })
}

// reach asks a ledger of the caller, which may hang. What ask writes is not to be read after an error.
func reach(ctx context.Context, limit time.Duration, ask func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var err error
	if !new(guard.Guard).Within(limited, cancel, func() { err = ask(limited) }) {
		return errStuck
	}
	return asForeign(ctx, err)
}

// errStuck is what a ledger is called that does not heed its context.
var errStuck = errors.New("the ledger does not answer")
