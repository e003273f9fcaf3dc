package bolt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"

	"go.etcd.io/bbolt"
)

// maxFreeList is the largest number of free pages that is written with each transaction. bbolt sorts
// and writes the whole list. After a large file has been cleaned up, that takes many times as long as the
// rest of each transaction from then on. The list is optional: inspect reads all pages when the file
// is opened, and every page that is not used is free.
const maxFreeList = 1000

// keepFreeList decides whether the next transaction writes the list of free pages. The caller holds leader.
func (s *Store) keepFreeList() {
	stats := s.db.Stats()
	s.db.NoFreelistSync = stats.FreePageN+stats.PendingPageN > maxFreeList
}

// writeFreeList writes the list if the last transaction did not, so that the next Open need not
// search for free pages. A failure only makes that Open slower. The caller holds leader.
func (s *Store) writeFreeList() {
	if !s.db.NoFreelistSync || s.readOnly || s.durable.hasFailed() {
		return
	}
	s.db.NoFreelistSync = false
	_ = s.db.Update(func(*bbolt.Tx) error { return nil })
}

// errChanged means that another process has changed or replaced the file since it was inspected.
var errChanged = errors.New("the file has changed")

// listFree writes the list of free pages into a file that has none, as a bbolt transaction would. Otherwise bbolt
// would read all pages again when it opens the file, and then write the same list. info and pages describe the
// file as inspected.
func listFree(path string, info fs.FileInfo, pages *pageChecker) (err error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }() // which unlocks it
	if err := lock(file); err != nil {
		return err
	}
	now, err := file.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(info, now) {
		return errChanged
	}
	return pages.writeFree(file)
}

// syncedFile is what bbolt needs of a file.
type syncedFile interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
}

// writeFree writes the list behind the last page, and then the other meta page, which makes the list part of the
// store. Until that meta page is complete, the old one stays in force.
func (c *pageChecker) writeFree(file syncedFile) error {
	for id, meta := range c.metas { // every transaction changes one of them
		is := make([]byte, len(meta))
		if _, err := file.ReadAt(is, int64(id*c.pageSize)); err != nil {
			return err
		}
		if !bytes.Equal(is, meta) {
			return errChanged
		}
	}
	order, end := binary.NativeEndian, len(c.used)
	var free []byte
	for id, used := range c.used {
		if !used {
			free = order.AppendUint64(free, uint64(id))
		}
	}
	count := len(free) / 8
	list := make([]byte, pageHeaderSize, pageHeaderSize+8+len(free)+c.pageSize)
	if count >= countOverflowed {
		list = order.AppendUint64(list, uint64(count))
		count = countOverflowed
	}
	list = append(list, free...)
	list = append(list, make([]byte, (c.pageSize-len(list)%c.pageSize)%c.pageSize)...)
	pages := len(list) / c.pageSize
	order.PutUint64(list, uint64(end))
	order.PutUint16(list[8:], freelistPage)
	order.PutUint16(list[10:], uint16(count))
	order.PutUint32(list[12:], uint32(pages-1))
	if _, err := file.WriteAt(list, int64(end*c.pageSize)); err != nil {
		return err
	}
	// The list must be durable before the meta page that refers to it, and so must the current
	// meta page before the other one is overwritten.
	if err := file.Sync(); err != nil {
		return err
	}
	other := 1 - c.current
	meta := make([]byte, c.pageSize)
	copy(meta, c.metas[c.current])
	order.PutUint64(meta, uint64(other))
	order.PutUint64(meta[metaFreelistAt:], uint64(end))
	order.PutUint64(meta[metaPagesAt:], uint64(end+pages))
	order.PutUint64(meta[metaTxIDAt:], order.Uint64(meta[metaTxIDAt:])+1)
	order.PutUint64(meta[metaSumAt:], sumOfMeta(meta))
	if _, err := file.WriteAt(meta, int64(other*c.pageSize)); err != nil {
		return err
	}
	return file.Sync()
}
