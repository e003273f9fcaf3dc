package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// A file that people write is read member by member: what has no place in it, is there
// twice, or is written in other letters, is an error that names the place, where
// encoding/json would take something for it or leave it out.

// member reads the value of one member of an object, or one item of a list.
type member func(raw json.RawMessage) error

// readFile reads one object and nothing behind it.
func readFile(data []byte, members map[string]member) error {
	d := json.NewDecoder(bytes.NewReader(data))
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return fmt.Errorf("line %d: it must be JSON: %w", lineAt(data, syntax.Offset), err)
		}
		return errors.New("it ends before its object does")
	}
	rest := bytes.TrimLeft(data[d.InputOffset():], " \t\r\n")
	if len(rest) > 0 {
		return fmt.Errorf("line %d: something follows the end of the object", lineAt(data, int64(len(data)-len(rest)+1)))
	}
	return readObject(raw, members)
}

// lineAt is the line of the byte that ends at an offset.
func lineAt(data []byte, offset int64) int {
	return 1 + bytes.Count(data[:max(min(offset, int64(len(data)))-1, 0)], []byte("\n"))
}

// readObject reads an object. It reports everything that is wrong in it at once, joined.
func readObject(raw json.RawMessage, members map[string]member) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return fmt.Errorf("it must be an object, not %s", sortOf(raw))
	}
	var errs []error
	seen := make(map[string]bool)
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		read, known := members[name]
		switch {
		case !known:
			errs = append(errs, fmt.Errorf("there is no member %q here, only %s", name, strings.Join(slices.Sorted(maps.Keys(members)), ", ")))
		case seen[name]:
			errs = append(errs, fmt.Errorf("%s is there twice", name))
		default:
			if err := read(value); err != nil {
				errs = append(errs, within(name, err))
			}
		}
		seen[name] = true
	}
	return errors.Join(errs...)
}

// listOf reads a list, item by item, each into an element of its own.
func listOf[T any](into *[]T, read func(raw json.RawMessage) (T, error)) member {
	return func(raw json.RawMessage) error {
		var items []json.RawMessage
		if err := json.Unmarshal(raw, &items); err != nil || items == nil {
			return fmt.Errorf("it must be a list, not %s", sortOf(raw))
		}
		*into = nil // what stood for a list that is not there
		var errs []error
		for i, item := range items {
			value, err := read(item)
			if err != nil {
				errs = append(errs, within(fmt.Sprintf("[%d]", i), err))
			}
			*into = append(*into, value)
		}
		return errors.Join(errs...)
	}
}

// valueOf reads a text, a number or a truth value; wants completes "it must be".
func valueOf[T any](into *T, wants string) member {
	return func(raw json.RawMessage) error {
		if err := json.Unmarshal(raw, into); err != nil || string(raw) == "null" {
			return fmt.Errorf("it must be %s, not %s", wants, sortOf(raw))
		}
		return nil
	}
}

// idOf reads a GUID.
func idOf(into *uuid.UUID) member {
	return func(raw json.RawMessage) error {
		var text string
		if err := json.Unmarshal(raw, &text); err == nil && len(text) == 36 {
			if id, err := uuid.Parse(text); err == nil {
				*into = id
				return nil
			}
		}
		return fmt.Errorf("it must be a GUID of 36 characters with hyphens, not %s", sortOf(raw))
	}
}

// anything is a member that is somebody else's affair.
func anything(json.RawMessage) error { return nil }

// within puts the place of a mistake in front of it, or of each of several.
func within(place string, err error) error {
	if several, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // these are ours, and not wrapped
		var errs []error
		for _, one := range several.Unwrap() {
			errs = append(errs, within(place, one))
		}
		return errors.Join(errs...)
	}
	var at *placed
	if errors.As(err, &at) {
		dot := "."
		if strings.HasPrefix(at.place, "[") {
			dot = ""
		}
		return &placed{place + dot + at.place, at.err}
	}
	return &placed{place, err}
}

// placed is a mistake with its place.
type placed struct {
	place string
	err   error
}

func (p *placed) Error() string { return p.place + ": " + p.err.Error() }
func (p *placed) Unwrap() error { return p.err }

// sortOf says what a value is, for who expected another sort, and shows short ones.
func sortOf(raw json.RawMessage) string {
	text := string(raw)
	switch {
	case strings.HasPrefix(text, "{"):
		return "an object"
	case strings.HasPrefix(text, "["):
		return "a list (array)"
	case len(text) > 40:
		text = text[:40] + "..."
	}
	if strings.HasPrefix(text, `"`) {
		return "the string " + text
	}
	if text == "null" || text == "true" || text == "false" {
		return text
	}
	return "the number " + text
}
