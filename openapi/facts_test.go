package openapi_test

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// facts is what a contract says, one line each: "CancelOperation/parameter/timeout/minimum" = "1". Both contracts are
// written into this form, whatever format they come in, so that one comparison covers every field of both.
//
// Nothing is dropped but the keys in prose and those that a reader of one format names itself: a keyword that this
// code has never heard of becomes a fact too.
type facts map[string]string

// listed is the value of a fact that is only there or not, such as one text of an enum.
const listed = "listed"

// later is the value of a code that the official contract lists in its later editions only.
const later = "listed from 6.2"

// prose explains the contract and adds nothing to it.
var prose = map[string]bool{"description": true, "summary": true, "example": true, "examples": true, "title": true}

// object is a JSON object.
type object = map[string]any

func (f facts) add(key, value string) {
	if old, ok := f[key]; ok {
		value = old + " AND " + value // two operations of one name, or two parameters, never compare as equal
	}
	f[key] = value
}

// schema adds what a schema says. References are kept by name: what is behind them is a definition of its own.
func (f facts) schema(key string, schema object) {
	empty := true
	for keyword, value := range schema {
		empty = empty && prose[keyword]
		switch {
		case prose[keyword]:
		case keyword == "$ref":
			f.add(key+"/$ref", refName(value))
		case keyword == "properties":
			// The keys are names, so a property may be called description.
			for name, property := range value.(object) {
				f.schema(key+"/property/"+name, property.(object))
			}
		default:
			f.value(key+"/"+keyword, value)
		}
	}
	if empty {
		f.add(key, "anything")
	}
}

func (f facts) value(key string, value any) {
	switch value := value.(type) {
	case object:
		f.schema(key, value)
	case []any:
		if len(value) == 0 {
			f.add(key, "nothing")
		}
		for i, element := range value {
			if o, ok := element.(object); ok {
				f.schema(key+"/"+strconv.Itoa(i), o)
			} else {
				f.add(key+"/"+text(element), listed)
			}
		}
	default:
		f.add(key, text(value))
	}
}

// operation adds what an operation says, but for its parameters and answers, which the two formats write differently.
// It returns the key of the operation.
func (f facts) operation(route, verb string, operation object) string {
	key, _ := operation["operationId"].(string)
	f.add(key+"/route", strings.ToUpper(verb)+" "+route)
	for keyword, value := range operation {
		switch {
		case keyword == "operationId", keyword == "parameters", keyword == "responses", prose[keyword]:
		default:
			f.value(key+"/"+keyword, value)
		}
	}
	return key
}

// parameter adds what a parameter says; details holds its schema.
func (f facts) parameter(operation string, parameter, details object) {
	key := operation + "/parameter/" + text(parameter["name"])
	f.add(key+"/in", text(parameter["in"]))
	required, _ := parameter["required"].(bool)
	f.add(key+"/required", text(required)) // absent means false in both formats
	f.schema(key, details)
}

// response adds one answer of an operation; a nil schema is an answer without a body.
func (f facts) response(operation, status string, media []string, schema object) {
	key := operation + "/response/" + status + "/body"
	if schema == nil {
		f.add(key, "none")
		return
	}
	for _, m := range media {
		f.schema(key+"/"+m, schema)
	}
}

// refName is the name at the end of a reference.
func refName(ref any) string { return path.Base(text(ref)) }

// text writes a JSON scalar as JSON has it, without quotes and exponents.
func text(value any) string {
	if number, ok := value.(float64); ok {
		return strconv.FormatFloat(number, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}

// without copies o less some keys.
func without(o object, keys ...string) object {
	rest := object{}
	for key, value := range o {
		rest[key] = value
	}
	for _, key := range keys {
		delete(rest, key)
	}
	return rest
}
