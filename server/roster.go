package server

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
)

// WithCurrentClientCertificates is [WithClientCertificates] with settings that change while the handler
// serves: files that are replaced, say. current returns those that hold now. It is called for every request, by
// several goroutines at once, so it must be quick, and must return the same pointer for as long as nothing
// has changed; nothing may be changed behind it. The next request goes by the new settings, on a
// connection that was there before, too: who is no longer in a list is turned away, and every chain is verified
// again. Settings that cannot be are an error of [New] at first, and later a line at level Error in the log, and
// then those before go on. A nil current, or a nil from it at first, is an error.
func WithCurrentClientCertificates(current func() *ClientCertificates) Option {
	return func(c *config) error {
		if current == nil {
			return errors.New("server: client certificates: the function is nil")
		}
		r := &roster{current: current}
		cc := current()
		if cc == nil {
			return errors.New("server: client certificates: there are none at first")
		}
		clients, err := newClients(*cc)
		if err != nil {
			return err
		}
		r.latest.Store(&reading{cc, clients})
		c.clients, c.roster = clients, r
		return nil
	}
}

// roster is who may come in, as it is read anew when it changes.
type roster struct {
	current func() *ClientCertificates
	mu      sync.Mutex
	latest  atomic.Pointer[reading]
}

type reading struct {
	of      *ClientCertificates
	clients *clients
}

// now is who may come in now.
func (r *roster) now(log *slog.Logger) *clients {
	cc, last := r.current(), r.latest.Load()
	if cc == last.of {
		return last.clients
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if last = r.latest.Load(); cc == last.of {
		return last.clients
	}
	next, err := last.clients, errors.New("server: client certificates: there are none")
	if cc != nil {
		if next, err = newClients(*cc); err != nil {
			next = last.clients
		}
	}
	if err != nil {
		log.Error("client certificates: those before go on", "error", err)
	}
	r.latest.Store(&reading{cc, next})
	return next
}
