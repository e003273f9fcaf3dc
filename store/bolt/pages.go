package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"

	"go.etcd.io/bbolt"

	"github.com/sfcancel/sfcancel/store"
)

// bbolt trusts the pages it maps: a damaged one makes it panic, fault beyond
// the end of the file, or follow a cycle until memory runs out, and only the
// panic can be recovered from. Hence this check of every page with
// bounded reads. The layout is bbolt's file format version 2, as in bbolt's
// internal/common: page.go, meta.go, bucket.go. Integers are in the byte order
// of the machine.
const (
	minPageSize    = 1 << 10
	pageHeaderSize = 16 // id uint64, flags uint16, count uint16, overflow uint32
	elementSize    = 16 // of branch and leaf pages
	bucketSize     = 16 // root page uint64, sequence uint64

	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10

	bucketElement = 0x01

	metaFreelistAt = pageHeaderSize + 32
	metaPagesAt    = pageHeaderSize + 40
	metaTxIDAt     = pageHeaderSize + 48
	metaSumAt      = pageHeaderSize + 56
	metaEnd        = pageHeaderSize + 64

	noFreelist      = ^uint64(0)
	countOverflowed = 0xFFFF // the freelist's length is in its first element

	// The fan-out of a branch page is at least two, so a sound tree that fits
	// a disk is never deeper.
	maxDepth = 64
)

var errDamaged = fmt.Errorf("%w: damaged", store.ErrForeign)

// pageChecker visits each page once. used marks the pages visited so far; its length is
// the page count in the file's meta page.
type pageChecker struct {
	file     io.ReaderAt
	pageSize int
	used     []bool
	buffers  [][]byte // free buffers of one page each
	items    itemChecker

	metas    [2][]byte // as they were read
	current  int       // the index of the valid one of the current transaction
	unlisted bool      // the file has no list of free pages
}

// checkPages returns an error unless every page that bbolt can reach in tx is sound
// and referred to once. Only the meta pages, which have checksums, are
// trusted. An error that is not ErrForeign is from reading the file. The caller judges
// the items, once it knows that the file is a store.
func checkPages(tx *bbolt.Tx, file io.ReaderAt, fileSize int64) (*pageChecker, error) {
	c := &pageChecker{file: file}
	if err := c.check(tx, fileSize); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *pageChecker) check(tx *bbolt.Tx, fileSize int64) error {
	if tx.Size() > fileSize {
		return fmt.Errorf("%w: %d bytes long, should have at least %d", errDamaged, fileSize, tx.Size())
	}
	pageSize := tx.DB().Info().PageSize
	if pageSize < minPageSize || tx.Size() < 2*int64(pageSize) {
		return fmt.Errorf("%w: %d bytes in pages of %d", errDamaged, tx.Size(), pageSize)
	}
	c.pageSize, c.used = pageSize, make([]bool, tx.Size()/int64(pageSize))
	c.used[0], c.used[1] = true, true // the meta pages
	if err := c.tree(uint64(tx.Cursor().Bucket().RootPage()), inRoot, &keyOrder{}, maxDepth); err != nil {
		return err
	}
	return c.freelist(tx.ID())
}

// place says where in the file a tree is, and so whether its elements are checked as items.
type place int

const (
	inRoot place = iota
	inItems
	elsewhere
)

// page reads a page with its overflow and marks it used. The caller returns it with done.
func (c *pageChecker) page(id uint64) ([]byte, error) {
	if err := c.use(id); err != nil {
		return nil, err
	}
	var page []byte
	if n := len(c.buffers); n > 0 {
		page, c.buffers = c.buffers[n-1], c.buffers[:n-1]
	} else {
		page = make([]byte, c.pageSize)
	}
	if err := c.read(page, id); err != nil {
		return nil, err
	}
	if own := binary.NativeEndian.Uint64(page); own != id {
		return nil, fmt.Errorf("%w: page %d calls itself %d", errDamaged, id, own)
	}
	overflow := uint64(binary.NativeEndian.Uint32(page[12:]))
	for i := range overflow {
		if err := c.use(id + 1 + i); err != nil {
			return nil, err
		}
	}
	if overflow > 0 {
		whole := make([]byte, (overflow+1)*uint64(c.pageSize))
		copy(whole, page)
		c.done(page)
		if err := c.read(whole[c.pageSize:], id+1); err != nil {
			return nil, err
		}
		page = whole
	}
	return page, nil
}

// done takes back the buffer of a page.
func (c *pageChecker) done(page []byte) {
	if len(page) == c.pageSize {
		c.buffers = append(c.buffers, page)
	}
}

func (c *pageChecker) read(into []byte, id uint64) error {
	_, err := c.file.ReadAt(into, int64(id)*int64(c.pageSize))
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: page %d is cut off", errDamaged, id)
	}
	return err
}

// use marks a page as used. It must be in the file and not marked before.
func (c *pageChecker) use(id uint64) error {
	if id >= uint64(len(c.used)) || c.used[id] {
		return fmt.Errorf("%w: page %d is out of range or used twice", errDamaged, id)
	}
	c.used[id] = true
	return nil
}

// tree checks the pages under a root, in the order of their keys.
func (c *pageChecker) tree(id uint64, at place, order *keyOrder, depth int) error {
	if depth == 0 {
		return fmt.Errorf("%w: page %d is nested too deeply", errDamaged, id)
	}
	page, err := c.page(id)
	if err != nil {
		return err
	}
	defer c.done(page)
	count := binary.NativeEndian.Uint16(page[10:])
	switch flags := binary.NativeEndian.Uint16(page[8:]); {
	case flags == leafPage:
		return c.leaf(page, at, order, depth)
	case flags != branchPage || count == 0:
		return fmt.Errorf("%w: page %d is of type %#x with %d elements", errDamaged, id, flags, count)
	}
	for i := range int(count) {
		element := pageHeaderSize + i*elementSize
		key, err := slice(page, element, 0, 4, 0)
		if err != nil {
			return err
		}
		if err := order.separator(key); err != nil {
			return err
		}
		if err := c.tree(binary.NativeEndian.Uint64(page[element+8:]), at, order, depth-1); err != nil {
			return err
		}
	}
	return nil
}

// leaf checks the elements of a leaf page and the buckets among them.
func (c *pageChecker) leaf(page []byte, at place, order *keyOrder, depth int) error {
	for i := range int(binary.NativeEndian.Uint16(page[10:])) {
		element := pageHeaderSize + i*elementSize
		key, err := slice(page, element, 4, 8, 0)
		if err != nil {
			return err
		}
		if err := order.item(key); err != nil {
			return err
		}
		value, err := slice(page, element, 4, 12, len(key))
		if err != nil {
			return err
		}
		switch flags := binary.NativeEndian.Uint32(page[element:]); flags {
		case 0:
			if at == inItems {
				c.items.see(key, value)
			}
		case bucketElement:
			if at == inItems {
				c.items.see(key, nil)
			}
			inside := elsewhere
			if at == inRoot && string(key) == itemsBucket {
				inside = inItems
			}
			if err := c.bucket(value, inside, depth-1); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%w: element of type %#x", errDamaged, flags)
		}
	}
	return nil
}

// bucket checks a bucket. It is a separate tree, or, if it is small, a leaf page
// directly behind the bucket's header.
func (c *pageChecker) bucket(value []byte, at place, depth int) error {
	if len(value) < bucketSize {
		return fmt.Errorf("%w: bucket of %d bytes", errDamaged, len(value))
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		return c.tree(root, at, &keyOrder{}, depth)
	}
	inline := value[bucketSize:]
	if depth == 0 || len(inline) < pageHeaderSize || binary.NativeEndian.Uint16(inline[8:]) != leafPage {
		return fmt.Errorf("%w: bucket without a page", errDamaged)
	}
	return c.leaf(inline, at, &keyOrder{}, depth)
}

// freelist checks that the free pages are in the file and not in use.
func (c *pageChecker) freelist(txID int) error {
	id, err := c.freelistPage(uint64(txID))
	if err != nil {
		return err
	}
	if c.unlisted = id == noFreelist; c.unlisted {
		return nil // every page that is not used is free
	}
	page, err := c.page(id)
	if err != nil {
		return err
	}
	defer c.done(page)
	if flags := binary.NativeEndian.Uint16(page[8:]); flags != freelistPage {
		return fmt.Errorf("%w: freelist of type %#x", errDamaged, flags)
	}
	ids := page[pageHeaderSize:]
	count := uint64(binary.NativeEndian.Uint16(page[10:]))
	if count == countOverflowed {
		count, ids = binary.NativeEndian.Uint64(ids), ids[8:]
	}
	if count > uint64(len(ids)/8) {
		return fmt.Errorf("%w: freelist of %d pages", errDamaged, count)
	}
	for i := range count {
		if err := c.use(binary.NativeEndian.Uint64(ids[i*8:])); err != nil {
			return err
		}
	}
	return nil
}

// freelistPage finds the freelist through the meta page that bbolt chose: the one
// with the number of the current transaction.
func (c *pageChecker) freelistPage(txID uint64) (uint64, error) {
	for id := range c.metas {
		meta := make([]byte, metaEnd)
		if err := c.read(meta, uint64(id)); err != nil {
			return 0, err
		}
		c.metas[id] = meta
	}
	for id, meta := range c.metas {
		if sumOfMeta(meta) == binary.NativeEndian.Uint64(meta[metaSumAt:]) && binary.NativeEndian.Uint64(meta[metaTxIDAt:]) == txID {
			c.current = id
			return binary.NativeEndian.Uint64(meta[metaFreelistAt:]), nil
		}
	}
	return 0, fmt.Errorf("%w: no meta page of transaction %d", errDamaged, txID)
}

// sumOfMeta returns the checksum of a meta page.
func sumOfMeta(meta []byte) uint64 {
	sum := fnv.New64a()
	_, _ = sum.Write(meta[pageHeaderSize:metaSumAt])
	return sum.Sum64()
}

// slice returns the bytes that the element at offset element in a page refers to. The field
// at posField holds their start relative to the element, the field at sizeField their
// length. The start is moved forward by skip bytes.
func slice(page []byte, element, posField, sizeField, skip int) ([]byte, error) {
	if element+elementSize > len(page) {
		return nil, fmt.Errorf("%w: more elements than the page holds", errDamaged)
	}
	start := int64(element) + int64(binary.NativeEndian.Uint32(page[element+posField:])) + int64(skip)
	end := start + int64(binary.NativeEndian.Uint32(page[element+sizeField:]))
	if end > int64(len(page)) {
		return nil, fmt.Errorf("%w: element ends beyond its page", errDamaged)
	}
	return page[start:end], nil
}

// keyOrder checks that the keys of a tree ascend in the order in which bbolt
// visits them. A separator equals the first key after it.
type keyOrder struct {
	last        []byte // a copy
	isItem      bool
	isSeparator bool
}

func (o *keyOrder) separator(key []byte) error { return o.next(key, false) }
func (o *keyOrder) item(key []byte) error      { return o.next(key, true) }

func (o *keyOrder) next(key []byte, isItem bool) error {
	if c := bytes.Compare(key, o.last); c < 0 || c == 0 && o.isItem || c != 0 && o.isSeparator {
		return fmt.Errorf("%w: keys out of order", errDamaged)
	}
	o.last, o.isItem, o.isSeparator = append(o.last[:0], key...), isItem, !isItem
	return nil
}
