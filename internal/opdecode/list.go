// Package opdecode reads what a cluster says of its operations, one by one or all, within bounds and in few
// bytes.
package opdecode

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// The bounds of what is kept of a list.
const (
	maxElement = 64 << 10 // of one operation in the body
	maxName    = 128      // of a state or a kind
	maxNames   = 64       // different ones; honest ones are ten
)

var errNoList = errors.New("not a list of operations")

// Operation is an element of a list, with the texts of a server.
type Operation struct {
	ID          uuid.UUID
	Kind, State string
}

// List is what an answer lists: all of it in 18 bytes for each, or of all of it one operation. It is not safe
// for concurrent use.
type List struct {
	Most int       // operations that there may be; more are an error
	Only uuid.UUID // the one to keep; all zeros keeps all

	n     int
	kept  [][]entry // each but the last is full
	names []name    // of states and kinds
}

// entry is an operation. Its state and kind are among the names.
type entry struct {
	id          uuid.UUID
	kind, state uint8
}

// name is a state or a kind, as it came and as it is shown.
type name struct{ came, shown string }

// chunk is how many entries are allocated at once, so that none is ever moved.
const chunk = 512

// All yields what is kept, in the order of the list; nothing if l is nil.
func (l *List) All() iter.Seq[Operation] {
	return func(yield func(Operation) bool) {
		if l == nil {
			return
		}
		for _, some := range l.kept {
			for _, e := range some {
				if !yield(Operation{e.id, l.names[e.kind].shown, l.names[e.state].shown}) {
					return
				}
			}
		}
	}
}

// Len is how many operations the list has, kept or not.
func (l *List) Len() int { return l.n }

// Kept is how many operations are kept.
func (l *List) Kept() (n int) {
	for _, some := range l.kept {
		n += len(some)
	}
	return n
}

// Read reads a list, one operation at a time, and no more than Most, and at most 64 KiB of each with at most
// 64 different names of at most 128 bytes. Each name passes through shown, once. What lacks an id or a
// state is no operation, whatever its JSON. After an error the list is of no use. Operations that are written as most servers write them are
// taken from the bytes; from the first on that is written in another way, encoding/json reads.
func (l *List) Read(body io.Reader, shown func(string) string) error {
	const (
		window    = 512 // more than an operation that is taken from the bytes
		few, many = 2, 64
	)
	in := bufio.NewReaderSize(body, window) // enough where hardly anything is active
	if open, _ := in.Peek(1); string(open) != "[" {
		return l.decode(in, shown)
	}
	_, _ = in.Discard(1)
	for first := true; ; first = false {
		switch l.n { // from so many on a larger buffer is worth its memory
		case few:
			in = bufio.NewReaderSize(in, 1<<10)
		case many:
			in = bufio.NewReaderSize(in, 16<<10)
		}
		next, err := in.Peek(window)
		if !first && err == io.EOF && len(next) > 0 && next[0] == ']' && len(bytes.TrimLeft(next[1:], " \t\r\n")) == 0 {
			return nil
		}
		comma := 0
		if !first && len(next) > 0 && next[0] == ',' {
			comma = 1
		}
		id, state, kind, size := plainElement(next[comma:])
		switch {
		case size > 0 && first == (comma == 0):
		case first:
			return l.decode(io.MultiReader(strings.NewReader("["), in), shown)
		default: // in place of what was read stands one that is skipped
			return l.decode(io.MultiReader(strings.NewReader(skipped), in), shown)
		}
		if err := l.add(id, state, kind, shown); err != nil {
			return err
		}
		_, _ = in.Discard(comma + size)
	}
}

const skipped = "[{}"

// decode reads a list with encoding/json. The first of its elements may be in place of others.
func (l *List) decode(body io.Reader, shown func(string) string) error {
	element := &io.LimitedReader{R: body, N: maxElement}
	in := json.NewDecoder(element)
	if open, err := in.Token(); err != nil || open != json.Delim('[') {
		return errNoList
	}
	if l.n > 0 {
		var stands struct{}
		if err := in.Decode(&stands); err != nil {
			return errNoList
		}
	}
	for in.More() {
		var one struct {
			OperationID *uuid.UUID `json:"OperationId"`
			Type        string
			State       string
		}
		if err := in.Decode(&one); err != nil || one.OperationID == nil || one.State == "" {
			return errNoList
		}
		if err := l.add(*one.OperationID, []byte(one.State), []byte(one.Type), shown); err != nil {
			return err
		}
		element.N = maxElement // and what the decoder has read ahead
	}
	if _, err := in.Token(); err != nil {
		return errNoList
	}
	if _, err := in.Token(); err != io.EOF {
		return errNoList
	}
	return nil
}

func (l *List) add(id uuid.UUID, state, kind []byte, shown func(string) string) error {
	tooMuch := l.n == l.Most || len(kind) > maxName || len(state) > maxName
	var e entry
	if !tooMuch {
		e = entry{id, l.name(kind, shown), l.name(state, shown)}
	}
	if tooMuch || len(l.names) > maxNames {
		return fmt.Errorf("%w: more than %d, with more than %d different names, or one of more than %d bytes", errNoList, l.Most, maxNames, maxName)
	}
	l.n++
	if all := l.Only == (uuid.UUID{}); !all && (id != l.Only || len(l.kept) > 0) {
		return nil
	}
	last := len(l.kept) - 1
	switch {
	case last < 0:
		l.kept, last = [][]entry{nil}, 0
	case len(l.kept[last]) == chunk:
		l.kept, last = append(l.kept, make([]entry, 0, chunk)), last+1
	}
	l.kept[last] = append(l.kept[last], e)
	return nil
}

// name is the index of a name. Each is kept once. There are so few that a map would be slower.
func (l *List) name(text []byte, shown func(string) string) uint8 {
	at := slices.IndexFunc(l.names, func(n name) bool { return n.came == string(text) })
	if at < 0 {
		at = len(l.names) // no more than maxNames and 2
		came := string(text)
		l.names = append(l.names, name{came, shown(came)})
	}
	return uint8(at)
}

// plainElement reads an operation at the beginning of a text if it is written without blanks,
// in this order, and with nothing that JSON or this package may read in another way. A size of 0
// is that of one that is not.
func plainElement(text []byte) (id uuid.UUID, state, kind []byte, size int) {
	const wide = len("00000000-0000-0000-0000-000000000000")
	name, rest, ok1 := quoted(text, `{"OperationId":"`)
	state, rest, ok2 := plainText(rest, `,"State":"`)
	kind, rest, ok3 := plainText(rest, `,"Type":"`)
	if !ok1 || !ok2 || !ok3 || len(name) != wide || len(rest) == 0 || rest[0] != '}' {
		return id, nil, nil, 0
	}
	id, err := uuid.ParseBytes(name) // which takes nothing but digits and hyphens of this length
	if err != nil {
		return id, nil, nil, 0
	}
	return id, state, kind, len(text) - len(rest) + 1
}

// quoted is what stands between something and a quotation mark, and what follows.
func quoted(text []byte, after string) (inside, rest []byte, ok bool) {
	if len(text) < len(after) || string(text[:len(after)]) != after {
		return nil, nil, false
	}
	text = text[len(after):]
	end := bytes.IndexByte(text, '"')
	if end <= 0 {
		return nil, nil, false
	}
	return text[:end], text[end+1:], true
}

// plainText is quoted for a text that means in JSON what it says.
func plainText(text []byte, after string) (plain, rest []byte, ok bool) {
	plain, rest, ok = quoted(text, after)
	for _, c := range plain {
		if c < ' ' || c > '~' || c == '\\' {
			return nil, nil, false
		}
	}
	return plain, rest, ok
}
