package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// serve serves on a free port, over TLS if the server has a TLSConfig, and returns the base URL.
func serve(s *http.Server, c *closers) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	scheme := "http://"
	if s.TLSConfig != nil {
		scheme = "https://"
		l = tls.NewListener(l, s.TLSConfig)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	c.add(func() error {
		err := s.Close()
		if serveErr := <-done; !errors.Is(serveErr, http.ErrServerClosed) {
			err = errors.Join(err, serveErr)
		}
		return err
	})
	return scheme + l.Addr().String(), nil
}

// byHand returns a handwritten server, with limits like those of [server.NewHTTPServer].
func byHand(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: log.New(io.Discard, "", 0),
	}
}

// dialer returns an HTTP client without a limit on idle connections, so that each caller keeps its connection.
func dialer(t *tls.Config, c *closers) *http.Client {
	only := new(http.Protocols)
	only.SetHTTP1(true)
	transport := &http.Transport{TLSClientConfig: t, MaxIdleConnsPerHost: math.MaxInt, IdleConnTimeout: 90 * time.Second, Protocols: only}
	c.add(func() error { transport.CloseIdleConnections(); return nil })
	return &http.Client{Transport: transport}
}

// atOnce returns a side with several concurrent callers.
func atOnce(name string, callers int, do func() error) side {
	if callers == 1 {
		return once(name, do)
	}
	return side{name: name, least: 8 * callers, many: func(n int) error {
		errs := make([]error, callers)
		var all sync.WaitGroup
		for i := range callers {
			share := n / callers
			if i < n%callers {
				share++
			}
			all.Go(func() {
				for range share {
					if errs[i] = do(); errs[i] != nil {
						return
					}
				}
			})
		}
		all.Wait()
		return errors.Join(errs...)
	}}
}

// ask returns a side that cancels a different operation each time.
func ask(name string, callers int, cancel func(context.Context, uuid.UUID) error) side {
	id := others()
	return atOnce(name, callers, func() error { return cancel(context.Background(), id()) })
}

// always accepts every cancel.
func always(context.Context, uuid.UUID, bool) int { return http.StatusOK }

// openLoopback cancels over connections that stay open. The name of a side stands for its client and its server.
func openLoopback(callers int) (_ []side, _ func() error, err error) {
	var c closers
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	edge, err := oursHandler(always)
	if err != nil {
		return nil, nil, err
	}
	address, err := serve(server.NewHTTPServer(edge, nil), &c)
	if err != nil {
		return nil, nil, err
	}
	ours, err := wrapper.New(address)
	if err != nil {
		return nil, nil, err
	}
	c.add(func() error { ours.Close(); return nil })
	sides := []side{ask("ours", callers, oursCancel(ours))}

	unchecked, err := stockHandler(always, false)
	if err != nil {
		return nil, nil, err
	}
	validated, err := stockHandler(always, true)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range []struct {
		name   string
		edge   http.Handler
		client func(base string, h *http.Client) (func(context.Context, uuid.UUID) error, error)
	}{
		{"duty", dutyHandler(always), func(base string, h *http.Client) (func(context.Context, uuid.UUID) error, error) {
			return duty{plain{base, h}}.cancel, nil
		}},
		{"duty with memory", dutyHandler(always), func(base string, h *http.Client) (func(context.Context, uuid.UUID) error, error) {
			return remember(duty{plain{base, h}}).cancel, nil
		}},
		{"plain", plainHandler(always), func(base string, h *http.Client) (func(context.Context, uuid.UUID) error, error) {
			return plain{base, h}.cancel, nil
		}},
		{"stock", unchecked, stockCancel},
		{"stock validated", validated, stockCancel},
		{"azure to plain", plainHandler(always), func(base string, h *http.Client) (func(context.Context, uuid.UUID) error, error) {
			return azureCancel(base, h), nil
		}},
	} {
		address, err := serve(byHand(s.edge), &c)
		if err != nil {
			return nil, nil, err
		}
		cancel, err := s.client(address, dialer(nil, &c))
		if err != nil {
			return nil, nil, err
		}
		sides = append(sides, ask(s.name, callers, cancel))
	}
	return sides, c.close, errors.Join(sides[0].many(warm), sides[2].many(warm))
}
