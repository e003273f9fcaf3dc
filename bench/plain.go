package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// Constants of all handwritten sides.
const (
	seconds     = 60 // value of the timeout parameter
	requestID   = "X-Servicefabricrequestid"
	longestBody = 16 << 20
	longestFail = 64 << 10
)

// fabricError and listed are the two bodies of the API that the handwritten clients decode.
type fabricError struct {
	Error struct{ Code, Message string }
}

type listed struct {
	OperationID uuid.UUID `json:"OperationId"`
	State, Type string
}

// failure is the error for an answer with an unexpected status.
type failure struct {
	status int
	code   string
}

func (f failure) Error() string { return fmt.Sprintf("answered with %d %s", f.status, f.code) }

// missing returns nil if err is a 404, and an error otherwise.
func missing(err error) error {
	if fail, ok := errors.AsType[failure](err); ok && fail.status == http.StatusNotFound {
		return nil
	}
	return errors.Join(errors.New("not answered with 404"), err)
}

// plain is the shortest handwritten client: no deadlines, no bounds, no request ids.
type plain struct {
	base string
	http *http.Client
}

func (p plain) cancelURL(id uuid.UUID) string {
	return p.base + "/Faults/$/Cancel?api-version=6.0&OperationId=" + id.String() + "&Force=false&timeout=" + strconv.Itoa(seconds)
}

func (p plain) listURL() string {
	return p.base + "/Faults/?api-version=6.0&TypeFilter=65535&StateFilter=65535&timeout=" + strconv.Itoa(seconds)
}

func (p plain) dataLossURL(service string, partition, id uuid.UUID) string {
	return p.base + "/Faults/Services/" + url.PathEscape(service) + "/$/GetPartitions/" + partition.String() +
		"/$/GetDataLossProgress?api-version=6.0&OperationId=" + id.String() + "&timeout=" + strconv.Itoa(seconds)
}

// call sends a request. If into is not nil, it decodes the body of a 200 into it.
func (p plain) call(ctx context.Context, method, address string, into any) error {
	r, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return err
	}
	answer, err := p.http.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		var fail fabricError
		if err := json.Unmarshal(body, &fail); err != nil {
			return err
		}
		return failure{answer.StatusCode, fail.Error.Code}
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(body, into)
}

func (p plain) cancel(ctx context.Context, id uuid.UUID) error {
	return p.call(ctx, http.MethodPost, p.cancelURL(id), nil)
}

func (p plain) list(ctx context.Context) (all []listed, err error) {
	err = p.call(ctx, http.MethodGet, p.listURL(), &all)
	return all, err
}

// duty is a handwritten client with everything that is needed to report the outcome of a call reliably: a deadline, an
// id in each request for the gateway's trace, a record of whether the request was sent, and bounded bodies.
type duty struct{ plain }

func (d duty) cancel(ctx context.Context, id uuid.UUID) error {
	ctx, done := context.WithTimeout(ctx, seconds*time.Second)
	defer done()
	sent := false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent = true }})
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.cancelURL(id), nil)
	if err != nil {
		return err
	}
	r.Header.Set(requestID, uuid.NewString())
	r.Header.Set("User-Agent", "duty/1.0")
	answer, err := d.http.Do(r)
	if err != nil {
		return fmt.Errorf("sent: %v: %w", sent, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(http.MaxBytesReader(nil, answer.Body, longestFail))
	if err != nil {
		return err
	}
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	var fail fabricError
	if err := json.Unmarshal(body, &fail); err != nil {
		return err
	}
	return failure{answer.StatusCode, fail.Error.Code}
}

// plainHandler returns a handwritten handler of the cancel that only parses the parameters.
func plainHandler(do func(ctx context.Context, id uuid.UUID, force bool) int) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /Faults/$/Cancel", func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		id, err := uuid.Parse(query.Get("OperationId"))
		if err != nil {
			refuse(w, http.StatusBadRequest, "E_INVALIDARG", "OperationId must be a GUID.")
			return
		}
		force, err := strconv.ParseBool(query.Get("Force"))
		if err != nil {
			refuse(w, http.StatusBadRequest, "E_INVALIDARG", "Force must be true or false.")
			return
		}
		answer(w, do(r.Context(), id, force))
	})
	return mux
}

// dutyHandler returns a handwritten handler of the cancel with everything that a server needs: validation of every
// parameter, a deadline for the work and for the answer, a bounded body, a request id for traces, and recovery from panics.
func dutyHandler(do func(ctx context.Context, id uuid.UUID, force bool) int) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /Faults/$/Cancel", func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v != nil {
				refuse(w, http.StatusInternalServerError, "E_FAIL", "The request failed.")
			}
		}()
		trace := r.Header.Get(requestID)
		if trace == "" {
			trace = uuid.NewString()
		}
		w.Header().Set(requestID, trace)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		query := r.URL.Query()
		if v := query.Get("api-version"); v != "6.0" && v != "3.0" {
			refuse(w, http.StatusBadRequest, "E_INVALIDARG", "api-version is not supported.")
			return
		}
		if r.Body != nil && r.Body != http.NoBody {
			if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, 4<<20)); err != nil {
				refuse(w, http.StatusRequestEntityTooLarge, "FABRIC_E_MESSAGE_TOO_LARGE", "The body is too large.")
				return
			}
		}
		id, err := uuid.Parse(query.Get("OperationId"))
		if err != nil {
			refuse(w, http.StatusBadRequest, "E_INVALIDARG", "OperationId must be a GUID.")
			return
		}
		force, err := strconv.ParseBool(query.Get("Force"))
		if err != nil {
			refuse(w, http.StatusBadRequest, "E_INVALIDARG", "Force must be true or false.")
			return
		}
		timeout := int64(seconds)
		if text := query.Get("timeout"); text != "" {
			timeout, err = strconv.ParseInt(text, 10, 64)
			if err != nil || timeout < 1 || timeout > 4294967295 {
				refuse(w, http.StatusBadRequest, "E_INVALIDARG", "timeout must be from 1 to 4294967295.")
				return
			}
		}
		limit := time.Duration(timeout) * time.Second
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(limit + 30*time.Second))
		ctx, done := context.WithTimeout(r.Context(), limit)
		defer done()
		answer(w, do(ctx, id, force))
	})
	return mux
}

// answer writes the status that the implementation returned.
func answer(w http.ResponseWriter, status int) {
	if status == http.StatusNotFound {
		refuse(w, status, "FABRIC_E_KEY_NOT_FOUND", "There is no such operation.")
		return
	}
	w.WriteHeader(status)
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	var fail fabricError
	fail.Error.Code, fail.Error.Message = code, message
	body, err := json.Marshal(fail)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
