// Command ownserver shows how to write a server on the scaffold: two operations on a map, and bearer tokens that
// identify admins and users. Package server does the rest: versions, parameters, roles, timeouts, errors.
//
//	echo -n "a long secret" | sha256sum       # the file contains the SHA-256 of each token, not the token
//	go run ./ownserver -tokens tokens.json    # {"9d72ad9f…": "admin", "6a08f53c…": "user"}
package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

func main() {
	addr := flag.String("addr", "localhost:19080", "address to serve")
	file := flag.String("tokens", "tokens.json", "file of the tokens and their roles")
	flag.Parse()
	text, err := os.ReadFile(*file)
	var tokens map[string]string
	if err == nil {
		err = json.Unmarshal(text, &tokens)
	}
	var h http.Handler
	if err == nil {
		h, err = handler(&faults{states: map[uuid.UUID]generated.OperationState{uuid.New(): generated.OperationStateRunning}}, tokens)
	}
	if err == nil {
		srv := server.NewHTTPServer(h, slog.Default())
		srv.Addr = *addr
		err = srv.ListenAndServe()
	}
	fmt.Fprintln(os.Stderr, "ownserver:", err)
	os.Exit(1)
}

func handler(f *faults, tokens map[string]string) (http.Handler, error) {
	return server.New(f, server.WithAuthenticator(func(r *http.Request) (server.Role, string, error) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		switch tokens[hash(token)] {
		case "admin":
			return server.Admin, "an admin", nil
		case "user":
			return server.User, "a user", nil
		default:
			return 0, "", errors.New("unknown token")
		}
	}))
}

func hash(token string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(token))) }

// faults is the implementation. Operations that it does not implement are answered with 501.
type faults struct {
	server.Unimplemented
	mu     sync.Mutex
	states map[uuid.UUID]generated.OperationState
}

func (f *faults) CancelOperation(_ context.Context, r generated.CancelOperationRequestObject) (generated.CancelOperationResponseObject, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := r.Params.OperationID
	if f.states[id] != generated.OperationStateRunning {
		return nil, server.NewError(generated.ErrorCodeKeyNotFound, "No active operation has this id.")
	}
	f.states[id] = generated.OperationStateCancelled
	return generated.CancelOperation200Response{}, nil
}

func (f *faults) GetFaultOperationList(context.Context, generated.GetFaultOperationListRequestObject) (generated.GetFaultOperationListResponseObject, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := generated.GetFaultOperationList200JSONResponse{}
	for id, state := range f.states {
		list = append(list, generated.OperationStatus{OperationID: id, State: state, Type: generated.OperationTypePartitionDataLoss})
	}
	return list, nil
}
