package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// streamer answers with a list of some operations, and then an error, if there is one.
type streamer struct {
	server.Unimplemented
	n      int
	err    error
	absent bool
}

func (s streamer) GetFaultOperationList(context.Context, generated.GetFaultOperationListRequestObject) (generated.GetFaultOperationListResponseObject, error) {
	if s.absent {
		return generated.GetFaultOperationList200JSONStream(nil), nil
	}
	return generated.GetFaultOperationList200JSONStream(func(yield func(generated.OperationStatus, error) bool) {
		for range s.n {
			if !yield(generated.OperationStatus{State: generated.OperationStateRunning, Type: generated.OperationTypeNodeTransition}, nil) {
				return
			}
		}
		if s.err != nil {
			yield(generated.OperationStatus{}, s.err)
		}
	}), nil
}

// A stream that fails is a failure like any other as long as nothing was written, and is then cut off.
func TestStream(t *testing.T) {
	unavailable := server.NewError(generated.ErrorCodeNotReady, "")
	for name, tt := range map[string]struct {
		streamer
		status  int
		code    generated.ErrorCode
		aborted bool
	}{
		"nothing":              {streamer{}, 200, "", false},
		"some":                 {streamer{n: 1000}, 200, "", false},
		"a failure at once":    {streamer{err: unavailable}, 503, generated.ErrorCodeNotReady, false},
		"a failure after some": {streamer{n: 10, err: fmt.Errorf("store: %w", unavailable)}, 503, generated.ErrorCodeNotReady, false},
		"a failure after many": {streamer{n: 1000, err: errors.New("broken")}, 200, "", true},
		"no stream":            {streamer{absent: true}, 500, generated.ErrorCodeFail, false},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := parse("GET", list+"&StateFilter=65535&TypeFilter=65535")
			if err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			aborted := func() (aborted bool) {
				defer func() { aborted = recover() == http.ErrAbortHandler }() //nolint:errorlint // a panic is a value
				bareHandler(t, tt.streamer).ServeHTTP(w, r)                    // an answer that breaks off is none of the document
				return false
			}()
			if w.Code != tt.status || aborted != tt.aborted || !strings.Contains(w.Body.String(), string(tt.code)) {
				t.Errorf("got %d %.100s, aborted %t, want %d %s, aborted %t", w.Code, w.Body, aborted, tt.status, tt.code, tt.aborted)
			}
			if got := strings.Count(w.Body.String(), "OperationId"); tt.status == 200 && !tt.aborted && got != tt.n {
				t.Errorf("got %d operations, want %d", got, tt.n)
			}
		})
	}
}
