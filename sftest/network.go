package sftest

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
)

// network is a listener in memory. Its connections are net.Pipes, which use
// channels, so that a synctest bubble can tell when all goroutines are blocked.
type network struct {
	conns       chan net.Conn
	closed      chan struct{}
	once        sync.Once
	unreachable atomic.Bool
}

func newNetwork() *network {
	return &network{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// dial connects to the server, whatever the address. It hardly waits: while the
// network is open, the server accepts every connection.
func (n *network) dial(context.Context, string, string) (net.Conn, error) {
	refused := &net.OpError{Op: "dial", Net: n.Network(), Addr: n, Err: syscall.ECONNREFUSED}
	if n.unreachable.Load() {
		return nil, refused
	}
	client, server := net.Pipe()
	select {
	case n.conns <- server:
		return client, nil
	case <-n.closed:
		return nil, refused
	}
}

// Accept implements [net.Listener].
func (n *network) Accept() (net.Conn, error) {
	select {
	case conn := <-n.conns:
		return conn, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (n *network) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

// Addr implements [net.Listener].
func (n *network) Addr() net.Addr { return n }

// Network and String implement [net.Addr].
func (n *network) Network() string { return "sftest" }
func (n *network) String() string  { return host }
