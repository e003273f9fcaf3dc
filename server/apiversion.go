package server

import (
	"cmp"
	"math"
	"strconv"
	"strings"

	"github.com/sfcancel/sfcancel/generated"
)

// version is an api-version as the documents speak of one: two numbers.
type version struct{ major, minor uint64 }

// The versions that have a document, and the first whose document describes timeout.
var (
	oldestDocumented, _  = parseVersion(generated.APIVersions[0])
	timeoutDocumented, _ = parseVersion(timeoutParameter().Since)
)

// timeoutParameter is what the document says of timeout.
func timeoutParameter() *generated.Parameter {
	for i := range generated.Operations {
		for _, p := range generated.Operations[i].Parameters {
			if p.Name == timeoutName {
				return p
			}
		}
	}
	return new(generated.Parameter)
}

func (v version) compare(o version) int {
	return cmp.Or(cmp.Compare(v.major, o.major), cmp.Compare(v.minor, o.minor))
}

func (v version) String() string {
	return strconv.FormatUint(v.major, 10) + "." + strconv.FormatUint(v.minor, 10)
}

// number is the version as the runtime compares it, so that 6.10 equals 6.1.
func (v version) number() float64 {
	f, _ := strconv.ParseFloat(v.String(), 64)
	return f
}

// parseVersion reads exactly digits, a point, digits: the pattern of the
// document. A number beyond 64 bits counts as the largest one.
func parseVersion(text string) (version, bool) {
	major, minor, ok := strings.Cut(text, ".")
	if !ok || !isDigits(major) || !isDigits(minor) {
		return version{}, false
	}
	var v version
	v.major, _ = strconv.ParseUint(major, 10, 64) // saturates
	v.minor, _ = strconv.ParseUint(minor, 10, 64)
	return v, true
}

func isDigits(text string) bool {
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return text != ""
}

// checkVersion judges api-version (§2), and returns what it is.
func (c *config) checkVersion(raw string) (version, *Error) {
	text, given := rawValue(raw, apiVersionName)
	if !given {
		return version{}, NewError(generated.ErrorCodeInvalidArg, "api-version is missing. "+c.acceptedVersions())
	}
	if c.profile == Runtime {
		n := lenientNumber(text)
		if n < 1 || n > c.newest.number() {
			return version{}, c.refuseVersion(text)
		}
		return asVersion(n), nil
	}
	v, ok := parseVersion(text)
	if !ok || v.compare(oldestDocumented) < 0 || v.compare(c.newest) > 0 {
		return version{}, c.refuseVersion(text)
	}
	return v, nil
}

// asVersion is a number that the runtime compares as a version.
func asVersion(n float64) version {
	text := strconv.FormatFloat(n, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	v, _ := parseVersion(text)
	return v
}

func (c *config) refuseVersion(text string) *Error {
	return NewError(generated.ErrorCodeInvalidArg, `api-version "`+excerpt(text)+`" is not accepted. `+c.acceptedVersions())
}

func (c *config) acceptedVersions() string {
	if c.profile == Runtime {
		return "A number from 1.0 to " + c.newest.String() + " is."
	}
	return "A version from " + oldestDocumented.String() + " to " + c.newest.String() + " is, as MAJOR.MINOR."
}

// lenientNumber reads a floating-point number the way the runtime does
// (Common/Parse.cpp, TryParseDouble): a sign, digits with at most one point,
// and after that anything, unless it is an exponent, which must then be whole.
// Text without a number is 0. What the runtime refuses outright is -Inf here,
// which no range of versions holds.
func lenientNumber(text string) float64 {
	refused := math.Inf(-1)
	if strings.HasSuffix(text, "-preview") {
		text = strings.TrimRight(text, "-previw") // the runtime takes the suffix as a set of characters, too
	}

	end, digits := 0, 0
	if end < len(text) && (text[end] == '+' || text[end] == '-') {
		end++
	}
	for end < len(text) && (text[end] == '.' || isDigits(text[end:end+1])) {
		if text[end] != '.' {
			digits++
		}
		end++
	}
	if end < len(text) && (text[end] == 'e' || text[end] == 'E') {
		if _, err := strconv.ParseInt(text[end+1:], 10, 64); err != nil {
			return refused
		}
		end = len(text)
	}
	if digits == 0 {
		return 0
	}
	v, err := strconv.ParseFloat(text[:end], 64)
	if err != nil {
		return refused // a second point, or out of all range
	}
	return v
}
