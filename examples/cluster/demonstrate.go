package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/sfcancel/sfcancel/examples/internal/cluster"
	"github.com/sfcancel/sfcancel/wrapper"
)

// demonstrate cancels operations through the load balancer while processes are killed and restarted.
func demonstrate(ctx context.Context, c *cluster.Cluster, url string, step time.Duration) error {
	client, err := wrapper.New(url)
	if err != nil {
		return err
	}
	defer client.Close()
	leader, err := leaderOf(ctx, c)
	if err != nil {
		return err
	}
	phases := []struct {
		name string
		do   func() error
	}{
		{"all there", func() error { return nil }},
		{"server2 killed", c.Servers[1].Kill},
		{c.Members[leader].Name + " killed, the leader", c.Members[leader].Kill},
		{"both back", func() error {
			running := context.WithoutCancel(ctx)
			return errors.Join(c.Members[leader].Start(running), c.Servers[1].Start(running))
		}},
	}
	l := &load{tally: make([]tally, len(phases)), known: make(map[uuid.UUID]lastWord)}
	working, stop := context.WithCancel(ctx)
	defer stop()
	var workers sync.WaitGroup
	const atOnce = 4
	for range atOnce {
		workers.Go(func() { l.work(working, client) })
	}
	begin := time.Now()
	for i, phase := range phases {
		l.mu.Lock()
		l.phase = i
		l.mu.Unlock()
		fmt.Printf("%5.1fs  %s\n", time.Since(begin).Seconds(), phase.name)
		if err := phase.do(); err != nil {
			return err
		}
		select {
		case <-time.After(step):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	stop()
	workers.Wait()

	fmt.Println()
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "WHILE\tCALLS\tFOUND OUT BY ASKING\tNOT KNOWN\tSLOWEST")
	for i, t := range l.tally {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%v\n", phases[i].name, t.calls, t.found, t.unknown, t.slowest.Round(time.Millisecond))
		if t.calls == 0 {
			l.wrongs = append(l.wrongs, fmt.Errorf("no call came back while %s", phases[i].name))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Println()
	for i, server := range c.URLs {
		n, err := l.audit(ctx, server)
		if err != nil {
			l.wrongs = append(l.wrongs, err)
		}
		fmt.Printf("%s lists %d operations, of all of which it says what was answered: %t\n", c.Servers[i].Name, n, err == nil)
	}
	return errors.Join(l.wrongs...)
}

// leaderOf returns the index of the member that is the leader.
func leaderOf(ctx context.Context, c *cluster.Cluster) (int, error) {
	client, err := clientv3.New(clientv3.Config{Endpoints: c.Endpoints, Logger: zap.NewNop()})
	if err != nil {
		return 0, err
	}
	defer client.Close()
	for i, endpoint := range c.Endpoints {
		status, err := client.Status(ctx, endpoint)
		if err != nil {
			return 0, err
		}
		if status.Leader == status.Header.MemberId {
			return i, nil
		}
	}
	return 0, errors.New("no member of etcd leads")
}
