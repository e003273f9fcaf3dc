package main

import (
	"context"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/sfcancel/sfcancel/internal/plain"
)

// console is what people see of a command, and answer it with.
type console struct {
	in            io.Reader
	out, err      io.Writer // what others wrote cannot do harm there
	raw, rawErr   io.Writer // for what this program draws itself
	prompt        io.Writer // where somebody is asked; nil if nobody is there
	screen        bool      // standard error is a terminal
	width         int       // of a table; 0 is unlimited
	colour        bool
	outIsTerminal bool
}

type consoleKey struct{}

// newConsole is that of this process, whose output goes to the writers.
func newConsole(stdout, stderr io.Writer) *console {
	c := &console{in: os.Stdin, out: plain.Writer(stdout), err: plain.Writer(stderr), raw: stdout, rawErr: stderr}
	c.screen = isTerminal(stderr)
	if isTerminal(os.Stdin) {
		c.prompt = c.err
		if !c.screen {
			c.prompt = terminal()
		}
	}
	if c.outIsTerminal = isTerminal(stdout); c.outIsTerminal {
		c.width = 80
		if width, _, err := term.GetSize(int(stdout.(*os.File).Fd())); err == nil && width > 0 {
			c.width = width
		}
		c.colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	return c
}

// terminal is that of the process, nil if it has none.
func terminal() io.Writer {
	file, err := os.OpenFile("/dev/tty", os.O_WRONLY, 0)
	if err != nil {
		return nil
	}
	return plain.Writer(file)
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// consoleOf is that of a command, which run has put there.
func consoleOf(ctx context.Context) *console {
	if c, ok := ctx.Value(consoleKey{}).(*console); ok {
		return c
	}
	return newConsole(io.Discard, io.Discard)
}
