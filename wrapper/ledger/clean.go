package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sfcancel/sfcancel/store"
)

// How often old entries are removed, and the limits of one turn.
const (
	lookEvery  = time.Hour      // between two reads of the mark by one Ledger
	cleanEvery = 24 * time.Hour // between two turns of all Ledgers
	goOnEvery  = time.Minute    // the same, while a turn has left something
	turnTime   = time.Second
	turnSize   = 500
)

// markKey is the key of the mark, by which all Ledgers of a store agree whose turn it is.
const markKey = "ledger-retention"

// mark is the value at markKey.
type mark struct {
	Time  time.Time `json:"time"`            // when the last turn began
	Left  bool      `json:"left,omitempty"`  // the last turn did not finish
	After string    `json:"after,omitempty"` // the key after which the next turn continues
}

// due reports whether it is time for another turn. A mark more than a day in the future was written with a
// wrong clock, and is due as well.
func (m mark) due(now time.Time) bool {
	every := cleanEvery
	if m.Left {
		every = goOnEvery
	}
	age := now.Sub(m.Time)
	return age >= every || age < -cleanEvery
}

// Clean removes all entries older than the retention and returns how many. An old entry stays if
// one appended before it to the same operation stays. Clean may be called at any time, also concurrently.
// Entries removed before an error stay removed, and are counted. Items that are not entries are left
// alone. With [Forever], Clean removes nothing.
func (l *Ledger) Clean(ctx context.Context) (removed int, err error) {
	removed, _, _, err = l.remove(ctx, "", 0)
	if err != nil {
		err = fmt.Errorf("ledger: clean: %w", err)
	}
	return removed, err
}

// cleanIfDue takes a turn if one is due. It is best effort.
func (l *Ledger) cleanIfDue(ctx context.Context) {
	if l.retention == Forever || !l.look() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, turnTime)
	defer cancel()
	m, revision, err := l.readMark(ctx)
	if err != nil || !m.due(time.Now()) {
		return
	}
	m.Time, m.Left = time.Now(), true // if this process dies during its turn, another one continues
	if revision, err = l.writeMark(ctx, m, revision); err != nil {
		return // another Ledger took the turn, or the store is unavailable
	}
	limited, stop := context.WithTimeout(ctx, turnTime/2)
	defer stop()
	_, after, done, _ := l.remove(limited, m.After, turnSize)
	m.After, m.Left = after, !done
	if m.Left {
		l.lookAgain()
	}
	_, _ = l.writeMark(ctx, m, revision)
}

// look reports whether it is time to read the mark.
func (l *Ledger) look() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if !l.looked.IsZero() && now.Sub(l.looked) < lookEvery {
		return false
	}
	l.looked = now
	return true
}

// lookAgain makes look report true again as soon as another turn may be taken.
func (l *Ledger) lookAgain() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.looked = l.looked.Add(goOnEvery - lookEvery)
}

// readMark returns the mark. A missing or unreadable one is the zero mark, which is due.
func (l *Ledger) readMark(ctx context.Context) (m mark, revision store.Revision, err error) {
	item, err := l.store.Get(ctx, markKey)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return mark{}, 0, nil
	case err != nil:
		return mark{}, 0, err
	}
	if json.Unmarshal(item.Value, &m) != nil || m.After != "" && !strings.HasPrefix(m.After, prefix) {
		m = mark{}
	}
	return m, item.Revision, nil
}

func (l *Ledger) writeMark(ctx context.Context, m mark, revision store.Revision) (store.Revision, error) {
	m.Time = m.Time.UTC()
	value, err := json.Marshal(m)
	if err != nil {
		return 0, err
	}
	return l.store.Commit(ctx, store.Txn{
		If:   []store.Condition{{Key: markKey, Revision: revision}},
		Then: []store.Write{{Key: markKey, Value: value}},
	})
}

// aged is what the retention needs to know about an item.
type aged struct {
	key      string
	revision store.Revision
	old      bool
}

// oldest returns the keys of one operation that are to be removed, in the order in which they were appended: those
// before the first that is not old. An entry must not be removed while an earlier one stays: removing a start that
// was recorded by a slow clock would leave the graceful cancel of an earlier life as evidence.
func oldest(same []aged) (keys []string) {
	slices.SortStableFunc(same, func(a, b aged) int { return cmp.Compare(a.revision, b.revision) })
	for _, item := range same {
		if !item.old {
			break
		}
		keys = append(keys, item.key)
	}
	return keys
}

// endOf returns a key between those of an operation and those of the next.
func endOf(operation string) string { return prefix + operation + "0" } // 0 follows the slash

// beginOf returns the key to list after so that the operation of the key after is listed completely.
func beginOf(after string) string {
	if operation := operationOf(after); strings.HasPrefix(after, prefix+operation+"/") {
		return prefix + operation + "/"
	}
	return after
}

// remove deletes old entries after the key after, at most limit of them if limit is not 0. It returns the key
// after which the next turn continues, "" if done.
func (l *Ledger) remove(ctx context.Context, after string, limit int) (removed int, next string, done bool, err error) {
	if l.retention == Forever {
		return 0, "", true, nil
	}
	limitAge := nanoseconds(time.Now().Add(-l.retention))
	seen, next := after, after
	var old []store.Write
	flush := func() error {
		if len(old) == 0 {
			return nil
		}
		if _, err := l.store.Commit(ctx, store.Txn{Then: old}); err != nil {
			return err
		}
		removed, next, old = removed+len(old), seen, nil
		return nil
	}
	var same []aged // of one operation
	var operation string
	take := func() (full bool, err error) {
		for _, key := range oldest(same) {
			old = append(old, store.Write{Key: key, Delete: true})
			full = limit > 0 && removed+len(old) >= limit
			if len(old) == store.MaxOps || full {
				if err := flush(); err != nil || full {
					return full, err
				}
			}
		}
		same, seen = same[:0], endOf(operation)
		if len(old) == 0 {
			next = seen
		}
		return false, nil
	}
	for item, err := range l.items(ctx, prefix, beginOf(after)) {
		if err != nil {
			if next == after && len(same) > 0 { // skip an operation too large for one turn, which would block the others
				next = endOf(operation)
			}
			return removed, next, false, err
		}
		if len(same) > 0 && operationOf(item.Key) != operation {
			if full, err := take(); full || err != nil {
				return removed, next, false, err
			}
		}
		operation = operationOf(item.Key)
		_, at, err := parseKey(item.Key)
		same = append(same, aged{item.Key, item.Revision, err == nil && at < limitAge})
	}
	if len(same) > 0 {
		if full, err := take(); full || err != nil {
			return removed, next, false, err
		}
	}
	if err := flush(); err != nil {
		return removed, next, false, err
	}
	return removed, "", true, nil
}
