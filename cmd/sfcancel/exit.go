package main

import (
	"errors"

	"github.com/sfcancel/sfcancel/wrapper"
)

// The exit codes, as the help of the root command tells them.
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
)

// exitCode maps an error to what a script decides on.
func exitCode(err error) int {
	var u usageError
	var lost lostStore
	switch {
	case err == nil:
		return exitOK
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
	case errors.Is(err, wrapper.ErrNotFound):
		return exitNotFound
	case errors.Is(err, wrapper.ErrNotFinished):
		return exitNotFinished
	case errors.Is(err, wrapper.ErrNotSent), errors.Is(err, wrapper.ErrUnavailable):
		return exitNotSent
	}
	return exitFailed
}
