// Code generated from openapi/faults.yaml by openapi/generate. DO NOT EDIT.

package generated

import (
	"encoding/json"
	"iter"
	"net/http"
)

// GetFaultOperationList200JSONStream is a [GetFaultOperationList200JSONResponse]
// that is written while its elements are produced: its memory does not grow with their number. An error
// ends the answer; if it occurs within the first elements, nothing has been written.
type GetFaultOperationList200JSONStream iter.Seq2[OperationStatus, error]

// VisitGetFaultOperationListResponse writes the list as encoding/json would.
func (response GetFaultOperationList200JSONStream) VisitGetFaultOperationListResponse(w http.ResponseWriter) error {
	return writeStream(w, 200, "application/json", iter.Seq2[OperationStatus, error](response), OperationStatus.AppendJSON)
}

// AppendJSON appends the value as encoding/json encodes it.
func (v OperationStatus) AppendJSON(b []byte) (_ []byte, err error) {
	b = append(b, `{"OperationId":`...)
	b = append(appendUUID(append(b, '"'), v.OperationID), '"')
	b = append(b, `,"State":`...)
	b = appendString(b, string(v.State))
	b = append(b, `,"Type":`...)
	b = appendString(b, string(v.Type))
	return append(b, '}'), nil
}

// AppendJSON appends the value as encoding/json encodes it.
func (v FabricError) AppendJSON(b []byte) (_ []byte, err error) {
	b = append(b, `{"Error":`...)
	if b, err = v.Error.AppendJSON(b); err != nil {
		return b, err
	}
	return append(b, '}'), nil
}

// AppendJSON appends the value as encoding/json encodes it.
func (v FabricErrorDetail) AppendJSON(b []byte) (_ []byte, err error) {
	b = append(b, `{"Code":`...)
	b = appendString(b, string(v.Code))
	b = append(b, `,"Message":`...)
	b = appendString(b, v.Message)
	return append(b, '}'), nil
}

// The buffers of a stream, which are filled to seven eighths. Each is four times as large as the previous one, so that
// short lists, and streams that are not read, need little memory.
const (
	firstPiece   = 2 << 10
	growth       = 4
	largestPiece = 32 << 10
)

// writeStream writes a list in pieces. The header is sent with the first.
func writeStream[T any](w http.ResponseWriter, status int, contentType string, all iter.Seq2[T, error], appendTo func(T, []byte) ([]byte, error)) error {
	b, begun := make([]byte, 0, firstPiece), false
	flush := func() error {
		if !begun {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			begun = true
		}
		_, err := w.Write(b)
		return err
	}
	before := byte('[')
	for v, err := range all {
		if err != nil {
			return err
		}
		if b, err = appendTo(v, append(b, before)); err != nil {
			return err
		}
		before = ','
		if len(b) < cap(b)-cap(b)/8 {
			continue
		}
		if err := flush(); err != nil {
			return err
		}
		if b = b[:0]; cap(b) < largestPiece {
			b = make([]byte, 0, growth*cap(b))
		}
	}
	if before == '[' {
		b = append(b, before)
	}
	b = append(b, "]\n"...)
	return flush()
}

// appendJSON appends a value that has no generated encoder.
func appendJSON[T any](v T, b []byte) ([]byte, error) {
	text, err := json.Marshal(v)
	return append(b, text...), err
}

// appendString appends a text as encoding/json does.
func appendString(b []byte, text string) []byte {
	begin, from := len(b), 0
	b = append(b, '"')
	for i, c := range []byte(text) {
		switch {
		case '?' <= c && c <= '~' && c != '\\': // first, because it covers letters
		case c < ' ' || c > '~' || c == '<' || c == '>' || c == '&':
			quoted, _ := json.Marshal(text) // never fails for a string
			return append(b[:begin], quoted...)
		case c == '"' || c == '\\':
			b = append(append(b, text[from:i]...), '\\')
			from = i
		}
	}
	return append(append(b, text[from:]...), '"')
}
