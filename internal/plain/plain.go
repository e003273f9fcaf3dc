// Package plain makes text that others wrote fit to be shown on a terminal, in a table or
// in a log. What came over a wire or out of a file may hold escape sequences, characters
// that turn the direction of what follows, or newlines.
package plain

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Longest is how many bytes [Line] shows of a value. Names that mean something are shorter.
const Longest = 256

// Line is a value in one line: as it is if it can be read as what it is, and quoted as in
// Go otherwise. What is longer than [Longest] is quoted and cut.
func Line(s string) string {
	if len(s) <= Longest && readable(s) {
		return s
	}
	return Quote(s, Longest)
}

// readable reports that a value shows what it holds, and cannot be taken for two cells of a
// table or for a quoted value.
func readable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, hidden) &&
		strings.TrimSpace(s) == s && !strings.Contains(s, "  ") && !strings.HasPrefix(s, `"`)
}

// Quote is a value in quotes, as in Go, with three dots behind them if there is more of it
// than so many bytes.
func Quote(s string, longest int) string {
	more := ""
	if len(s) > longest {
		cut := longest
		for cut > 0 && longest-cut < utf8.UTFMax && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s, more = s[:cut], "..."
	}
	b := append(make([]byte, 0, len(s)+2), '"')
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		if r == '"' || r == '\\' {
			b = append(b, '\\')
		}
		b, s = appendPlain(b, s[:size]), s[size:]
	}
	return string(append(b, '"')) + more
}

// Text is the text of an error or of a message in one line. What is not printable is escaped
// where it stands. Errors that were joined with newlines are joined with semicolons.
func Text(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, hidden) {
		return s
	}
	if strings.Contains(s, "\n") {
		var lines []string
		for line := range strings.SplitSeq(s, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				lines = append(lines, line)
			}
		}
		s = strings.Join(lines, "; ")
	}
	return string(escape(s, nil))
}

// JSON is a document that was encoded, with what is not printable in its strings escaped.
// Its own newlines stay.
func JSON(document []byte) []byte {
	text := string(document)
	if !strings.ContainsFunc(text, hidden) {
		return document
	}
	return escape(text, func(b []byte, r rune) []byte {
		if r == '\n' {
			return append(b, '\n')
		}
		if r > 0xffff {
			r -= 0x10000
			return appendUnit(appendUnit(b, 0xd800+r>>10), 0xdc00+r&0x3ff)
		}
		return appendUnit(b, r)
	})
}

// appendUnit writes a UTF-16 code unit as JSON has it.
func appendUnit(b []byte, unit rune) []byte {
	const digits = "0123456789abcdef"
	return append(b, '\\', 'u', digits[unit>>12&15], digits[unit>>8&15], digits[unit>>4&15], digits[unit&15])
}

// escape rewrites what is hidden: with the function if there is one, and as in Go otherwise.
func escape(s string, with func([]byte, rune) []byte) []byte {
	b := make([]byte, 0, len(s)+16)
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		if with != nil && hidden(r) {
			b = with(b, r)
		} else {
			b = appendPlain(b, s[:size])
		}
		s = s[size:]
	}
	return b
}

// appendPlain appends one character, escaped as in Go if it is hidden or is none.
func appendPlain(b []byte, char string) []byte {
	if r, size := utf8.DecodeRuneInString(char); !hidden(r) && (r != utf8.RuneError || size > 1) {
		return append(b, char...)
	}
	quoted := strconv.QuoteToASCII(char)
	return append(b, quoted[1:len(quoted)-1]...)
}

// hidden reports that a character is not seen as itself. Some that package unicode counts
// as printable have no width, or look like a space.
func hidden(r rune) bool {
	return !unicode.IsPrint(r) || r > unicode.MaxLatin1 && unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
