package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// kinds are the four kinds of an operation.
var kinds = [...]string{"PartitionDataLoss", "PartitionQuorumLoss", "PartitionRestart", "NodeTransition"}

// newList returns a list of n operations, with the same number of each kind.
func newList(n int) []listed {
	all := make([]listed, n)
	for i := range all {
		all[i] = listed{uuid.New(), "Completed", kinds[i%len(kinds)]}
	}
	return all
}

// mostListed is the number of operations that our client accepts in one list: 10 000 of each kind, the maximum of a cluster.
const mostListed = 40_000

// openList reads n operations over loopback. Both sides split more than mostListed operations into several lists.
func openList(n int) (_ []side, _ func() error, err error) {
	var c closers
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	ctx := context.Background()
	var ours, byJSON []func() (int, error)
	for part := range slices.Chunk(newList(n), mostListed) {
		edge, err := oursListHandler(part)
		if err != nil {
			return nil, nil, err
		}
		address, err := serve(server.NewHTTPServer(edge, nil), &c)
		if err != nil {
			return nil, nil, err
		}
		client, err := wrapper.New(address)
		if err != nil {
			return nil, nil, err
		}
		c.add(func() error { client.Close(); return nil })
		ours = append(ours, func() (int, error) { return oursList(ctx, client) })
		other, err := serve(byHand(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", asJSON)
			if err := json.NewEncoder(w).Encode(part); err != nil {
				panic(http.ErrAbortHandler)
			}
		})), &c)
		if err != nil {
			return nil, nil, err
		}
		p := plain{other, dialer(nil, &c)}
		byJSON = append(byJSON, func() (int, error) {
			all, err := p.list(ctx)
			return len(all), err
		})
	}
	read := func(lists []func() (int, error)) func() error {
		return func() error {
			all := 0
			for _, list := range lists {
				got, err := list()
				if err != nil {
					return err
				}
				all += got
			}
			if all != n {
				return fmt.Errorf("got %d operations, want %d", all, n)
			}
			return nil
		}
	}
	return []side{once("ours", read(ours)), once("encoding/json", read(byJSON))}, c.close, nil
}

// openListServer counts the allocations of the scaffold for a list.
func openListServer() ([]side, func() error, error) {
	edge, err := oursListHandler(newList(100_000))
	if err != nil {
		return nil, nil, err
	}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, plain{base: gateway}.listURL(), http.NoBody)
	if err != nil {
		return nil, nil, err
	}
	return []side{once("ours", func() error {
		s := &sink{header: make(http.Header)}
		if edge.ServeHTTP(s, r); s.status != http.StatusOK {
			return fmt.Errorf("got status %d, want 200", s.status)
		}
		return nil
	})}, func() error { return nil }, nil
}

// openListClient finds the most memory that a client holds while it reads a list.
func openListClient() ([]side, func() error, error) {
	const n = mostListed
	body, err := json.Marshal(newList(n))
	if err != nil {
		return nil, nil, err
	}
	m := &metered{body: body}
	ours, err := wrapper.New(gateway, wrapper.WithHTTPClient(&http.Client{Transport: m}))
	if err != nil {
		return nil, nil, err
	}
	read := func() error {
		got, err := oursList(context.Background(), ours)
		if err == nil && got != n {
			err = fmt.Errorf("got %d operations, want %d", got, n)
		}
		return err
	}
	return []side{{name: "ours", cost: func() (cost, error) {
		if err := read(); err != nil { // one-time allocations do not count
			return cost{}, err
		}
		m.most, m.before = 0, held()
		err := read()
		return cost{bytes: m.most}, err
	}}}, func() error { ours.Close(); return nil }, nil
}

// metered answers every request with a body, and measures the heap while the body is read.
type metered struct {
	body         []byte
	before, most uint64
}

func (m *metered) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {asJSON}},
		Body: io.NopCloser(&meteredBody{of: m, left: bytes.NewReader(m.body)}), ContentLength: int64(len(m.body)), Request: r,
	}, nil
}

type meteredBody struct {
	of   *metered
	left *bytes.Reader
	due  int // bytes to read before the heap is measured again
}

func (b *meteredBody) Read(p []byte) (int, error) {
	const every = 256 << 10
	n, err := b.left.Read(p[:min(len(p), every)])
	if b.due -= n; b.due <= 0 || err != nil {
		b.due = every
		if now := held(); now > b.of.before {
			b.of.most = max(b.of.most, now-b.of.before)
		}
	}
	return n, err
}

// held returns the bytes of heap in use after a garbage collection.
func held() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
