package plain_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/sfcancel/sfcancel/internal/plain"
)

// What can be read is shown as it is, and all else so that it shows what it holds.
func TestLine(t *testing.T) {
	for from, want := range map[string]string{
		"":                             "",
		"RollingBack":                  "RollingBack",
		"fabric:/shop/ördér ✓":         "fabric:/shop/ördér ✓",
		"\x1b[31mred":                  `"\x1b[31mred"`,
		"two\nlines":                   `"two\nlines"`,
		"a\tb":                         `"a\tb"`,
		"a\x7f":                        `"a\x7f"`,
		"csi \u009b31m":                `"csi \u009b31m"`,
		"\u202egnp.exe":                `"\u202egnp.exe"`,
		"\u2066isolated\u2069":         `"\u2066isolated\u2069"`,
		"zero\u200bwidth":              `"zero\u200bwidth"`,
		"\ufeffmark":                   `"\ufeffmark"`,
		"filler \u3164":                `"filler \u3164"`,
		"half \uffa0":                  `"half \uffa0"`,
		"selector \ufe0f":              `"selector \ufe0f"`,
		"tag \U000e0041":               `"tag \U000e0041"`,
		"no break\u00a0here":           `"no break\u00a0here"`,
		"not UTF-8 \xff\x9b":           `"not UTF-8 \xff\x9b"`,
		"two  cells":                   `"two  cells"`,
		" led":                         `" led"`,
		"trailed ":                     `"trailed "`,
		`"quoted"`:                     `"\"quoted\""`,
		`a "word" and a \`:             `a "word" and a \`,
		"both\n\"and\" \\":             `"both\n\"and\" \\"`,
		"the sign \ufffd itself":       "the sign \ufffd itself",
		strings.Repeat("x", 256):       strings.Repeat("x", 256),
		strings.Repeat("x", 257):       `"` + strings.Repeat("x", 256) + `"...`,
		strings.Repeat("é", 129):       `"` + strings.Repeat("é", 128) + `"...`,
		"x" + strings.Repeat("é", 128): `"x` + strings.Repeat("é", 127) + `"...`,
		strings.Repeat("\x80", 300):    `"` + strings.Repeat(`\x80`, 252) + `"...`,
	} {
		if got := plain.Line(from); got != want {
			t.Errorf("Line(%q) = %s, want %s", from, got, want)
		}
	}
}

func TestText(t *testing.T) {
	for from, want := range map[string]string{
		"as it is":                   "as it is",
		"one\ntwo\n":                 "one; two",
		"no\n\nDid you mean\n\tthis": "no; Did you mean; this",
		"  indented":                 "  indented",
		"\x1b]0;title\a":             `\x1b]0;title\a`,
		"\r\u202e\xff":               `\r\u202e\xff`,
		`an "a\x1b" in quotes`:       `an "a\x1b" in quotes`,
		strings.Repeat("x", 9999):    strings.Repeat("x", 9999),
	} {
		if got := plain.Text(from); got != want {
			t.Errorf("Text(%q) = %s, want %s", from, got, want)
		}
	}
}

func TestWriter(t *testing.T) {
	var out bytes.Buffer
	w := plain.Writer(&out)
	for _, line := range []string{"plain\n", "time=1 msg=\"ö\"\n", "\x1b[2J\u202e\u3164\xff\t\r\n"} {
		if n, err := w.Write([]byte(line)); n != len(line) || err != nil {
			t.Errorf("Write(%q) = %d, %v", line, n, err)
		}
	}
	if want := "plain\ntime=1 msg=\"ö\"\n" + `\x1b[2J\u202e\u3164\xff` + "\t" + `\r` + "\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// Whatever is given, what comes back is harmless, and says the same.
func FuzzPlain(f *testing.F) {
	for _, s := range []string{"Running", "\x1b[31m", "a\nb", "\u202e", "\u200b\U000e0041\ufe0f", "\xff\xc0", `"\`, "\u3164  ", "\x7f\u0085"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, got := range map[string]string{"Line": plain.Line(s), "Text": plain.Text(s), "Quote": plain.Quote(s, len(s))} {
			if !utf8.ValidString(got) || strings.ContainsFunc(got, harmful) {
				t.Errorf("%s(%q) = %q", name, s, got)
			}
			if plain.Text(got) != got {
				t.Errorf("%s(%q) = %q is not the end of it", name, s, got)
			}
		}
		if back, err := strconv.Unquote(plain.Quote(s, len(s))); err != nil || back != s {
			t.Errorf("%q came back as %q (%v)", s, back, err)
		}
		if line := plain.Line(s); len(s) <= plain.Longest && line != s && line != plain.Quote(s, len(s)) {
			t.Errorf("Line(%q) = %q", s, line)
		}
		var document bytes.Buffer
		if err := json.NewEncoder(&document).Encode(map[string]string{s: s}); err != nil {
			t.Fatal(err)
		}
		got := plain.JSON(document.Bytes())
		if text, whole := strings.CutSuffix(string(got), "\n"); !whole || !utf8.ValidString(text) || strings.ContainsFunc(text, harmful) {
			t.Errorf("JSON of %q is %q", s, got)
		}
		var before, after map[string]string
		if err := json.Unmarshal(document.Bytes(), &before); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(got, &after); err != nil || !maps.Equal(after, before) {
			t.Errorf("JSON of %q says %q (%v), want %q", s, after, err, before)
		}
	})
}

// harmful is what no terminal may see, said in another way than the package says it.
func harmful(r rune) bool {
	return r < ' ' || r >= 0x7f && r <= 0x9f || r == 0xa0 || r == 0xad || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs) ||
		r == 0x034f || r == 0x115f || r == 0x1160 || r == 0x3164 || r == 0xffa0 || r >= 0xfe00 && r <= 0xfe0f || r >= 0xe0100 && r <= 0xe01ef
}
