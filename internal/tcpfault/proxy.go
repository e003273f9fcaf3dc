// Package tcpfault is a TCP proxy that injects the faults of a network: broken
// connections, unreachable servers, and delays.
package tcpfault

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"sync"
)

// Proxy forwards connections to one address, at first without faults. It is safe for concurrent use.
type Proxy struct {
	listener net.Listener
	target   string
	running  sync.WaitGroup

	mu      sync.Mutex
	changed sync.Cond // on mu: paused or cut
	paused  bool
	cut     bool
	drops   int // the number of answers still to drop
	conns   map[net.Conn]struct{}
}

// New returns a proxy for a target address, which need not be listening yet. The proxy
// listens on a free port of 127.0.0.1 until Close.
func New(target string) (*Proxy, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: listener, target: target, conns: make(map[net.Conn]struct{})}
	p.changed.L = &p.mu
	p.running.Go(p.accept)
	return p, nil
}

// Addr returns the address of the proxy.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Break closes the existing connections. New ones are forwarded.
func (p *Proxy) Break() { p.change(p.disconnect) }

// Cut closes all connections, and closes new ones at once, until Mend.
func (p *Proxy) Cut() { p.change(func() { p.cut = true; p.disconnect() }) }

// Mend undoes Cut.
func (p *Proxy) Mend() { p.change(func() { p.cut = false }) }

// Pause keeps all connections and forwards nothing, in either direction, until Resume.
func (p *Proxy) Pause() { p.change(func() { p.paused = true }) }

// Resume forwards the data that Pause held back.
func (p *Proxy) Resume() { p.change(func() { p.paused = false }) }

// DropAnswers closes the connection instead of forwarding an answer, n times: the server has
// carried the request out, and the client gets no answer. It finds answers in the frames of HTTP/2, which
// gRPC uses, but not with TLS. DropAnswers(0) stops it.
func (p *Proxy) DropAnswers(n int) { p.change(func() { p.drops = n }) }

// Dropped reports whether as many answers were dropped as DropAnswers set.
func (p *Proxy) Dropped() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.drops == 0
}

// Close closes all connections, and waits until all goroutines of the proxy have ended.
func (p *Proxy) Close() {
	p.Cut()
	_ = p.listener.Close()
	p.running.Wait()
}

func (p *Proxy) change(how func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	how()
	p.changed.Broadcast()
}

// disconnect must be called with mu held.
func (p *Proxy) disconnect() {
	for conn := range p.conns {
		_ = conn.Close()
	}
	clear(p.conns)
}

func (p *Proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		p.running.Go(func() { p.serve(conn) })
	}
}

func (p *Proxy) serve(client net.Conn) {
	defer client.Close()
	if !p.admit(client) {
		return
	}
	defer p.forget(client)
	member, err := new(net.Dialer).DialContext(context.Background(), "tcp", p.target)
	if err != nil {
		return
	}
	defer member.Close()
	if !p.admit(member) {
		return
	}
	defer p.forget(member)
	var both sync.WaitGroup
	both.Go(func() { p.forward(member, client, nil) })
	both.Go(func() { p.forward(client, member, new(frames)) })
	both.Wait()
}

func (p *Proxy) admit(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.cut {
		p.conns[conn] = struct{}{}
	}
	return !p.cut
}

func (p *Proxy) forget(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, conn)
}

// forward copies data from one connection to the other, and closes both when one has ended. answers finds the
// answers to the client, and is nil for the other direction.
func (p *Proxy) forward(to, from net.Conn, answers *frames) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if !p.pass(buffer[:n], answers) {
				return
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// pass waits while the proxy is paused, and reports whether to forward the data.
func (p *Proxy) pass(read []byte, answers *frames) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.paused && !p.cut {
		p.changed.Wait()
	}
	if p.cut {
		return false
	}
	if answers != nil && answers.in(read) && p.drops > 0 {
		p.drops--
		return false
	}
	return true
}

// frames follows the frames of HTTP/2 (RFC 9113, section 4.1) in a stream of bytes.
type frames struct {
	header []byte // the part of the next frame's header that was read
	rest   int    // the number of bytes until the end of the current frame
}

// in reports whether a frame of an answer begins in read: HEADERS
// or DATA, and not SETTINGS, PING and the like.
func (f *frames) in(read []byte) (answer bool) {
	const headerSize, data, headers = 9, 0, 1
	for len(read) > 0 {
		if f.rest > 0 {
			skipped := min(f.rest, len(read))
			f.rest -= skipped
			read = read[skipped:]
			continue
		}
		taken := min(headerSize-len(f.header), len(read))
		f.header = append(f.header, read[:taken]...)
		read = read[taken:]
		if len(f.header) < headerSize {
			break
		}
		f.rest = int(binary.BigEndian.Uint32(f.header) >> 8) // 24 bits
		answer = answer || f.header[3] == data || f.header[3] == headers
		f.header = f.header[:0]
	}
	return answer
}
