package ledger

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
)

// prefix is that of all entries. The mark of the retention is not under it.
const prefix = "ledger/"

func prefixOf(id uuid.UUID) string { return prefix + id.String() + "/" }

// newKey is a key of its own for an entry. Those of one operation are in the order of their times.
func newKey(entry wrapper.Entry) string {
	return fmt.Sprintf("%s%020d-%s", prefixOf(entry.OperationID), nanoseconds(entry.Time), rand.Text())
}

// nanoseconds since 1970, cut off at both ends of what 63 bits hold, which sorts as digits do.
func nanoseconds(at time.Time) int64 {
	switch {
	case at.Before(time.Unix(0, 0)):
		return 0
	case at.After(time.Unix(0, 1<<63-1)):
		return 1<<63 - 1
	}
	return at.UnixNano()
}

// parseKey reads the operation and the time off a key.
func parseKey(key string) (id uuid.UUID, nanos int64, err error) {
	rest, _ := strings.CutPrefix(key, prefix)
	name, rest, _ := strings.Cut(rest, "/")
	digits, random, _ := strings.Cut(rest, "-")
	id, err = uuid.Parse(name)
	if err == nil {
		nanos, err = strconv.ParseInt(digits, 10, 64)
	}
	if err != nil || id.String() != name || len(digits) != 20 || nanos < 0 || random == "" {
		return uuid.UUID{}, 0, fmt.Errorf("%w: the key %q is not of its form", ErrDamaged, key)
	}
	return id, nanos, nil
}

// document is the value of an item. Its names are those of the package comment.
type document struct {
	Time        time.Time       `json:"time"`
	OperationID *uuid.UUID      `json:"operationId"`
	Action      wrapper.Action  `json:"action"`
	Verdict     wrapper.Verdict `json:"verdict,omitempty"`
	State       wrapper.State   `json:"state,omitempty"`
	Reason      string          `json:"reason,omitempty"`
	By          string          `json:"by,omitempty"`
}

func encode(e wrapper.Entry) ([]byte, error) {
	return json.Marshal(document{e.Time.UTC(), &e.OperationID, e.Action, e.Verdict, e.State, e.Reason, e.By})
}

// decode reads an item. Its error wraps ErrDamaged and names the key.
func decode(item store.Item) (wrapper.Entry, error) {
	id, nanos, err := parseKey(item.Key)
	if err != nil {
		return wrapper.Entry{}, err
	}
	var d document
	err = json.Unmarshal(item.Value, &d)
	switch {
	case err != nil:
	case d.OperationID == nil || *d.OperationID != id:
		err = errors.New("it is not about the operation of its key")
	case nanoseconds(d.Time) != nanos:
		err = errors.New("its time is not that of its key")
	}
	if err != nil {
		return wrapper.Entry{}, fmt.Errorf("%w: the item %q: %w", ErrDamaged, item.Key, err)
	}
	return wrapper.Entry{
		Time: d.Time, OperationID: id, Action: d.Action, Verdict: d.Verdict, State: d.State, Reason: d.Reason, By: d.By,
	}, nil
}
