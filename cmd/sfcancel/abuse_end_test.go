//go:build linux

package main

import (
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/internal/abuse"
)

// endsInTheDrain: a body that never comes does not keep a server from ending well.
func endsInTheDrain(t *testing.T) []abuse.Figure {
	v := &victim{process: serveProcess(t)}
	unfinished(t, v.url)
	return []abuse.Figure{abuse.Time("sigterm", v.endWell(t), drainTime+time.Second)}
}
