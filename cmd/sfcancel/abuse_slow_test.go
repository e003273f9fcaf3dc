//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/racedetector"
)

// The limits of server.NewHTTPServer.
const (
	headerTime = 10 * time.Second
	headerSize = 64 << 10
	bodySize   = 4 << 20
)

// slowHeaders sends headers that never end, in four ways. The server cuts off each
// of the connections, and not before its time limit.
func slowHeaders(t *testing.T, v *victim) {
	ways := []struct {
		name       string
		first      []byte // written at once
		drip       string // written then, a byte at a time
		keptBefore bool   // after a request and its answer
		answered   bool   // net/http may answer an incomplete header with 400
	}{
		{name: "nothing at all"},
		{name: "a byte at a time", drip: look + " HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 100), answered: true},
		{name: "a second header that stops", first: []byte("GET /Fau"), keptBefore: true, answered: true},
		{name: "60 KiB, then a byte at a time", first: lines(look, "X: "+strings.Repeat("x", 60<<10)), drip: strings.Repeat("y", 100), answered: true},
	}
	const each = 100
	begun := time.Now()
	conns := v.open(t, each*len(ways), nil)
	took := make([]time.Duration, len(conns))
	v.height(t, len(conns))
	many(t, len(conns), func(i int) error {
		way, c, begun := ways[i%len(ways)], conns[i], begun
		if way.keptBefore {
			got, _, err := askOn(c, whole(look))
			if err := errors.Join(err, got.is(200, "")); err != nil {
				return err
			}
			begun = time.Now() // the time limit of a header begins with its first bytes
		}
		if _, err := c.Write(way.first); err != nil {
			return err
		}
		said, err := cutOff(c, way.drip, begun.Add(headerTime+hang))
		took[i] = time.Since(begun)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", way.name, err)
		case took[i] < headerTime:
			return fmt.Errorf("%s: cut off after %v, want %v or more", way.name, took[i], headerTime)
		case said != "" && (!way.answered || !strings.HasPrefix(said, "HTTP/1.1 400 ")):
			return fmt.Errorf("%s: got %q, want nothing or 400", way.name, said)
		}
		return nil
	})
	for i, way := range ways {
		of := share(took, i, len(ways))
		t.Logf("%-30s %d connections cut off after %v to %v", way.name, each,
			of[0].Round(time.Millisecond), of[each-1].Round(time.Millisecond))
	}
	closeAll(conns)
}

// share returns the times of one of several ways, sorted.
func share(took []time.Duration, way, ways int) (of []time.Duration) {
	for i := way; i < len(took); i += ways {
		of = append(of, took[i])
	}
	slices.Sort(of)
	return of
}

// cutOff sends the text slowly until the server closes the connection, and returns
// what the server sent.
func cutOff(c net.Conn, drip string, until time.Time) (said string, err error) {
	var b [512]byte
	for time.Now().Before(until) {
		if err := c.SetReadDeadline(time.Now().Add(250 * time.Millisecond)); err != nil {
			return said, err
		}
		n, err := c.Read(b[:])
		said += string(b[:n])
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return said, nil // closed, one way or the other
		}
		if drip != "" {
			_, _ = c.Write([]byte(drip[:1])) // the next Read reports a closed connection
			drip = drip[1:]
		}
	}
	return said, errors.New("the connection is still open, want it cut off")
}

// idleConnections opens ten thousand connections that send one request and stay open.
func idleConnections(t *testing.T, v *victim) {
	const wanted = 10_000
	n, why := wanted, ""
	if racedetector.On {
		n, why = 2000, "the race detector would need 3 GiB; test without it, too"
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	// slowHeaders runs at the same time in this process.
	if room := max(int(limit.Cur)-1000, 100); n > room {
		n, why = room, fmt.Sprintf("a process may open only %d files here; raise ulimit -n", limit.Cur)
	}
	if n < wanted {
		t.Logf("WARNING: ONLY %d INSTEAD OF %d CONNECTIONS: %s", n, wanted, why)
	}
	request := whole(look)
	ask := func(c net.Conn) error {
		if _, err := c.Write(request); err != nil {
			return err
		}
		got, err := readReply(c, bufio.NewReaderSize(c, 1024))
		return errors.Join(err, got.is(200, ""))
	}
	begun := time.Now()
	conns := v.open(t, n, ask)
	v.height(t, n)
	rss := v.memory(t, "VmRSS")
	t.Logf("%d connections opened and served in %v; the server holds %d MiB, %.1f KiB for each", n,
		time.Since(begun).Round(time.Millisecond), rss>>10, float64(rss-v.before)/float64(n))

	// They stay open while others are served.
	time.Sleep(time.Second)
	v.height(t, n)
	begun = time.Now()
	some(t, n/10, 64, func(i int) error { return ask(conns[10*i]) })
	t.Logf("%d of them served again in %v", n/10, time.Since(begun).Round(time.Millisecond))

	begun = time.Now()
	closeAll(conns)
	if _, ok := v.await(t, func(fds int) bool { return fds <= v.fds+10 }); ok { // the callers keep some open
		t.Logf("closed by both sides in %v", time.Since(begun).Round(time.Millisecond))
	}
}

// slowBodies sends bodies of the largest size that is allowed. Some arrive slowly; others lack
// only their last byte, which would take 256 MiB if the server kept them.
func slowBodies(t *testing.T, v *victim) {
	const trickling, nearly = 300, 64
	header := append(lines(cancelUnknown, fmt.Sprintf("Content-Length: %d", bodySize)), "\r\n"...)
	body := make([]byte, bodySize-1)
	conns := v.open(t, trickling+nearly, nil)
	begun := time.Now()
	many(t, len(conns), func(i int) error {
		if err := conns[i].SetWriteDeadline(time.Now().Add(2 * hang)); err != nil {
			return err
		}
		_, err := conns[i].Write(header)
		if err == nil && i >= trickling {
			_, err = conns[i].Write(body)
		}
		return err
	})
	v.height(t, len(conns))
	t.Logf("%d bodies without their last byte sent in %v", nearly, time.Since(begun).Round(time.Millisecond))

	for range 8 {
		many(t, trickling, func(i int) error { _, err := conns[i].Write([]byte{'x'}); return err })
		time.Sleep(200 * time.Millisecond) // the pace of a slow client
	}
	many(t, len(conns), func(i int) error { return silent(conns[i]) })
	// The bodies that are completed now are served. The other clients give up.
	many(t, nearly, func(i int) error {
		got, _, err := askOn(conns[trickling+i], []byte{'x'})
		return errors.Join(err, got.is(404, generated.ErrorCodeKeyNotFound))
	})
	closeAll(conns)
}

// largeBodies sends bodies over the limit. The server refuses each as soon as it knows the
// size, and closes the connection, because it does not read the rest.
func largeBodies(t *testing.T, v *victim) {
	chunk := append(fmt.Appendf(nil, "%x\r\n", 64<<10), append(make([]byte, 64<<10), "\r\n"...)...)
	chunks := bytes.Repeat(chunk, 80) // 5 MiB
	ways := []struct {
		name    string
		headers []string
		body    []byte
		status  int
		code    generated.ErrorCode
	}{
		{"announced, not sent", []string{"Content-Length: 4194305"}, nil, 413, generated.ErrorCodeMessageTooLarge},
		{"announced, and sent", []string{"Content-Length: 5242880"}, make([]byte, 5<<20), 413, generated.ErrorCodeMessageTooLarge},
		{"announced, waiting for 100", []string{"Content-Length: 4194305", "Expect: 100-continue"}, nil, 413, generated.ErrorCodeMessageTooLarge},
		{"the longest length", []string{"Content-Length: 9223372036854775807"}, nil, 413, generated.ErrorCodeMessageTooLarge},
		{"in chunks", []string{"Transfer-Encoding: chunked"}, chunks, 413, generated.ErrorCodeMessageTooLarge},
		{"in one chunk", []string{"Transfer-Encoding: chunked"}, append([]byte("500000\r\n"), make([]byte, 5<<20)...), 413, generated.ErrorCodeMessageTooLarge},
		// net/http refuses to read much more framing than body.
		{"in bytes with framing", []string{"Transfer-Encoding: chunked"}, bytes.Repeat([]byte("1;"+strings.Repeat("e", 1000)+"\r\nx\r\n"), 1000), 400, generated.ErrorCodeInvalidArg},
		{"a chunk too long to count", []string{"Transfer-Encoding: chunked"}, []byte("fffffffffffffffff\r\nx"), 400, generated.ErrorCodeInvalidArg},
		// net/http refuses this before the handler is called.
		{"a length beyond int64", []string{"Content-Length: 92233720368547758070"}, nil, 400, ""},
	}
	const each = 20
	conns := v.open(t, each*len(ways), nil)
	v.height(t, len(conns))
	took := make([]time.Duration, len(conns))
	many(t, len(conns), func(i int) error {
		way, c := ways[i%len(ways)], conns[i]
		begun := time.Now()
		got, rest, err := askOn(c, append(lines(cancelUnknown, way.headers...), "\r\n"...), way.body)
		if err := errors.Join(err, got.is(way.status, way.code)); err != nil {
			return fmt.Errorf("%s: %w", way.name, err)
		}
		took[i] = time.Since(begun)
		if err := hungUp(c, rest); err != nil {
			return fmt.Errorf("%s: %w", way.name, err)
		}
		return nil
	})
	for i, way := range ways {
		t.Logf("%-26s %d %s: %s at most, of %d at once", way.name, way.status, http.StatusText(way.status),
			share(took, i, len(ways))[each-1].Round(time.Millisecond), len(conns))
	}
	closeAll(conns)
}
