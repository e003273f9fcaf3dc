// Package cluster runs a replicated set-up on one machine, as processes of its own that
// can be killed and held: members of etcd, and servers that keep their operations there.
// It is for the example and for the tests of what such a set-up promises.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Config says what to run.
type Config struct {
	// Dir is where the members keep their data, and all processes their logs. It must
	// exist.
	Dir string
	// Sfcancel is the program of cmd/sfcancel, and Serve what its serve gets besides an
	// address and a store.
	Sfcancel string
	Serve    []string
	// Member is a program that runs a member when it is called as examples/cluster is:
	// "PROGRAM member NAME DIR CLIENT-URL PEER-URL INITIAL-CLUSTER [ADVERTISED-PEER-URL]".
	Member string
	// Members and Servers are how many of each; 0 means 3.
	Members, Servers int
	// Via, if it is not nil, stands between: it is called with each address that
	// processes listen on, and returns the one that the others are told.
	Via func(kind Kind, i int, addr string) (string, error)
}

// Kind is what an address is for.
type Kind string

// The kinds of addresses: where a member is reached by servers and by other members, and
// where a server is reached.
const (
	MemberClient Kind = "member client"
	MemberPeer   Kind = "member peer"
	Server       Kind = "server"
)

// Cluster is a running set-up. End it with Close.
type Cluster struct {
	// Members and Servers can be killed, held and started again one by one.
	Members, Servers []*Process
	// URLs are those of the servers, as Via has them.
	URLs []string
	// Endpoints are those of the members for clients of etcd, as Via has them.
	Endpoints []string
}

// Start starts everything and returns once all of it is ready. When ctx ends, all
// processes are killed.
func Start(ctx context.Context, c Config) (*Cluster, error) {
	members, servers := orThree(c.Members), orThree(c.Servers)
	via := c.Via
	if via == nil {
		via = func(_ Kind, _ int, addr string) (string, error) { return addr, nil }
	}
	var clients, clientsVia, peers, peersVia, addrs, addrsVia []string
	for _, set := range []struct {
		kind      Kind
		n         int
		addr, out *[]string
	}{
		{MemberClient, members, &clients, &clientsVia},
		{MemberPeer, members, &peers, &peersVia},
		{Server, servers, &addrs, &addrsVia},
	} {
		for i := range set.n {
			addr, err := freeAddr(ctx)
			if err != nil {
				return nil, err
			}
			out, err := via(set.kind, i, addr)
			if err != nil {
				return nil, err
			}
			*set.addr, *set.out = append(*set.addr, addr), append(*set.out, out)
		}
	}

	cluster := &Cluster{}
	var initial []string
	for i, peer := range peersVia {
		initial = append(initial, fmt.Sprintf("etcd%d=http://%s", i+1, peer))
	}
	for i := range members {
		name := fmt.Sprintf("etcd%d", i+1)
		cluster.Endpoints = append(cluster.Endpoints, clientsVia[i])
		cluster.Members = append(cluster.Members, &Process{Name: name, log: logPath(c.Dir, name), args: []string{
			c.Member, "member", name, filepath.Join(c.Dir, name), "http://" + clients[i], "http://" + peers[i],
			strings.Join(initial, ","), "http://" + peersVia[i],
		}})
	}
	st := "etcd://" + strings.Join(clientsVia, ",") + "/sfcancel"
	for i := range servers {
		name := fmt.Sprintf("server%d", i+1)
		cluster.URLs = append(cluster.URLs, "http://"+addrsVia[i])
		cluster.Servers = append(cluster.Servers, &Process{Name: name, log: logPath(c.Dir, name),
			args: append([]string{c.Sfcancel, "serve", "--addr", addrs[i], "--store", st}, c.Serve...)})
	}
	if err := errors.Join(startAll(ctx, cluster.Members), startAll(ctx, cluster.Servers)); err != nil {
		return nil, errors.Join(err, cluster.Close())
	}
	return cluster, nil
}

// startAll starts all at once: no member is ready before a majority of them is there.
func startAll(ctx context.Context, processes []*Process) error {
	errs := make([]error, len(processes))
	var group sync.WaitGroup
	for i, p := range processes {
		group.Go(func() { errs[i] = p.Start(ctx) })
	}
	group.Wait()
	return errors.Join(errs...)
}

// Close kills what runs. The data and logs stay.
func (c *Cluster) Close() error {
	var errs []error
	for _, p := range slices.Concat(c.Servers, c.Members) {
		errs = append(errs, p.Kill())
	}
	return errors.Join(errs...)
}

func orThree(n int) int {
	if n == 0 {
		return 3
	}
	return n
}

// freeAddr is an address on this machine that nobody listens on. Its port is below those
// that the system gives to connections, so that it is still free when a process that was
// killed comes back.
func freeAddr(ctx context.Context) (string, error) {
	const first, ports, tries = 12_000, 18_000, 100
	var last error
	for range tries {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", first+rand.IntN(ports)))
		if err == nil {
			return listener.Addr().String(), listener.Close()
		}
		last = err
	}
	return "", last
}
