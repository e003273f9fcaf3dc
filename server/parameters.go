package server

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sfcancel/sfcancel/generated"
)

// source is a request as the generated binder reads it: with the exceptions of the profile.
type source struct {
	config  *config
	route   *route
	request *http.Request
	body    io.Reader
	vars    []variable

	version     version // of the request
	timeout     time.Duration
	operationID string // as given

	room [2]variable
}

// Text implements [generated.Source].
func (s *source) Text(n int, p *generated.Parameter) (string, generated.Reading, error) {
	e := s.route.exceptions[n]
	if e == nil && !p.Required && s.route.since[n].compare(s.version) > 0 {
		return "", generated.Absent, nil // the version of the request does not have it
	}
	text, given := s.find(p, e)
	switch {
	case p.Name == timeoutName:
		return s.judgeTimeout(text, given, p)
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

// find returns the text of a parameter as it is meant.
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

// Texts implements [generated.Source]. A list is written as several values, or with commas.
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

// maxValues bounds the values of a list in a query.
const maxValues = 1000

// Body implements [generated.Source].
func (s *source) Body() (io.Reader, string) { return s.body, s.request.Header.Get("Content-Type") }

const (
	operationIDName = "OperationId"
	apiVersionName  = "api-version"
	timeoutName     = "timeout"

	// writeMargin is how much longer than its timeout a request may take until
	// its answer is out.
	writeMargin = 30 * time.Second
)

// judgeTimeout judges timeout (§3). The document describes it from api-version 6.0 on. To the
// runtime, and before that version, a text that is no unsigned 32-bit decimal is as good as none,
// and only 0 is refused.
func (s *source) judgeTimeout(text string, given bool, p *generated.Parameter) (string, generated.Reading, error) {
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

// refuse says what a parameter must be.
func refuse(p *generated.Parameter, e *exception, text string, code generated.ErrorCode) *Error {
	return NewError(code, p.Name+` must be `+e.accepts(p)+`, not "`+excerpt(text)+`".`)
}

// unbound makes an error of the binder one of the API. What it says of a body, and of anything
// else that came, is for the log.
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

// force says whether a request forces something, for the log, and false as the second if that is nothing
// that it says.
func (s *source) force() (force, known bool) {
	if s.route == nil || !s.route.forces {
		return false, false
	}
	text, given := rawValue(s.request.URL.RawQuery, forceName)
	force = strings.EqualFold(text, "true")
	return force, force || !given || strings.EqualFold(text, "false")
}
