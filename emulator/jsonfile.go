package emulator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// decodeFile reads one JSON object into a struct, as encoding/json does, and refuses what
// that accepts or ignores: members that are unknown, duplicate or of another case, null,
// and trailing data. It reports all that is wrong, joined, each with its path.
func decodeFile(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	line := func(offset int64) int { return 1 + bytes.Count(data[:max(offset-1, 0)], []byte("\n")) }
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return fmt.Errorf("line %d: it must be JSON: %w", line(syntax.Offset), err)
		}
		return errors.New("it ends before its object does")
	}
	if rest := bytes.TrimLeft(data[d.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return fmt.Errorf("line %d: something follows the end of the object", line(int64(len(data)-len(rest)+1)))
	}
	return decodeValue(raw, reflect.ValueOf(into).Elem(), "")
}

func decodeValue(raw json.RawMessage, v reflect.Value, path string) error {
	at := func(format string, args ...any) error {
		return fmt.Errorf(strings.TrimPrefix(path+": ", ": ")+format, args...)
	}
	var errs []error
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return decodeValue(raw, v.Elem(), path)
	case reflect.Slice:
		var items []json.RawMessage
		if err := json.Unmarshal(raw, &items); err != nil || items == nil {
			return at("it must be a list, not %s", describe(raw))
		}
		v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
		for i, item := range items {
			errs = append(errs, decodeValue(item, v.Index(i), fmt.Sprintf("%s[%d]", path, i)))
		}
	case reflect.Struct:
		d := json.NewDecoder(bytes.NewReader(raw))
		if open, err := d.Token(); err != nil || open != json.Delim('{') {
			return at("it must be an object, not %s", describe(raw))
		}
		members := make(map[string]reflect.Value)
		for _, f := range reflect.VisibleFields(v.Type()) {
			if !f.Anonymous {
				members[cmp.Or(f.Tag.Get("json"), f.Name)] = v.FieldByIndex(f.Index)
			}
		}
		for d.More() {
			key, _ := d.Token() // raw has been parsed once already
			name, _ := key.(string)
			var value json.RawMessage
			_ = d.Decode(&value)
			switch member, known := members[name]; {
			case !known:
				errs = append(errs, at("there is no member %q here, only %s", name, strings.Join(slices.Sorted(maps.Keys(members)), ", ")))
			case !member.IsValid():
				errs = append(errs, at("%s is there twice", name))
			default:
				errs = append(errs, decodeValue(value, member, strings.TrimPrefix(path+"."+name, ".")))
				members[name] = reflect.Value{}
			}
		}
	default:
		if want := scan(raw, v.Addr().Interface()); want != "" {
			return at("it must be %s, not %s", want, describe(raw))
		}
	}
	return errors.Join(errs...)
}

// Types of values that have a form of their own.
type (
	fabricVersion string // MAJOR.MINOR
	instance      string // of a node: a decimal, as a string or a number
	count         int    // a setting; -1 is the 0 of the file, because 0 is the default
	times         int    // failures
	errorNumber   int32
)

// maxFileDuration keeps sums of durations far from where they would overflow.
const maxFileDuration = 100 * 365 * 24 * time.Hour

// scan reads one value. For a value of another form it returns the form that is wanted.
func scan(raw json.RawMessage, into any) (want string) {
	text, quoted := string(raw), raw[0] == '"'
	if quoted {
		_ = json.Unmarshal(raw, &text)
	}
	ok := text != "null" && json.Unmarshal(raw, into) == nil
	switch into := into.(type) {
	case *any: // of no concern here
		return ""
	case *bool:
		want = "true or false"
	case *int32:
		want = "a number from -2147483648 to 2147483647"
	case *uint32:
		want = "a number from 0 to 4294967295"
	case *uuid.UUID:
		want, ok = "a GUID of 36 characters with hyphens", ok && len(text) == 36
	case *time.Duration:
		d, err := time.ParseDuration(text)
		want, ok, *into = fmt.Sprintf(`a duration such as "30s", from 0 to %v`, maxFileDuration), quoted && err == nil && d >= 0 && d <= maxFileDuration, d
	case *fabricVersion:
		major, minor, _ := strings.Cut(text, ".")
		_, wrong := strconv.ParseUint(major, 10, 32)
		_, too := strconv.ParseUint(minor, 10, 32)
		want, ok, *into = "MAJOR.MINOR in quotes", quoted && wrong == nil && too == nil, fabricVersion(text)
	case *instance:
		n, err := strconv.ParseUint(text, 10, 64)
		want, ok, *into = "a number from 1 to 18446744073709551615", err == nil && n > 0, instance(strconv.FormatUint(n, 10))
	case *count:
		n, err := strconv.ParseUint(text, 10, 31)
		want, ok, *into = "a number from 0 to 2147483647", err == nil, count(cmp.Or(int(n), -1))
	case *times:
		n, err := strconv.ParseInt(string(raw), 10, 32)
		if text == "always" {
			n, err = Always, nil
		}
		want, ok, *into = `a number from 0 up, or "always"`, err == nil && (n >= 0 || quoted), times(n)
	case *errorNumber:
		code, known := HRESULT(text)
		n, err := strconv.ParseInt(text, 0, 64)
		if n > math.MaxInt32 {
			n -= 1 << 32 // written without its sign, as 0x80071C54
		}
		if !known {
			code = int32(n)
		}
		want, ok, *into = "a name such as FABRIC_E_TIMEOUT, or a negative HRESULT", known || err == nil && n < 0 && n >= math.MinInt32, errorNumber(code)
	default: // of kind string
		want = "a text"
	}
	if ok {
		return ""
	}
	return want
}

// describe says what a value is, and shows short ones.
func describe(raw json.RawMessage) string {
	text := string(raw[:min(len(raw), 40)])
	if len(text) < len(raw) {
		text += "..."
	}
	switch text[0] {
	case '{':
		return "an object"
	case '[':
		return "a list (array)"
	case '"':
		return "the string " + text
	case 'n', 't', 'f': // null and the truth values
		return text
	default:
		return "the number " + text
	}
}

// mistakes are what is wrong with a file; nil among them counts for nothing.
type mistakes []error

// at returns a function that adds a mistake with this path.
func (m *mistakes) at(path string, args ...any) (wrong func(error)) {
	return func(err error) {
		if err != nil {
			*m = append(*m, within(fmt.Sprintf(path, args...), err))
		}
	}
}

// within puts a path in front of an error, or of each of several that are joined.
func within(path string, err error) error {
	joined, ok := err.(interface{ Unwrap() []error }) //nolint:errorlint // these are ours, and not wrapped
	if !ok {
		return fmt.Errorf("%s: %w", path, err)
	}
	var errs []error
	for _, one := range joined.Unwrap() {
		errs = append(errs, within(path, one))
	}
	return errors.Join(errs...)
}
