//go:build linux

package main

import (
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/internal/abuse"
)

// endsInTheDrain checks that a server exits with 0 although the body of a request never comes.
func endsInTheDrain(t *testing.T) []abuse.Figure {
	v := &victim{process: serveProcess(t)}
	unfinished(t, v.url)
	return []abuse.Figure{abuse.Time("sigterm", v.terminate(t), drainTime+time.Second)}
}
