package server_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

func TestError(t *testing.T) {
	plain := server.NewError(generated.ErrorCodeKeyNotFound, "No such operation.")
	if plain.Status != 404 || plain.Code != generated.ErrorCodeKeyNotFound || plain.Message != "No such operation." {
		t.Errorf("got %+v", plain)
	}
	if got := plain.Error(); got != "FABRIC_E_KEY_NOT_FOUND: No such operation." {
		t.Errorf("text %q", got)
	}
	if plain.Unwrap() != nil {
		t.Errorf("Unwrap without a cause: got %v, want nil", plain.Unwrap())
	}

	wrapped := plain.Wrap(io.ErrUnexpectedEOF)
	if plain.Unwrap() != nil {
		t.Errorf("receiver after Wrap: got cause %v, want none", plain.Unwrap())
	}
	if !errors.Is(wrapped, io.ErrUnexpectedEOF) || wrapped.Status != 404 || wrapped.Code != plain.Code || wrapped.Message != plain.Message {
		t.Errorf("got %+v", wrapped)
	}
	if got := wrapped.Error(); got != "FABRIC_E_KEY_NOT_FOUND: No such operation.: unexpected EOF" {
		t.Errorf("text %q", got)
	}
	if wrapped.Wrap(nil).Unwrap() != nil {
		t.Errorf("Wrap(nil): got cause %v, want none", wrapped.Wrap(nil).Unwrap())
	}

	var e *server.Error
	if !errors.As(fmt.Errorf("store: %w", plain), &e) || e != plain {
		t.Errorf("errors.As in a chain: got %v, want %v", e, plain)
	}
}

func TestErrorNil(t *testing.T) {
	var e *server.Error
	if e.Wrap(io.EOF) != nil || e.Unwrap() != nil || e.Error() != "<nil>" {
		t.Errorf("nil Error: got Wrap %v, Unwrap %v, text %q, want nil, nil, <nil>", e.Wrap(io.EOF), e.Unwrap(), e.Error())
	}
}

func TestErrorMessageIsNeverEmpty(t *testing.T) {
	for code, message := range map[generated.ErrorCode]string{
		generated.ErrorCodeTimeout:  "The timeout was reached. The request may have taken effect.",
		generated.ErrorCodeFail:     "The server failed to handle the request.",
		generated.ErrorCodeNodeIsUp: "FABRIC_E_NODE_IS_UP",
		"FMFailoverUnitNotFound":    "FMFailoverUnitNotFound",
		"":                          "The server failed to handle the request.",
	} {
		if got := server.NewError(code, "").Message; got != message {
			t.Errorf("%q: %q, want %q", code, got, message)
		}
	}
}

// An Error may have headers and say when to come back; what the edge sets stays as it is.
func TestErrorHeaders(t *testing.T) {
	t.Parallel()
	busy := &server.Error{
		Code: generated.ErrorCodeServiceTooBusy, RetryAfter: 1500 * time.Millisecond,
		Header: http.Header{"X-Shard": {"7"}, "Content-Type": {"text/html"}, "X-Content-Type-Options": {"sniff"}, "Content-Length": {"1"}},
	}
	h := newHandler(t, &spy{}, server.WithMiddleware(func(server.Invoke) server.Invoke {
		return func(context.Context, *generated.Operation, any) (any, error) {
			return nil, fmt.Errorf("full: %w", busy)
		}
	}))
	r, err := parse(http.MethodPost, gracefully)
	if err != nil {
		t.Fatal(err)
	}
	got := serve(t, h, r)
	if got.want != (want{503, generated.ErrorCodeServiceTooBusy}) {
		t.Errorf("got %v", got.want)
	}
	for name, value := range map[string]string{
		"Retry-After": "2", "X-Shard": "7", "Content-Type": "application/json; charset=utf-8", "X-Content-Type-Options": "nosniff", "Content-Length": "",
	} {
		if got := got.header.Get(name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
}

// The rows of §4.2 and §4.3 for the codes of the document.
var statuses = map[int]string{
	400: `E_INVALIDARG FABRIC_E_APPLICATION_NOT_UPGRADING FABRIC_E_APPLICATION_UPGRADE_VALIDATION_ERROR FABRIC_E_BACKUP_IN_PROGRESS
		FABRIC_E_BACKUP_NOT_ENABLED FABRIC_E_CONFIGURATION_SECTION_NOT_FOUND FABRIC_E_FABRIC_NOT_UPGRADING
		FABRIC_E_FABRIC_UPGRADE_VALIDATION_ERROR FABRIC_E_IMAGEBUILDER_VALIDATION_ERROR FABRIC_E_INVALID_ADDRESS
		FABRIC_E_INVALID_ATOMIC_GROUP FABRIC_E_INVALID_CONFIGURATION FABRIC_E_INVALID_DURATION FABRIC_E_INVALID_FOR_STATELESS_SERVICES
		FABRIC_E_INVALID_INSTANCE_ID FABRIC_E_INVALID_NAME_URI FABRIC_E_INVALID_PARTITION_KEY FABRIC_E_INVALID_SERVICE_SCALING_POLICY
		FABRIC_E_INVALID_TEST_COMMAND_STATE FABRIC_E_KEY_TOO_LARGE FABRIC_E_NODE_IS_UP FABRIC_E_NODE_TRANSITION_IN_PROGRESS
		FABRIC_E_PATH_TOO_LONG FABRIC_E_SERVICE_AFFINITY_CHAIN_NOT_SUPPORTED FABRIC_E_VALUE_EMPTY`,
	403: `E_ACCESSDENIED`,
	404: `FABRIC_E_APPLICATION_NOT_FOUND FABRIC_E_APPLICATION_TYPE_NOT_FOUND FABRIC_E_CONFIGURATION_PARAMETER_NOT_FOUND
		FABRIC_E_DIRECTORY_NOT_FOUND FABRIC_E_ENUMERATION_COMPLETED FABRIC_E_FABRIC_VERSION_NOT_FOUND FABRIC_E_FILE_NOT_FOUND
		FABRIC_E_HEALTH_ENTITY_NOT_FOUND FABRIC_E_KEY_NOT_FOUND FABRIC_E_NAME_DOES_NOT_EXIST FABRIC_E_NODE_NOT_FOUND
		FABRIC_E_PARTITION_NOT_FOUND FABRIC_E_PROPERTY_DOES_NOT_EXIST FABRIC_E_REPLICA_DOES_NOT_EXIST FABRIC_E_SERVICE_DOES_NOT_EXIST
		FABRIC_E_SERVICE_GROUP_DOES_NOT_EXIST FABRIC_E_SERVICE_MANIFEST_NOT_FOUND FABRIC_E_SERVICE_TYPE_NOT_FOUND
		FABRIC_E_SERVICE_TYPE_TEMPLATE_NOT_FOUND`,
	409: `FABRIC_E_APPLICATION_ALREADY_EXISTS FABRIC_E_APPLICATION_ALREADY_IN_TARGET_VERSION FABRIC_E_APPLICATION_TYPE_ALREADY_EXISTS
		FABRIC_E_APPLICATION_TYPE_IN_USE FABRIC_E_APPLICATION_TYPE_PROVISION_IN_PROGRESS FABRIC_E_APPLICATION_UPGRADE_IN_PROGRESS
		FABRIC_E_FABRIC_ALREADY_IN_TARGET_VERSION FABRIC_E_FABRIC_UPGRADE_IN_PROGRESS FABRIC_E_FABRIC_VERSION_ALREADY_EXISTS
		FABRIC_E_FABRIC_VERSION_IN_USE FABRIC_E_HEALTH_STALE_REPORT FABRIC_E_INSTANCE_ID_MISMATCH FABRIC_E_NAME_ALREADY_EXISTS
		FABRIC_E_NAME_NOT_EMPTY FABRIC_E_NODE_HAS_NOT_STOPPED_YET FABRIC_E_PROPERTY_CHECK_FAILED
		FABRIC_E_RESTORE_SOURCE_TARGET_PARTITION_MISMATCH FABRIC_E_SEQUENCE_NUMBER_CHECK_FAILED FABRIC_E_SERVICE_ALREADY_EXISTS
		FABRIC_E_SERVICE_GROUP_ALREADY_EXISTS FABRIC_E_SERVICE_METADATA_MISMATCH FABRIC_E_SERVICE_TYPE_MISMATCH
		FABRIC_E_TEST_COMMAND_OPERATION_ID_ALREADY_EXISTS`,
	413: `FABRIC_E_MESSAGE_TOO_LARGE FABRIC_E_VALUE_TOO_LARGE`,
	500: `E_FAIL FABRIC_E_BACKUP_IS_ENABLED FABRIC_E_RESTORE_IN_PROGRESS FABRIC_E_BACKUP_POLICY_NOT_EXISTING
		FABRIC_E_BACKUP_POLICY_ALREADY_EXISTING FABRIC_E_FAULT_ANALYSIS_SERVICE_NOT_EXISTING`,
	501: `E_NOTIMPL`,
	502: `FABRIC_E_GATEWAY_NOT_REACHABLE`,
	503: `E_ABORT FABRIC_E_NOT_PRIMARY FABRIC_E_NOT_READY FABRIC_E_NO_WRITE_QUORUM FABRIC_E_RECONFIGURATION_PENDING
		FABRIC_E_SERVICE_OFFLINE FABRIC_E_SERVICE_TOO_BUSY`,
	504: `FABRIC_E_COMMUNICATION_ERROR FABRIC_E_OPERATION_NOT_COMPLETE FABRIC_E_TIMEOUT`,
}

func TestStatusOf(t *testing.T) {
	seen := make(map[generated.ErrorCode]bool)
	for status, codes := range statuses {
		for code := range strings.FieldsSeq(codes) {
			c := generated.ErrorCode(code)
			seen[c] = true
			if got := server.StatusOf(c); got != status {
				t.Errorf("%s: %d, want %d", c, got, status)
			}
			if e := server.NewError(c, ""); e.Status != status || e.Message == "" {
				t.Errorf("%s: %+v", c, e)
			}
		}
	}
	for _, code := range []generated.ErrorCode{"", "FMFailoverUnitNotFound", "0x80131505", "E_POINTER", "fabric_e_timeout"} {
		if got := server.StatusOf(code); got != 500 {
			t.Errorf("%q: %d, want 500", code, got)
		}
	}
	for _, code := range documentCodes(t) {
		if !seen[code] {
			t.Errorf("no case for %s of the document", code)
		}
	}
}

// documentCodes reads the constants of the generated code.
func documentCodes(t *testing.T) (codes []generated.ErrorCode) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../generated/types.gen.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return true
		}
		if of, ok := v.Type.(*ast.Ident); !ok || of.Name != "ErrorCode" {
			return true
		}
		text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, generated.ErrorCode(text))
		return true
	})
	if len(codes) < 50 {
		t.Fatalf("found %d codes", len(codes))
	}
	return codes
}
