// Package plain makes untrusted text safe to show on a terminal, in a table or
// in a log. Text from a network or a file may contain escape sequences, characters
// that change the direction of text, or newlines.
package plain

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Longest is the number of bytes of a value that [Line] shows. Real names are shorter.
const Longest = 256

// Line returns a value in one line: unchanged if it is readable, and quoted as in
// Go otherwise. A value longer than [Longest] is quoted and truncated.
func Line(s string) string {
	if len(s) <= Longest && readable(s) {
		return s
	}
	return Quote(s, Longest)
}

// readable reports whether all characters of a value are visible, and it cannot be taken for two cells of a
// table or for a quoted value.
func readable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, hidden) &&
		strings.TrimSpace(s) == s && !strings.Contains(s, "  ") && !strings.HasPrefix(s, `"`)
}

// Quote returns a value in quotes, as in Go. It truncates a value of more than longest bytes, and appends
// three dots after the quotes.
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

// Text returns the text of an error or a message in one line. Unprintable characters are escaped
// in place. Newlines, as between joined errors, are replaced by semicolons.
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

// JSON returns an encoded JSON document with the unprintable characters in its strings escaped.
// Newlines between tokens stay.
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

// appendUnit appends a UTF-16 code unit as a JSON escape.
func appendUnit(b []byte, unit rune) []byte {
	const digits = "0123456789abcdef"
	return append(b, '\\', 'u', digits[unit>>12&15], digits[unit>>8&15], digits[unit>>4&15], digits[unit&15])
}

// escape escapes hidden characters: with the function if it is not nil, and as in Go otherwise.
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

// appendPlain appends one character, escaped as in Go if it is hidden or invalid.
func appendPlain(b []byte, char string) []byte {
	if r, size := utf8.DecodeRuneInString(char); !hidden(r) && (r != utf8.RuneError || size > 1) {
		return append(b, char...)
	}
	quoted := strconv.QuoteToASCII(char)
	return append(b, quoted[1:len(quoted)-1]...)
}

// hidden reports whether a character is invisible. Some characters that are printable to package unicode
// have no width, or look like a space.
func hidden(r rune) bool {
	return !unicode.IsPrint(r) || r > unicode.MaxLatin1 && unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
