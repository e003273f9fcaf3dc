package history_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/sfcancel/sfcancel/examples/internal/cluster"
	"github.com/sfcancel/sfcancel/internal/tcpfault"
)

// nemesis makes things go wrong: it stands between all processes, and kills and holds
// them.
type nemesis struct {
	random   *rand.Rand
	answered func() int // requests by now
	cluster  *cluster.Cluster
	proxies  map[cluster.Kind][]*tcpfault.Proxy
	counts   map[string]int
}

func newNemesis(seed uint64, answered func() int) *nemesis {
	return &nemesis{
		random:   rand.New(rand.NewPCG(seed, ^uint64(0))),
		answered: answered,
		proxies:  make(map[cluster.Kind][]*tcpfault.Proxy),
		counts:   make(map[string]int),
	}
}

// via puts a proxy in front of everything that listens.
func (n *nemesis) via(kind cluster.Kind, _ int, addr string) (string, error) {
	p, err := tcpfault.New(addr)
	if err != nil {
		return "", err
	}
	n.proxies[kind] = append(n.proxies[kind], p)
	return p.Addr(), nil
}

func (n *nemesis) close() {
	for _, proxies := range n.proxies {
		for _, p := range proxies {
			p.Close()
		}
	}
}

// rage lets one thing after the other go wrong until wild ends, and sets all right again
// then; two may overlap. ctx is the life of the processes that it starts again.
//
// The next one waits until something was answered since the last but one began: a slow
// cluster that gets no time to recover would never answer anything.
func (n *nemesis) rage(wild, ctx context.Context) error {
	const (
		least, most = 200 * time.Millisecond, 900 * time.Millisecond // how long a fault lasts
		between     = 300 * time.Millisecond                         // at most
		answers     = 10                                             // at least, while two faults begin
	)
	var healing sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	busy := make(map[string]bool) // one fault at a time of each process
	var last, before int          // answers when the last two faults began
	for wild.Err() == nil {
		f := n.fault(ctx)
		lasts := least + time.Duration(n.random.Int64N(int64(most-least)))
		pause := time.Duration(n.random.Int64N(int64(between)))
		mu.Lock()
		taken := busy[f.on] || len(busy) > 1
		if !taken {
			busy[f.on] = true
		}
		mu.Unlock()
		if !taken {
			before, last = last, n.answered()
			n.counts[f.name]++
			err := f.begin()
			healing.Go(func() {
				sleep(wild, lasts)
				err := errors.Join(err, f.end())
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
				delete(busy, f.on)
			})
			for wild.Err() == nil && n.answered() < before+answers {
				sleep(wild, time.Millisecond)
			}
		}
		sleep(wild, pause)
	}
	healing.Wait()
	return errors.Join(errs...)
}

// fault is one thing that goes wrong, and how it is set right again.
type fault struct {
	name, on   string
	begin, end func() error
}

var errEnded = errors.New("the process ended by itself")

// fault draws one.
func (n *nemesis) fault(ctx context.Context) fault {
	kinds := []cluster.Kind{cluster.MemberClient, cluster.MemberPeer, cluster.Server}
	kind := kinds[n.random.IntN(len(kinds))]
	proxies, processes, sort := n.proxies[kind], n.cluster.Servers, "server"
	if kind != cluster.Server {
		processes, sort = n.cluster.Members, "member"
	}
	i := n.random.IntN(len(processes))
	p, proxy := processes[i], proxies[i]
	switch n.random.IntN(5) {
	case 0:
		return fault{sort + " killed", p.Name, func() error {
			if !p.Running() {
				return fmt.Errorf("%s: %w", p.Name, errEnded)
			}
			return p.Kill()
		}, func() error { return revive(ctx, p) }}
	case 1, 2: // a member that wakes up knows less than the others, for a moment
		return fault{sort + " held", p.Name, p.Pause, p.Resume}
	case 3:
		return fault{string(kind) + " connections cut", p.Name,
			func() error { proxy.Break(); return nil }, func() error { proxy.Break(); return nil }}
	default:
		return fault{string(kind) + " connections silent", p.Name,
			func() error { proxy.Pause(); return nil }, func() error { proxy.Resume(); return nil }}
	}
}

// revive starts a process as those do who watch over servers: one that reaches no majority
// in time ends, and is started again.
func revive(ctx context.Context, p *cluster.Process) (err error) {
	for range 5 {
		if err = p.Start(ctx); err == nil || ctx.Err() != nil {
			break
		}
	}
	return err
}
