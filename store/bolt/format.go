package bolt

import (
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/sfcancel/sfcancel/store"
)

// The file has two buckets at its root. "meta" says what the file is and holds
// the store's revision; "items" maps each key to the item's revision followed
// by its value. Revisions are 8 bytes, big-endian.
const (
	metaBucket  = "meta"
	itemsBucket = "items"

	formatKey   = "format"
	versionKey  = "version"
	revisionKey = "revision"

	formatName    = "sfcancel store"
	formatVersion = "1"

	revisionSize = 8
)

// writeFormat turns an empty bbolt file into a store at revision 0.
func writeFormat(tx *bbolt.Tx) error {
	meta, err := tx.CreateBucket([]byte(metaBucket))
	if err != nil {
		return err
	}
	if _, err := tx.CreateBucket([]byte(itemsBucket)); err != nil {
		return err
	}
	for key, value := range map[string][]byte{
		formatKey:   []byte(formatName),
		versionKey:  []byte(formatVersion),
		revisionKey: encodeRevision(0),
	} {
		if err := meta.Put([]byte(key), value); err != nil {
			return err
		}
	}
	return nil
}

// checkFormat returns an error unless the file is empty or a store of this format
// version. An empty file can become a store. Every error is ErrForeign.
func checkFormat(tx *bbolt.Tx) (empty bool, err error) {
	if key, _ := tx.Cursor().First(); key == nil {
		return true, nil
	}
	meta, items := tx.Bucket([]byte(metaBucket)), tx.Bucket([]byte(itemsBucket))
	if meta == nil || string(meta.Get([]byte(formatKey))) != formatName {
		return false, fmt.Errorf("%w: a bbolt file of another application", store.ErrForeign)
	}
	if version := meta.Get([]byte(versionKey)); string(version) != formatVersion {
		return false, fmt.Errorf("%w: format version %q, this program knows version %s", store.ErrForeign, version, formatVersion)
	}
	if items == nil || len(meta.Get([]byte(revisionKey))) != revisionSize {
		return false, fmt.Errorf("%w: damaged: the items or their revision are missing", store.ErrForeign)
	}
	return false, nil
}

// itemChecker records the first fault of each kind among the items. checkPages reads items before the
// store's revision is known.
type itemChecker struct {
	short            []byte // the key of the first item without a revision; nil if there is none
	early, late      []byte // the keys of the first item below revision 1 and of the newest item
	earliest, latest store.Revision
}

func (c *itemChecker) see(key, value []byte) {
	if len(value) < revisionSize {
		if c.short == nil {
			c.short = append([]byte{}, key...)
		}
		return
	}
	switch at := decodeRevision(value); {
	case at < 1 && c.early == nil:
		c.early, c.earliest = append([]byte{}, key...), at
	case at > c.latest:
		c.late, c.latest = append(c.late[:0], key...), at
	}
}

// judge returns an error unless every item has a revision from 1 to that of the store.
// The file must have passed checkFormat.
func (c *itemChecker) judge(tx *bbolt.Tx) error {
	newest := storeRevision(tx)
	switch {
	case c.short != nil:
		return judgeRaw(c.short, nil, newest)
	case c.early != nil:
		return judgeRaw(c.early, encodeRevision(c.earliest), newest)
	case c.latest > newest:
		return judgeRaw(c.late, encodeRevision(c.latest), newest)
	}
	return nil
}

// judgeRaw checks the raw entry of an item in a store at revision newest.
func judgeRaw(key, raw []byte, newest store.Revision) error {
	if len(raw) < revisionSize {
		return fmt.Errorf("%w: item %.32q has no revision", errDamaged, key)
	}
	if at := decodeRevision(raw); at < 1 || at > newest {
		return fmt.Errorf("%w: item %.32q has revision %d in a store at %d", errDamaged, key, at, newest)
	}
	return nil
}

func storeRevision(tx *bbolt.Tx) store.Revision {
	return decodeRevision(tx.Bucket([]byte(metaBucket)).Get([]byte(revisionKey)))
}

func setStoreRevision(tx *bbolt.Tx, to store.Revision) error {
	return tx.Bucket([]byte(metaBucket)).Put([]byte(revisionKey), encodeRevision(to))
}

// decodeItem copies, because bbolt's slices are valid only during their transaction.
func decodeItem(key, value []byte) store.Item {
	return store.Item{
		Key:      string(key),
		Value:    append([]byte(nil), value[revisionSize:]...),
		Revision: decodeRevision(value),
	}
}

// encodeItem copies, because bbolt keeps the slice until the end of the
// transaction.
func encodeItem(value []byte, at store.Revision) []byte {
	encoded := make([]byte, revisionSize, revisionSize+len(value))
	binary.BigEndian.PutUint64(encoded, uint64(at))
	return append(encoded, value...)
}

func encodeRevision(at store.Revision) []byte { return encodeItem(nil, at) }

func decodeRevision(encoded []byte) store.Revision {
	return store.Revision(binary.BigEndian.Uint64(encoded))
}
