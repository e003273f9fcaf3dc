package contract

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// digits reads a number of that many bits that is written as the document has it.
func digits(text string, bits int) (uint64, bool) {
	n, err := strconv.ParseUint(text, 10, bits)
	return n, err == nil
}

// decimal reads one as the runtime does in base ten: blanks around it and one plus
// are fine (Common/Parse.cpp).
func decimal(text string, bits int) (uint64, bool) {
	return digits(strings.TrimPrefix(strings.Trim(text, " "), "+"), bits)
}

// plain is the text of [decimal] as the document writes it.
func plain(text string) (string, bool) {
	n, ok := decimal(text, 32)
	return strconv.FormatUint(n, 10), ok
}

// decimalOf writes a number in digits that the runtime reads with the base left
// open: in base ten, or after 0x, where there is no plus (Common/Parse.cpp).
func decimalOf(bits int) func(text string) (string, bool) {
	return func(text string) (string, bool) {
		n, ok := decimal(text, bits)
		if hex, is := strings.CutPrefix(strings.ToLower(strings.Trim(text, " ")), "0x"); is {
			var err error
			n, err = strconv.ParseUint(hex, 16, bits)
			ok = err == nil
		}
		return strconv.FormatUint(n, 10), ok
	}
}

var form = regexp.MustCompile(`^([0-9]+)\.([0-9]+)$`)

// parts reads an api-version as the whole document writes it. A number beyond 64
// bits counts as the largest.
func parts(text string) (major, minor uint64, ok bool) {
	m := form.FindStringSubmatch(text)
	if m == nil {
		return 0, 0, false
	}
	major, _ = strconv.ParseUint(m[1], 10, 64)
	minor, _ = strconv.ParseUint(m[2], 10, 64)
	return major, minor, true
}

// notAbove says whether version a comes before b, or is b.
func notAbove(a, b string) bool {
	majorA, minorA, okA := parts(a)
	majorB, minorB, okB := parts(b)
	return okA && okB && (majorA < majorB || majorA == majorB && minorA <= minorB)
}

func withinVersions(q *request) bool {
	text, _ := q.get("api-version")
	return notAbove(q.docs.versions[0], text) && notAbove(text, q.edge.RuntimeVersion)
}

// lastDocumented puts the version in whose view a version without one is judged.
func lastDocumented(q *request) {
	if !withinVersions(q) {
		return
	}
	text, _ := q.get("api-version")
	q.set("api-version", q.docs.last(func(version string) bool { return notAbove(version, text) }))
}

func withinNumbers(q *request) bool {
	text, _ := q.get("api-version")
	n, ok := number(text)
	limit, _ := number(q.edge.RuntimeVersion)
	return ok && n >= 1 && n <= limit
}

// numberedVersion is lastDocumented where versions are numbers. Below the oldest
// document there is none, and that one has to do.
func numberedVersion(q *request) {
	if !withinNumbers(q) {
		return
	}
	text, _ := q.get("api-version")
	n, _ := number(text)
	q.set("api-version", q.docs.last(func(version string) bool {
		least, _ := number(version)
		return n >= least
	}))
}

// leading is the number that a text begins with, and what follows an e after it.
var leading = regexp.MustCompile(`(?s)^([+-]?[0-9.]*)(?:[eE](.*))?`)

// number reads an api-version as the runtime does (Common/Parse.cpp): what follows
// the number does not matter unless it is an exponent, which must be whole.
func number(text string) (float64, bool) {
	if strings.HasSuffix(text, "-preview") {
		text = strings.TrimRight(text, "-previw") // a set of characters, in the runtime too
	}
	m := leading.FindStringSubmatchIndex(text)
	whole := text[m[2]:m[3]]
	if m[4] >= 0 {
		if _, err := strconv.ParseInt(text[m[4]:m[5]], 10, 64); err != nil {
			return 0, false
		}
		whole = text
	}
	n, err := strconv.ParseFloat(whole, 64)
	return n, err == nil
}

// maxName is the longest name of a service, with its scheme.
const maxName = 512

// formsName says whether a service id makes a name (Common/NamingUri.cpp): levels
// that are neither empty nor dots, of characters that a URI has, spaces included,
// without those that names reserve. A member of a service group comes after #.
func formsName(id string) bool {
	if !utf8.ValidString(id) || utf8.RuneCountInString("fabric:/"+id) > maxName || unfit.MatchString(id) {
		return false
	}
	path := id
	if i := strings.IndexAny(id, "?#"); i >= 0 {
		path = id[:i]
	}
	for level := range strings.SplitSeq(strings.ReplaceAll(path, "~", "/"), "/") {
		if level == "" || level == "." || level == ".." || strings.ContainsAny(level, "$+") {
			return false
		}
	}
	return true
}

// unfit are the characters that no URI has. Tabs and line ends are let pass.
var unfit = regexp.MustCompile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\"<>\\[\\]\\\\^`|]")
