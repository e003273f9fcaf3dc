package wrapper

import (
	"container/list"
	"context"
	"math/bits"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Ledger records what was done to which operation. Force policies read their evidence from it,
// and it is the audit trail. Evidence belongs to one cluster and one life of an id: entries for
// another cluster, from before the last accepted start, or from before an end that was seen are
// not evidence. Package wrapper/ledger has a ledger that outlives the process, for several
// machines. Implementations must be safe for concurrent use. A client waits for the ledger for 5
// seconds, for a read at most half of the time that its context has left, and then treats the
// ledger as unreachable.
//
// If the ledger is unreachable, graceful cancels and starts still go out; LedgerErr of the
// [Result] or [Error] tells what could not be recorded. Forces are refused with every policy:
// before a call sends its first force, the ledger must have been read, and must have stored an
// entry of a force with the outcome "intent". So the trail names who forced, even if the
// process dies before the answer arrives.
type Ledger interface {
	// Append stores an entry. It must not keep ctx or its values. After it has returned nil,
	// every later call of Entries returns the entry, in any process.
	Append(ctx context.Context, entry Entry) error
	// Entries returns the entries of one operation for all clusters, in the order in which they
	// were appended. No entries is not an error. Entries returned with an error are ignored.
	Entries(ctx context.Context, id uuid.UUID) ([]Entry, error)
}

// Entry is one line of a [Ledger].
type Entry struct {
	Time        time.Time
	OperationID uuid.UUID
	// Cluster is the cluster of the call: the name of [WithCluster], otherwise the normalized
	// endpoints of the client, sorted and separated by a space. It is "" in entries of earlier
	// releases, which are not evidence for any cluster.
	Cluster string
	Action  Action
	// Kind and Target are those of the operation if known. The target is the service and the
	// partition, or the node, as the start named them.
	Kind   Kind
	Target string
	// RequestID is the X-ServiceFabricRequestId of the request that decided the outcome; all
	// zeros if there was none.
	RequestID uuid.UUID
	// Life is the RequestID of the last entry with an accepted start or an end, as known when
	// the call began; all zeros if there was none. The entries of a call count only for the life
	// of the id in which the call began.
	Life uuid.UUID
	// Outcome is the outcome of the call; "" for the action "seen" and in entries of earlier releases.
	Outcome EntryOutcome
	// Verdict is the verdict of the call; "" unless the outcome is "done".
	Verdict Verdict
	Code    Code   // of a refusal, if the server sent one
	State   State  // the state at that time, if known
	Reason  string // from the options of the call
	// By is who made the call, such as "ann@host". A ledger that knows it sets it; a [Client]
	// never does. "" means unknown.
	By string
}

// Action is the action of an [Entry]: "graceful", a graceful cancel; "force", a force cancel; "start"; or
// "seen": the cluster showed the operation in this state.
type Action string

const (
	actionGraceful Action = "graceful"
	actionForce    Action = "force"
	actionStart    Action = "start"
	actionSeen     Action = "seen"
)

// EntryOutcome is the outcome of the call of an [Entry]. Only "done" is evidence; the verdict tells of what.
// "intent": a force is about to be sent. "not sent": no request reached a server. "refused": a server refused,
// with Code if it sent one. "unknown": the request may have been carried out.
type EntryOutcome string

const (
	outcomeDone    EntryOutcome = "done"
	outcomeIntent  EntryOutcome = "intent"
	outcomeNotSent EntryOutcome = "not sent"
	outcomeRefused EntryOutcome = "refused"
	outcomeUnknown EntryOutcome = "unknown"
)

// MemoryLedger is the default [Ledger] of a [Client]. It lasts as long as the process and keeps the
// 10 000 operations that were used most recently, with at most 64 entries each. The zero value is ready to
// use. It is safe for concurrent use.
type MemoryLedger struct {
	mu    sync.Mutex
	known map[uuid.UUID]*list.Element // of order
	order list.List                   // of *remembered, the operation heard of last at the back
}

// remembered are the entries of one operation. They stay where they are: to move them costs more
// than to judge them.
type remembered struct {
	slots []Entry
	order [ledgerEntries]uint8 // of the slots, the oldest first
	first [1]Entry             // room for most
	mixed bool                 // they are of several clusters
	// idle has a bit for each entry, in order, that changed nothing in what is proved when it was
	// appended. Without it the others prove the same. There are none among entries of several clusters.
	idle uint64
}

// The bounds of a MemoryLedger: enough for any day's work, and never a leak.
const (
	ledgerOperations = 10_000
	ledgerEntries    = 64 // of one operation; idle has as many bits
)

// Append notes the entry. It never fails.
func (l *MemoryLedger) Append(_ context.Context, entry Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil {
		l.known = make(map[uuid.UUID]*list.Element)
	}
	at, ok := l.known[entry.OperationID]
	if !ok {
		if at = l.order.Front(); l.order.Len() < ledgerOperations {
			at = l.order.PushBack(new(remembered))
		} else { // the oldest makes room
			delete(l.known, at.Value.(*remembered).slots[0].OperationID)
		}
		r := at.Value.(*remembered)
		*r = remembered{}
		r.slots = r.first[:0]
		l.known[entry.OperationID] = at
	}
	l.order.MoveToBack(at)
	at.Value.(*remembered).add(entry)
	return nil
}

// add makes room, if there is none, by dropping the oldest entry that is idle, or else the oldest
// without which nothing less is proved; the oldest of all if each proves something.
func (r *remembered) add(entry Entry) {
	n := len(r.slots)
	if n == ledgerEntries {
		at := bits.TrailingZeros64(r.idle) % ledgerEntries
		if r.idle == 0 {
			all := r.all()
			for i := range all {
				if cluster := all[i].Cluster; weigh(cluster, all[:i], all[i+1:]) == weigh(cluster, all) {
					at = i
					break
				}
			}
		}
		above := ^uint64(0) << at
		r.idle = r.idle&^above | r.idle>>1&above
		n--
		free := r.order[at]
		copy(r.order[at:], r.order[at+1:])
		r.order[n] = free
	}
	before := r.weigh(entry.Cluster, n)
	switch r.mixed = r.mixed || n > 0 && r.slots[r.order[0]].Cluster != entry.Cluster; {
	case r.mixed:
		r.idle = 0
	case before.with(&entry, entry.Cluster) == before:
		r.idle |= 1 << n
	}
	if n < len(r.slots) {
		r.slots[r.order[n]] = entry
		return
	}
	r.order[n] = uint8(n)
	r.slots = append(r.slots, entry)
}

// all are the entries in order.
func (r *remembered) all() []Entry {
	all := make([]Entry, 0, len(r.slots))
	for _, at := range r.order[:len(r.slots)] {
		all = append(all, r.slots[at])
	}
	return all
}

// weigh is what the first n entries prove of a cluster.
func (r *remembered) weigh(cluster string, n int) (ev evidence) {
	for i, at := range r.order[:n] {
		if e := &r.slots[at]; r.idle>>i&1 == 0 || e.Cluster != cluster {
			ev = ev.with(e, cluster)
		}
	}
	return ev
}

// weigh is what the entries of an operation prove of a cluster, without a copy of them.
func (l *MemoryLedger) weigh(id uuid.UUID, cluster string) evidence {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at, ok := l.known[id]; ok {
		r := at.Value.(*remembered)
		return r.weigh(cluster, len(r.slots))
	}
	return evidence{}
}

// Entries returns a copy. It never fails.
func (l *MemoryLedger) Entries(_ context.Context, id uuid.UUID) ([]Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.known[id]
	if !ok {
		return nil, nil
	}
	return at.Value.(*remembered).all(), nil
}
