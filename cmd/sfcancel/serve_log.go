package main

import (
	"fmt"
	"io"
	"log/slog"
)

// newLogger returns the log of a server.
func newLogger(to io.Writer, format, level string) (*slog.Logger, error) {
	var least slog.Level
	switch level {
	case "debug", "info", "warn", "error":
		_ = least.UnmarshalText([]byte(level)) // cannot fail for these
	default:
		return nil, fmt.Errorf("--log-level %q: it must be debug, info, warn or error", level)
	}
	options := &slog.HandlerOptions{Level: least}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(to, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(to, options)), nil
	default:
		return nil, fmt.Errorf("--log-format %q: it must be text or json", format)
	}
}
