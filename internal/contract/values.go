package contract

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// digits parses an unsigned number of at most bits bits in the form of the document.
func digits(text string, bits int) (uint64, bool) {
	n, err := strconv.ParseUint(text, 10, bits)
	return n, err == nil
}

// decimal parses an unsigned number as the runtime does in base ten: blanks around it and one plus
// are allowed (Common/Parse.cpp).
func decimal(text string, bits int) (uint64, bool) {
	return digits(strings.TrimPrefix(strings.Trim(text, " "), "+"), bits)
}

// plain converts a text for [decimal] to the form of the document.
func plain(text string) (string, bool) {
	n, ok := decimal(text, 32)
	return strconv.FormatUint(n, 10), ok
}

// decimalOf returns a function that converts to decimal digits a number that the runtime parses with an open
// base: in base ten, or after 0x, where a plus is not allowed (Common/Parse.cpp).
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

// parts parses an api-version in the form of the whole document. A number of more than 64
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

// notAbove reports whether version a is at most version b.
func notAbove(a, b string) bool {
	majorA, minorA, okA := parts(a)
	majorB, minorB, okB := parts(b)
	return okA && okB && (majorA < majorB || majorA == majorB && minorA <= minorB)
}

func withinVersions(q *request) bool {
	text, _ := q.get("api-version")
	return notAbove(q.docs.versions[0], text) && notAbove(text, q.edge.RuntimeVersion)
}

// lastDocumented replaces a version without a view by the version whose view applies.
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

// numberedVersion is lastDocumented for the profile in which versions are numbers. To a version below the oldest
// document, the oldest applies.
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

// leading matches the number at the beginning of a text, and the text after an e that follows it.
var leading = regexp.MustCompile(`(?s)^([+-]?[0-9.]*)(?:[eE](.*))?`)

// number parses an api-version as the runtime does (Common/Parse.cpp): it ignores the text after
// the number unless it is an exponent, which must be an integer.
func number(text string) (float64, bool) {
	if strings.HasSuffix(text, "-preview") {
		text = strings.TrimRight(text, "-previw") // a set of characters, as in the runtime
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

// maxName is the maximum length of a service name, including its scheme.
const maxName = 512

// formsName reports whether a service id forms a valid name (Common/NamingUri.cpp): its levels
// are neither empty nor dots, and consist of URI characters and spaces,
// without those reserved in names. A member of a service group follows a #.
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

// unfit matches characters that are invalid in a URI. Tabs and line ends are allowed.
var unfit = regexp.MustCompile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\"<>\\[\\]\\\\^`|]")
