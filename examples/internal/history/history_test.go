package history_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"
	"github.com/sfcancel/sfcancel/examples/internal/cluster"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/tcpfault"
)

var (
	seconds = flag.Int("seconds", 8, "minimum duration of TestHistory for each profile")
	seed    = flag.Uint64("seed", 1, "seed of the requests and faults of TestHistory")
)

// The shape of the load. Few operations and many clients cause conflicts. Phases are
// counted in requests, so that a slow machine goes through the same phases, only later.
const (
	clients    = 10
	operations = 6
	generation = 200                   // requests until the operations are replaced
	thinkTime  = 15 * time.Millisecond // maximum pause between two requests of a client
	// Every other client gives up on a request that a fault delays. The others wait as
	// long as a slow machine needs, so that some outcomes are observed.
	hasty   = 1500 * time.Millisecond
	patient = time.Minute
)

// wanted are the answers that a run must contain to be meaningful: successes and
// refusals. A lost answer is required as well.
var wanted = []int{http.StatusOK, http.StatusAccepted, http.StatusBadRequest, http.StatusNotFound, http.StatusConflict}

// pace is a scenario in which no operation ends by itself, and a rollback takes long enough to be observed.
const pace = `{"default": {"lookUp": {"takes": "50ms"}, "perform": {"takes": "1h"}, "undo": {"takes": "150ms"}}}`

// Three servers over three members of etcd act as one server, whichever processes die,
// hang or lose their connections (docs/cluster.md, "Guarantees"). No force is
// accepted before a graceful cancel was sent (the rule of both official documents).
func TestHistory(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs a cluster for each profile; make long runs it")
	}
	for _, profile := range []string{"runtime", "documented"} {
		t.Run(profile, func(t *testing.T) {
			t.Logf("seconds=%d seed=%d", *seconds, *seed)
			r, faults := play(t, profile, time.Duration(*seconds)*time.Second)
			check(t, r, profile == "documented")
			t.Logf("faults: %v", faults)
			t.Log(r)
		})
	}
}

// play returns the history and the number of faults by name. It runs
// for the duration lasts, and then until every wanted answer was seen.
func play(t *testing.T, profile string, lasts time.Duration) (*recorder, map[string]int) {
	dir := t.TempDir()
	scenario := filepath.Join(dir, "scenario.json")
	if err := os.WriteFile(scenario, []byte(pace), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := newRecorder()
	n := newNemesis(*seed, r.answered)
	t.Cleanup(n.close)
	c, err := cluster.Start(ctx, cluster.Config{
		Dir: dir, Sfcancel: programs(t).sfcancel, Member: programs(t).member, Via: n.via,
		Serve: []string{"--profile", profile, "--scenario", scenario},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	n.cluster = c

	loading, stop := context.WithCancel(ctx)
	defer stop()
	current := new(ids)
	var running sync.WaitGroup
	for i := range clients {
		running.Go(func() { load(loading, t, r, i, c.URLs, current) })
	}
	wild, calm := context.WithCancel(loading)
	defer calm()
	running.Go(func() {
		if err := n.rage(wild, ctx); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	})
	// The last second has no faults: connections recover, and the final states are read.
	const quiet = time.Second
	limited, end := until(ctx, t)
	defer end()
	sleep(limited, lasts-quiet)
	for limited.Err() == nil && !r.complete() {
		sleep(limited, 10*time.Millisecond)
	}
	calm()
	sleep(limited, quiet)
	for before := r.answered(); limited.Err() == nil && r.answered() < before+generation; {
		sleep(limited, 10*time.Millisecond)
	}
	stop()
	late := limited.Err() != nil
	if late {
		cancel() // kill the processes, so that no client waits for an answer
	}
	running.Wait()
	if late {
		t.Fatalf("the time of the test is over: got %v, want at least one answer of each status in %v and a lost one", r, wanted)
	}
	return r, n.counts
}

// until returns a context that leaves a tenth of the time of t for the shutdown and the report.
func until(ctx context.Context, t *testing.T) (context.Context, context.CancelFunc) {
	deadline, ok := t.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-time.Until(deadline)/10))
}

// load sends one request after the other, each to a random server, until ctx ends.
func load(ctx context.Context, t *testing.T, r *recorder, client int, urls []string, current *ids) {
	random := rand.New(rand.NewPCG(*seed, uint64(client)))
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	waits := []time.Duration{hasty, patient}[client%2]
	asks := &http.Client{Transport: transport, Timeout: waits}
	send := func(r *http.Request, err error) (*http.Response, error) {
		if err != nil {
			return nil, err
		}
		return asks.Do(r)
	}
	var servers []generated.Base
	for _, url := range urls {
		s, err := generated.ParseBase(url)
		if err != nil {
			t.Error(err)
			return
		}
		servers = append(servers, s)
	}
	for ctx.Err() == nil {
		ids := current.get()
		id := ids[random.IntN(len(ids))]
		s := servers[random.IntN(len(servers))]
		// The requests outlive ctx: the end of the test must not look like a lost answer.
		ctx := context.WithoutCancel(ctx)
		switch p := random.IntN(10); {
		case p < 2:
			r.change(client, call{id, start}, func() (*http.Response, error) {
				return send(generated.NewStartDataLossRequest(ctx, s, "shop~orders", partition, generated.StartDataLossParams{
					APIVersion: generated.APIVersion60, OperationID: id, DataLossMode: generated.DataLossModePartialDataLoss}))
			})
		case p < 6:
			c := call{id, graceful}
			if p >= 4 {
				c.what = force
			}
			r.change(client, c, func() (*http.Response, error) {
				return send(generated.NewCancelOperationRequest(ctx, s, generated.CancelOperationParams{
					APIVersion: generated.APIVersion60, OperationID: id, Force: c.what == force}))
			})
		case p < 9:
			r.progress(client, id, func() (*http.Response, error) {
				return send(generated.NewGetDataLossProgressRequest(ctx, s, "shop~orders", partition, generated.GetDataLossProgressParams{
					APIVersion: generated.APIVersion60, OperationID: id}))
			})
		default:
			const all = 65535
			r.list(client, ids, func() (*http.Response, error) {
				return send(generated.NewGetFaultOperationListRequest(ctx, s, generated.GetFaultOperationListParams{
					APIVersion: generated.APIVersion60, TypeFilter: all, StateFilter: all}))
			})
		}
		sleep(ctx, time.Duration(random.Int64N(int64(thinkTime))))
	}
}

var partition = uuid.MustParse("0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11")

// check fails t if no order of the requests explains the answers.
func check(t *testing.T, r *recorder, documented bool) {
	t.Helper()
	const patience = 2 * time.Minute
	result, info := porcupine.CheckOperationsVerbose(model(documented), r.history, patience)
	t.Logf("%d requests: %s", len(r.history), result)
	if result != porcupine.Ok {
		path := filepath.Join(os.TempDir(), fmt.Sprintf("history-%d.html", *seed))
		err := porcupine.VisualizePath(model(documented), info, path)
		t.Errorf("got a history that is %s, want %s: drawn in %s (%v)", result, porcupine.Ok, path, err)
	}
	asked := make(map[uuid.UUID]int64) // when the first graceful cancel was sent
	for _, op := range r.history {
		if c := op.Input.(call); c.what == graceful {
			if at, ok := asked[c.id]; !ok || op.Call < at {
				asked[c.id] = op.Call
			}
		}
	}
	for _, op := range r.history {
		if c := op.Input.(call); c.what == force && op.Output.(answer).status == http.StatusOK {
			if at, ok := asked[c.id]; !ok || at > op.Return {
				t.Errorf("operation %s: a force was accepted, want it refused: no graceful cancel had been sent", c.id)
			}
		}
	}
}

// ids are the operations that all clients currently use.
type ids struct {
	mu    sync.Mutex
	now   []uuid.UUID
	taken int
}

// get returns the operations for one more request; it replaces them after every generation of requests.
func (s *ids) get() []uuid.UUID {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken%generation == 0 {
		s.now = make([]uuid.UUID, operations)
		for i := range s.now {
			s.now[i] = uuid.New()
		}
	}
	s.taken++
	return s.now
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// The checker detects answers that no single server would give. Each history is correct
// except for its last answer.
func TestModel(t *testing.T) {
	id := uuid.New()
	type step struct {
		what what
		answer
	}
	ok, begun, lost := answer{status: 200}, answer{status: 202}, answer{}
	state := func(s string) answer { return answer{state: s} }
	for _, c := range []struct {
		name       string
		documented bool
		steps      []step
		right      answer // the correct last answer
	}{
		{"a start is lost", false, []step{{start, begun}, {read, state("")}}, state("Running")},
		{"an id is started twice", false, []step{{start, begun}, {start, begun}}, answer{status: 409}},
		{"a force without a graceful cancel", false, []step{{start, begun}, {force, ok}}, answer{status: 400}},
		{"a force without a graceful cancel, documented", true, []step{{start, begun}, {force, ok}}, answer{status: 400}},
		{"a force twice", false, []step{{start, begun}, {graceful, ok}, {force, ok}, {force, ok}}, answer{status: 400}},
		{"a force is lost", false, []step{{start, begun}, {graceful, ok}, {force, ok}, {read, state("Cancelled")}}, state("ForceCancelled")},
		{"a graceful cancel undoes a force", false, []step{{start, begun}, {graceful, ok}, {force, ok}, {graceful, ok}}, answer{status: 400}},
		{"a graceful cancel is lost", false, []step{{start, begun}, {graceful, ok}, {read, state("Running")}}, state("RollingBack")},
		{"an end is taken back", false, []step{{start, begun}, {graceful, ok}, {read, state("Cancelled")}, {read, state("RollingBack")}}, state("Cancelled")},
		{"an end is cancelled", false, []step{{start, begun}, {graceful, ok}, {read, state("Cancelled")}, {graceful, ok}}, answer{status: 404}},
		{"a lost force that was refused before", false, []step{{start, begun}, {force, lost}, {read, state("ForceCancelled")}}, state("Running")},
		{"a lost force, seen and then not", false, []step{{start, begun}, {graceful, ok}, {force, lost}, {read, state("ForceCancelled")}, {read, state("Cancelled")}}, state("ForceCancelled")},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, right := range []bool{false, true} {
				var history []porcupine.Operation
				for i, s := range c.steps {
					a, end := s.answer, int64(2*i+1)
					if right && i == len(c.steps)-1 {
						a = c.right
					}
					if a == lost && s.what != read {
						end = 1000
					}
					history = append(history, porcupine.Operation{Input: call{id, s.what}, Output: a, Call: int64(2 * i), Return: end})
				}
				if got := porcupine.CheckOperations(model(c.documented), history); got != right {
					t.Errorf("with the correct answer %t: got linearizable %t, want %t", right, got, right)
				}
			}
		})
	}
}

// nemesis injects faults: it cuts and stalls connections between the processes, and kills and pauses
// the processes.
type nemesis struct {
	random   *rand.Rand
	answered func() int // number of requests answered so far
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

// via puts a proxy in front of each address that a process listens on.
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

// rage injects one fault after the other until wild ends, and then heals them all;
// two faults may overlap. The processes that it restarts live until ctx ends.
//
// A new fault waits until some requests were answered since the fault before the last began: a slow
// cluster without time to recover would never answer.
func (n *nemesis) rage(wild, ctx context.Context) error {
	const (
		least, most = 200 * time.Millisecond, 900 * time.Millisecond // how long a fault lasts
		between     = 300 * time.Millisecond                         // maximum pause between two faults
		answers     = 10                                             // minimum number of answers while two faults begin
	)
	var healing sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	busy := make(map[string]bool) // one fault at a time for each process
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

// fault is a fault and how to heal it.
type fault struct {
	name, on   string
	begin, end func() error
}

var errEnded = errors.New("the process ended by itself")

// fault returns a random fault.
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
	case 1, 2: // for a moment, a resumed member knows less than the others
		return fault{sort + " paused", p.Name, p.Pause, p.Resume}
	case 3:
		return fault{string(kind) + " connections cut", p.Name,
			func() error { proxy.Break(); return nil }, func() error { proxy.Break(); return nil }}
	default:
		return fault{string(kind) + " connections silent", p.Name,
			func() error { proxy.Pause(); return nil }, func() error { proxy.Resume(); return nil }}
	}
}

// revive starts a process as a process supervisor does: a server that reaches no majority
// in time ends, and is started again.
func revive(ctx context.Context, p *cluster.Process) (err error) {
	for range 5 {
		if err = p.Start(ctx); err == nil || ctx.Err() != nil {
			break
		}
	}
	return err
}

// built has the paths of the programs that the processes run.
type built struct{ sfcancel, member string }

var build struct {
	sync.Once
	dir string
	err error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if build.dir != "" {
		_ = os.RemoveAll(build.dir)
	}
	os.Exit(code)
}

// programs builds the programs once. It builds them without the race detector: the tests of their
// packages use it, and this test looks for errors between processes.
func programs(t *testing.T) built {
	t.Helper()
	build.Do(func() {
		if build.dir, build.err = os.MkdirTemp("", "history-"); build.err != nil {
			return
		}
		for _, program := range []string{"../../../cmd/sfcancel", "../../cluster"} { // each in its own module
			cmd := exec.Command("go", "build", "-o", build.dir+"/", ".")
			cmd.Dir, cmd.Stdout, cmd.Stderr = program, os.Stderr, os.Stderr
			if build.err = cmd.Run(); build.err != nil {
				return
			}
		}
	})
	if build.err != nil {
		t.Fatal(build.err)
	}
	return built{filepath.Join(build.dir, "sfcancel"), filepath.Join(build.dir, "cluster")}
}
