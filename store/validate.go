package store

import "fmt"

// Bounds on what a store accepts. They are the same for all drivers, and such
// that the largest transaction fits etcd's default limits (128 operations and
// 1.5 MiB for a request) with room for what a driver adds.
const (
	// MaxKey is the longest key, in bytes.
	MaxKey = 1 << 10
	// MaxValue is the longest value, in bytes.
	MaxValue = 1 << 20
	// MaxOps is the largest number of conditions, and of writes, in a
	// transaction: so many of each.
	MaxOps = 100
	// MaxTxn is the largest sum of the lengths of all keys (in conditions and
	// in writes) and all values in a transaction, in bytes.
	MaxTxn = MaxValue + MaxValue/4
)

// ValidateKey reports whether key can be the key of an item: it must have 1 to
// [MaxKey] bytes. The error wraps [ErrInvalid].
func ValidateKey(key string) error {
	switch {
	case key == "":
		return fmt.Errorf("%w: empty key", ErrInvalid)
	case len(key) > MaxKey:
		return fmt.Errorf("%w: key %.32q... has %d bytes, at most %d are allowed", ErrInvalid, key, len(key), MaxKey)
	}
	return nil
}

// Validate reports whether t is well-formed: at least one write, at most
// [MaxOps] writes and [MaxOps] conditions, no key written twice, no negative
// revision, all keys accepted by [ValidateKey], no value over [MaxValue] and
// not more than [MaxTxn] bytes in all. The value of a delete is ignored. The
// error wraps [ErrInvalid].
func (t Txn) Validate() error {
	switch {
	case len(t.Then) == 0:
		return fmt.Errorf("%w: transaction writes nothing", ErrInvalid)
	case len(t.Then) > MaxOps:
		return fmt.Errorf("%w: %d writes in a transaction, at most %d are allowed", ErrInvalid, len(t.Then), MaxOps)
	case len(t.If) > MaxOps:
		return fmt.Errorf("%w: %d conditions in a transaction, at most %d are allowed", ErrInvalid, len(t.If), MaxOps)
	}
	size := 0
	for _, c := range t.If {
		if err := ValidateKey(c.Key); err != nil {
			return fmt.Errorf("condition: %w", err)
		}
		if c.Revision < 0 {
			return fmt.Errorf("%w: condition on %q has revision %d", ErrInvalid, c.Key, c.Revision)
		}
		size += len(c.Key)
	}
	written := make(map[string]struct{}, len(t.Then))
	for _, w := range t.Then {
		if err := ValidateKey(w.Key); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		if _, again := written[w.Key]; again {
			return fmt.Errorf("%w: %q is written twice in a transaction", ErrInvalid, w.Key)
		}
		written[w.Key] = struct{}{}
		size += len(w.Key)
		if w.Delete {
			continue
		}
		if len(w.Value) > MaxValue {
			return fmt.Errorf("%w: value of %q has %d bytes, at most %d are allowed", ErrInvalid, w.Key, len(w.Value), MaxValue)
		}
		size += len(w.Value)
	}
	if size > MaxTxn {
		return fmt.Errorf("%w: transaction has %d bytes, at most %d are allowed", ErrInvalid, size, MaxTxn)
	}
	return nil
}
