// Package opdecode reads the answers of a cluster about its operations, single ones or lists, with size limits and
// little memory.
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

// The limits of a list.
const (
	maxElement = 64 << 10 // bytes of one operation in the body
	maxName    = 128      // bytes of a state or a kind
	maxNames   = 64       // different states and kinds; a cluster has ten
)

var errNoList = errors.New("not a list of operations")

// Operation is an element of a list.
type Operation struct {
	ID          uuid.UUID
	Kind, State string
}

// List is a list of operations. It keeps all of them, with 18 bytes for each, or one. It is not safe
// for concurrent use.
type List struct {
	Most int       // the maximum number of operations; more are an error
	Only uuid.UUID // the operation to keep; all zeros keeps all

	n     int
	kept  [][]entry // all chunks but the last are full
	names []name    // of states and kinds
}

// entry is an operation. Its state and kind are indexes of names.
type entry struct {
	id          uuid.UUID
	kind, state uint8
}

// name is a state or a kind, as received and as shown.
type name struct{ came, shown string }

// chunk is the number of entries that are allocated at once. Entries are never copied.
const chunk = 512

// All yields the kept operations, in the order of the list; nothing if l is nil.
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

// Len returns the number of operations in the list, kept or not.
func (l *List) Len() int { return l.n }

// Kept returns the number of kept operations.
func (l *List) Kept() (n int) {
	for _, some := range l.kept {
		n += len(some)
	}
	return n
}

// Read reads a list, one operation at a time: at most Most operations, 64 KiB for each, and
// 64 different names of 128 bytes. shown converts each name once. An element without an id or a
// state is an error. After an error the list must not be used. Operations in the most common form are
// parsed directly; from the first one in another form on, encoding/json is used.
func (l *List) Read(body io.Reader, shown func(string) string) error {
	const (
		window    = 512 // more than an operation that is parsed directly
		few, many = 2, 64
	)
	in := bufio.NewReaderSize(body, window) // enough for a list of few operations
	if open, _ := in.Peek(1); string(open) != "[" {
		return l.decode(in, shown)
	}
	_, _ = in.Discard(1)
	for first := true; ; first = false {
		switch l.n { // a larger buffer is worth its memory for longer lists
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
		default: // an element to skip replaces those already read
			return l.decode(io.MultiReader(strings.NewReader(skipped), in), shown)
		}
		if err := l.add(id, state, kind, shown); err != nil {
			return err
		}
		_, _ = in.Discard(comma + size)
	}
}

const skipped = "[{}"

// decode reads a list with encoding/json. If operations were read before, it skips the first element.
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
		element.N = maxElement // in addition to the bytes that the decoder has already buffered
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

// name returns the index of a name, and adds it if it is new. There are so few that a map would be slower.
func (l *List) name(text []byte, shown func(string) string) uint8 {
	at := slices.IndexFunc(l.names, func(n name) bool { return n.came == string(text) })
	if at < 0 {
		at = len(l.names) // at most maxNames+1
		came := string(text)
		l.names = append(l.names, name{came, shown(came)})
	}
	return uint8(at)
}

// plainElement parses an operation at the beginning of a text if it has no white space, the members
// in this order, and no text that needs decoding. Otherwise size is 0.
func plainElement(text []byte) (id uuid.UUID, state, kind []byte, size int) {
	const wide = len("00000000-0000-0000-0000-000000000000")
	name, rest, ok1 := quoted(text, `{"OperationId":"`)
	state, rest, ok2 := plainText(rest, `,"State":"`)
	kind, rest, ok3 := plainText(rest, `,"Type":"`)
	if !ok1 || !ok2 || !ok3 || len(name) != wide || len(rest) == 0 || rest[0] != '}' {
		return id, nil, nil, 0
	}
	id, err := uuid.ParseBytes(name) // accepts only digits and hyphens at this length
	if err != nil {
		return id, nil, nil, 0
	}
	return id, state, kind, len(text) - len(rest) + 1
}

// quoted returns the text between after and the next quotation mark, and the rest.
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

// plainText is quoted for printable ASCII without JSON escapes.
func plainText(text []byte, after string) (plain, rest []byte, ok bool) {
	plain, rest, ok = quoted(text, after)
	for _, c := range plain {
		if c < ' ' || c > '~' || c == '\\' {
			return nil, nil, false
		}
	}
	return plain, rest, ok
}
