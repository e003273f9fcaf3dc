package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
)

// What net/http itself has to say of a connection does not come out: it repeats what a server
// sent unasked, which may be what that was sent as a credential.
func TestNetHTTPSaysNothing(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	id := uuid.NewString()
	var looks atomic.Int32
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				in := bufio.NewReader(conn)
				for {
					if _, err := http.ReadRequest(in); err != nil {
						return
					}
					state := "Running"
					if looks.Add(1) > 5 {
						state = "Completed"
					}
					list := fmt.Sprintf(`[{"OperationId":%q,"Type":"PartitionDataLoss","State":%q}]`, id, state)
					fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%sBearer unasked", len(list), list)
				}
			}()
		}
	}()
	cmd := exec.Command(os.Args[0], "wait", id, "--endpoint", "http://"+listener.Addr().String(), "--interval", "20ms")
	cmd.Env = append(os.Environ(), asProgram+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Completed") || strings.Contains(string(out), "unasked") {
		t.Errorf("%v: %s", err, out)
	}
}
