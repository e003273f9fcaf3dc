package admin_test

import (
	"errors"
	"net"
	"testing"

	"github.com/sfcancel/sfcancel/cmd/sfcancel/internal/admin"
)

// Off the network, connections are refused. Back on it, they are accepted at the same address, by an Accept that has
// waited.
func TestAddress(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := admin.NewAddress(listener)
	accepted := make(chan error)
	go func() {
		for {
			conn, err := a.Accept()
			if err == nil {
				err = conn.Close()
			}
			accepted <- err
			if err != nil {
				return
			}
		}
	}()
	set := func(reachable bool) {
		t.Helper()
		for range 2 { // the second time changes nothing
			if err := a.Set(t.Context(), reachable); err != nil || a.Reachable() != reachable {
				t.Fatalf("got %v, reachable %t, want nil, %t", err, a.Reachable(), reachable)
			}
		}
	}
	for range 3 {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", a.Addr().String())
		if err != nil {
			t.Fatalf("dial while reachable: got %v, want nil", err)
		}
		_ = conn.Close()
		if err := <-accepted; err != nil {
			t.Fatal(err)
		}
		set(false)
		if conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", a.Addr().String()); err == nil {
			_ = conn.Close()
			t.Fatal("dial while not reachable: got nil, want an error")
		}
		set(true)
	}
	set(false)
	for range 2 {
		if err := a.Close(); err != nil {
			t.Errorf("Close: got %v, want nil", err)
		}
	}
	if err := <-accepted; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close: got %v, want ErrClosed", err)
	}
	if err := a.Set(t.Context(), true); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Set after Close: got %v, want ErrClosed", err)
	}
}
