package etcd

import (
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/sfcancel/sfcancel/store"
)

// The keys of a store, without its prefix. Because the prefix ends in a slash and has
// no part named "item" or "slot", no store can be among the items or slots of another.
const (
	itemKeys  = "item/" // + the item's key
	slotKeys  = "slot/" // + the id of a Store, a slash, and a number
	formatKey = "format"
)

const (
	formatName    = "sfcancel store "
	formatVersion = "1"
)

// itemKey returns the etcd key of an item, which is also the etcd prefix of all items whose key
// starts with key. A key that is too long is cut, but remains longer than any valid key.
func (s *Store) itemKey(key string) string {
	return s.prefix + itemKeys + key[:min(len(key), store.MaxKey+1)]
}

// itemsFrom returns the range of the items under prefix that come after the key after. It
// always has an end: itemKeys ends in a slash, which has a successor even if prefix
// consists of 0xff bytes.
func (s *Store) itemsFrom(prefix, after string) (start, end string) {
	start, end = s.itemKey(prefix), clientv3.GetPrefixRangeEnd(s.itemKey(prefix))
	if after >= prefix && after != "" {
		start = s.itemKey(after) + "\x00"
	}
	return start, end
}
