package server

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// exception describes how the runtime reads a parameter where the document differs or says
// nothing. A parameter without an exception is checked by the document alone. Every parameter of the
// runtime has one, because its query is not decoded (§1.3).
type exception struct {
	name string
	// source is where the runtime defines this.
	source string
	// format checks the text.
	format format
	// absent is the default of a missing parameter; with "" the document decides.
	absent string
	// unread reports whether the parameter is ignored. unreadAs then returns the text to bind instead.
	unread   func(s *source) bool
	unreadAs func(text string) string

	// only is the profile that has the exception, or both.
	only Profile
}

// both marks an exception of both profiles.
const both = Profile(profiles)

// exceptions is the table. The first row with the name of the parameter and the profile applies.
var exceptions = []exception{
	{name: apiVersionName, only: both, source: "§2: checked before all else, by checkVersion", format: format{read: asItIs}},
	{name: timeoutName, only: both, source: "§3: checked last, by the rules of the api-version"},
	{name: operationIDName, only: both, source: "§1.3"},
	{name: "partitionId", only: both, source: "§1.3"},
	{name: "serviceId", only: both, source: "Common/NamingUri.cpp", format: serviceID},
	{name: "nodeName", only: both, source: "Common/ParameterValidator.cpp", format: nodeName},
	{name: "Force", only: Runtime, source: "httpgateway/FaultsHandler.cpp", format: boolean, absent: "false"},
	{name: "Force", only: Documented, source: "Common/StringUtility.h, and what the .NET client sends", format: boolean},
	{name: "NodeInstanceId", only: Documented, source: "httpgateway/FaultsHandler.cpp", format: instance(plainDecimal)},
	{name: "NodeInstanceId", only: Runtime, source: "Common/Parse.cpp", format: instance(runtimeNumber)},
	// The model has 31 bits for it. The runtime's engine refuses larger values, too, but later.
	{name: "StopDurationInSeconds", only: Documented, source: "§9.3", format: number(plainDecimal, math.MaxInt32)},
	{name: "StopDurationInSeconds", only: Runtime, source: "httpgateway/FaultsHandler.cpp", format: number(runtimeNumber, math.MaxInt32), unread: startsNode, unreadAs: zero},
	{name: "QuorumLossDuration", only: Documented, source: "Common/Parse.cpp", format: number(plainDecimal, math.MaxUint32)},
	{name: "QuorumLossDuration", only: Runtime, source: "Common/Parse.cpp", format: number(runtimeNumber, math.MaxUint32)},
	// The example of the official document writes a filter as 0xFF, so both profiles read
	// hexadecimal.
	{name: "StateFilter", only: Documented, source: "Common/Parse.cpp", format: number(runtimeNumber, math.MaxUint32)},
	{name: "StateFilter", only: Runtime, source: "httpgateway/FaultsHandler.cpp", format: number(runtimeNumber, math.MaxUint32), absent: "0"},
	{name: "TypeFilter", only: Documented, source: "Common/Parse.cpp", format: number(runtimeNumber, math.MaxUint32)},
	{name: "TypeFilter", only: Runtime, source: "httpgateway/FaultsHandler.cpp", format: number(runtimeNumber, math.MaxUint32), absent: "0"},
	{name: "NodeTransitionType", only: both, source: "§1.4: Invalid is reserved"},
	{name: "DataLossMode", only: both, source: "§1.4: Invalid is reserved"},
	{name: "RestartPartitionMode", only: both, source: "§1.4: Invalid is reserved"},
	{name: "QuorumLossMode", only: Documented, source: "§1.4: Invalid is reserved"},
	// The runtime does not know a text of the document, but documented clients send it.
	{name: "QuorumLossMode", only: Runtime, source: "httpgateway/Constants.cpp", format: without(string(generated.QuorumLossModeQuorumReplicas))},
}

// exceptionOf returns the exception of a parameter in a profile, nil if there is none.
func exceptionOf(profile Profile, op *generated.Operation, p *generated.Parameter) *exception {
	i := slices.IndexFunc(exceptions, func(e exception) bool { return e.name == p.Name && (e.only == both || e.only == profile) })
	if i < 0 {
		return nil
	}
	e := exceptions[i]
	if len(p.Enum) > 0 && !p.Open {
		e.format = listed(p.Enum, "Invalid", e.format.accepts)
	}
	// A progress call finds its operation by the id alone; the runtime ignores the path variables
	// (§1.4).
	if profile == Runtime && p.In == "path" && op.Method == "GET" {
		e.unread = func(*source) bool { return true }
		e.unreadAs = func(text string) string { return text }
		if p.Format == "uuid" {
			e.unreadAs = func(text string) string {
				if uuid.Validate(text) == nil && len(text) == 36 {
					return text
				}
				return uuid.Nil.String()
			}
		}
	}
	return &e
}

// accepts describes the accepted values of a parameter, in the words of the exception if it has any.
func (e *exception) accepts(p *generated.Parameter) string {
	if e != nil && e.format.accepts != "" {
		return e.format.accepts
	}
	return p.Accepts
}

// asItIs is the format of a parameter that is already checked.
func asItIs(text string) (string, generated.ErrorCode) { return text, "" }

// without is the format of an enumeration without one text of the document.
func without(text string) format { return format{accepts: text} }

// listed is the format of an enumeration of the document, case-sensitive, without the texts in less.
func listed(enum []string, less ...string) format {
	texts := slices.DeleteFunc(slices.Clone(enum), func(text string) bool { return slices.Contains(less, text) })
	return format{
		accepts: strings.Join(texts, " or "),
		read: func(text string) (string, generated.ErrorCode) {
			if !slices.Contains(texts, text) {
				return "", generated.ErrorCodeInvalidArg
			}
			return text, ""
		},
	}
}

// startsNode reports whether a transition is not a stop: then its duration is ignored.
func startsNode(s *source) bool {
	text, _ := rawValue(s.request.URL.RawQuery, "NodeTransitionType")
	return text != string(generated.NodeTransitionTypeStop)
}

func zero(string) string { return "0" }

// format checks and converts the text of a parameter where the document does not.
type format struct {
	// accepts completes the sentence "X must be ".
	accepts string
	// read returns the text for the binder, or the code of the refusal. If it is nil, the document
	// decides.
	read func(text string) (canonical string, refused generated.ErrorCode)
}

// boolean is true or false in any letter case (Common/StringUtility.h,
// ParseBool). The .NET client sends True and False; 1 and 0 are refused.
var boolean = format{
	accepts: "true or false",
	read: func(text string) (string, generated.ErrorCode) {
		for _, known := range []string{"true", "false"} {
			if len(text) == len(known) && strings.EqualFold(text, known) {
				return known, ""
			}
		}
		return "", generated.ErrorCodeInvalidArg
	},
}

// numeral parses an unsigned number of at most that many bits.
type numeral func(text string, bits int) (uint64, bool)

// number is the format of an unsigned number up to max, which has at most 32 bits. The
// binder gets it as a decimal.
func number(read numeral, max uint64) format {
	return format{
		accepts: "a number from 0 to " + strconv.FormatUint(max, 10),
		read: func(text string) (string, generated.ErrorCode) {
			n, ok := read(text, 32)
			if !ok || n > max {
				return "", generated.ErrorCodeInvalidArg
			}
			return strconv.FormatUint(n, 10), ""
		},
	}
}

// instance is the format of a node instance id: any unsigned 64-bit number except 0, which has its
// own code (httpgateway/FaultsHandler.cpp).
func instance(read numeral) format {
	return format{
		accepts: "an unsigned 64-bit number other than 0",
		read: func(text string) (string, generated.ErrorCode) {
			switch n, ok := read(text, 64); {
			case !ok:
				return "", generated.ErrorCodeInvalidArg
			case n == 0:
				return "", generated.ErrorCodeInvalidInstanceID
			default:
				return strconv.FormatUint(n, 10), ""
			}
		},
	}
}

// plainDecimal parses digits only, as the document writes an integer.
func plainDecimal(text string, bits int) (uint64, bool) {
	n, err := strconv.ParseUint(text, 10, bits)
	return n, err == nil
}

// runtimeDecimal parses a number as the runtime does in base ten: spaces around it and
// one plus are allowed (Common/Parse.cpp).
func runtimeDecimal(text string, bits int) (uint64, bool) {
	return plainDecimal(strings.TrimPrefix(strings.Trim(text, " "), "+"), bits)
}

// runtimeNumber parses a number as the runtime does in any base: decimal, or hexadecimal after
// 0x. A leading 0 does not mean octal, and a plus is allowed only for decimal (Common/Parse.cpp).
func runtimeNumber(text string, bits int) (uint64, bool) {
	text = strings.Trim(text, " ")
	if len(text) > 2 && (text[:2] == "0x" || text[:2] == "0X") {
		n, err := strconv.ParseUint(text[2:], 16, bits)
		return n, err == nil
	}
	return runtimeDecimal(text, bits)
}

// maxNodeName is the length of the longest text that the runtime accepts for any parameter
// (Common/ParameterValidator.cpp).
const maxNodeName = 4096

var nodeName = format{
	accepts: "a name of 1 to " + strconv.Itoa(maxNodeName) + " characters",
	read: func(text string) (string, generated.ErrorCode) {
		if utf8.RuneCountInString(text) > maxNodeName {
			return "", generated.ErrorCodeValueTooLarge
		}
		return text, ""
	},
}

var serviceID = format{
	accepts: "the name of a service without its fabric:/, its levels joined by ~ or /",
	read: func(text string) (string, generated.ErrorCode) {
		if !formsName(text) {
			return "", generated.ErrorCodeInvalidNameURI
		}
		return text, ""
	},
}

// maxName is the length of the longest name, with its scheme (Common/CommonConfig.h).
const maxName = 512

// formsName reports whether fabric:/ and the id form a name (Common/NamingUri.cpp,
// Common/Uri.Parser.cpp): its levels are not empty, "." or "..", and have only characters
// of a URI and spaces, without those that names reserve.
func formsName(id string) bool {
	if !utf8.ValidString(id) || utf8.RuneCountInString("fabric:/"+id) > maxName {
		return false
	}
	name := strings.ReplaceAll(id, "~", "/")
	if strings.ContainsFunc(name, func(r rune) bool {
		return r < ' ' && !strings.ContainsRune("\t\r\n", r) || r == 0x7f || strings.ContainsRune("\"<>[]\\^`|", r)
	}) {
		return false
	}
	path := name
	if i := strings.IndexAny(name, "?#"); i >= 0 {
		path = name[:i] // a member of a service group comes after #
	}
	for level := range strings.SplitSeq(path, "/") {
		if level == "" || level == "." || level == ".." || strings.ContainsAny(level, "$+") {
			return false
		}
	}
	return true
}
