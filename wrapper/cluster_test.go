package wrapper_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
)

// cluster is the reference server with a wire in front of it. Its time stands still
// unless a test moves it, or lets it follow its own.
type cluster struct {
	profile server.Profile
	engine  *emulator.Emulator
	wire    *wirefault.Wire
	handler http.Handler // the server behind the wire
	server  http.Handler // the server itself
	clock   *clock

	mu      sync.Mutex
	carried []string  // what the server carried out, lost answers included, in short
	forced  time.Time // when the first force came
}

func newCluster(tb testing.TB, profile server.Profile) *cluster {
	tb.Helper()
	c := &cluster{profile: profile, wire: new(wirefault.Wire), clock: &clock{now: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}}
	c.engine = emulator.New(memory.New(),
		emulator.WithProfile(profile),
		emulator.WithClock(c.clock.Now),
		emulator.WithSettings(emulator.Settings{MaxStoredActionCount: -1, CompletedActionKeepDuration: time.Second}), // for forget
		emulator.WithScenario(scenario))
	handler, err := server.New(c.engine, server.WithProfile(profile))
	if err != nil {
		tb.Fatal(err)
	}
	c.server = c.observe(handler)
	c.handler = c.wire.Handler(c.server)
	return c
}

// observe notes what the server carries out.
func (c *cluster) observe(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if wirefault.Force(r) {
			c.mu.Lock()
			if c.forced.IsZero() {
				c.forced = time.Now()
			}
			c.mu.Unlock()
		}
		status := &statusWriter{ResponseWriter: w}
		handler.ServeHTTP(status, r)
		if status.status/100 == 2 {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.carried = append(c.carried, inShort([]string{r.Method + " " + r.URL.RequestURI()})...)
		}
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// The life of an operation here: long enough in each step for the clock to stop there.
const (
	queueTime = 10 * time.Second
	stepTime  = 100 * time.Second
	allTime   = time.Hour
)

const failingService = "failing"

// scenario: operations on the failing service fail by themselves, all others succeed.
func scenario(r emulator.Record) emulator.Scenario {
	s := emulator.Scenario{Queue: queueTime, LookUp: stepTime, Perform: stepTime, Undo: stepTime}
	if strings.HasSuffix(r.Target.ServiceName, failingService) {
		s.PerformFails = emulator.Failure{Times: emulator.Always, Code: -2147017779} // FABRIC_E_SERVICE_DOES_NOT_EXIST
	}
	return s
}

// serve puts the cluster on a socket.
func (c *cluster) serve(tb testing.TB) string {
	tb.Helper()
	srv := httptest.NewServer(c.handler)
	tb.Cleanup(srv.Close)
	return srv.URL
}

// client is a client of the cluster over a socket, one that does not wait for long.
func (c *cluster) client(tb testing.TB, options ...wrapper.Option) *wrapper.Client {
	tb.Helper()
	return newClient(tb, c.serve(tb), options...)
}

// fast is a retry without noticeable pauses.
var fast = wrapper.Retry{Base: time.Microsecond, BusyBase: time.Microsecond, Cap: time.Microsecond}

func fastWith(attempts int) wrapper.Option {
	r := fast
	r.MaxAttempts = attempts
	return wrapper.WithRetry(r)
}

func newClient(tb testing.TB, endpoint string, options ...wrapper.Option) *wrapper.Client {
	tb.Helper()
	client, err := wrapper.New(endpoint, append([]wrapper.Option{wrapper.WithRetry(fast)}, options...)...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(client.Close)
	return client
}

// record is what the server really recorded; false if there is nothing.
func (c *cluster) record(tb testing.TB, id uuid.UUID) (emulator.Record, bool) {
	tb.Helper()
	r, err := c.engine.Record(context.Background(), id)
	if err != nil {
		return emulator.Record{}, false
	}
	return r, true
}

// flag is the rollback flag that the server recorded; "" if there is no record.
func (c *cluster) flag(tb testing.TB, id uuid.UUID) emulator.Rollback {
	tb.Helper()
	r, _ := c.record(tb, id)
	return r.Rollback
}

// otherCancels is a cancel by somebody else, behind the client's back.
func (c *cluster) otherCancels(id uuid.UUID, force bool) error {
	_, err := c.engine.CancelOperation(context.Background(), generated.CancelOperationRequestObject{
		Params: generated.CancelOperationParams{OperationID: id, Force: force},
	})
	return err
}

// start begins a data loss on a service, behind the client's back.
func (c *cluster) start(tb testing.TB, id uuid.UUID, service string) {
	tb.Helper()
	_, err := c.engine.StartDataLoss(context.Background(), generated.StartDataLossRequestObject{
		ServiceID: service, PartitionID: uuid.UUID{1},
		Params: generated.StartDataLossParams{OperationID: id, DataLossMode: generated.DataLossModePartialDataLoss},
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// seen is what came over the wire, in short: "graceful", "force", "list", or the rest of the path.
func (c *cluster) seen() []string { return inShort(c.wire.Seen()) }

func inShort(requests []string) []string {
	var short []string
	for _, s := range requests {
		switch {
		case strings.Contains(s, "Force=true"):
			s = "force"
		case strings.Contains(s, "Force=false"):
			s = "graceful"
		case strings.HasPrefix(s, "GET /Faults/?"):
			s = "list"
		default:
			path, _, _ := strings.Cut(s, "?")
			s = path[strings.LastIndex(strings.TrimSuffix(path, "/"), "/")+1:]
		}
		short = append(short, s)
	}
	return short
}

// clock is a clock that tests move.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	since time.Time // when it began to follow the time of the test; zero if it stands still
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		return c.now
	}
	return c.now.Add(time.Since(c.since))
}

// follow makes the clock go on as the time of the test does, which is that of its bubble.
func (c *clock) follow() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since = time.Now()
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// eachProfile runs a test against both truths, at the same time.
func eachProfile(t *testing.T, test func(t *testing.T, profile server.Profile)) {
	t.Helper()
	for _, profile := range []server.Profile{server.Documented, server.Runtime} {
		t.Run(profile.String(), func(t *testing.T) {
			t.Parallel()
			test(t, profile)
		})
	}
}

// cancelWith cancels the operation, gracefully or by force.
func cancelWith(ctx context.Context, client *wrapper.Client, force bool) error {
	var err error
	if force {
		_, err = client.ForceCancel(ctx, opID, wrapper.ForceOptions{})
	} else {
		_, err = client.Cancel(ctx, opID, wrapper.CancelOptions{})
	}
	return err
}
