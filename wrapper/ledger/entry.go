package ledger

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger/internal/document"
)

// prefix is the prefix of the keys of all entries. markKey does not have it.
const prefix = "ledger/"

func prefixOf(id uuid.UUID) string { return prefix + id.String() + "/" }

// operationOf returns the part of a key that names the operation, valid or not.
func operationOf(key string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(key, prefix), "/")
	return name
}

// newKey returns a unique key for an entry. The keys of one operation sort by time.
func newKey(entry wrapper.Entry) string {
	return fmt.Sprintf("%s%020d-%s", prefixOf(entry.OperationID), nanoseconds(entry.Time), rand.Text())
}

// nanoseconds returns the time since 1970, limited to the range of a non-negative int64, whose 20 digits sort
// as the numbers do.
func nanoseconds(at time.Time) int64 {
	switch {
	case at.Before(time.Unix(0, 0)):
		return 0
	case at.After(time.Unix(0, 1<<63-1)):
		return 1<<63 - 1
	}
	return at.UnixNano()
}

// parseKey returns the operation and the time in a key.
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

// decode returns the entry in an item. Its error wraps ErrDamaged and names the key.
func decode(item store.Item) (wrapper.Entry, error) {
	id, nanos, err := parseKey(item.Key)
	if err != nil {
		return wrapper.Entry{}, err
	}
	entry, err := document.Decode(item.Value)
	switch {
	case err != nil:
	case entry.OperationID != id:
		err = errors.New("it is not about the operation of its key")
	case nanoseconds(entry.Time) != nanos:
		err = errors.New("its time is not that of its key")
	}
	if err != nil {
		return wrapper.Entry{}, fmt.Errorf("%w: the item %q: %w", ErrDamaged, item.Key, err)
	}
	return entry, nil
}
