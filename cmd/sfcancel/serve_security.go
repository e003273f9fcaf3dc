package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/sfcancel/sfcancel/internal/certfiles"
	"github.com/sfcancel/sfcancel/internal/loopback"
	"github.com/sfcancel/sfcancel/server"
)

// security protects the socket, with files that are reloaded when they change.
type security struct {
	files       *certfiles.Watched
	certificate atomic.Pointer[tls.Certificate]
	clients     atomic.Pointer[server.ClientCertificates] // nil accepts every client
}

// security reads the files of the TLS flags. It returns nil without TLS. Later changes that cannot be used are logged.
func (s serveFlags) security(logger *slog.Logger) (*security, error) {
	if err := s.mayListen(); err != nil {
		return nil, err
	}
	named := s.named()
	switch {
	case (s.certFile == "") != (s.keyFile == ""):
		return nil, errors.New("--tls-cert and --tls-key go together")
	case s.certFile == "" && (named || s.clientCA != "" || s.roles):
		return nil, errors.New("--client-ca, --admin, --user and --roles need --tls-cert and --tls-key")
	case s.clientCA != "" && !named:
		return nil, errors.New("--client-ca: name the client certificates that are accepted with --admin or --user")
	case s.roles && !named:
		return nil, errors.New("--roles: name the admins with --admin and the users with --user")
	case s.certFile == "":
		return nil, nil
	}
	files := certfiles.Files{
		Cert: s.certFile, Key: s.keyFile, CA: s.clientCA,
		Names: certfiles.Names{Cert: "--tls-cert", Key: "--tls-key", CA: "--client-ca", Lists: "--admin-list, --user-list", Peer: "client"},
	}
	for _, path := range []string{s.adminList, s.userList} {
		if path != "" {
			files.Lists = append(files.Lists, path)
		}
	}
	out := new(security)
	var err error
	out.files, err = certfiles.Watch(files,
		func(m *certfiles.Material) error { return s.take(out, m) },
		func(_ context.Context, err error) {
			logger.Error("the files of --tls-cert, --client-ca and the lists cannot be used, so their previous contents stay in effect", "error", err)
		})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// take puts the contents of the files into effect, or returns why they cannot be used.
func (s serveFlags) take(into *security, m *certfiles.Material) error {
	if err := certfiles.Weak(m.Pair.Leaf); err != nil {
		return fmt.Errorf("--tls-cert %s: %w", s.certFile, err)
	}
	if s.named() {
		clients := &server.ClientCertificates{Admin: s.admins, User: s.users, Roles: s.roles, CA: m.Roots}
		lists := m.Lists
		if s.adminList != "" {
			clients.Admin = append(slices.Clone(clients.Admin), entries(lists[0])...)
			lists = lists[1:]
		}
		if s.userList != "" {
			clients.User = append(slices.Clone(clients.User), entries(lists[0])...)
		}
		// On an error the previous certificates stay in effect.
		if _, err := server.New(server.Unimplemented{}, server.WithClientCertificates(*clients)); err != nil {
			return err
		}
		into.clients.Store(clients)
	}
	into.certificate.Store(m.Pair)
	return nil
}

// entries returns the lines of a list, except for blank lines and those that begin with #.
func entries(text string) (all []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all
}

// config returns the configuration of handshakes.
func (s *security) config() *tls.Config {
	config := server.TLSConfig(tls.Certificate{})
	config.Certificates = nil
	config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if err := s.files.Look(hello.Context()); err != nil {
			return nil, err
		}
		return s.certificate.Load(), nil
	}
	return config
}

// current returns the clients that the files accept now.
func (s *security) current() *server.ClientCertificates {
	_ = s.files.Look(context.Background()) // fails only if its context ends
	return s.clients.Load()
}

// heedHangups keeps a SIGHUP, which makes other servers reload their files, from ending this one, until stop is
// called.
func heedHangups(ctx context.Context, logger *slog.Logger, s *security) (stop func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range hangups {
			if s != nil {
				_ = s.files.Look(ctx) // the next one looks again
			}
			logger.Info("hangup: files of certificates and lists are reloaded when they change, without a signal too")
		}
	}()
	return func() {
		signal.Stop(hangups)
		close(hangups)
		<-ended
	}
}

// named reports whether clients need a certificate.
func (s serveFlags) named() bool {
	return len(s.admins)+len(s.users) > 0 || s.adminList != "" || s.userList != ""
}

// mayListen refuses an address that others can reach without client certificates, unless --insecure is set.
func (s serveFlags) mayListen() error {
	if _, _, err := net.SplitHostPort(s.addr); err != nil {
		return fmt.Errorf("--addr %q: it must be HOST:PORT", s.addr)
	}
	if s.insecure || s.named() || loopback.Address(s.addr) {
		return nil
	}
	return fmt.Errorf("--addr %q: only a loopback address, such as 127.0.0.1:19080, may be served without TLS and client certificates;"+
		" give --tls-cert, --tls-key and --admin, or --insecure", s.addr)
}
