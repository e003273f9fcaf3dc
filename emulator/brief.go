package emulator

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// shape is the kind, the step and the flag of a record: all that decides whether a list shows
// it, and how. There are few of them.
type shape uint8

// unlisted is no shape.
const unlisted shape = shapes

const shapes = 4 * 5 * 5

var (
	shapeKinds = [...]generated.OperationType{
		generated.OperationTypePartitionDataLoss, generated.OperationTypePartitionQuorumLoss,
		generated.OperationTypePartitionRestart, generated.OperationTypeNodeTransition,
	}
	shapeSteps  = [...]Step{StepIntentSaved, StepLookingUpState, StepPerformingActions, StepCompletedSuccessfully, StepFailed}
	shapeFlags  = [...]Rollback{NotRollingBack, RollingBackAndWillRetry, RollingBackAndWillFail, RollingBackDueToUserCancel, RollingBackForce}
	shapePhases = [...]Phase{PhaseForward, PhaseUndoing, PhasePausing}
)

func newShape(kind, step, flag int) shape {
	if kind < 0 || step < 0 || flag < 0 {
		return unlisted
	}
	return shape((kind*len(shapeSteps)+step)*len(shapeFlags) + flag)
}

// shapeOf is the shape of a record that was checked.
func shapeOf(r Record) shape {
	return newShape(slices.Index(shapeKinds[:], r.Kind), slices.Index(shapeSteps[:], r.Step), slices.Index(shapeFlags[:], r.Rollback))
}

// record is a record of that shape, with nothing else.
func (s shape) record() Record {
	n := int(s)
	return Record{
		Kind:     shapeKinds[n/len(shapeFlags)/len(shapeSteps)],
		Step:     shapeSteps[n/len(shapeFlags)%len(shapeSteps)],
		Rollback: shapeFlags[n%len(shapeFlags)],
	}
}

// over reports whether a record of that shape is.
func (s shape) over() bool { return shapeSteps[int(s)/len(shapeFlags)%len(shapeSteps)].terminal() }

// brief is what a list has to know of a record.
type brief struct {
	id    uuid.UUID
	shape shape
	due   time.Time // not of one that is over
}

// begun is how a record begins behind its id, up to when it is due.
type begun struct {
	text  string
	shape shape
}

// reader reads the beginnings of records that are written as this package writes them. It remembers
// how the last ones began, as there are few ways to, and to compare is much quicker than to read.
type reader struct {
	known [16]begun
	n     int // how many were remembered, the oldest of which are forgotten
}

// brief reads the beginning of a record, and says false of one that is not written as usual, which has to
// be read whole. What comes behind the beginning may be damaged; that it is there to its end is seen.
func (rd *reader) brief(key, value []byte) (b brief, ok bool) {
	in := front{value, true}
	b.id, b.shape = rd.shape(&in, key)
	if !in.ok || b.shape.over() {
		return b, in.ok
	}
	return b, b.due.UnmarshalText(in.text()) == nil && in.ok
}

// stopped reads of a record that is over when it ended, as brief does; the zero time if it does not say.
func (rd *reader) stopped(key, value []byte) (id uuid.UUID, stopped time.Time, ok bool) {
	in := front{value, true}
	id, s := rd.shape(&in, key)
	if !in.ok || !s.over() {
		return id, stopped, false
	}
	in.text()
	in.skip(`,"received":"`)
	in.text()
	if in.has(`,"stopped":"`) {
		in.ok = stopped.UnmarshalText(in.text()) == nil && in.ok
	}
	in.skip(`,"target":{`)
	return id, stopped, in.ok
}

// shape reads the id, which has to be that of the key, and the shape, up to when the record is due. It
// returns unlisted if that is not ok.
func (rd *reader) shape(in *front, key []byte) (id uuid.UUID, s shape) {
	whole := in.rest
	in.skip(`{"id":"`)
	text := in.take(idLength)
	id, parsed := parseID(text)
	if in.ok = parsed && bytes.HasSuffix(key, text) && whole[len(whole)-1] == '}'; !in.ok {
		return id, unlisted
	}
	for i := range min(rd.n, len(rd.known)) {
		if in.has(rd.known[i].text) {
			return id, rd.known[i].shape
		}
	}
	rest := in.rest
	if s = in.shape(); in.ok {
		rd.known[rd.n%len(rd.known)] = begun{string(rest[:len(rest)-len(in.rest)]), s}
		rd.n++
	}
	return id, s
}

// shape reads what comes between the id and when the record is due.
func (f *front) shape() shape {
	f.skip(`","kind":"`)
	kind := oneOf(f, shapeKinds[:])
	f.skip(`,"step":"`)
	step := oneOf(f, shapeSteps[:])
	if f.has(`,"phase":"`) {
		oneOf(f, shapePhases[:])
	}
	f.skip(`,"rollback":"`)
	flag := oneOf(f, shapeFlags[:])
	f.has(`,"backoff":true`)
	f.skip(`,"errorCode":`)
	f.number()
	f.skip(`,"due":"`)
	if !f.ok {
		return unlisted
	}
	return newShape(kind, step, flag)
}

// front is read from its beginning, as long as it is as expected.
type front struct {
	rest []byte
	ok   bool
}

func (f *front) has(text string) bool {
	if !f.ok || len(f.rest) < len(text) || string(f.rest[:len(text)]) != text {
		return false
	}
	f.rest = f.rest[len(text):]
	return true
}

func (f *front) skip(text string) { f.ok = f.has(text) }

func (f *front) take(n int) []byte {
	if f.ok = f.ok && len(f.rest) >= n; !f.ok {
		return nil
	}
	taken := f.rest[:n]
	f.rest = f.rest[n:]
	return taken
}

// text is up to the next quotation mark, which is skipped.
func (f *front) text() []byte {
	text := f.take(bytes.IndexByte(f.rest, '"') + 1)
	if len(text) == 0 {
		f.ok = false
		return nil
	}
	return text[:len(text)-1]
}

func (f *front) number() {
	f.has("-")
	n := 0
	for n < len(f.rest) && '0' <= f.rest[n] && f.rest[n] <= '9' {
		n++
	}
	f.ok = f.ok && n > 0
	f.take(n)
}

// oneOf is the index of a text that has to be one of several.
func oneOf[T ~string](f *front, names []T) int {
	text := f.text()
	for i, name := range names {
		if string(text) == string(name) {
			return i
		}
	}
	f.ok = false
	return -1
}

const idLength = 36

// parseID reads an id as [uuid.UUID.String] writes it, and as keys end.
func parseID(text []byte) (id uuid.UUID, ok bool) {
	if len(text) != idLength || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return id, false
	}
	le := binary.LittleEndian
	var wrong uint64
	for i, eight := range [...]uint64{
		le.Uint64(text),
		uint64(le.Uint32(text[9:])) | uint64(le.Uint32(text[14:]))<<32,
		uint64(le.Uint32(text[19:])) | uint64(le.Uint32(text[24:]))<<32,
		le.Uint64(text[28:]),
	} {
		four, others := parseHex(eight)
		le.PutUint32(id[4*i:], four)
		wrong |= others
	}
	return id, wrong == 0
}

// parseHex reads eight digits in lower case, all at once; of random ones no branch is foreseen. The first is in
// the lowest byte, as is what the first two say. wrong has a bit for each character that is no digit.
func parseHex(text uint64) (four uint32, wrong uint64) {
	const each, top = 0x0101010101010101, 0x8080808080808080
	low := text &^ top
	// The top bit of each sum says that the character is not below a bound.
	digits := (low + (0x80-'0')*each) &^ (low + (0x80-'9'-1)*each) & top
	letters := (low + (0x80-'a')*each) &^ (low + (0x80-'f'-1)*each) & top
	x := low&(0xF*each) + letters>>7*9
	x = (x<<4 | x>>8) & 0x00FF00FF00FF00FF
	x = (x | x>>8) & 0x0000FFFF0000FFFF
	x |= x >> 16
	return uint32(x), text&top | ((digits | letters) ^ top)
}
