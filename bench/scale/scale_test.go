package scale

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/abuse"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
	"github.com/sfcancel/sfcancel/store/memory"
)

// everything is the value of both filters that selects all operations.
const everything = 0xFFFF

func listOf(tb testing.TB, e generated.StrictServerInterface) generated.OperationStatusList {
	tb.Helper()
	answer, err := e.GetFaultOperationList(tb.Context(), generated.GetFaultOperationListRequestObject{
		Params: generated.GetFaultOperationListParams{TypeFilter: everything, StateFilter: everything},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return slices.Collect(answer.(emulator.List).All())
}

func cancelOne(tb testing.TB, e generated.StrictServerInterface, id uuid.UUID) error {
	_, err := e.CancelOperation(tb.Context(), generated.CancelOperationRequestObject{
		Params: generated.CancelOperationParams{OperationID: id},
	})
	return err
}

// startOne starts an operation with the id, kind and target of o.
func startOne(tb testing.TB, e generated.StrictServerInterface, o operation) error {
	id, t := o.record.ID, o.record.Target
	service := serviceID(t)
	switch o.record.Kind {
	case generated.OperationTypePartitionDataLoss:
		_, err := e.StartDataLoss(tb.Context(), generated.StartDataLossRequestObject{
			ServiceID: service, PartitionID: t.PartitionID,
			Params: generated.StartDataLossParams{OperationID: id, DataLossMode: generated.DataLossModeParameter(t.Mode)},
		})
		return err
	case generated.OperationTypePartitionQuorumLoss:
		_, err := e.StartQuorumLoss(tb.Context(), generated.StartQuorumLossRequestObject{
			ServiceID: service, PartitionID: t.PartitionID,
			Params: generated.StartQuorumLossParams{
				OperationID: id, QuorumLossMode: generated.QuorumLossModeParameter(t.Mode),
				QuorumLossDuration: generated.QuorumLossDuration(t.Duration / time.Second),
			},
		})
		return err
	case generated.OperationTypePartitionRestart:
		_, err := e.StartPartitionRestart(tb.Context(), generated.StartPartitionRestartRequestObject{
			ServiceID: service, PartitionID: t.PartitionID,
			Params: generated.StartPartitionRestartParams{OperationID: id, RestartPartitionMode: generated.RestartPartitionModeParameter(t.Mode)},
		})
		return err
	default:
		_, err := e.StartNodeTransition(tb.Context(), generated.StartNodeTransitionRequestObject{
			NodeName: t.NodeName,
			Params: generated.StartNodeTransitionParams{
				OperationID: id, NodeTransitionType: t.Transition, NodeInstanceID: t.NodeInstanceID,
				StopDurationInSeconds: generated.StopDurationInSeconds(t.Duration / time.Second),
			},
		})
		return err
	}
}

func serviceID(t emulator.Target) string {
	const scheme = "fabric:/"
	if t.ServiceName == "" {
		return ""
	}
	return t.ServiceName[len(scheme):]
}

// Planted operations equal those that an emulator writes, both when it accepts
// an operation and when the operation has ended.
func TestPlantedIsWhatTheEmulatorWrites(t *testing.T) {
	active, finished := make(map[generated.OperationType]bool), make(map[generated.OperationType]bool)
	for i := 0; len(active) < 4 || len(finished) < 4; i++ {
		planted := newOperation(i)
		seen := finished
		if isActive(i) {
			seen = active
		}
		if seen[planted.record.Kind] {
			continue
		}
		seen[planted.record.Kind] = true
		st := memory.New()
		now := planted.record.Received
		e := emulator.New(st, emulator.WithClock(func() time.Time { return now }))
		if err := startOne(t, e, planted); err != nil {
			t.Fatal(err)
		}
		if !isActive(i) {
			now = start
			if err := e.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		want := contents(t, st)
		if !isActive(i) {
			for key := range want {
				if len(key) > len(nodesPrefix) && key[:len(nodesPrefix)] == nodesPrefix {
					delete(want, key)
				}
			}
		}
		got := make(map[string]string)
		writes, err := planted.writes()
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range writes {
			got[w.Key] = string(w.Value)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v, active %t (- emulator, + planted):\n%s", planted.record.Kind, isActive(i), diff)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}
}

func contents(t *testing.T, st store.Store) map[string]string {
	t.Helper()
	page, err := st.List(t.Context(), "", "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, item := range page.Items {
		all[item.Key] = string(item.Value)
	}
	return all
}

// TestScale runs the calls of BenchmarkScale on a small store, so that the benchmark keeps working.
func TestScale(t *testing.T) {
	const n, sample = 10_000, 200
	path := filepath.Join(t.TempDir(), "state.db")
	s := openStore(t, path)
	plant(t, s, n)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, path)
	defer s.Close()
	e := newEmulator(s)
	random := rand.New(rand.NewPCG(1, 0))
	for range sample {
		want := newOperation(random.IntN(n))
		got, err := e.Record(t.Context(), want.record.ID)
		if err != nil {
			t.Fatal(err)
		}
		if isActive(want.i) {
			// The emulator has moved it to the next step, because the queue time is 0.
			want.record.Step = emulator.StepLookingUpState
			want.record.Due = want.record.Due.Add(want.record.Scenario.LookUp)
		}
		if diff := cmp.Diff(want.record, got); diff != "" {
			t.Fatalf("operation %d (- planted, + read):\n%s", want.i, diff)
		}
	}
	states := make(map[generated.OperationState]int)
	for _, o := range listOf(t, e) {
		states[o.State]++
	}
	if want := n / activeShare; states[generated.OperationStateRunning] != want || states[generated.OperationStateCompleted] != n-want {
		t.Errorf("got the states %v, want %d Running and the others of %d Completed", states, want, n)
	}
	if err := cancelOne(t, e, anyOf(random, n, true).record.ID); err != nil {
		t.Error(err)
	}
	refusal, ok := errors.AsType[*server.Error](cancelOne(t, e, anyOf(random, n, false).record.ID))
	if !ok || refusal.Status != http.StatusNotFound {
		t.Errorf("cancel of a finished operation: got %v, want 404", refusal)
	}
	if err := startOne(t, e, newOperation(n)); err != nil {
		t.Error(err)
	}
	if err := e.CleanUp(t.Context()); err != nil {
		t.Error(err)
	}
}

// openStore opens a store that the caller closes.
func openStore(tb testing.TB, path string) *bolt.Store {
	tb.Helper()
	s, err := bolt.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// newEmulator returns an emulator whose clock stands still at start.
func newEmulator(s store.Store) *emulator.Emulator {
	return emulator.New(s, emulator.WithClock(func() time.Time { return start }))
}

// The keys are those of emulator/records.go and emulator/cluster.go.
const (
	activePrefix  = "operations/active/"
	historyPrefix = "operations/history/"
	holderPrefix  = "operations/node/"
	nodesPrefix   = "cluster/nodes/"
)

const (
	// One operation in activeShare is active, so that a million have fewer active operations than a list can hold.
	activeShare = 400
	// nodes is the number of nodes of the finished transitions.
	nodes = 1000
	// planters is the number of goroutines that write, so that their transactions share fsyncs.
	planters = 64
)

// start is when the active operations were accepted. The finished ones are older, but
// young enough to be kept.
var start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// operation is the i-th planted operation. One in activeShare has just
// been accepted, the others have succeeded. All kinds are equally frequent.
type operation struct {
	i      int
	record emulator.Record
}

func newOperation(i int) operation {
	r := emulator.Record{
		ID:       idOf("operation", i),
		Rollback: emulator.NotRollingBack,
		Received: start,
		Scenario: emulator.DefaultScenario(),
	}
	r.Kind, r.Target = targetOf(i)
	if r.Target.NodeName != "" {
		r.Found.Node = emulator.Node{Name: r.Target.NodeName, InstanceID: r.Target.NodeInstanceID}
	}
	if isActive(i) {
		r.Step = emulator.StepIntentSaved
		r.Due = r.Received.Add(r.Scenario.Queue)
		return operation{i, r}
	}
	r.Received = start.Add(-time.Hour - time.Duration(i)*time.Millisecond)
	r.Step = emulator.StepCompletedSuccessfully
	r.LookedUp = true
	lasts := r.Scenario.Queue + r.Scenario.LookUp + r.Scenario.Perform
	if r.Kind == generated.OperationTypePartitionQuorumLoss {
		lasts += r.Target.Duration
	}
	r.Due = r.Received.Add(lasts)
	r.Stopped = r.Due
	return operation{i, r}
}

func isActive(i int) bool { return i%activeShare < 4 && i/activeShare%4 == i%activeShare }

// idOf returns a UUID that looks random, so that new operations are spread over the order of
// the keys, as with ids that callers choose.
func idOf(what string, i int) uuid.UUID {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(what), uint64(i)))
	id := uuid.UUID(sum[:16])
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id
}

func targetOf(i int) (generated.OperationType, emulator.Target) {
	partition := emulator.Target{
		ServiceName: fmt.Sprintf("fabric:/shop%03d/orders", i%200),
		PartitionID: idOf("partition", i%5000),
	}
	switch i % 4 {
	case 0:
		partition.Mode = string(generated.DataLossModeFullDataLoss)
		return generated.OperationTypePartitionDataLoss, partition
	case 1:
		partition.Mode = string(generated.QuorumLossModeQuorumReplicas)
		partition.Duration = time.Minute
		return generated.OperationTypePartitionQuorumLoss, partition
	case 2:
		partition.Mode = string(generated.RestartPartitionModeAllReplicasOrInstances)
		return generated.OperationTypePartitionRestart, partition
	default:
		name := fmt.Sprintf("node-%03d", i%nodes)
		if isActive(i) { // a node has one active transition at a time
			name = fmt.Sprintf("busy-node-%06d", i)
		}
		return generated.OperationTypeNodeTransition, emulator.Target{
			NodeName:       name,
			NodeInstanceID: "131234567890123456",
			Transition:     generated.NodeTransitionTypeStop,
			Duration:       10 * time.Minute,
		}
	}
}

// writes returns the operation as the emulator stores it. It omits the node of
// a finished transition: there are few nodes.
func (o operation) writes() ([]store.Write, error) {
	value, err := json.Marshal(o.record)
	if err != nil {
		return nil, err
	}
	id := o.record.ID.String()
	if !isActive(o.i) {
		return []store.Write{{Key: historyPrefix + id, Value: value}}, nil
	}
	writes := []store.Write{{Key: activePrefix + id, Value: value}}
	if node := o.record.Found.Node; node.Name != "" {
		value, err := json.Marshal(node)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256([]byte(node.Name))
		name := hex.EncodeToString(sum[:])
		writes = append(writes,
			store.Write{Key: holderPrefix + name, Value: []byte(id)},
			store.Write{Key: nodesPrefix + name, Value: value})
	}
	return writes, nil
}

// plant writes the operations from 0 to n-1.
func plant(tb testing.TB, s store.Store, n int) {
	tb.Helper()
	batches := make(chan []store.Write)
	errs := make(chan error, planters)
	ctx, cancel := context.WithCancel(tb.Context())
	defer cancel()
	var group sync.WaitGroup
	for range planters {
		group.Go(func() {
			for batch := range batches {
				if _, err := s.Commit(ctx, store.Txn{Then: batch}); err != nil {
					errs <- err
					cancel()
					return
				}
			}
		})
	}
	var err error
	var batch []store.Write
	send := func(writes []store.Write) {
		select {
		case batches <- writes:
		case <-ctx.Done():
		}
	}
	for i := 0; i < n && err == nil && ctx.Err() == nil; i++ {
		var writes []store.Write
		writes, err = newOperation(i).writes()
		if len(batch)+len(writes) > store.MaxOps {
			send(batch)
			batch = nil
		}
		batch = append(batch, writes...)
	}
	if len(batch) > 0 {
		send(batch)
	}
	close(batches)
	group.Wait()
	close(errs)
	if err != nil {
		tb.Fatal(err)
	}
	if err := <-errs; err != nil {
		tb.Fatal(err)
	}
}

// anyOf returns a random operation that is active or finished, as requested.
func anyOf(random *rand.Rand, n int, active bool) operation {
	for {
		if i := random.IntN(n); isActive(i) == active {
			return newOperation(i)
		}
	}
}

var growthRounds = flag.Int("rounds", 60, "number of rounds of BenchmarkGrowth")

// BenchmarkGrowth reports the time of one call on a store with many operations, divided by the time
// on a store with a thousand: for calls in Go and for requests over loopback. The two stores take turns;
// the result is the median over the rounds.
//
//	go test -run '^$' -bench Growth -benchtime 1x -timeout 1h ./scale
func BenchmarkGrowth(b *testing.B) {
	const few, limit = 1000, 1.15
	for _, driver := range []struct {
		name string
		open func(n int) store.Store
	}{
		{"memory", func(n int) store.Store {
			s := memory.New()
			plant(b, s, n)
			return s
		}},
		{"bolt", func(n int) store.Store { return compacted(b, filepath.Join(b.TempDir(), fmt.Sprint(n)), n) }},
	} {
		b.Run(driver.name, func(b *testing.B) {
			small, large := newGrown(b, driver.open(few), few), newGrown(b, driver.open(*operations), *operations)
			defer small.st.Close()
			defer large.st.Close()
			for _, call := range []struct {
				name  string
				times int // calls in a round
				do    func(g *grown) error
			}{
				{"start", 40, (*grown).start},
				{"cancel", 40, (*grown).cancel},
				{"progress", 400, (*grown).progress},
				{"progress-of-a-thousand", 400, (*grown).progressOfAThousand},
				{"served/start", 40, (*grown).serveStart},
				{"served/cancel", 40, (*grown).serveCancel},
				{"served/progress", 200, (*grown).serveProgress},
			} {
				b.Run(call.name, func(b *testing.B) {
					for b.Loop() {
						var ratios, times []float64
						for range *growthRounds {
							base := small.round(b, call.times, call.do)
							many := large.round(b, call.times, call.do)
							ratios, times = append(ratios, many/base), append(times, many/float64(call.times))
						}
						slices.Sort(ratios)
						slices.Sort(times)
						b.ReportMetric(0, "ns/op")
						b.ReportMetric(times[len(times)/2], "ns/call")
						b.ReportMetric(ratios[len(ratios)/2], fmt.Sprintf("ratio-to-%d", few))
						b.ReportMetric(limit, "limit")
						if of, served := strings.CutPrefix(call.name, "served/"); served {
							tell(of+"-at-many-on-"+driver.name, abuse.Ratio(fmt.Sprintf("to-%d", few), ratios[len(ratios)/2], limit))
						}
					}
				})
			}
		})
	}
}

// grown is a store with n operations and an emulator on it.
type grown struct {
	st     store.Store
	e      *emulator.Emulator
	srv    *httptest.Server
	n      int
	next   int
	tb     testing.TB
	random *rand.Rand
	begun  []operation // started and not yet cancelled
}

func newGrown(tb testing.TB, st store.Store, n int) *grown {
	e := newEmulator(st)
	handler, err := server.New(e)
	if err != nil {
		tb.Fatal(err)
	}
	srv := httptest.NewServer(handler)
	tb.Cleanup(srv.Close)
	return &grown{st: st, e: e, srv: srv, n: n, next: n, tb: tb, random: rand.New(rand.NewPCG(1, 0))}
}

// round returns the time of some calls, in nanoseconds.
func (g *grown) round(b *testing.B, times int, do func(*grown) error) float64 {
	begin := time.Now()
	for range times {
		if err := do(g); err != nil {
			b.Fatal(err)
		}
	}
	return float64(time.Since(begin))
}

// start starts a data loss.
func (g *grown) start() error {
	g.next++
	o := newOperation(4 * g.next)
	g.begun = append(g.begun, o)
	return startOne(g.tb, g.e, o)
}

// cancel cancels an operation that was started.
func (g *grown) cancel() error {
	o, err := g.taken()
	if err != nil {
		return err
	}
	return cancelOne(g.tb, g.e, o.record.ID)
}

// taken removes and returns the oldest operation that was started and not yet cancelled; it starts one if there is none.
func (g *grown) taken() (operation, error) {
	if len(g.begun) == 0 {
		if err := g.start(); err != nil {
			return operation{}, err
		}
	}
	o := g.begun[0]
	g.begun = g.begun[1:]
	return o, nil
}

func (g *grown) serveStart() error {
	g.next++
	o := newOperation(4 * g.next) // multiples of 4 are data losses
	g.begun = append(g.begun, o)
	return g.request(http.MethodPost, onPartition(o)+"StartDataLoss?DataLossMode=FullDataLoss&", o, http.StatusAccepted)
}

func (g *grown) serveCancel() error {
	o, err := g.taken()
	if err != nil {
		return err
	}
	return g.request(http.MethodPost, "/Faults/$/Cancel?Force=false&", o, http.StatusOK)
}

func (g *grown) serveProgress() error {
	o := newOperation(4 * g.random.IntN(g.n/4))
	return g.request(http.MethodGet, onPartition(o)+"GetDataLossProgress?", o, http.StatusOK)
}

func onPartition(o operation) string {
	return "/Faults/Services/" + serviceID(o.record.Target) + "/$/GetPartitions/" + o.record.Target.PartitionID.String() + "/$/"
}

func (g *grown) request(method, path string, o operation, want int) error {
	r, err := http.NewRequestWithContext(g.tb.Context(), method, g.srv.URL+path+"api-version=6.0&OperationId="+o.record.ID.String(), nil)
	if err != nil {
		return err
	}
	answer, err := g.srv.Client().Do(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != want {
		err = fmt.Errorf("%s %s: got %d, want %d: %s", method, path, answer.StatusCode, want, body)
	}
	return errors.Join(err, answer.Body.Close())
}

func (g *grown) progress() error {
	_, err := g.e.Record(g.tb.Context(), newOperation(g.random.IntN(g.n)).record.ID)
	return err
}

// progressOfAThousand reads the same thousand operations, whatever the size of the store. They stay in the processor
// cache, so the result does not contain the cost of cache misses.
func (g *grown) progressOfAThousand() error {
	_, err := g.e.Record(g.tb.Context(), newOperation(g.random.IntN(1000)).record.ID)
	return err
}

// tell prints a line that "make abuse" collects.
func tell(name string, figures ...abuse.Figure) {
	line, _ := abuse.Line(name, figures...)
	fmt.Println(line)
}
