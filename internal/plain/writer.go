package plain

import (
	"io"
	"unicode/utf8"
)

// Writer returns a writer that escapes what is not printable, newlines and tabs aside. It is
// the last thing in front of a terminal: whoever writes lines has made them plain before, but
// not all lines are of one's own. A character must not be spread over two calls.
func Writer(w io.Writer) io.Writer { return writer{w} }

type writer struct{ to io.Writer }

func (w writer) Write(p []byte) (int, error) {
	if utf8.Valid(p) && !containsHidden(p) {
		return w.to.Write(p)
	}
	escaped := escape(string(p), func(b []byte, r rune) []byte {
		if r == '\n' || r == '\t' {
			return append(b, byte(r))
		}
		return appendPlain(b, string(r))
	})
	if _, err := w.to.Write(escaped); err != nil {
		return 0, err
	}
	return len(p), nil
}

func containsHidden(p []byte) bool {
	for _, r := range string(p) {
		if r != '\n' && r != '\t' && hidden(r) {
			return true
		}
	}
	return false
}
