// Package tcpfault stands between a client and a server of TCP, and fails as a network
// does: connections break, nobody is reached, what was sent does not arrive in time.
package tcpfault

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"sync"
)

// Proxy passes connections on to one address. It does so faithfully until it is told
// otherwise. Safe for concurrent use.
type Proxy struct {
	listener net.Listener
	target   string
	running  sync.WaitGroup

	mu      sync.Mutex
	changed sync.Cond // on mu: paused or cut
	paused  bool
	cut     bool
	drops   int // answers still to drop
	conns   map[net.Conn]struct{}
}

// New returns a proxy in front of an address, which nobody needs to listen on yet. It
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

// Addr is where clients reach the proxy.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Break ends the connections that there are. New ones are passed on.
func (p *Proxy) Break() { p.change(p.disconnect) }

// Cut ends all connections and lets no new one through, until Mend.
func (p *Proxy) Cut() { p.change(func() { p.cut = true; p.disconnect() }) }

// Mend undoes Cut.
func (p *Proxy) Mend() { p.change(func() { p.cut = false }) }

// Pause keeps all connections and passes nothing on, in either direction, until Resume.
func (p *Proxy) Pause() { p.change(func() { p.paused = true }) }

// Resume passes on what was held up.
func (p *Proxy) Resume() { p.change(func() { p.paused = false }) }

// DropAnswers ends the connection instead of passing an answer on, n times. Answers are
// told from other frames of HTTP/2, which is what gRPC speaks: what was asked has been
// done then, and nobody hears of it. 0 stops it. It cannot see into TLS.
func (p *Proxy) DropAnswers(n int) { p.change(func() { p.drops = n }) }

// Dropped reports whether all answers have been dropped that DropAnswers asked for.
func (p *Proxy) Dropped() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.drops == 0
}

// Close ends all connections and returns once nothing of the proxy runs any more.
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

// disconnect is called with mu held.
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

// forward ends both connections when one has ended. answers finds the answers in
// what goes to the client, and is nil for the other direction.
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

// pass waits while the proxy is paused, and reports whether what was read is to be
// passed on.
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
	header []byte // of the next frame, as far as it was read
	rest   int    // bytes of the current frame that are still to come
}

// in reports whether one of the frames that begin in read is of an answer: HEADERS
// or DATA, while SETTINGS, PING and the like are none.
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
