package emulator

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"iter"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
)

// The bits of the two filters (runtime §5.10).
const (
	filterAll = 0xFFFF

	stateRunning        = 1
	stateRollingBack    = 2
	stateCompleted      = 8
	stateFailed         = 16
	stateCancelled      = 32
	stateForceCancelled = 64
	statesOver          = stateCompleted | stateFailed | stateCancelled | stateForceCancelled

	kindDataLoss       = 1
	kindQuorumLoss     = 2
	kindRestart        = 4
	kindNodeTransition = 8
)

// maxListed is the runtime's list size; there are no pages.
const maxListed = 10000

// maxSnapshots is how often the active table is read for one list.
const maxSnapshots = 4

// list is the operations that match both filters, active ones first. It reads no table
// that nothing can match in (runtime §5.10), and no page after the answer is full.
//
// It is what was stored at one moment, that of the read of the active table, whatever is
// written while it goes on. There are two exceptions. Operations that [Emulator.CleanUp]
// removes between that read and the last may be missing. And if more than maxListed are
// active, the read does not find them all; the rest, and then the history, are read page by
// page, each page at a moment of its own: then each operation is shown as it was at some
// moment of the call, but not all of them at the same.
//
// Everything is read before anything is answered, so that a list that cannot be had is an
// error, and never one that breaks off. What is held of each operation is few bytes.
func (e *Emulator) list(ctx context.Context, kinds, states int) (List, error) {
	if err := e.available(); err != nil {
		return List{}, err
	}
	l := &listing{e: e, kinds: kinds, states: states, now: e.now()}
	if states != filterAll && states&(stateRunning|stateRollingBack|statesOver) == 0 {
		return List{}, nil
	}
	// Without a record that cannot be read or settled the list would say of an operation
	// that it never existed: any error ends it.
	at, err := l.readActive(ctx)
	if err == nil && (states == filterAll || states&statesOver != 0) && l.room() > 0 {
		err = l.readHistory(ctx, at)
	}
	if err != nil {
		return List{}, err
	}
	return List{active: l.active, over: l.over[:min(len(l.over), maxListed-len(l.active))], revision: at, until: l.until}, nil
}

// listing is one list in the making.
type listing struct {
	e             *Emulator
	kinds, states int
	now           time.Time // one for all: what becomes due while the list is made is not waited for
	unwritable    bool      // the store has refused to write, and is not asked again
	until         time.Time // when the first that is active falls due; zero if none does
	rules         [shapes]rule
	records       reader
	// seen is kept while the active table is read at several moments: what moves between two
	// of them is met twice.
	seen         map[uuid.UUID]bool
	active, over []line
}

// lasts notes that an operation, which the filter of kinds lets through, stays as it is until it falls due.
func (l *listing) lasts(due time.Time) {
	if l.until.IsZero() || due.Before(l.until) {
		l.until = due
	}
}

// rule is what the filters make of a shape.
type rule struct {
	known       bool
	kind, shown bool // the filter of kinds lets it through, and so do both
	over        bool
}

func (l *listing) rule(s shape) rule {
	if at := &l.rules[s]; !at.known {
		r := s.record()
		kind := matchesKind(r, l.kinds)
		*at = rule{true, kind, kind && matchesState(r, l.states, l.e.profile), r.Terminal()}
	}
	return l.rules[s]
}

// room is how many operations may still be listed.
func (l *listing) room() int { return maxListed - len(l.active) - len(l.over) }

// line is a record as it is listed, if it is.
func (l *listing) line(r Record) line {
	if s := shapeOf(r); l.rule(s).shown {
		return line{r.ID, s}
	}
	return line{shape: unlisted}
}

func (l *listing) add(o line) {
	switch {
	case o.shape == unlisted || l.seen[o.id]:
		return
	case l.rule(o.shape).over:
		l.over = append(l.over, o)
	default:
		l.active = append(l.active, o)
	}
	if l.seen != nil {
		l.seen[o.id] = true
	}
}

// settle is [Emulator.settleAll] for what may be listed. It leaves in all what is stored; an
// operation that was removed has no revision then. Where nothing can be written it is what was
// stored.
func (l *listing) settle(ctx context.Context, all []stored) error {
	var due []stored
	var at []int
	for i, s := range all {
		if matchesKind(s.Record, l.kinds) {
			due, at = append(due, s), append(at, i)
		}
	}
	var failed error
	for from := 0; from < len(due) && failed == nil && !l.unwritable; from += settledAtOnce {
		to := min(from+settledAtOnce, len(due))
		l.e.settleAll(ctx, due[from:to], l.now, func(i int, err error) {
			s := &due[from+i]
			switch {
			case unwritten(*s, err):
				l.unwritable = true
			case errors.Is(err, store.ErrNotFound):
				*s = stored{}
			case err != nil && failed == nil:
				failed = err
			}
		})
	}
	for i, s := range due {
		all[at[i]] = s
	}
	return failed
}

// severalMoments is in place of the revision of a list that has none. 0 is one: that of a
// store in which nothing was ever written.
const severalMoments store.Revision = -1

// lookedAtOnce bounds how many items are looked at after the context has ended.
const lookedAtOnce = pageSize

// piece is a part of a table, as it was at one moment.
type piece struct {
	lines    []line // those that are listed, in their order
	whole    []whole
	items    int
	last     []byte // the key of the last item
	more     bool   // there may be more behind it
	revision store.Revision
}

// whole is an item that its beginning does not tell enough about: something is due, or it is
// not written as usual. It has a place among the lines.
type whole struct {
	place int
	item  store.Item
}

// read reads the next piece of a table in place of one: no more than limit items, and none behind
// the one that fills the room. It leaves out those that are newer than a moment, unless that is
// severalMoments.
func (l *listing) read(ctx context.Context, p *piece, prefix string, limit, room int, moment store.Revision) (err error) {
	after := string(p.last)
	p.lines, p.whole, p.items = p.lines[:0], nil, 0
	p.revision, err = store.Scan(ctx, l.e.records.st, prefix, after, limit, func(key, value []byte, at store.Revision) bool {
		if p.items++; p.items%lookedAtOnce == 0 && ctx.Err() != nil {
			return false
		}
		p.last = append(p.last[:0], key...)
		if moment != severalMoments && at > moment {
			return true
		}
		b, ok := l.records.brief(key, value)
		switch {
		case !ok, !l.rule(b.shape).over && l.rule(b.shape).kind && !l.now.Before(b.due):
			p.whole = append(p.whole, whole{len(p.lines), store.Item{Key: string(key), Value: bytes.Clone(value), Revision: at}})
			p.lines = append(p.lines, line{shape: unlisted})
			return len(p.lines) < room
		case !l.rule(b.shape).over && l.rule(b.shape).kind:
			l.lasts(b.due)
		}
		if l.rule(b.shape).shown {
			p.lines = append(p.lines, line{b.id, b.shape})
		}
		return len(p.lines) < room
	})
	p.more = p.items == limit || len(p.lines) >= room
	return cmp.Or(err, ctx.Err())
}

// decode decodes the whole items of a piece.
func (l *listing) decode(ctx context.Context, p piece) ([]stored, error) {
	all := make([]stored, len(p.whole))
	for i, w := range p.whole {
		var err error
		if all[i], err = decode(w.item); err != nil {
			return nil, err
		}
		if i%lookedAtOnce == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return all, nil
}

// fill puts the whole items among the lines. One that has no revision has been removed.
func (p *piece) fill(l *listing, all []stored) {
	for i, w := range p.whole {
		if all[i].revision > 0 {
			if !all[i].Terminal() {
				l.lasts(all[i].Due)
			}
			p.lines[w.place] = l.line(all[i].Record)
		}
	}
}

// readActive lists what is active, and returns the revision at which that was all, or
// severalMoments because the table is too big. What is due is written down, and then the
// table is read again, so that what is listed was stored at one moment. If something is
// still due then, over and over, it has been written since the list began, and is listed as
// it is stored.
func (l *listing) readActive(ctx context.Context) (store.Revision, error) {
	var p piece
	for reads := 1; ; reads++ {
		p.last = p.last[:0]
		if err := l.read(ctx, &p, activePrefix, maxListed+1, math.MaxInt, severalMoments); err != nil {
			return 0, err
		}
		if p.items > maxListed {
			return severalMoments, l.readPages(ctx, p)
		}
		due, err := l.decode(ctx, p)
		if err != nil {
			return 0, err
		}
		if reads < maxSnapshots {
			if err := l.settle(ctx, due); err != nil {
				return 0, err
			}
		}
		moved := false
		for i, w := range p.whole {
			moved = moved || due[i].revision != w.item.Revision
		}
		if moved {
			continue
		}
		p.fill(l, due)
		l.active = slices.Grow(l.active, len(p.lines))
		for _, o := range p.lines {
			l.add(o)
		}
		return p.revision, nil
	}
}

// readPages lists what is active from a first piece on, each operation as it is when it is
// its turn.
func (l *listing) readPages(ctx context.Context, p piece) error {
	l.seen = make(map[uuid.UUID]bool)
	for {
		due, err := l.decode(ctx, p)
		if err == nil {
			err = l.settle(ctx, due)
		}
		if err != nil {
			return err
		}
		p.fill(l, due)
		for _, o := range p.lines {
			// What is over gives way to active ones that are still to come.
			if l.add(o); len(l.active) == maxListed {
				return nil
			}
		}
		if !p.more {
			return nil
		}
		if err := l.read(ctx, &p, activePrefix, pageSize, math.MaxInt, severalMoments); err != nil {
			return err
		}
	}
}

// readHistory lists what is over, until the list is full. What was written there after
// the active table was read was active then, and is listed as that, or began since. All that
// was there at that moment still is, unless it was removed.
func (l *listing) readHistory(ctx context.Context, at store.Revision) error {
	page := pageSize
	if _, ok := l.e.records.st.(store.Scanner); ok {
		page = maxListed // which holds none of them in memory
	}
	for p := (piece{more: true}); p.more && l.room() > 0; {
		if err := l.read(ctx, &p, historyPrefix, page, l.room(), at); err != nil {
			return err
		}
		due, err := l.decode(ctx, p)
		if err != nil {
			return err
		}
		p.fill(l, due)
		l.over = slices.Grow(l.over, len(p.lines))
		for _, o := range p.lines {
			l.add(o)
		}
	}
	return nil
}

// matchesKind: 0 and 0xFFFF mean every kind, and other bits match nothing.
func matchesKind(r Record, filter int) bool {
	if filter == 0 || filter == filterAll {
		return true
	}
	switch r.Kind {
	case generated.OperationTypePartitionDataLoss:
		return filter&kindDataLoss != 0
	case generated.OperationTypePartitionQuorumLoss:
		return filter&kindQuorumLoss != 0
	case generated.OperationTypePartitionRestart:
		return filter&kindRestart != 0
	case generated.OperationTypeNodeTransition:
		return filter&kindNodeTransition != 0
	default:
		return false
	}
}

// matchesState: 0 finds nothing and 0xFFFF everything. By the documents each bit is a
// state as it is shown. In the runtime they overlap: Running also finds what is rolling
// back, and the two endings also find what a cancel ended.
func matchesState(r Record, filter int, profile server.Profile) bool {
	if filter == filterAll {
		return true
	}
	if profile != server.Runtime {
		return filter&bitOf(r.State()) != 0
	}
	if !r.Terminal() {
		return filter&stateRunning != 0 ||
			filter&stateRollingBack != 0 && r.State() == generated.OperationStateRollingBack
	}
	return filter&stateCompleted != 0 && r.Step == StepCompletedSuccessfully ||
		filter&stateFailed != 0 && r.Step == StepFailed ||
		filter&stateCancelled != 0 && r.Rollback == RollingBackDueToUserCancel ||
		filter&stateForceCancelled != 0 && r.Rollback == RollingBackForce
}

func bitOf(state generated.OperationState) int {
	switch state {
	case generated.OperationStateRunning:
		return stateRunning
	case generated.OperationStateRollingBack:
		return stateRollingBack
	case generated.OperationStateCompleted:
		return stateCompleted
	case generated.OperationStateFaulted:
		return stateFailed
	case generated.OperationStateCancelled:
		return stateCancelled
	case generated.OperationStateForceCancelled:
		return stateForceCancelled
	default:
		return 0
	}
}

// List is the answer of [Emulator.GetFaultOperationList]: the operations that match, active
// ones first. It holds 17 bytes of each, and is written without ever being encoded as a whole.
// The zero value is an empty list. It does not change, and may be read by several goroutines.
type List struct {
	active, over []line

	revision store.Revision // at which it was all that there was; 0 or severalMoments if at none
	until    time.Time      // when something falls due; zero for never
}

var _ generated.GetFaultOperationListResponseObject = List{}

// line is an operation in a list.
type line struct {
	id    uuid.UUID
	shape shape
}

// Len is the number of operations.
func (l List) Len() int { return len(l.active) + len(l.over) }

// All yields the operations in their order.
func (l List) All() iter.Seq[generated.OperationStatus] {
	return func(yield func(generated.OperationStatus) bool) {
		var shown [shapes]generated.OperationStatus // but for the id; made when it is needed
		for _, part := range [...][]line{l.active, l.over} {
			for _, o := range part {
				status := &shown[o.shape]
				if status.Type == "" {
					r := o.shape.record()
					status.State, status.Type = r.State(), r.Kind
				}
				if !yield(generated.OperationStatus{OperationID: o.id, State: status.State, Type: status.Type}) {
					return
				}
			}
		}
	}
}

// VisitGetFaultOperationListResponse writes the list piece by piece. An error is one of the writer.
func (l List) VisitGetFaultOperationListResponse(w http.ResponseWriter) error {
	return generated.GetFaultOperationList200JSONStream(func(yield func(generated.OperationStatus, error) bool) {
		for o := range l.All() {
			if !yield(o, nil) {
				return
			}
		}
	}).VisitGetFaultOperationListResponse(w)
}
