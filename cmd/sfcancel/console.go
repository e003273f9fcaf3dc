package main

import (
	"context"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/sfcancel/sfcancel/internal/plain"
)

// console is the input and output of a command.
type console struct {
	in            io.Reader
	out, err      io.Writer // escape what is not printable
	raw, rawErr   io.Writer // escape nothing, for control sequences of this program
	prompt        io.Writer // for questions; nil without a terminal
	screen        bool      // standard error is a terminal
	width         int       // of a table; 0 is unlimited
	colour        bool
	outIsTerminal bool
}

type consoleKey struct{}

// newConsole returns the console of this process, with the writers as its output.
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

// terminal returns the terminal of the process, or nil.
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

// consoleOf returns the console that run has put into the context.
func consoleOf(ctx context.Context) *console {
	if c, ok := ctx.Value(consoleKey{}).(*console); ok {
		return c
	}
	return newConsole(io.Discard, io.Discard)
}
