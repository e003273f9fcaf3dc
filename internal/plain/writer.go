package plain

import (
	"io"
	"unicode/utf8"
)

// Writer returns a writer that escapes unprintable characters except newlines and tabs. It is
// the last safeguard in front of a terminal, for lines of other packages that were not made
// plain. A character must not be split between two calls.
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
