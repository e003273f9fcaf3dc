//go:build linux

package main

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const everyOperation = "/Faults/?api-version=6.0&StateFilter=65535&TypeFilter=65535"

// TestAbuseLists: whoever may look cannot stop the server by looking. Lists of 10 000 operations that are asked for
// many times over, and never read, cost a little memory, and everybody else is answered meanwhile. What
// CPU and time that took is in the log.
func TestAbuseLists(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	const operations = 10_000
	var ids []string
	var planted []map[string]string
	for range operations {
		ids = append(ids, uuid.NewString())
		planted = append(planted, map[string]string{"id": ids[len(ids)-1], "kind": "PartitionDataLoss", "step": "PerformingActions"})
	}
	text, err := json.Marshal(map[string]any{"operations": planted})
	if err != nil {
		t.Fatal(err)
	}
	seed := filepath.Join(t.TempDir(), "seed.json")
	if err := os.WriteFile(seed, text, 0o600); err != nil {
		t.Fatal(err)
	}
	bound := 64
	if underRace {
		bound = 512
	}
	certs := newTestPKI(t)
	for _, tt := range []struct {
		name  string
		flags []string
		abuse func(t *testing.T, addr string) (done func())
	}{
		{"200 lists given up after half a second", nil, listsGivenUp},
		{"10 connections of HTTP/2 with 100 streams each that are not read", []string{"--tls-cert", certs.file("server.pem"), "--tls-key", certs.file("server.key")}, streamsNotRead},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := &victim{process: serveProcess(t, append([]string{"--freeze", "--seed", seed}, tt.flags...)...)}
			u, err := url.Parse(v.url)
			if err != nil {
				t.Fatal(err)
			}
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: certs.config(nil)}}
			t.Cleanup(client.CloseIdleConnections)
			for range 3 { // what one takes is not the abuse's
				if status, _, _ := exchange(t, client, http.MethodGet, v.url+everyOperation, nil, ""); status != http.StatusOK {
					t.Fatalf("a list: %d", status)
				}
			}
			before, cpu := v.memory(t, "VmRSS"), v.cpu(t)
			done := tt.abuse(t, u.Host)
			var worst time.Duration
			n := 0
			for end := time.Now().Add(2 * time.Second); time.Now().Before(end); n++ {
				begun := time.Now()
				status, _, body := exchange(t, client, http.MethodPost, v.url+"/Faults/$/Cancel?api-version=6.0&Force=false&OperationId="+ids[n], nil, "")
				worst = max(worst, time.Since(begun))
				if status != http.StatusOK {
					t.Fatalf("a cancel meanwhile: %d %s", status, body)
				}
				time.Sleep(10 * time.Millisecond)
			}
			used, grown := v.cpu(t)-cpu, v.memory(t, "VmHWM")-before
			t.Logf("%v of CPU with %d cancels, the longest %v, %d MiB", used, n, worst, grown>>10)
			if grown > bound<<10 {
				t.Errorf("the server grew by %d MiB, and may by %d", grown>>10, bound)
			}
			v.endWell(t) // while they are still there
			done()
		})
	}
}

// listsGivenUp asks for lists on a connection each, and hangs up before they are there.
func listsGivenUp(t *testing.T, addr string) func() {
	t.Helper()
	for range 200 {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "GET "+everyOperation+" HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second/2, func() { _ = conn.Close() })
	}
	return func() {}
}

// streamsNotRead asks for lists on streams that have no room for an answer.
func streamsNotRead(t *testing.T, addr string) func() {
	t.Helper()
	var all []net.Conn
	for range 10 {
		dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}}
		conn, err := dialer.DialContext(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, conn)
		framer := http2.NewFramer(conn, conn)
		var head bytes.Buffer
		encoder := hpack.NewEncoder(&head)
		_, err = io.WriteString(conn, http2.ClientPreface)
		if err == nil {
			err = framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize})
		}
		go func() { _, _ = io.Copy(io.Discard, conn) }()
		for i := 0; i < 100 && err == nil; i++ {
			head.Reset()
			for _, field := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", addr}, {":path", everyOperation}} {
				_ = encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}) // to memory
			}
			err = framer.WriteHeaders(http2.HeadersFrameParam{StreamID: uint32(2*i + 1), BlockFragment: head.Bytes(), EndStream: true, EndHeaders: true})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		for _, conn := range all {
			_ = conn.Close()
		}
	}
}

// cpu is what the process has used, in hundredths of a second.
func (v *victim) cpu(t *testing.T) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", v.cmd.Process.Pid))
	if err != nil {
		t.Fatalf("the server is gone: %v", err)
	}
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	var ticks int
	for _, field := range fields[11:13] { // user and system
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * (time.Second / 100)
}
