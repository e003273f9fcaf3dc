package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
)

// ledgerPath returns the directory of the default ledger.
func ledgerPath() (string, error) { return ledgerPathOn(runtime.GOOS, os.Getenv, os.UserHomeDir) }

// ledgerPathOn is ledgerPath for any system. It ignores a relative XDG_STATE_HOME, as its specification requires.
func ledgerPathOn(system string, env func(string) string, home func() (string, error)) (string, error) {
	own := filepath.Join("sfcancel", "ledger")
	if dir := env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, own), nil
	}
	if system == "windows" {
		if dir := env("LocalAppData"); dir != "" {
			return filepath.Join(dir, own), nil
		}
		return "", errors.New("%LocalAppData% is not defined")
	}
	dir, err := home()
	switch {
	case err != nil:
		return "", err
	case system == "darwin":
		return filepath.Join(dir, "Library", "Application Support", own), nil
	}
	return filepath.Join(dir, ".local", "state", own), nil
}

// whoAmI returns the name for the entries of this process, as far as the system knows it.
func whoAmI() string {
	name := fmt.Sprint("uid ", strconv.Itoa(os.Getuid()))
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	if host, err := os.Hostname(); err == nil && host != "" {
		name += "@" + host
	}
	return name
}
