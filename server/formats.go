package server

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sfcancel/sfcancel/generated"
)

// format is how a parameter must look where the document does not say it.
type format struct {
	// accepts completes the sentence "X must be ".
	accepts string
	// read returns the text that the binder gets, or the code of the refusal. Nil leaves the
	// judgement to the document.
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

// numeral reads an unsigned number of that many bits.
type numeral func(text string, bits int) (uint64, bool)

// number is an unsigned number up to max, which is at most one of 32 bits. The
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

// instance is a node instance id: any unsigned 64-bit number but 0, which has a
// code of its own (httpgateway/FaultsHandler.cpp).
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

// plainDecimal reads digits and nothing else, as an integer of the document is
// written.
func plainDecimal(text string, bits int) (uint64, bool) {
	n, err := strconv.ParseUint(text, 10, bits)
	return n, err == nil
}

// runtimeDecimal reads a number as the runtime does where it insists on base
// ten: blanks around it and one plus are fine (Common/Parse.cpp).
func runtimeDecimal(text string, bits int) (uint64, bool) {
	return plainDecimal(strings.TrimPrefix(strings.Trim(text, " "), "+"), bits)
}

// runtimeNumber reads a number as the runtime does where it leaves the base
// open: decimal, or hexadecimal after 0x. A leading 0 does not mean octal, and
// a plus goes with decimal only (Common/Parse.cpp).
func runtimeNumber(text string, bits int) (uint64, bool) {
	text = strings.Trim(text, " ")
	if len(text) > 2 && (text[:2] == "0x" || text[:2] == "0X") {
		n, err := strconv.ParseUint(text[2:], 16, bits)
		return n, err == nil
	}
	return runtimeDecimal(text, bits)
}

// maxNodeName is the longest text of any kind that the runtime takes
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

// maxName is the longest name, with its scheme (Common/CommonConfig.h).
const maxName = 512

// formsName says whether fabric:/ and the id make a name (Common/NamingUri.cpp,
// Common/Uri.Parser.cpp): levels that are neither empty nor dots, of characters
// that a URI has, spaces included, without those that names reserve.
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
