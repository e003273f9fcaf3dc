//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/google/uuid"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/abuse"
)

const everyOperation = "/Faults/?api-version=6.0&StateFilter=65535&TypeFilter=65535"

// operations returns the text of a seed with n active operations, and their ids.
func operations(t *testing.T, n int) (seed string, ids []string) {
	t.Helper()
	var planted []map[string]string
	for range n {
		ids = append(ids, uuid.NewString())
		planted = append(planted, map[string]string{"id": ids[len(ids)-1], "kind": "PartitionDataLoss", "step": "PerformingActions"})
	}
	text, err := json.Marshal(map[string]any{"operations": planted})
	if err != nil {
		t.Fatal(err)
	}
	return string(text), ids
}

// crowd is a frozen server with 10 000 active operations.
type crowd struct {
	*victim
	ids    []string // not cancelled yet
	client *http.Client
}

func newCrowd(t *testing.T, flags ...string) *crowd {
	t.Helper()
	text, ids := operations(t, 10_000)
	return crowdOf(t, text, ids, flags...)
}

func crowdOf(t *testing.T, text string, ids []string, flags ...string) *crowd {
	t.Helper()
	seed := filepath.Join(t.TempDir(), "seed.json")
	if err := os.WriteFile(seed, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := serveProcess(t, append([]string{"--freeze", "--seed", seed}, flags...)...)
	u, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trustful()}}
	t.Cleanup(client.CloseIdleConnections)
	c := &crowd{&victim{process: p, addr: u.Host}, ids, client}
	for range 3 { // so that the cost of normal lists does not count
		c.list(t)
	}
	return c
}

// trustful returns the configuration of a client that does not verify the server.
func trustful() *tls.Config { return &tls.Config{InsecureSkipVerify: true} }

func secured(t *testing.T) []string {
	t.Helper()
	certs := newTestPKI(t)
	return []string{"--tls-cert", certs.file("server.pem"), "--tls-key", certs.file("server.key")}
}

func (c *crowd) list(t *testing.T) {
	t.Helper()
	if status, _, body := exchange(t, c.client, http.MethodGet, c.url+everyOperation, nil, ""); status != http.StatusOK || len(body) < 900_000 {
		t.Fatalf("list: got %d with %d bytes, want 200 with 900000 or more", status, len(body))
	}
}

// cancel cancels the next operation.
func (c *crowd) cancel(t *testing.T) {
	t.Helper()
	status, _, body := exchange(t, c.client, http.MethodPost, c.url+"/Faults/$/Cancel?api-version=6.0&Force=false&OperationId="+c.ids[0], nil, "")
	if status != http.StatusOK {
		t.Fatalf("cancel: got %d %s, want 200", status, body)
	}
	c.ids = c.ids[1:]
}

// suffer plays an abuse by clients that may only read, or by anonymous clients, while others cancel.
// The server is terminated while the abuse goes on.
func (c *crowd) suffer(t *testing.T, do func() (done func())) []abuse.Figure {
	t.Helper()
	before, cpu := c.memory(t, "VmRSS"), c.cpu(t)
	done := do()
	var worst time.Duration
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		begun := time.Now()
		c.cancel(t)
		worst = max(worst, time.Since(begun))
	}
	used, grown := c.cpu(t)-cpu, c.memory(t, "VmHWM")-before
	ended := c.terminate(t)
	done()
	return []abuse.Figure{
		abuse.Memory("rss", grown, unraced(64, 512)<<10), abuse.Time("cpu", used, time.Second),
		abuse.Time("cancel", worst, 100*time.Millisecond), abuse.Time("sigterm", ended, drainTime+time.Second),
	}
}

// listsGivenUp requests a list on each of many connections, and closes them before the answer.
func listsGivenUp(t *testing.T) []abuse.Figure {
	c := newCrowd(t)
	return c.suffer(t, func() func() {
		for _, conn := range c.open(t, 200, nil) {
			if _, err := conn.Write(whole("GET " + everyOperation)); err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(time.Second/2, func() { _ = conn.Close() })
		}
		return func() {}
	})
}

// streamsNotRead requests lists on streams whose window has no room for an answer.
func streamsNotRead(t *testing.T) []abuse.Figure {
	c := newCrowd(t, secured(t)...)
	return c.suffer(t, func() func() {
		all := make([]*streams, 10)
		many(t, len(all), func(i int) (err error) {
			all[i], err = c.streams(t.Context(), http2.Setting{ID: http2.SettingInitialWindowSize})
			for n := 0; n < 100 && err == nil; n++ {
				err = all[i].begin()
			}
			return err
		})
		return func() {
			for _, s := range all {
				_ = s.conn.Close()
			}
		}
	})
}

// streamResets requests lists on streams that it resets at once. If the server closes the connection,
// it opens another.
func streamResets(t *testing.T) []abuse.Figure {
	c := newCrowd(t, secured(t)...)
	const each, atOnce = 5_000, 4
	var connections atomic.Int64
	figures := c.suffer(t, func() func() {
		many(t, atOnce, func(int) error {
			for n := 0; n < each; {
				s, err := c.streams(t.Context())
				if err != nil {
					return err
				}
				connections.Add(1)
				for ; n < each && err == nil; n++ {
					err = errors.Join(s.begin(), s.framer.WriteRSTStream(s.next-2, http2.ErrCodeCancel))
				}
				_ = s.conn.Close()
			}
			return nil
		})
		return func() {}
	})
	figures[1] = figures[1].Free() // no limit, because so many handshakes and lists cost time
	return append([]abuse.Figure{abuse.Count("resets", atOnce*each, 0).Free(), abuse.Count("connections", int(connections.Load()), 0).Free()}, figures...)
}

// streams is an HTTP/2 connection for requests of lists. It discards the answers.
type streams struct {
	conn   net.Conn
	framer *http2.Framer
	next   uint32
	addr   string
	head   bytes.Buffer
	coder  *hpack.Encoder
}

func (v *victim) streams(ctx context.Context, settings ...http2.Setting) (*streams, error) {
	config := trustful()
	config.NextProtos = []string{"h2"}
	conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", v.addr)
	if err != nil {
		return nil, err
	}
	s := &streams{conn: conn, framer: http2.NewFramer(conn, conn), next: 1, addr: v.addr}
	s.coder = hpack.NewEncoder(&s.head)
	_, err = io.WriteString(conn, http2.ClientPreface)
	if err == nil {
		err = s.framer.WriteSettings(settings...)
	}
	go func() { _, _ = io.Copy(io.Discard, conn) }()
	return s, err
}

// begin requests a list on a new stream.
func (s *streams) begin() error {
	s.head.Reset()
	for _, field := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", s.addr}, {":path", everyOperation}} {
		_ = s.coder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}) // cannot fail, because it writes to memory
	}
	id := s.next
	s.next += 2
	return s.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: s.head.Bytes(), EndStream: true, EndHeaders: true})
}

// listsAtOnce requests very many lists at once. Each is answered, or refused as the runtime refuses
// requests when it is too busy.
func listsAtOnce(t *testing.T) []abuse.Figure {
	text, ids := operations(t, 10_000)
	c := crowdOf(t, strings.Replace(text, "{", `{"config": {"ConcurrentRequests": 1}, `, 1), ids)
	const n = 500
	var mu sync.Mutex
	var refused, wrong int
	before := c.memory(t, "VmRSS")
	conns := c.open(t, n, nil)
	many(t, n, func(i int) error {
		got, _, err := askOn(conns[i], whole("GET "+everyOperation))
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err != nil:
			return err
		case got.status == http.StatusServiceUnavailable && got.code == generated.ErrorCodeServiceTooBusy && got.retryAfter != "":
			refused++
		case got.status != http.StatusOK || len(got.body) < 900_000:
			wrong++
		}
		return nil
	})
	grown := c.memory(t, "VmHWM") - before
	closeAll(conns)
	c.terminate(t)
	return []abuse.Figure{
		abuse.Count("lists", n, 0).Free(), abuse.Count("refused", refused, 0).Free(), abuse.Count("wrong", wrong, 0), abuse.Memory("rss", grown, unraced(64, 512)<<10),
	}
}

// cpu returns the CPU time that the process has used.
func (v *victim) cpu(t *testing.T) time.Duration {
	t.Helper()
	const ofProcess = 2 // CPUCLOCK_SCHED, all threads
	clock := ^v.cmd.Process.Pid<<3 | ofProcess
	var used syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, uintptr(clock), uintptr(unsafe.Pointer(&used)), 0); errno != 0 {
		t.Fatalf("got %v, want a running server", errno)
	}
	return time.Duration(used.Nano())
}
