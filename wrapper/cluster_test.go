package wrapper_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
)

// cluster is the reference server behind a wire that can inject faults. Its clock stands still unless a test advances
// it, or lets it follow the time of the test.
type cluster struct {
	profile server.Profile
	engine  *emulator.Emulator
	wire    *wirefault.Wire
	handler http.Handler // the server behind the wire
	server  http.Handler // the server itself
	clock   *clock

	mu      sync.Mutex
	carried []string  // what the server carried out, including requests with lost answers; see inShort
	forced  time.Time // when the first force arrived
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

// observe records what the server carries out.
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

// The durations of the steps of an operation.
const (
	queueTime = 10 * time.Second
	stepTime  = 100 * time.Second
	allTime   = time.Hour
)

const failingService = "failing"

// scenario makes operations on failingService fail by themselves, and all others succeed.
func scenario(r emulator.Record) emulator.Scenario {
	s := emulator.Scenario{Queue: queueTime, LookUp: stepTime, Perform: stepTime, Undo: stepTime}
	if strings.HasSuffix(r.Target.ServiceName, failingService) {
		s.PerformFails = emulator.Failure{Times: emulator.Always, Code: -2147017779} // FABRIC_E_SERVICE_DOES_NOT_EXIST
	}
	return s
}

// serve serves the cluster on a socket and returns its URL.
func (c *cluster) serve(tb testing.TB) string {
	tb.Helper()
	srv := httptest.NewServer(c.handler)
	tb.Cleanup(srv.Close)
	return srv.URL
}

// client returns a client of the cluster over a socket, with fast retries.
func (c *cluster) client(tb testing.TB, options ...wrapper.Option) *wrapper.Client {
	tb.Helper()
	return newClient(tb, c.serve(tb), options...)
}

// fast is a retry policy without noticeable pauses.
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

// record returns what the server recorded; false if there is no record.
func (c *cluster) record(tb testing.TB, id uuid.UUID) (emulator.Record, bool) {
	tb.Helper()
	r, err := c.engine.Record(context.Background(), id)
	if err != nil {
		return emulator.Record{}, false
	}
	return r, true
}

// flag returns the rollback flag that the server recorded; "" if there is no record.
func (c *cluster) flag(tb testing.TB, id uuid.UUID) emulator.Rollback {
	tb.Helper()
	r, _ := c.record(tb, id)
	return r.Rollback
}

// otherCancels cancels an operation as another client would.
func (c *cluster) otherCancels(id uuid.UUID, force bool) error {
	_, err := c.engine.CancelOperation(context.Background(), generated.CancelOperationRequestObject{
		Params: generated.CancelOperationParams{OperationID: id, Force: force},
	})
	return err
}

// start starts a data loss on a service as another client would.
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

// seen returns the requests on the wire, in short: "graceful", "force", "list", or the end of the path.
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

// clock is a clock that tests advance.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	since time.Time // when the clock began to follow the time of the test; zero if it stands still
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		return c.now
	}
	return c.now.Add(time.Since(c.since))
}

// follow makes the clock advance with the time of the test, which is that of its bubble.
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

// eachProfile runs a test in parallel with both profiles.
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

// direct is a transport that calls a handler without a socket, for tests in a bubble and for tests of very many cases.
// If the handler aborts, the answer is lost, or cut short if it had begun, as on a socket.
type direct struct{ handler http.Handler }

var errDialRefused = errors.New("connection refused")

// refuseDial, as a panic of the handler, makes the request fail as if the connection was refused.
type refuseDial struct{}

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	recorder := httptest.NewRecorder()
	aborted, refused := d.handle(recorder, r)
	switch {
	case refused:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errDialRefused}
	case aborted && r.Context().Err() != nil:
		return nil, r.Context().Err()
	case aborted && !recorder.Flushed:
		return nil, io.EOF
	}
	response := recorder.Result()
	response.Request = r
	if aborted {
		begun, _ := io.ReadAll(response.Body)
		response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(begun), iotest.ErrReader(io.ErrUnexpectedEOF)))
	}
	return response, nil
}

func (d direct) handle(w http.ResponseWriter, r *http.Request) (aborted, refused bool) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			aborted = true
		case refuseDial{}:
			refused = true
		default:
			panic(p)
		}
	}()
	r = r.Clone(r.Context())
	r.Body = http.NoBody
	d.handler.ServeHTTP(w, r)
	return false, false
}

// directClient returns a client of a handler without a socket.
func directClient(tb testing.TB, handler http.Handler, options ...wrapper.Option) *wrapper.Client {
	tb.Helper()
	h := &http.Client{Transport: direct{handler}}
	client, err := wrapper.New("http://cluster:19080", append([]wrapper.Option{wrapper.WithHTTPClient(h)}, options...)...)
	if err != nil {
		tb.Fatal(err)
	}
	return client
}

// answers is a handler that gives prepared answers in order, and repeats the last one.
type answers struct {
	made    []answer
	served  int
	onServe func(r *http.Request)
}

type answer struct {
	status int
	body   string
	header http.Header
	hang   bool // no answer until the context of the request ends
	dial   bool // the connection is refused
	lost   bool // the connection breaks without an answer
}

func (a *answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := a.made[min(a.served, len(a.made)-1)]
	a.served++
	if a.onServe != nil {
		a.onServe(r)
	}
	switch {
	case now.dial:
		panic(refuseDial{})
	case now.hang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case now.lost:
		panic(http.ErrAbortHandler)
	}
	for name, values := range now.header {
		w.Header()[name] = values
	}
	w.WriteHeader(now.status)
	_, _ = io.WriteString(w, now.body)
}

// fabricError returns the body of a failure with a code.
func fabricError(code wrapper.Code) string {
	return `{"Error":{"Code":"` + string(code) + `","Message":"a sentence"}}`
}

// refusal returns the Refusal that an error wraps.
func refusal(tb testing.TB, err error) *wrapper.Refusal {
	tb.Helper()
	var r *wrapper.Refusal
	if !errors.As(err, &r) || !errors.Is(err, wrapper.ErrForceRefused) {
		tb.Fatalf("got %v, want a refusal by the policy", err)
	}
	return r
}

// asError returns the Error that an error wraps, and checks its kind.
func asError(tb testing.TB, err, kind error) *wrapper.Error {
	tb.Helper()
	var e *wrapper.Error
	if !errors.As(err, &e) {
		tb.Fatalf("got %v, want a *wrapper.Error", err)
	}
	if !errors.Is(err, kind) {
		tb.Errorf("got %v, want it to wrap %v", err, kind)
	}
	return e
}

// wantKind checks the kind of an error.
func wantKind(tb testing.TB, err, kind error) {
	tb.Helper()
	if !errors.Is(err, kind) {
		tb.Errorf("got %v, want it to wrap %v", err, kind)
	}
}

// background returns a context for calls that need no deadline.
func background() context.Context { return context.Background() }

// opID is the id of the operation in most tests.
var opID = uuid.MustParse("5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01")

// situation is the condition of an operation before a call.
type situation struct {
	name  string
	flag  emulator.Rollback // "" for no record
	state wrapper.State     // as shown; "" for no record
	make  func(tb testing.TB, c *cluster)
}

// situations are all conditions of runtime §5.2 that a test can produce.
var situations = []situation{
	{"unknown id", "", "", func(testing.TB, *cluster) {}},
	{"queued", emulator.NotRollingBack, wrapper.StateRunning, func(tb testing.TB, c *cluster) {
		c.start(tb, opID, "orders")
	}},
	{"running", emulator.NotRollingBack, wrapper.StateRunning, makeRunning},
	{"gracefully cancelled", emulator.RollingBackDueToUserCancel, wrapper.StateRollingBack, makeStopping},
	{"failing by itself", emulator.RollingBackAndWillFail, wrapper.StateRollingBack, makeFailing},
	{"forced", emulator.RollingBackForce, wrapper.StateRollingBack, makeForced},
	{"completed", emulator.NotRollingBack, wrapper.StateCompleted, over(makeRunning)},
	{"faulted", emulator.NotRollingBack, wrapper.StateFaulted, over(makeFailing)},
	{"cancelled and over", emulator.RollingBackDueToUserCancel, wrapper.StateCancelled, over(makeStopping)},
	{"forced and over", emulator.RollingBackForce, wrapper.StateForceCancelled, over(makeForced)},
}

func situationNamed(tb testing.TB, name string) situation {
	tb.Helper()
	for _, s := range situations {
		if s.name == name {
			return s
		}
	}
	tb.Fatalf("got no situation named %q, want one", name)
	return situation{}
}

func makeRunning(tb testing.TB, c *cluster) {
	tb.Helper()
	c.start(tb, opID, "orders")
	c.clock.advance(queueTime)
}

func makeStopping(tb testing.TB, c *cluster) {
	tb.Helper()
	makeRunning(tb, c)
	must(tb, c.otherCancels(opID, false))
}

func makeForced(tb testing.TB, c *cluster) {
	tb.Helper()
	makeStopping(tb, c)
	must(tb, c.otherCancels(opID, true))
}

func makeFailing(tb testing.TB, c *cluster) {
	tb.Helper()
	c.start(tb, opID, failingService)
	c.clock.advance(queueTime + 2*stepTime)
}

// over makes an operation with make, and lets it run to its end.
func over(make func(testing.TB, *cluster)) func(testing.TB, *cluster) {
	return func(tb testing.TB, c *cluster) {
		tb.Helper()
		make(tb, c)
		c.clock.advance(allTime)
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// Each situation has the flag and state of its name, on which all other tests rely.
func TestSituations(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for _, s := range situations {
			c := newCluster(t, profile)
			s.make(t, c)
			r, found := c.record(t, opID)
			if found != (s.flag != "") || r.Rollback != s.flag {
				t.Errorf("%s: got flag %q (found %v), want %q", s.name, r.Rollback, found, s.flag)
			}
			if found && wrapper.State(r.State()) != s.state {
				t.Errorf("%s: got state %s, want %s", s.name, r.State(), s.state)
			}
		}
	})
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
