package server

import (
	"cmp"
	"errors"
	"io"
	"iter"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sfcancel/sfcancel/generated"
)

// source reads a request for the generated binder, with the exceptions of the profile.
type source struct {
	config  *config
	route   *route
	request *http.Request
	body    io.Reader
	vars    []variable

	version     version // of the request
	timeout     time.Duration
	operationID string // as sent

	room [2]variable
}

// Text implements [generated.Source].
func (s *source) Text(n int, p *generated.Parameter) (string, generated.Reading, error) {
	e := s.route.exceptions[n]
	if e == nil && !p.Required && s.route.since[n].compare(s.version) > 0 {
		return "", generated.Absent, nil // added after the version of the request
	}
	text, given := s.find(p, e)
	switch {
	case p.Name == timeoutName:
		return s.bindTimeout(text, given, p)
	case e != nil && e.unread != nil && e.unread(s):
		return e.unreadAs(text), generated.Judged, nil
	case !given && e != nil && e.absent != "":
		return e.absent, generated.Judged, nil
	case !given:
		return "", generated.Absent, nil
	}
	reading := generated.Given
	if e != nil && e.format.read != nil {
		value, refused := e.format.read(text)
		if refused != "" {
			return "", 0, refuse(p, e, text, refused)
		}
		text, reading = value, generated.Judged
	}
	if p.Name == operationIDName {
		s.operationID = text
	}
	return text, reading, nil
}

// find returns the text of a parameter.
func (s *source) find(p *generated.Parameter, e *exception) (text string, given bool) {
	switch p.In {
	case "path":
		if i := slices.IndexFunc(s.vars, func(v variable) bool { return v.name == p.Name }); i >= 0 {
			return s.vars[i].value, true
		}
	case "query":
		if e != nil {
			return rawValue(s.request.URL.RawQuery, p.Name)
		}
		for value := range values(s.request.URL.RawQuery, p.Name) {
			return value, true
		}
	case "header":
		if all := s.request.Header.Values(p.Name); len(all) > 0 {
			return all[0], true
		}
	case "cookie":
		if c, err := s.request.Cookie(p.Name); err == nil {
			return c.Value, true
		}
	}
	return "", false
}

// Texts implements [generated.Source]. A list is several values, or values separated by commas.
func (s *source) Texts(n int, p *generated.Parameter) (all []string, err error) {
	if p.In != "query" {
		text, given := s.find(p, nil)
		if !given {
			return nil, nil
		}
		return strings.Split(text, ","), nil
	}
	for value := range values(s.request.URL.RawQuery, p.Name) {
		if len(all) == maxValues {
			return nil, NewError(generated.ErrorCodeInvalidArg, p.Name+" has more than "+strconv.Itoa(maxValues)+" values.")
		}
		all = append(all, strings.Split(value, ",")...)
	}
	return all, nil
}

// maxValues bounds the values of a query parameter that is a list.
const maxValues = 1000

// Body implements [generated.Source].
func (s *source) Body() (io.Reader, string) { return s.body, s.request.Header.Get("Content-Type") }

const (
	operationIDName = "OperationId"
	apiVersionName  = "api-version"
	timeoutName     = "timeout"

	// writeMargin is the time for writing the answer after the timeout of the request.
	writeMargin = 30 * time.Second
)

// bindTimeout reads timeout (§3). The document describes it from api-version 6.0 on. In the
// runtime, and before that version, a text other than an unsigned 32-bit decimal counts as missing,
// and only 0 is refused.
func (s *source) bindTimeout(text string, given bool, p *generated.Parameter) (string, generated.Reading, error) {
	if !given {
		return "", generated.Absent, nil
	}
	byDocument := s.config.profile == Documented && s.version.compare(timeoutDocumented) >= 0
	read := runtimeDecimal
	if byDocument {
		read = plainDecimal
	}
	seconds, ok := read(text, 32)
	switch {
	case ok && seconds > 0:
		s.timeout = time.Duration(seconds) * time.Second
		return strconv.FormatUint(seconds, 10), generated.Given, nil
	case ok || byDocument:
		return "", 0, &generated.ParameterError{Parameter: p, Value: text}
	default:
		return "", generated.Absent, nil
	}
}

// refuse returns the error that says what a parameter must be.
func refuse(p *generated.Parameter, e *exception, text string, code generated.ErrorCode) *Error {
	return NewError(code, p.Name+` must be `+e.accepts(p)+`, not "`+excerpt(text)+`".`)
}

// unbound converts an error of the binder to an error of the API. Details about a body are only for
// the log.
func (s *source) unbound(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var p *generated.ParameterError
	if errors.As(err, &p) {
		e := s.route.exceptions[slices.Index(s.route.operation.Parameters, p.Parameter)]
		if !p.Missing {
			return refuse(p.Parameter, e, p.Value, generated.ErrorCodeInvalidArg)
		}
		return NewError(generated.ErrorCodeNameDoesNotExist, p.Parameter.Name+" is missing. It must be "+e.accepts(p.Parameter)+".")
	}
	return bodyError(err)
}

const forceName = "Force"

// force returns, for the log, whether a request is a force. known is false if its operation has no Force, or
// Force is neither true nor false.
func (s *source) force() (force, known bool) {
	if s.route == nil || !s.route.forces {
		return false, false
	}
	text, given := rawValue(s.request.URL.RawQuery, forceName)
	force = strings.EqualFold(text, "true")
	return force, force || !given || strings.EqualFold(text, "false")
}

// A query is read in two ways. Parameters of the runtime are read as by the gateway's own parser
// (§1.3, httpgateway/GatewayUri.cpp): nothing is percent-decoded, a plus is a plus, names are
// case-sensitive, and the first of several pairs of one name counts. A parameter that only the
// document has is decoded as usual.

// rawValue returns the value of the first pair of that name, by the gateway's rules.
func rawValue(raw, name string) (value string, ok bool) {
	for more := true; more; {
		var piece string
		piece, raw, more = strings.Cut(raw, "&")
		if !strings.HasPrefix(piece, name) && !strings.HasPrefix(piece, "=") {
			continue // the fast path for most pieces
		}
		// Empty parts are skipped: a==b is a pair, and a= is not. a=b=c has one part
		// too many.
		first, rest := part(piece)
		if first != name {
			continue
		}
		if value, rest = part(rest); value == "" {
			continue
		}
		if more, _ := part(rest); more == "" {
			return value, true
		}
	}
	return "", false
}

// part cuts off the first non-empty part of a piece.
func part(piece string) (part, rest string) {
	piece = strings.TrimLeft(piece, "=")
	part, rest, _ = strings.Cut(piece, "=")
	return part, rest
}

// values yields the values of a name, decoded. An invalid encoding is left as it is.
func values(raw, name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for piece := range strings.SplitSeq(raw, "&") {
			key, value, _ := strings.Cut(piece, "=")
			if decoded(key) == name && !yield(decoded(value)) {
				return
			}
		}
	}
}

func decoded(text string) string {
	if !strings.ContainsAny(text, "%+") {
		return text
	}
	plain, err := url.QueryUnescape(text)
	if err != nil {
		return text
	}
	return plain
}

// version is an api-version of the documents: two numbers.
type version struct{ major, minor uint64 }

// The oldest version that has a document, and the oldest whose document describes timeout.
var (
	oldestDocumented, _  = parseVersion(generated.APIVersions[0])
	timeoutDocumented, _ = parseVersion(timeoutParameter().Since)
)

// timeoutParameter returns the parameter timeout of the document.
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

// number returns the number that the runtime compares, so that 6.10 equals 6.1.
func (v version) number() float64 {
	f, _ := strconv.ParseFloat(v.String(), 64)
	return f
}

// parseVersion parses the pattern of the document: digits, a point, digits.
// A number of more than 64 bits counts as the largest one.
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

// checkVersion reads api-version (§2).
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

// asVersion converts a number of the runtime to a version.
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

// lenientNumber parses a floating-point number as the runtime does
// (Common/Parse.cpp, TryParseDouble): a sign, digits with at most one point,
// and then any text; if that begins with an exponent, it must be nothing but the exponent.
// Text without a number is 0. For text that the runtime refuses it is -Inf,
// which no range of versions contains.
func lenientNumber(text string) float64 {
	refused := math.Inf(-1)
	if strings.HasSuffix(text, "-preview") {
		text = strings.TrimRight(text, "-previw") // the runtime also trims a set of characters
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
		return refused // a second point, or out of range
	}
	return v
}
