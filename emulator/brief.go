package emulator

import (
	"bytes"
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

// brief is what a list has to know of a record.
type brief struct {
	id    uuid.UUID
	shape shape
	due   time.Time // not of one that is over
}

// readBrief reads the beginning of a record that is written as this package writes it, and
// says false of any other, which has to be read whole. What comes behind the beginning may be
// damaged; that it is there to its end is seen.
func readBrief(key, value []byte) (b brief, ok bool) {
	in := front{value, true}
	b.id, b.shape = in.shape(key, value)
	if !in.ok || b.shape.record().Terminal() {
		return b, in.ok
	}
	in.has(`,"backoff":true`)
	in.skip(`,"errorCode":`)
	in.number()
	in.skip(`,"due":"`)
	return b, b.due.UnmarshalText(in.text()) == nil && in.ok
}

// readStopped reads of a record that is over when it ended, as readBrief does; the zero time
// if it does not say.
func readStopped(key, value []byte) (id uuid.UUID, stopped time.Time, ok bool) {
	in := front{value, true}
	id, s := in.shape(key, value)
	if !in.ok || !s.record().Terminal() {
		return id, stopped, false
	}
	in.has(`,"backoff":true`)
	in.skip(`,"errorCode":`)
	in.number()
	in.skip(`,"due":"`)
	in.text()
	in.skip(`,"received":"`)
	in.text()
	if in.has(`,"stopped":"`) {
		in.ok = stopped.UnmarshalText(in.text()) == nil && in.ok
	}
	in.skip(`,"target":{`)
	return id, stopped, in.ok
}

// shape reads the id, which has to be that of the key, and the shape. It returns unlisted if it
// is not ok.
func (f *front) shape(key, value []byte) (id uuid.UUID, s shape) {
	const idLength = 36
	f.skip(`{"id":"`)
	text := f.take(idLength)
	id, parsed := parseID(text)
	if f.ok = parsed && bytes.HasSuffix(key, text) && value[len(value)-1] == '}'; !f.ok {
		return id, unlisted
	}
	f.skip(`","kind":"`)
	kind := oneOf(f, shapeKinds[:])
	f.skip(`,"step":"`)
	step := oneOf(f, shapeSteps[:])
	if f.has(`,"phase":"`) {
		oneOf(f, shapePhases[:])
	}
	f.skip(`,"rollback":"`)
	flag := oneOf(f, shapeFlags[:])
	if !f.ok {
		return id, unlisted
	}
	return id, newShape(kind, step, flag)
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

// parseID reads an id as [uuid.UUID.String] writes it, and as keys end.
func parseID(text []byte) (id uuid.UUID, ok bool) {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return id, false
	}
	var wrong byte
	for i, at := range [...]int{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34} {
		high, low := digits[text[at]]-1, digits[text[at+1]]-1
		wrong |= high | low
		id[i] = high<<4 | low
	}
	return id, wrong <= 0xF
}

// digits has the value of each hexadecimal digit in lower case, and 1 more, so that it is 0 for all else. A table,
// because of random digits no branch is foreseen.
var digits = [256]byte{
	'0': 1, '1': 2, '2': 3, '3': 4, '4': 5, '5': 6, '6': 7, '7': 8, '8': 9, '9': 10,
	'a': 11, 'b': 12, 'c': 13, 'd': 14, 'e': 15, 'f': 16,
}
