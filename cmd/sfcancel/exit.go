package main

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
)

// The exit codes, as documented in the help of the root command.
const (
	exitOK = iota
	exitFailed
	exitUsage
	exitPolicy
	exitRefused
	exitUnknown
	exitNotFound
	exitNotSent
	exitNotFinished
	exitStoreLost
	exitOtherEnd
	exitDeclined
)

// errNotFound means that the cluster does not know an operation.
var errNotFound = errors.New("no such operation")

// unknownOperation is errNotFound with the id of the operation.
type unknownOperation struct{ id uuid.UUID }

func (e unknownOperation) Error() string { return fmt.Sprintf("operation %s: %v", e.id, errNotFound) }

func (e unknownOperation) Unwrap() error { return errNotFound }

// exitCode returns the exit code for an error.
func exitCode(err error) int {
	var u usageError
	var lost lostStore
	var several severalError
	var token tokenError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &several):
		return exitCode(several.errs[0])
	case errors.Is(err, errDeclined):
		return exitDeclined
	case errors.Is(err, errOtherEnd):
		return exitOtherEnd
	case errors.As(err, &u), errors.Is(err, wrapper.ErrInvalidArgument):
		return exitUsage
	case errors.As(err, &lost):
		return exitStoreLost
	case errors.Is(err, wrapper.ErrForceRefused):
		return exitPolicy
	case errors.Is(err, wrapper.ErrOutcomeUnknown):
		return exitUnknown
	case errors.Is(err, wrapper.ErrServerRefused):
		return exitRefused
	case errors.Is(err, errNotFound):
		return exitNotFound
	case errors.Is(err, wrapper.ErrNotFinished):
		return exitNotFinished
	case errors.As(err, &token), errors.Is(err, wrapper.ErrNotSent), errors.Is(err, wrapper.ErrUnavailable):
		return exitNotSent
	}
	return exitFailed
}
