package bolt_test

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

// sectorSize is the largest unit that a disk writes atomically.
const sectorSize = 512

// disk models a file that a loss of power can hit. Synced data stays. Of the data
// written since the last sync, any part may be there or missing: whole writes, sectors
// of them, and pieces of sectors, in any order. The file's length is durable only after
// an fsync: an fdatasync need not write it, which is why bbolt calls fsync when the file
// has grown (boltdb/bolt#284).
type disk struct {
	content []byte // of synced writes
	length  int64  // synced
	pending []event
}

// apply applies an event to the disk.
func (d *disk) apply(e event) {
	switch e.kind {
	case wrote, grew:
		d.pending = append(d.pending, e)
	case fsynced, datasynced:
		var left []event
		for _, p := range d.pending {
			switch {
			case p.kind == wrote:
				d.content = overlay(d.content, p.at, p.data)
			case e.kind == fsynced:
				d.length = p.at
			default:
				left = append(left, p)
			}
		}
		d.pending = left
	case acknowledged:
	}
}

// overlay writes data into content, in place if there is room.
func overlay(content []byte, at int64, data []byte) []byte {
	if need := int(at) + len(data); need > len(content) {
		content = append(content, make([]byte, need-len(content))...)
	}
	copy(content[at:], data)
	return content
}

// image returns the file with the synced data and the pieces of each pending event that
// keep returns, as pairs of start and end. A growth has one piece, of length 0.
func (d *disk) image(keep func(i int, e event) [][2]int) []byte {
	content, length := bytes.Clone(d.content), d.length
	for i, e := range d.pending {
		pieces := keep(i, e)
		if e.kind == grew && len(pieces) > 0 {
			length = e.at
		}
		for _, piece := range pieces {
			if e.kind == wrote {
				content = overlay(content, e.at+int64(piece[0]), e.data[piece[0]:piece[1]])
			}
		}
	}
	if int64(len(content)) < length {
		content = append(content, make([]byte, length-int64(len(content)))...)
	}
	return content[:length]
}

func whole(e event) [][2]int { return [][2]int{{0, len(e.data)}} }

// variant is one image that a loss of power may leave.
type variant struct {
	name string
	keep func(i int, e event) [][2]int
}

// variants returns the images of one boundary. As many as randoms are random, with seeds drawn from random.
func (d *disk) variants(random *rand.Rand, randoms int) []variant {
	if len(d.pending) == 0 {
		return []variant{{"nothing pending", nil}}
	}
	all := []variant{
		{"everything written", func(_ int, e event) [][2]int { return whole(e) }},
		{"nothing since the sync", func(int, event) [][2]int { return nil }},
	}
	for missing, e := range d.pending {
		all = append(all, variant{fmt.Sprintf("all but %v", e), func(i int, e event) [][2]int {
			if i == missing {
				return nil
			}
			return whole(e)
		}})
	}
	last := len(d.pending) - 1
	for _, at := range tears(d.pending[last]) {
		all = append(all,
			variant{fmt.Sprintf("the last up to byte %d", at), func(i int, e event) [][2]int {
				if i == last {
					return [][2]int{{0, at}}
				}
				return whole(e)
			}},
			variant{fmt.Sprintf("the last from byte %d on", at), func(i int, e event) [][2]int {
				if i == last {
					return [][2]int{{at, len(e.data)}}
				}
				return whole(e)
			}})
	}
	for range randoms {
		seed := random.Uint64()
		// 1 to 9 of 10 sectors: rarely all, rarely none.
		share := 1 + random.IntN(9)
		all = append(all, variant{fmt.Sprintf("random sectors %d/10, seed %d", share, seed), func(i int, e event) [][2]int {
			return randomSectors(rand.New(rand.NewPCG(seed, uint64(i))), share, e)
		}})
	}
	return all
}

// tears returns the offsets at which the last write is cut in two. The bytes of a meta page after the
// first metaSize are always 0.
func tears(e event) []int {
	const metaSize = 80 // bbolt's page header and Meta
	if e.kind != wrote {
		return nil
	}
	var at []int
	if e.isMeta() {
		for i := range metaSize {
			at = append(at, i+1)
		}
	}
	for i := 0; i < len(e.data); i += sectorSize {
		at = append(at, i, i+1+i%97, i+sectorSize/2+1)
	}
	return at
}

// randomSectors keeps some sectors, and only the beginning or the end of a few.
func randomSectors(random *rand.Rand, share int, e event) [][2]int {
	if e.kind != wrote {
		if random.IntN(2) == 0 {
			return nil
		}
		return [][2]int{{0, 0}}
	}
	var pieces [][2]int
	for at := 0; at < len(e.data); at += sectorSize {
		if random.IntN(10) >= share {
			continue
		}
		piece := [2]int{at, min(at+sectorSize, len(e.data))}
		if tear := random.IntN(40); tear < 2 {
			piece[tear] = piece[0] + random.IntN(piece[1]-piece[0])
		}
		pieces = append(pieces, piece)
	}
	return pieces
}

// loss is one image, and the revisions it may be at.
type loss struct {
	image []byte
	// floor is the last acknowledged revision, ceiling the last one whose meta page was written.
	floor, ceiling store.Revision
	where          string
}

// losses yields an image for every variant of every boundary of the run that sample
// chooses. A repeated image with the same floor and ceiling is counted, but not yielded again.
func (r run) losses(random *rand.Rand, randoms int, sample func(v int) bool, yield func(loss) bool) (made int) {
	d := disk{content: bytes.Clone(r.base), length: int64(len(r.base))}
	var floor, ceiling store.Revision
	seed := maphash.MakeSeed()
	seen := make(map[uint64]bool)
	for i, e := range r.events {
		d.apply(e)
		switch {
		case e.kind == acknowledged:
			floor = max(floor, e.revision)
		case e.isMeta():
			ceiling = e.revision
		}
		for v, variant := range d.variants(random, randoms) {
			if !sample(v) {
				continue
			}
			made++
			image := d.image(variant.keep)
			var h maphash.Hash
			h.SetSeed(seed)
			_, _ = h.Write(image)
			maphash.WriteComparable(&h, [2]store.Revision{floor, ceiling})
			if seen[h.Sum64()] {
				continue
			}
			seen[h.Sum64()] = true
			if !yield(loss{image, floor, ceiling, fmt.Sprintf("after event %d of %d (%v): %s", i, len(r.events), e, variant.name)}) {
				return made
			}
		}
	}
	return made
}

// broken are wrong orders of writes and syncs: a loss of power damages the store.
var broken = []struct {
	name  string
	wrong func([]event) []event
}{
	{"the meta page before the pages, one sync", func(events []event) []event {
		var out []event
		pages := 0 // the index in out of this transaction's first page
		for i, e := range events {
			switch {
			case e.kind == datasynced && events[i+1].isMeta():
			case e.isMeta():
				out = append(out[:pages:pages], append([]event{e}, out[pages:]...)...)
			default:
				out = append(out, e)
				if e.kind != wrote {
					pages = len(out)
				}
			}
		}
		return out
	}},
	{"no sync between the pages and the meta page", func(events []event) []event {
		return dropped(events, func(i int) bool {
			return events[i].kind == datasynced && i+1 < len(events) && events[i+1].isMeta()
		})
	}},
	{"no sync after the meta page", func(events []event) []event {
		return dropped(events, func(i int) bool { return events[i].kind == datasynced && i > 0 && events[i-1].isMeta() })
	}},
	{"acknowledged before the last sync", func(events []event) []event {
		var out []event
		for i := 0; i < len(events); i++ {
			if e := events[i]; e.kind != datasynced || !events[i-1].isMeta() {
				out = append(out, e)
				continue
			}
			sync := events[i]
			for ; i+1 < len(events) && events[i+1].kind == acknowledged; i++ {
				out = append(out, events[i+1])
			}
			out = append(out, sync)
		}
		return out
	}},
	{"one meta page for all", func(events []event) []event {
		var out []event
		for _, e := range events {
			if e.isMeta() && e.at > 0 {
				e.at = 0
				e.data = append(make([]byte, 8), e.data[8:]...) // page number 0
			}
			out = append(out, e)
		}
		return out
	}},
	{"growth is not synced", func(events []event) []event {
		return dropped(events, func(i int) bool { return events[i].kind == fsynced })
	}},
	{"the pages are not written", func(events []event) []event {
		return dropped(events, func(i int) bool {
			return events[i].kind == wrote && !events[i].isMeta() && len(events[i].data) > os.Getpagesize()
		})
	}},
}

func dropped(events []event, drop func(i int) bool) []event {
	var out []event
	for i, e := range events {
		if !drop(i) {
			out = append(out, e)
		}
	}
	return out
}

// event is a write, growth or sync of the file, or the acknowledgement of a Commit.
type event struct {
	kind     eventKind
	at       int64  // wrote: the offset; grew: the new length
	data     []byte // wrote
	revision store.Revision
}

type eventKind int

const (
	wrote   eventKind = iota
	grew              // the file was made longer
	fsynced           // with the file's length
	datasynced
	acknowledged // Commit returned; revision is what it returned
)

func (e event) String() string {
	switch e.kind {
	case wrote:
		return fmt.Sprintf("pwrite64 %d %d", e.at, len(e.data))
	case grew:
		return fmt.Sprintf("ftruncate %d", e.at)
	case fsynced:
		return "fsync"
	case datasynced:
		return "fdatasync"
	default:
		return fmt.Sprintf("ack %d", e.revision)
	}
}

// isMeta reports whether e wrote a meta page, which makes a bbolt transaction valid.
// e.revision is then the revision of that transaction.
func (e event) isMeta() bool { return e.kind == wrote && e.at < 2*int64(os.Getpagesize()) }

// recorder records what bbolt does to the file of a store. It sees the writes
// and the length. It derives the syncs from bbolt v1.5.0: DB.grow
// makes the file longer and then calls fsync, Tx.write calls fdatasync after the last
// of the pages, Tx.writeMeta after the meta page. TestSyncsMatchModel
// compares this with the system calls.
type recorder struct {
	path   string
	syncs  bool // bbolt is not configured to omit syncs
	mu     sync.Mutex
	length int64
	events []event
}

func record(s *bolt.Store, path string) (*recorder, error) {
	r := &recorder{path: path, syncs: bolt.Syncs(s)}
	if err := r.measure(); err != nil {
		return nil, err
	}
	r.events = nil // the initial length is not a growth
	bolt.AroundUpdate(s, func(update func() error) error {
		err := update()
		if err != nil {
			return err
		}
		at, err := bolt.Visible(s)
		r.updated(at)
		return err
	})
	return r, bolt.AroundWrites(s, r.write)
}

func (r *recorder) measure() error {
	info, err := os.Stat(r.path)
	if err == nil && info.Size() != r.length {
		r.length = info.Size()
		r.events = append(r.events, event{kind: grew, at: r.length})
	}
	return err
}

func (r *recorder) write(b []byte, at int64, write bolt.WriteAt) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := len(r.events)
	if err := r.measure(); err != nil {
		return 0, err
	}
	if len(r.events) > known {
		r.synced(event{kind: fsynced})
	}
	e := event{kind: wrote, at: at, data: bytes.Clone(b)}
	if e.isMeta() {
		r.synced(event{kind: datasynced})
	}
	r.events = append(r.events, e)
	n, err := write(b, at)
	if err == nil {
		err = r.measure() // a write beyond the end makes the file longer
	}
	return n, err
}

// updated is called when bbolt has returned from an update.
func (r *recorder) updated(at store.Revision) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := len(r.events) - 1; i >= 0 && r.events[i].revision == 0; i-- {
		if r.events[i].isMeta() {
			r.events[i].revision = at
		}
	}
	r.synced(event{kind: datasynced, revision: at})
}

func (r *recorder) synced(e event) {
	if r.syncs {
		r.events = append(r.events, e)
	}
}

// acknowledge is called when a Commit has returned.
func (r *recorder) acknowledge(at store.Revision, also func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, event{kind: acknowledged, revision: at})
	if also != nil {
		also()
	}
}

// run is a recorded run of commits on an empty store.
type run struct {
	base   []byte // the file at the beginning, fully synced
	events []event
	// states are the items at each revision, from 0 on.
	states []map[string]store.Item
	// valid are the revisions at which bbolt's transactions ended.
	valid []store.Revision
}

// recordRun commits transactions one by one and in groups, with deletes, values of
// several pages, and growth of the file.
func recordRun(t *testing.T, random *rand.Rand) run {
	t.Helper()
	const groups = 24
	var r run
	synctest.Test(t, func(t *testing.T) {
		h := openHeld(t)
		var err error
		if r.base, err = os.ReadFile(h.path); err != nil {
			t.Fatal(err)
		}
		rec, err := record(h.Store, h.path)
		if err != nil {
			t.Fatal(err)
		}
		written := make(map[store.Revision]store.Txn)
		var mu sync.Mutex
		commit := func(txn store.Txn) {
			go func() {
				at, err := h.Commit(t.Context(), txn)
				if err != nil {
					t.Error(err)
					return
				}
				rec.acknowledge(at, nil)
				mu.Lock()
				defer mu.Unlock()
				written[at] = txn
			}()
			synctest.Wait() // it is queued, or leads
		}
		commit(randomTxn(random))
		for range groups {
			// While a group waits at the gate, the next one gathers in the queue.
			for range 1 + max(0, random.IntN(7)-3) {
				commit(randomTxn(random))
			}
			h.gate <- nil
			synctest.Wait()
		}
		close(h.gate)
		synctest.Wait()
		r.events = rec.events
		r.states = replay(t, written)
	})
	for _, e := range r.events {
		if e.isMeta() {
			r.valid = append(r.valid, e.revision)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
	r.checkVariety(t)
	return r
}

func randomTxn(random *rand.Rand) store.Txn {
	var txn store.Txn
	for _, i := range random.Perm(20)[:1+random.IntN(3)] {
		w := store.Write{Key: fmt.Sprintf("key/%02d", i), Delete: random.IntN(4) == 0}
		if !w.Delete {
			w.Value = make([]byte, []int{0, 20, 200, 3000, 9000, 20_000}[random.IntN(6)])
			for at := range w.Value {
				w.Value[at] = byte(random.Uint32())
			}
		}
		txn.Then = append(txn.Then, w)
	}
	return txn
}

func replay(t *testing.T, written map[store.Revision]store.Txn) []map[string]store.Item {
	t.Helper()
	states := []map[string]store.Item{{}}
	for at := store.Revision(1); int(at) <= len(written); at++ {
		state := make(map[string]store.Item)
		for key, item := range states[at-1] {
			state[key] = item
		}
		txn, ok := written[at]
		if !ok {
			t.Errorf("no transaction has revision %d of %d", at, len(written))
		}
		for _, w := range txn.Then {
			if delete(state, w.Key); !w.Delete {
				state[w.Key] = store.Item{Key: w.Key, Value: w.Value, Revision: at}
			}
		}
		states = append(states, state)
	}
	return states
}

// checkVariety checks that a run has all the kinds of events that the tests need.
func (r run) checkVariety(t *testing.T) {
	t.Helper()
	growths, overflows, grouped, single := 0, 0, 0, 0
	for _, e := range r.events {
		switch {
		case e.kind == grew:
			growths++
		case e.kind == wrote && len(e.data) > os.Getpagesize():
			overflows++
		}
	}
	before := store.Revision(0)
	for _, at := range r.valid {
		if at-before > 1 {
			grouped++
		} else {
			single++
		}
		before = at
	}
	if growths < 2 || overflows < 5 || grouped < 3 || single < 3 || !slices.IsSorted(r.valid) || int(before) != len(r.states)-1 {
		t.Fatalf("run of %d growths, %d writes with overflow, %d groups, %d single commits, valid at %v of %d: want some of each",
			growths, overflows, grouped, single, r.valid, len(r.states)-1)
	}
	t.Logf("%d commits in %d transactions of bbolt (%d of them groups), %d events, %d growths, %d writes with overflow",
		before, len(r.valid), grouped, len(r.events), growths, overflows)
}

// fastDir returns a directory in memory if possible: these tests do not depend on a real disk.
func fastDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "sfcancel-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return filepath.Clean(dir)
}
