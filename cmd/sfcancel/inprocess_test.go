package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"
)

// serveInTest runs "sfcancel serve" in this process, on a socket of its own, until the
// end of the test, and returns its address. Its end must be a good one.
func serveInTest(t *testing.T, args ...string) string {
	t.Helper()
	url, _ := serveUntil(t, args...)
	return url
}

// serveUntil is serveInTest with an end that can be called for.
func serveUntil(t *testing.T, args ...string) (url string, end func()) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	out, stdout := io.Pipe()
	var stderr bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		code := run(ctx, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...), stdout, &stderr)
		_ = stdout.Close()
		ended <- code
	}()
	end = sync.OnceFunc(func() {
		stop()
		if code := <-ended; code != exitOK {
			t.Errorf("serve %v: exit %d:\n%s", args, code, stderr.String())
		}
	})
	t.Cleanup(end)
	line, err := bufio.NewReader(out).ReadString('\n')
	url, found := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !found {
		t.Fatalf("serve %v: the first line was %q (%v)", args, line, err)
	}
	return url, end
}
