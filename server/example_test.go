package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// cluster implements only CancelOperation.
type cluster struct{ server.Unimplemented }

func (cluster) CancelOperation(_ context.Context, r generated.CancelOperationRequestObject) (generated.CancelOperationResponseObject, error) {
	if r.Params.OperationID == uuid.Nil {
		return nil, server.NewError(generated.ErrorCodeKeyNotFound, "No active operation has this id.")
	}
	return generated.CancelOperation200Response{}, nil
}

// An implementation of one operation. The others are Unimplemented.
func Example() {
	h, err := server.New(cluster{})
	if err != nil {
		fmt.Println(err)
		return
	}
	srv := httptest.NewServer(h)
	defer srv.Close()

	for _, r := range []struct{ method, target string }{
		{http.MethodPost, "/Faults/$/Cancel?api-version=6.0&OperationId=5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01&Force=false"},
		{http.MethodGet, "/Faults/?api-version=6.0&StateFilter=65535&TypeFilter=65535"},
	} {
		req, err := http.NewRequestWithContext(context.Background(), r.method, srv.URL+r.target, http.NoBody)
		if err != nil {
			fmt.Println(err)
			return
		}
		resp, err := srv.Client().Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		var failure generated.FabricError
		_ = json.NewDecoder(resp.Body).Decode(&failure) // the body of a success is empty
		_ = resp.Body.Close()
		fmt.Printf("%s: %d %q\n", r.method, resp.StatusCode, failure.Error.Code)
	}
	// Output:
	// POST: 200 ""
	// GET: 501 "E_NOTIMPL"
}
