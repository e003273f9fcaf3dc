// Package cluster runs a replicated server on one machine: members of etcd, and servers that
// keep their operations there, as processes that can be killed and paused. The example
// examples/cluster uses it, and so do the tests of the guarantees of such a cluster.
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
	// Dir holds the data of the members and the logs of all processes. It must
	// exist.
	Dir string
	// Sfcancel is the path of the program cmd/sfcancel. Serve are the arguments of its serve
	// command besides the address and the store.
	Sfcancel string
	Serve    []string
	// Member is the path of a program that runs a member of etcd, such as examples/cluster, when called as
	// "PROGRAM member NAME DIR CLIENT-URL PEER-URL INITIAL-CLUSTER [ADVERTISED-PEER-URL]".
	Member string
	// Members and Servers are the numbers of processes; 0 means 3.
	Members, Servers int
	// Via, if not nil, puts a proxy between the processes: it is called with each address that a
	// process listens on, and returns the address that the other processes use.
	Via func(kind Kind, i int, addr string) (string, error)
}

// Kind is the purpose of an address.
type Kind string

// The kinds of addresses: of a member for servers, of a member for other members, and of a
// server.
const (
	MemberClient Kind = "member client"
	MemberPeer   Kind = "member peer"
	Server       Kind = "server"
)

// Cluster is a running cluster. End it with Close.
type Cluster struct {
	// Members and Servers can be killed, paused and restarted individually.
	Members, Servers []*Process
	// URLs are the base URLs of the servers, with the addresses that Via returned.
	URLs []string
	// Endpoints are the client addresses of the members, as Via returned them.
	Endpoints []string
}

// Start starts all processes and returns once they are ready. When ctx ends, all
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

// startAll starts all processes at the same time: no member is ready before a majority of the members runs.
func startAll(ctx context.Context, processes []*Process) error {
	errs := make([]error, len(processes))
	var group sync.WaitGroup
	for i, p := range processes {
		group.Go(func() { errs[i] = p.Start(ctx) })
	}
	group.Wait()
	return errors.Join(errs...)
}

// Close kills all running processes. It keeps the data and the logs.
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

// freeAddr returns an unused loopback address. Its port is below the ephemeral ports, which
// the system gives to connections, so that it is still free when a killed process is
// restarted.
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
