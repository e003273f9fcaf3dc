package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/internal/plain"
	"github.com/sfcancel/sfcancel/wrapper"
)

// The documents of -o json. Names and meanings are stable; names may be added.
type resultJSON struct {
	OperationID string        `json:"operationId"`
	Kind        string        `json:"kind,omitempty"`
	Force       bool          `json:"force"`
	Verdict     string        `json:"verdict"`
	State       string        `json:"state,omitempty"`
	Resolved    bool          `json:"resolved"`
	Attempts    []attemptJSON `json:"attempts"`
	LedgerError string        `json:"ledgerError,omitempty"`
	causeJSON
}

type errorJSON struct {
	Error       string        `json:"error"`
	Cause       string        `json:"cause,omitempty"`
	Next        string        `json:"next,omitempty"`
	Detail      string        `json:"detail,omitempty"`
	ExitCode    int           `json:"exitCode"`
	OperationID string        `json:"operationId,omitempty"`
	Code        string        `json:"code,omitempty"`
	Status      int           `json:"status,omitempty"`
	State       string        `json:"state,omitempty"`
	Force       bool          `json:"force,omitempty"`
	NotBefore   *time.Time    `json:"notBefore,omitempty"`
	RequestID   string        `json:"requestId,omitempty"`
	Attempts    []attemptJSON `json:"attempts"`
	LedgerError string        `json:"ledgerError,omitempty"`
}

type attemptJSON struct {
	Purpose    string    `json:"purpose"`
	RequestID  string    `json:"requestId,omitempty"`
	Endpoint   string    `json:"endpoint,omitempty"`
	Class      string    `json:"class"`
	Status     int       `json:"status,omitempty"`
	Code       string    `json:"code,omitempty"`
	Message    string    `json:"message,omitempty"`
	Error      string    `json:"error,omitempty"`
	Start      time.Time `json:"start"`
	DurationMS float64   `json:"durationMs"`
}

type operationJSON struct {
	OperationID string `json:"operationId"`
	Kind        string `json:"kind"`
	State       string `json:"state"`

	Began     *time.Time `json:"began,omitempty"`
	Target    string     `json:"target,omitempty"`
	StartedBy string     `json:"startedBy,omitempty"`
	EndedWhy  string     `json:"endedWhy,omitempty"`
	causeJSON
}

// causeJSON is why an operation is Faulted, if that is known.
type causeJSON struct {
	ErrorCode int32  `json:"errorCode,omitempty"` // the HRESULT
	ErrorName string `json:"errorName,omitempty"`
}

func causeDocument(c wrapper.Cause) causeJSON { return causeJSON{c.Number, string(c.Code)} }

func attemptsJSON(attempts []wrapper.Attempt) []attemptJSON {
	out := make([]attemptJSON, len(attempts))
	for i, a := range attempts {
		out[i] = attemptJSON{
			Purpose: a.Purpose(), RequestID: idOrNone(a.RequestID), Endpoint: a.Endpoint, Class: a.Class(),
			Status: a.Status, Code: string(a.Code), Message: a.Message,
			Start: a.Start.UTC(), DurationMS: float64(a.Duration.Microseconds()) / 1000,
		}
		if a.Err != nil {
			out[i].Error = a.Err.Error()
		}
	}
	return out
}

// idOrNone returns an id as text, or "" if it is zero.
func idOrNone(id uuid.UUID) string {
	if id == (uuid.UUID{}) {
		return ""
	}
	return id.String()
}

// printJSON writes one indented document. It escapes what a terminal might interpret.
func printJSON(w io.Writer, v any) error {
	var document bytes.Buffer
	enc := json.NewEncoder(&document)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(plain.JSON(document.Bytes()))
	return err
}

// printJSONLine writes a document on one line.
func printJSONLine(w io.Writer, v any) error {
	var document bytes.Buffer
	enc := json.NewEncoder(&document)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(plain.JSON(document.Bytes()))
	return err
}

func describe(err error) errorJSON {
	doc := errorJSON{Error: err.Error(), ExitCode: exitCode(err), Attempts: []attemptJSON{}}
	var told *explained
	if errors.As(err, &told) {
		doc.Cause, doc.Next, doc.Detail = told.cause, told.next, told.error.Error()
	}
	var e *wrapper.Error
	if errors.As(err, &e) {
		doc.OperationID = idOrNone(e.OperationID())
		doc.Code, doc.Status = string(e.Code()), e.Status()
		doc.RequestID = idOrNone(e.RequestID())
		doc.State, doc.Force, doc.Attempts = string(e.State()), e.Force(), attemptsJSON(e.Attempts())
	}
	if unknown := (unknownOperation{}); errors.As(err, &unknown) {
		doc.OperationID = unknown.id.String()
	}
	var noted ledgerError
	if errors.As(err, &noted) {
		doc.LedgerError = noted.ledger
	}
	var refusal *wrapper.Refusal
	if errors.As(err, &refusal) && !refusal.NotBefore.IsZero() {
		doc.NotBefore = new(refusal.NotBefore.UTC())
	}
	return doc
}

// change replaces every text that may repeat a part of the command line.
func (doc *errorJSON) change(to func(string) string) {
	doc.Error, doc.Detail, doc.Code, doc.LedgerError = to(doc.Error), to(doc.Detail), to(doc.Code), to(doc.LedgerError)
	for i := range doc.Attempts {
		a := &doc.Attempts[i]
		a.Endpoint, a.Code, a.Message, a.Error = to(a.Endpoint), to(a.Code), to(a.Message), to(a.Error)
	}
}

// toldError is an error whose document is already on standard output.
type toldError struct{ error }

func (e toldError) Unwrap() error { return e.error }

// ledgerError is the error of a command whose ledger failed too.
type ledgerError struct {
	error
	ledger string
}

func (e ledgerError) Unwrap() error { return e.error }

func withLedgerError(err error, ledger string) error {
	if ledger == "" {
		return err
	}
	return ledgerError{err, ledger}
}

func inWords(r wrapper.Result) string {
	if r.Resolved {
		return string(r.Verdict) + " (resolved)"
	}
	return string(r.Verdict)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
