package etcd

import (
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/sfcancel/sfcancel/store"
)

// The keys of a store, each after its prefix. As the prefix ends in a slash and has
// no part named "item" or "slot", no store can be within one of these of another.
const (
	itemKeys  = "item/" // + the item's key
	slotKeys  = "slot/" // + the id of a Store, a slash, and a number
	formatKey = "format"
)

const (
	formatName    = "sfcancel store "
	formatVersion = "1"
)

// itemKey is also the prefix, in etcd, of all items whose key starts with key. What
// is longer than any key is cut, but remains longer than any.
func (s *Store) itemKey(key string) string {
	return s.prefix + itemKeys + key[:min(len(key), store.MaxKey+1)]
}

// itemsFrom is the range of the items under prefix that are after after. There is
// always an end: itemKeys ends in a slash, which has a successor even if all of
// prefix is of 0xff bytes.
func (s *Store) itemsFrom(prefix, after string) (start, end string) {
	start, end = s.itemKey(prefix), clientv3.GetPrefixRangeEnd(s.itemKey(prefix))
	if after >= prefix && after != "" {
		start = s.itemKey(after) + "\x00"
	}
	return start, end
}
