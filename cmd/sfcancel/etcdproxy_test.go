package main

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A store in etcd goes to its members, whatever proxy the environment names: that would get
// to see passwords, and decide what a member says.
func TestEtcdTakesNoProxyOfTheEnvironment(t *testing.T) {
	proxy, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{}, 1000)
	go func() {
		defer close(asked)
		for {
			conn, err := proxy.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
			asked <- struct{}{}
		}
	}()
	// Loopback addresses never go through a proxy.
	cmd := exec.Command(os.Args[0], "ledger", "--ledger", "etcd://member.invalid:2379/p")
	cmd.Env = append(os.Environ(), asProgram+"=1", "NO_PROXY=", "no_proxy=")
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"} {
		cmd.Env = append(cmd.Env, name+"=http://"+proxy.Addr().String(), strings.ToLower(name)+"=http://"+proxy.Addr().String())
	}
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Errorf("it found a store: %s", out)
	}
	if err := proxy.Close(); err != nil {
		t.Fatal(err)
	}
	for range asked {
		t.Fatal("the proxy was asked")
	}
}
