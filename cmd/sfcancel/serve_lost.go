package main

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/sfcancel/sfcancel/store"
)

// lostStore is a store that has closed itself while it was served, because it could not tell any
// more what its medium holds. Opened anew it can: a supervisor has to start the server again.
type lostStore struct{ error }

func (e lostStore) Unwrap() error { return e.error }

// lostBy is what an engine ended by that was not told to end; nil if that is no reason to end
// the server.
func lostBy(err error) error {
	if !errors.Is(err, store.ErrClosed) {
		return nil
	}
	return lostStore{err}
}

// abandon ends a server at once. Who waits for an answer gets none: of a transaction that was
// under way nobody knows more.
func abandon(srv *http.Server, why error) error { return errors.Join(why, srv.Close()) }

// tellLost writes the one line that an operator has to see.
func tellLost(logger *slog.Logger, err error) error {
	if lost, ok := errors.AsType[lostStore](err); ok {
		logger.Error("the store has failed and closed itself; start the server again", "error", lost.error)
	}
	return err
}
