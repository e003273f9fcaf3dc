package admin

import (
	"context"
	"net"
	"sync"
)

// Address is a listener that can be taken off the network, and brought back to the same address. Make it with
// [NewAddress]. It is safe for concurrent use.
type Address struct {
	at net.Addr

	mu       sync.Mutex
	listener net.Listener  // nil while it is off
	changed  chan struct{} // closed when it is back, or on Close
	closed   bool
}

// NewAddress returns an Address that owns the listener.
func NewAddress(listener net.Listener) *Address {
	return &Address{at: listener.Addr(), listener: listener, changed: make(chan struct{})}
}

// Addr implements [net.Listener].
func (a *Address) Addr() net.Addr { return a.at }

// Accept implements [net.Listener]. It waits while the address is off.
func (a *Address) Accept() (net.Conn, error) {
	for {
		a.mu.Lock()
		listener, changed, closed := a.listener, a.changed, a.closed
		a.mu.Unlock()
		switch {
		case closed:
			return nil, net.ErrClosed
		case listener == nil:
			<-changed
			continue
		}
		conn, err := listener.Accept()
		if err == nil || a.is(listener) {
			return conn, err
		}
	}
}

func (a *Address) is(listener net.Listener) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.listener == listener
}

// Set takes the address off the network, so that new connections are refused, or brings it back, which fails if another
// process has taken the address. Existing connections stay open.
func (a *Address) Set(ctx context.Context, reachable bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.closed:
		return net.ErrClosed
	case reachable == (a.listener != nil):
		return nil
	case !reachable:
		listener := a.listener
		a.listener, a.changed = nil, make(chan struct{})
		return listener.Close()
	}
	listener, err := new(net.ListenConfig).Listen(ctx, a.at.Network(), a.at.String())
	if err != nil {
		return err
	}
	a.listener = listener
	close(a.changed)
	return nil
}

// Reachable reports whether the address is on the network.
func (a *Address) Reachable() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.listener != nil && !a.closed
}

// Close implements [net.Listener].
func (a *Address) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil
	}
	a.closed = true
	if a.listener != nil {
		return a.listener.Close()
	}
	close(a.changed)
	return nil
}
