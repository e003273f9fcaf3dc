package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/plain"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store/bolt"
	"github.com/sfcancel/sfcancel/wrapper"
)

func newDemo() *cobra.Command {
	var profile string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the main job from end to end on a server of its own",
		Long: `Start the reference server on a loopback port with a bolt store in a temporary
directory, start an operation of each kind, and end them: gracefully, by force,
and by a force whose answer is lost on purpose. Ends with a table of what
happened, and fails if anything in it is not as it should be.`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := server.ParseProfile(profile)
			if err != nil {
				return usage(err)
			}
			return runDemo(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), p)
		},
	}
	cmd.Flags().StringVar(&profile, "profile", server.Documented.String(), "profile of the server: documented or runtime")
	return cmd
}

// demoTime bounds the whole demonstration.
const demoTime = time.Minute

// demoScenario is fast enough to watch.
func demoScenario(emulator.Record) emulator.Scenario {
	return emulator.Scenario{LookUp: 3 * time.Second, Perform: 3 * time.Second, Undo: 500 * time.Millisecond}
}

// demoClock stands still until letGo, so that no operation ends before it is cancelled,
// however slow the machine is.
type demoClock struct {
	mu     sync.Mutex
	behind time.Duration
	still  time.Time // zero once it goes
}

func newDemoClock() *demoClock { return &demoClock{still: time.Now()} }

func (c *demoClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.still.IsZero() {
		return c.still
	}
	return time.Now().Add(-c.behind)
}

func (c *demoClock) letGo() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.behind, c.still = time.Since(c.still), time.Time{}
}

func runDemo(ctx context.Context, stdout, stderr io.Writer, profile server.Profile) (err error) {
	ctx, cancel := context.WithTimeout(ctx, demoTime)
	defer cancel()

	dir, err := os.MkdirTemp("", "sfcancel-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	st, err := bolt.Open(filepath.Join(dir, "faults.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()

	clock := newDemoClock()
	engine := emulator.New(st, emulator.WithProfile(profile), emulator.WithScenario(demoScenario), emulator.WithClock(clock.now))
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	handler, err := server.New(engine, server.WithProfile(profile), server.WithLogger(logger))
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	wire := new(wirefault.Wire)
	served := make(chan error, 1)
	serveCtx, stop := context.WithCancel(ctx)
	go func() {
		served <- serve(serveCtx, server.NewHTTPServer(wire.Handler(handler), logger), listener, engine, time.Now, drainTime)
	}()
	defer func() { stop(); err = errors.Join(err, <-served) }()

	endpoint := "http://" + listener.Addr().String()
	fmt.Fprintf(stdout, "listening on %s, profile %s, store bolt\n\n", endpoint, profile)
	client, err := wrapper.New(endpoint)
	if err != nil {
		return err
	}
	defer client.Close()
	d := &demo{ctx: ctx, out: stdout, client: client, wire: wire, engine: engine, letGo: clock.letGo}
	return d.play()
}

// demo plays the main job. Everything it prints comes from a result, an error, or
// from what the server recorded.
type demo struct {
	ctx    context.Context
	out    io.Writer
	client *wrapper.Client
	wire   *wirefault.Wire
	engine *emulator.Emulator
	letGo  func() // the clock of the engine
	rows   []*demoRow
	wrong  []error
}

type demoRow struct {
	id       uuid.UUID
	asked    string
	happened string
	requests int
}

func (d *demo) play() error {
	started := d.startAll()
	if len(d.wrong) > 0 {
		return errors.Join(d.wrong...)
	}
	dataLoss, quorumLoss, restart, node := started[0], started[1], started[2], started[3]
	fmt.Fprintln(d.out)

	d.refusedForce(dataLoss)
	d.graceful(dataLoss, "graceful, api-version 3.0", wrapper.CancelOptions{APIVersion: generated.APIVersion30})
	d.wireSaid("api-version=3.0", "!timeout=")
	d.graceful(quorumLoss, "graceful, api-version 6.0, timeout 5s", wrapper.CancelOptions{APIVersion: generated.APIVersion60, Timeout: 5 * time.Second})
	d.wireSaid("api-version=6.0", "timeout=5")

	d.graceful(restart, "graceful", wrapper.CancelOptions{})
	d.force(restart, "force")

	d.graceful(node, "graceful", wrapper.CancelOptions{})
	d.wire.Spoil(wirefault.Force, wirefault.Fault{Apply: true})
	d.force(node, "force, its answer lost on the wire")

	d.graceful(uuid.New(), "graceful, unknown id", wrapper.CancelOptions{})
	return d.finish(started)
}

func (d *demo) startAll() []uuid.UUID {
	part := wrapper.Partition{Service: "fabric:/shop/orders", ID: uuid.New()}
	start := func(r wrapper.Result, err error) uuid.UUID {
		if err != nil {
			d.wrong = append(d.wrong, err)
			return uuid.UUID{}
		}
		fmt.Fprintf(d.out, "started   %s  %s\n", r.OperationID, plain.Line(string(r.Kind)))
		return r.OperationID
	}
	return []uuid.UUID{
		start(d.client.StartDataLoss(d.ctx, part, "PartialDataLoss", wrapper.StartOptions{})),
		start(d.client.StartQuorumLoss(d.ctx, part, "AllReplicas", time.Second, wrapper.StartOptions{})),
		start(d.client.StartPartitionRestart(d.ctx, part, "OnlyActiveSecondaries", wrapper.StartOptions{})),
		start(d.client.StartNodeTransition(d.ctx, wrapper.Node{Name: "_Node_0", Instance: 5}, "Stop", 10*time.Minute, wrapper.StartOptions{})),
	}
}

// refusedForce must fail, and must not send anything.
func (d *demo) refusedForce(id uuid.UUID) {
	before := len(d.wire.Seen())
	_, err := d.client.ForceCancel(d.ctx, id, wrapper.ForceOptions{})
	sent := len(d.wire.Seen()) - before
	by := "refused locally: "
	if sent > 0 {
		by = "not refused locally: "
	}
	d.row(id, "force first", by+refusalOf(err), sent)
	d.expect(errors.Is(err, wrapper.ErrForceRefused), "a force without a graceful cancel was not refused: %v", err)
	d.expect(sent == 0, "the refused force put %d requests on the wire", sent)
}

func refusalOf(err error) string {
	var refusal *wrapper.Refusal
	if errors.As(err, &refusal) {
		return refusal.Missing
	}
	return fmt.Sprint(err)
}

func (d *demo) graceful(id uuid.UUID, asked string, options wrapper.CancelOptions) {
	d.cancel(id, asked, func() (wrapper.Result, error) { return d.client.Cancel(d.ctx, id, options) })
}

func (d *demo) force(id uuid.UUID, asked string) {
	d.cancel(id, asked, func() (wrapper.Result, error) {
		return d.client.ForceCancel(d.ctx, id, wrapper.ForceOptions{Reason: "demonstration"})
	})
}

// cancel makes one call, and compares its verdict with the record of the server.
func (d *demo) cancel(id uuid.UUID, asked string, call func() (wrapper.Result, error)) {
	before := len(d.wire.Seen())
	result, err := call()
	sent := len(d.wire.Seen()) - before
	if err != nil {
		d.row(id, asked, err.Error(), sent)
		d.wrong = append(d.wrong, err)
		return
	}
	d.row(id, asked, inWords(result), sent)
	d.expect(sent == len(result.Attempts), "%s: the wire saw %d requests, but the result has %d", asked, sent, len(result.Attempts))
	record, err := d.engine.Record(d.ctx, id)
	if result.Verdict == wrapper.NotFound {
		d.expect(err != nil, "%s: the verdict is NotFound, but the server has a record", asked)
		return
	}
	d.expect(err == nil, "%s: %v", asked, err)
	flag := emulator.RollingBackDueToUserCancel
	if result.Force {
		flag = emulator.RollingBackForce
	}
	d.expect(record.Rollback == flag, "%s: the verdict is %s, but the server recorded %s", asked, result.Verdict, record.Rollback)
}

// wireSaid checks that the last request on the wire contains each text, or does not if
// the text begins with !.
func (d *demo) wireSaid(texts ...string) {
	seen := d.wire.Seen()
	for _, text := range texts {
		text, forbidden := strings.CutPrefix(text, "!")
		said := strings.Contains(seen[len(seen)-1], text)
		d.expect(said != forbidden, "%q on the wire: %t, in %s", text, said, seen[len(seen)-1])
	}
}

func (d *demo) row(id uuid.UUID, asked, happened string, requests int) {
	d.rows = append(d.rows, &demoRow{id: id, asked: asked, happened: happened, requests: requests})
	fmt.Fprintf(d.out, "%-9d %s  %s: %s\n", len(d.rows), id, asked, plain.Text(happened))
}

func (d *demo) expect(ok bool, format string, args ...any) {
	if !ok {
		d.wrong = append(d.wrong, fmt.Errorf(format, args...))
	}
}

// finish waits until every operation is over, and prints the table.
func (d *demo) finish(started []uuid.UUID) error {
	fmt.Fprintln(d.out, "\nwaiting for the operations to end ...")
	d.letGo()
	final := make(map[uuid.UUID]wrapper.Operation)
	for _, id := range started {
		op, err := d.ended(id)
		if err != nil {
			return errors.Join(append(d.wrong, err)...)
		}
		final[id] = op
	}
	rows := make([][]string, len(d.rows))
	for i, r := range d.rows {
		op := final[r.id]
		rows[i] = []string{r.id.String(), orDash(string(op.Kind)), r.asked, r.happened, orDash(string(op.State)), fmt.Sprint(r.requests)}
	}
	fmt.Fprintln(d.out)
	if err := table(d.out, "OPERATION\tKIND\tASKED\tHAPPENED\tFINAL STATE\tREQUESTS SENT", rows); err != nil {
		return err
	}
	return errors.Join(d.wrong...)
}

func (d *demo) ended(id uuid.UUID) (wrapper.Operation, error) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		op, err := d.client.Operation(d.ctx, id)
		switch {
		case err != nil || op.State.Final():
			return op, err
		case !op.Found():
			return op, unknownOperation{id}
		}
		select {
		case <-d.ctx.Done():
			return op, fmt.Errorf("operation %s is still %s: %w", id, op.State, d.ctx.Err())
		case <-tick.C:
		}
	}
}
