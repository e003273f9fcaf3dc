package server

import (
	"errors"
	"net/http"
	"reflect"

	"github.com/sfcancel/sfcancel/generated"
)

// errNoAnswer is the mistake of an implementation that reports neither.
var errNoAnswer = errors.New("the implementation returned neither a response nor an error")

// settle makes sure that what an implementation returned is a response. The generated code would
// leave out a nil one and have net/http send an empty 200.
func settle(op *generated.Operation, response any) (any, error) {
	v := reflect.ValueOf(response)
	if v.Kind() == reflect.Pointer {
		v = v.Elem() // the zero Value if nil
	}
	kind := v.Kind()
	if kind == reflect.Invalid || (kind == reflect.Map || kind == reflect.Func || kind == reflect.Chan) && v.IsNil() {
		return nil, errNoAnswer
	}
	if kind == reflect.Slice && v.IsNil() {
		// A list that was never appended to is empty, not null: clients expect
		// a bare array.
		return reflect.MakeSlice(v.Type(), 0, 0).Interface(), nil
	}
	if kind == reflect.Struct {
		// The generated default responses are failures like any other: they
		// get a message and the headers, and the log gets their code.
		if e := defaultResponse(op, v); e != nil {
			return nil, e
		}
	}
	return response, nil
}

// defaultResponse returns what a generated default response says, or nil if the
// struct is none: each operation has a type of its own for it.
func defaultResponse(op *generated.Operation, v reflect.Value) *Error {
	body, ok := v.Type().FieldByName("Body")
	if !ok || len(body.Index) != 1 || body.Type != reflect.TypeFor[generated.FabricError]() {
		return nil
	}
	status, ok := v.Type().FieldByName("StatusCode")
	if !ok || len(status.Index) != 1 || status.Type.Kind() != reflect.Int {
		return nil
	}
	said := v.FieldByIndex(body.Index).Interface().(generated.FabricError).Error
	e := &Error{Status: int(v.FieldByIndex(status.Index).Int()), Code: said.Code, Message: said.Message}
	if v.FieldByName("Headers").IsValid() {
		e.Header = announced(op, v.Interface())
	}
	return e
}

// announced are the headers that a response object writes.
func announced(op *generated.Operation, response any) http.Header {
	w := headerOnly{make(http.Header)}
	if op.Write(w, response) != nil {
		return nil
	}
	delete(w.header, "Content-Type")
	return w.header
}

// headerOnly is a writer of which the header is all that counts.
type headerOnly struct{ header http.Header }

func (w headerOnly) Header() http.Header         { return w.header }
func (w headerOnly) Write(b []byte) (int, error) { return len(b), nil }
func (w headerOnly) WriteHeader(int)             {}

// errSilent is the mistake of a response object that writes no header.
var errSilent = errors.New("the response object wrote nothing")

// isNil says whether an implementation cannot be called.
func isNil(impl generated.StrictServerInterface) bool {
	v := reflect.ValueOf(impl)
	return !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()
}
