package main

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/sfcancel/sfcancel/store"
)

// lostStore means that a store closed itself while it was served, because it no longer knew what
// its medium holds. Opening it again solves that: a supervisor has to restart the server.
type lostStore struct{ error }

func (e lostStore) Unwrap() error { return e.error }

// lostBy returns an error if a closed store ended the engine, and nil if the server need not end.
func lostBy(err error) error {
	if !errors.Is(err, store.ErrClosed) {
		return nil
	}
	return lostStore{err}
}

// abandon ends a server at once. Waiting clients get no answer, because the outcome of a transaction
// under way is unknown.
func abandon(srv *http.Server, why error) error { return errors.Join(why, srv.Close()) }

// logLost logs the line that an operator has to see.
func logLost(logger *slog.Logger, err error) error {
	if lost, ok := errors.AsType[lostStore](err); ok {
		logger.Error("the store has failed and closed itself; restart the server", "error", lost.error)
	}
	return err
}
