package wrapper_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/openapi/loaded"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// runtime §5.10: Operations lists running and finished operations of every kind.
func TestOperations(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		client := c.client(t)
		if ops, err := client.Operations(t.Context()); err != nil || len(ops) != 0 {
			t.Errorf("an empty cluster: got %v, %v, want none", ops, err)
		}
		situationNamed(t, "cancelled and over").make(t, c)
		want := []wrapper.Operation{{ID: opID, Kind: wrapper.KindDataLoss, State: wrapper.StateCancelled}}
		for kind, start := range starts {
			got, err := start(t.Context(), client, wrapper.StartOptions{})
			must(t, err)
			want = append(want, wrapper.Operation{ID: got.OperationID, Kind: kind, State: wrapper.StateRunning})
		}
		ops, err := client.Operations(t.Context())
		must(t, err)
		byID := func(a, b wrapper.Operation) int { return cmp.Compare(a.ID.String(), b.ID.String()) }
		slices.SortFunc(ops, byID)
		slices.SortFunc(want, byID)
		if !slices.Equal(ops, want) {
			t.Errorf("got %v, want %v", ops, want)
		}
	})
}

func TestOperation(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for _, s := range situations {
			c := newCluster(t, profile)
			s.make(t, c)
			op, err := c.client(t).Operation(t.Context(), opID)
			if s.state == "" {
				if err != nil || op.Found() || op.ID != opID {
					t.Errorf("%s: got %v, %v, want not found", s.name, op, err)
				}
				continue
			}
			if err != nil || op != (wrapper.Operation{ID: opID, Kind: wrapper.KindDataLoss, State: s.state}) {
				t.Errorf("%s: got %v, %v, want state %s", s.name, op, err, s.state)
			}
			if final := s.name == "completed" || s.name == "faulted" || s.name == "cancelled and over" || s.name == "forced and over"; op.State.Final() != final {
				t.Errorf("%s: got Final %v, want %v", s.name, op.State.Final(), final)
			}
			if flag := c.flag(t, opID); flag != s.flag {
				t.Errorf("%s: got flag %s after a read, want %s", s.name, flag, s.flag)
			}
		}
	})
}

// Reads change nothing, so they are retried after every bad answer, and never return ErrOutcomeUnknown.
func TestReadLostAnswers(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		makeRunning(t, c)
		// net/http itself may retry a GET whose answer is lost, so these faults are bad answers.
		bad := []wirefault.Fault{{Status: 503}, {Status: 200, Body: "null"}, {Status: 429}, {Status: 200, Body: "[]]"}, {Status: 200, Body: "[ ]", Cut: 2}}
		c.wire.Spoil(wirefault.List, bad...)
		op, err := c.client(t).Operation(t.Context(), opID)
		if err != nil || op.State != wrapper.StateRunning || len(c.seen()) != len(bad)+1 {
			t.Errorf("got %v, %v after %v, want Running after %d lists", op, err, c.seen(), len(bad)+1)
		}
	})
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		at   answer
		kind error
	}{
		{"runtime §7: a role without permission", answer{status: 403, body: fabricError("E_ACCESSDENIED")}, wrapper.ErrServerRefused},
		{"too busy for all attempts", answer{status: 429}, wrapper.ErrServerRefused},
		{"runtime §5.8: not ready", answer{status: 503, body: fabricError("E_ABORT")}, wrapper.ErrUnavailable},
		{"not a list", answer{status: 200, body: "null"}, wrapper.ErrUnavailable},
		{"no connection", answer{dial: true}, wrapper.ErrNotSent},
		{"lost", answer{lost: true}, wrapper.ErrUnavailable},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			client := directClient(t, &answers{made: []answer{tc.at}}, wrapper.WithRetry(fast))
			_, err := client.Operations(t.Context())
			wantKind(t, err, tc.kind)
			_, err = client.Operation(t.Context(), opID)
			if e := asError(t, err, tc.kind); e.OperationID() != opID {
				t.Errorf("got an error about %s, want %s", e.OperationID(), opID)
			}
		})
	}
}

// A server may return states and kinds that this package does not know.
func TestUnknownStateAndKind(t *testing.T) {
	t.Parallel()
	body := `[{"OperationId":"` + opID.String() + `","State":"Thinking","Type":"CoffeeLoss","More":1}]`
	client := directClient(t, &answers{made: []answer{{status: 200, body: body}}})
	op, err := client.Operation(t.Context(), opID)
	if err != nil || op != (wrapper.Operation{ID: opID, Kind: "CoffeeLoss", State: "Thinking"}) || op.State.Final() {
		t.Errorf("got %+v, %v, want CoffeeLoss Thinking, not final", op, err)
	}
}

// full is a cluster whose list of all kinds is full with 10 000 operations (runtime §5.10). The lists of single kinds
// are in byBit, and empty otherwise.
type full struct {
	all   []byte
	byBit map[string][]byte
	asked []string
}

func newFull(tb testing.TB) *full {
	tb.Helper()
	listed := make([]map[string]string, 10_000)
	for i := range listed {
		listed[i] = map[string]string{"OperationId": uuid.UUID{1, byte(i >> 8), byte(i)}.String(), "State": "Completed", "Type": "PartitionDataLoss"}
	}
	all, err := json.Marshal(listed)
	must(tb, err)
	return &full{all: all, byBit: map[string][]byte{"65535": all}}
}

func (f *full) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, _ := url.ParseQuery(r.URL.RawQuery)
	kinds := q.Get("TypeFilter")
	f.asked = append(f.asked, kinds)
	body := f.byBit[kinds]
	if body == nil {
		body = []byte("[]")
	}
	if r.Method == http.MethodPost {
		w.WriteHeader(http.StatusNotFound)
		body = []byte(fabricError(wrapper.Code(generated.ErrorCodeKeyNotFound)))
	}
	_, _ = w.Write(body)
}

// A full list may lack the operation, so its absence there proves nothing.
func TestFullList(t *testing.T) {
	t.Parallel()
	shown := []byte(`[{"OperationId":"` + opID.String() + `","State":"Faulted","Type":"PartitionRestart"}]`)
	t.Run("found by its kind", func(t *testing.T) {
		t.Parallel()
		f := newFull(t)
		f.byBit["4"] = shown
		client := directClient(t, f)
		op, err := client.Operation(t.Context(), opID)
		if err != nil || op.State != wrapper.StateFaulted || !slices.Equal(f.asked, []string{"65535", "1", "2", "4"}) {
			t.Errorf("read: got %+v, %v with filters %v, want Faulted with 65535, 1, 2, 4", op, err, f.asked)
		}
		got, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
		if err != nil || got.Verdict != wrapper.Finished || got.State != wrapper.StateFaulted {
			t.Errorf("cancel: got %+v, %v, want Finished Faulted", got, err)
		}
	})
	t.Run("in no list of a kind, and none is full", func(t *testing.T) {
		t.Parallel()
		f := newFull(t)
		got, err := directClient(t, f).Cancel(t.Context(), opID, wrapper.CancelOptions{})
		if err != nil || got.Verdict != wrapper.NotFound || !slices.Equal(f.asked, []string{"", "65535", "1", "2", "4", "8"}) {
			t.Errorf("got %+v, %v with filters %v, want NotFound after each kind", got, err, f.asked)
		}
	})
	t.Run("one kind cannot be read", func(t *testing.T) {
		t.Parallel()
		f := newFull(t)
		f.byBit["2"] = []byte("null")
		_, err := directClient(t, f, wrapper.WithRetry(fast)).Operation(t.Context(), opID)
		wantKind(t, err, wrapper.ErrUnavailable)
	})
	t.Run("one kind is full as well", func(t *testing.T) {
		t.Parallel()
		f := newFull(t)
		f.byBit["2"] = f.all
		got, err := directClient(t, f).Cancel(t.Context(), opID, wrapper.CancelOptions{})
		if err == nil || !strings.Contains(err.Error(), "at most 10000 operations") {
			t.Errorf("got %+v, %v, want an error that says at most 10000 operations", got, err)
		}
	})
}

// A list with an element that is not an operation is a bad answer.
func TestListWithOtherMembersIsRefused(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"[null]", "[{}]", `[{"State":"Running"}]`, `[{"OperationId":"` + id + `"}]`} {
		made := []answer{{status: 404, body: fabricError(wrapper.Code(generated.ErrorCodeKeyNotFound))}, {status: 200, body: body}}
		got, err := directClient(t, &answers{made: made}, fastWith(3)).Cancel(t.Context(), opID, wrapper.CancelOptions{})
		if !errors.Is(err, wrapper.ErrBadAnswer) {
			t.Errorf("%s: got %s, %v, want %v", body, got.Verdict, err, wrapper.ErrBadAnswer)
		}
	}
}

// A full list lacks operations (runtime §5.10). CancelAll then lists each kind, and reports the list of a kind that is
// full as well.
func TestCancelAllReadsFullListsByKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 10_000
		list := func(kinds ...wrapper.Kind) (listed []map[string]any) {
			for i := range n + 2 {
				if kind := []wrapper.Kind{wrapper.KindDataLoss, wrapper.KindQuorumLoss}[i%2]; kinds == nil || kinds[0] == kind {
					listed = append(listed, map[string]any{"OperationId": uuid.UUID{0: byte(i), 1: byte(i >> 8), 8: 0x80}, "Type": kind, "State": "Running"})
				}
			}
			return listed[:min(len(listed), n)]
		}
		client := directClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet {
				return
			}
			switch r.URL.Query().Get("TypeFilter") {
			case "1":
				_ = json.NewEncoder(w).Encode(list(wrapper.KindDataLoss))
			case "2":
				_ = json.NewEncoder(w).Encode(list(wrapper.KindQuorumLoss))
			case "4", "8":
				_, _ = w.Write([]byte("[]"))
			default:
				_ = json.NewEncoder(w).Encode(list())
			}
		}))
		results, errs := each(t, client.CancelAll(t.Context(), wrapper.Selector{}, wrapper.CancelAllOptions{}))
		if len(results) != n+2 || len(errs) != 0 { // the lists of one kind are not full
			t.Errorf("got %d operations and %v, want %d and no error", len(results), errs, n+2)
		}
	})
}

// If a list was answered, the error is not ErrNotSent.
func TestFullListIsNotErrNotSent(t *testing.T) {
	t.Parallel()
	f := newFull(t)
	f.byBit["8"] = f.all
	_, err := directClient(t, f).Operation(t.Context(), opID)
	wantKind(t, err, wrapper.ErrUnavailable)
}

// If a read got a bad answer and then no connection, the error is not ErrNotSent.
func TestLostReadIsNotErrNotSent(t *testing.T) {
	t.Parallel()
	client := directClient(t, &answers{made: []answer{{status: 503}, {dial: true}}}, fastWith(2))
	_, err := client.Operations(t.Context())
	wantKind(t, err, wrapper.ErrUnavailable)
}

// listOf returns a list of n operations as servers encode it, and its operations.
func listOf(n int) (body []byte, ops []wrapper.Operation) {
	states := []wrapper.State{wrapper.StateCompleted, wrapper.StateRunning, wrapper.StateCancelled}
	b := []byte("[")
	for i := range n {
		op := wrapper.Operation{ID: uuid.UUID{1, byte(i >> 16), byte(i >> 8), byte(i)}, Kind: wrapper.KindQuorumLoss, State: states[i%len(states)]}
		b = fmt.Appendf(b, `{"OperationId":"%s","State":"%s","Type":"%s"},`, op.ID, op.State, op.Kind)
		ops = append(ops, op)
	}
	return append(bytes.TrimSuffix(b, []byte(",")), "]\n"...), ops
}

// bodyClient returns a client whose requests get a 200 with the bodies in order, and with the last one repeatedly.
func bodyClient(tb testing.TB, attempts int, bodies ...func() io.Reader) *wrapper.Client {
	tb.Helper()
	served := 0
	return newClient(tb, "http://cluster", fastWith(attempts), wrapper.WithHTTPClient(&http.Client{
		Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			body := bodies[min(served, len(bodies)-1)]()
			served++
			return &http.Response{StatusCode: http.StatusOK, Request: r, Body: io.NopCloser(body)}, nil
		}),
	}))
}

func inOneGo(body []byte) func() io.Reader {
	return func() io.Reader { return bytes.NewReader(body) }
}

// all returns the operations and the error that AllOperations yields.
func all(tb testing.TB, client *wrapper.Client) (ops []wrapper.Operation, err error) {
	tb.Helper()
	for op, failed := range client.AllOperations(tb.Context()) {
		if err != nil {
			tb.Fatalf("got %v after the error %v, want nothing", op, err)
		}
		if err = failed; err == nil {
			ops = append(ops, op)
		}
	}
	return ops, err
}

// Operations and AllOperations read each operation once, in whatever pieces the list arrives, even if the id of one is
// spelled differently.
func TestListIsReadFromAnyPieces(t *testing.T) {
	t.Parallel()
	body, want := listOf(700)
	for name, read := range map[string]func(io.Reader) io.Reader{
		"in one go":         func(r io.Reader) io.Reader { return r },
		"byte by byte":      iotest.OneByteReader,
		"in halves":         iotest.HalfReader,
		"EOF with the data": iotest.DataErrReader,
	} {
		for _, unusual := range []int{-1, 0, 1, 350, 699} {
			text := body
			if unusual >= 0 {
				text = bytes.Replace(body, []byte(want[unusual].ID.String()), []byte("{"+want[unusual].ID.String()+"}"), 1)
			}
			client := bodyClient(t, 1, func() io.Reader { return read(bytes.NewReader(text)) })
			if got, err := client.Operations(t.Context()); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s, number %d unusual: Operations got %d, %v, want %d", name, unusual, len(got), err, len(want))
			}
			if got, err := all(t, client); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s, number %d unusual: AllOperations got %d, %v, want %d", name, unusual, len(got), err, len(want))
			}
		}
	}
}

// A truncated list yields nothing: AllOperations retries, and yields each operation of a complete list once, or an
// error alone.
func TestAllOperationsAfterTruncatedAnswer(t *testing.T) {
	t.Parallel()
	body, want := listOf(700)
	cut := func() io.Reader {
		return io.MultiReader(bytes.NewReader(body[:len(body)/2]), iotest.ErrReader(io.ErrUnexpectedEOF))
	}
	short := inOneGo(body[:len(body)/2])
	if got, err := all(t, bodyClient(t, 3, cut, short, inOneGo(body))); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %d operations and %v, want %d", len(got), err, len(want))
	}
	got, err := all(t, bodyClient(t, 2, cut))
	if wantKind(t, err, wrapper.ErrUnavailable); len(got) > 0 {
		t.Errorf("got %d operations of truncated lists, want none", len(got))
	}
}

// The caller may leave the loop, and use the iterator again.
func TestLeavingAllOperations(t *testing.T) {
	t.Parallel()
	body, want := listOf(3)
	seq := bodyClient(t, 1, inOneGo(body)).AllOperations(t.Context())
	for range 2 {
		for op, err := range seq {
			if err != nil || op != want[0] {
				t.Errorf("got %v, %v, want %v", op, err, want[0])
			}
			break
		}
	}
}

// AllOperations, like Operations, yields the operations that middleware returns instead of sending a request.
func TestAllOperationsOfMiddleware(t *testing.T) {
	t.Parallel()
	_, want := listOf(2)
	client := directClient(t, &answers{made: []answer{{lost: true}}}, wrapper.WithCallMiddleware(func(wrapper.CallFunc) wrapper.CallFunc {
		return func(context.Context, wrapper.Call) (wrapper.Outcome, error) {
			return wrapper.Outcome{Operations: want}, nil
		}
	}))
	if got, err := all(t, client); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

// Reading a list takes less than 1 MiB in addition to the result, even with the most operations, 40 000.
func TestMemoryOfLists(t *testing.T) {
	const n, most = 40_000, 1 << 20
	body, ops := listOf(n)
	client := bodyClient(t, 1, inOneGo(body))
	cost := func(do func()) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		do()
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	for name, tc := range map[string]struct {
		do   func() int
		most uint64
	}{
		"Operations": {func() int {
			all, err := client.Operations(t.Context())
			must(t, err)
			return len(all)
		}, most + n*48},
		"AllOperations": {func() (count int) {
			for _, err := range client.AllOperations(t.Context()) {
				must(t, err)
				count++
			}
			return count
		}, most},
		"Operation": {func() int {
			op, err := client.Operation(t.Context(), ops[1].ID)
			must(t, err)
			return map[bool]int{true: n}[op == ops[1]]
		}, 64 << 10},
	} {
		got := 0
		if bytes := cost(func() { got = tc.do() }); got != n || bytes > tc.most {
			t.Errorf("%s: got %d operations with %d bytes allocated, want %d with %d at most", name, got, bytes, n, tc.most)
		}
	}
}

// BenchmarkOperations measures a list without a network.
func BenchmarkOperations(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 40_000} {
		body, _ := listOf(n)
		client := bodyClient(b, 1, inOneGo(body))
		b.Run(fmt.Sprintf("%d/Operations", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if ops, err := client.Operations(b.Context()); err != nil || len(ops) != n {
					b.Fatalf("got %d operations, %v, want %d", len(ops), err, n)
				}
			}
		})
		b.Run(fmt.Sprintf("%d/AllOperations", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, err := range client.AllOperations(b.Context()) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// With Look and an empty ledger, RequireGraceful reads the operation from the cluster once. Then follows a force, a
// verdict or a refusal.
func TestLook(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for _, tc := range []struct {
			situation string
			policy    wrapper.RequireGraceful
			want      wrapper.Verdict
			refused   error
			wire      []string
		}{
			{"unknown id", wrapper.RequireGraceful{Look: true}, wrapper.NotFound, nil, []string{"list"}},
			{"running", wrapper.RequireGraceful{Look: true}, "", wrapper.ErrForceRefused, []string{"list"}},
			{"gracefully cancelled", wrapper.RequireGraceful{Look: true}, wrapper.Accepted, nil, []string{"list", "force"}},
			{"gracefully cancelled", wrapper.RequireGraceful{Look: true, MinGrace: time.Hour}, "", wrapper.ErrForceRefused, []string{"list"}},
			{"completed", wrapper.RequireGraceful{Look: true}, wrapper.Finished, nil, []string{"list"}},
			{"running", wrapper.RequireGraceful{}, "", wrapper.ErrForceRefused, nil},
		} {
			c := newCluster(t, profile)
			situationNamed(t, tc.situation).make(t, c)
			before := len(c.seen())
			got, err := c.client(t).ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: tc.policy})
			if got.Verdict != tc.want || !errors.Is(err, tc.refused) {
				t.Errorf("%s with %+v: got %s, %v, want %s, %v", tc.situation, tc.policy, got.Verdict, err, tc.want, tc.refused)
			}
			if wire := c.seen()[before:]; !slices.Equal(wire, tc.wire) {
				t.Errorf("%s with %+v: the wire saw %v, want %v", tc.situation, tc.policy, wire, tc.wire)
			}
		}
	})
}

// If the read of Look fails, no force is sent.
func TestLookFails(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Documented)
	makeStopping(t, c)
	c.wire.Spoil(wirefault.List, wirefault.Fault{Status: 503}, wirefault.Fault{Status: 503})
	_, err := c.client(t, fastWith(2)).ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: wrapper.RequireGraceful{Look: true}})
	wantKind(t, err, wrapper.ErrNotSent)
	if slices.Contains(c.seen(), "force") {
		t.Errorf("the wire saw %v, want no force", c.seen())
	}
}

// Names that would change the path of a start are refused.
func TestStartRefusesPaths(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Runtime)
	client := c.client(t)
	for _, name := range []string{"", ".", "..", "fabric:/", "fabric:/shop/../orders", "shop~.", "/"} {
		_, err := client.StartDataLoss(t.Context(), wrapper.Partition{Service: name, ID: uuid.New()}, "FullDataLoss", wrapper.StartOptions{})
		wantKind(t, err, wrapper.ErrInvalidArgument)
	}
	_, err := client.StartNodeTransition(t.Context(), wrapper.Node{Name: "..", Instance: 1}, "Start", 0, wrapper.StartOptions{})
	wantKind(t, err, wrapper.ErrInvalidArgument)
	if seen := c.seen(); len(seen) != 0 {
		t.Errorf("the wire saw %v, want nothing", seen)
	}
}

// A connection that a retry cannot establish is not retried.
func TestHopelessConnections(t *testing.T) {
	t.Parallel()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for name, endpoint := range map[string]string{
		"an unknown certificate":      secure.URL,
		"TLS to a server without TLS": strings.Replace(plain.URL, "http:", "https:", 1),
	} {
		err := cancelWith(t.Context(), newClient(t, endpoint), false)
		if e := asError(t, err, wrapper.ErrNotSent); len(e.Attempts()) != 1 {
			t.Errorf("%s: got %v after %d attempts, want 1", name, e, len(e.Attempts()))
		}
	}
}

// The client accepts the range of timeouts in the document.
func TestTimeoutRangeOfDocument(t *testing.T) {
	t.Parallel()
	doc, err := loaded.View(t.Context(), "6.0")
	must(t, err)
	schema := doc.Components.Parameters["Timeout"].Value.Schema.Value
	least, most := time.Duration(*schema.Min)*time.Second, time.Duration(*schema.Max)*time.Second
	c := newCluster(t, server.Documented)
	client := c.client(t)
	for d, valid := range map[time.Duration]bool{least: true, most: true, least - time.Second: least-time.Second == 0, most + time.Second: false} {
		_, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{Timeout: d})
		if got := !errors.Is(err, wrapper.ErrInvalidArgument); got != valid {
			t.Errorf("%v: got accepted %t, want %t (%v)", d, got, valid, err)
		}
	}
	if schema.Default != nil && fmt.Sprint(schema.Default) != "60" {
		t.Errorf("got default %v, want 60, which the client assumes if it sends no timeout", schema.Default)
	}
}

// If a call needs the state and cannot read it, its error wraps the code of that read and the code of the refusal
// before it.
func TestUnreadState(t *testing.T) {
	t.Parallel()
	made := []answer{{status: 404, body: fabricError(wrapper.Code(generated.ErrorCodeKeyNotFound))}, {status: 503, body: fabricError("FABRIC_E_NOT_READY")}}
	err := cancelWith(t.Context(), directClient(t, &answers{made: made}, fastWith(2)), false)
	wantKind(t, err, wrapper.ErrOutcomeUnknown)
	if !errors.Is(err, wrapper.Code(generated.ErrorCodeKeyNotFound)) || !errors.Is(err, wrapper.Code("FABRIC_E_NOT_READY")) {
		t.Errorf("got %v, want it to wrap both codes", err)
	}
}

// The message says that the answer was a redirect, whatever its body.
func TestErrorNamesRedirect(t *testing.T) {
	t.Parallel()
	err := cancelWith(t.Context(), directClient(t, &answers{made: []answer{{status: 302}}}, fastWith(1)), false)
	wantKind(t, err, wrapper.ErrServerRefused)
	if !strings.Contains(err.Error(), "a redirect, which is never followed") {
		t.Errorf("got %v, want a redirect, which is never followed", err)
	}
}

// Repeated reads record a state once.
func TestSeenIsRecordedOnce(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Documented)
	makeStopping(t, c)
	var ledger wrapper.MemoryLedger
	client := c.client(t, wrapper.WithLedger(&ledger))
	for range 3 {
		_, err := client.Operation(t.Context(), opID)
		must(t, err)
	}
	if entries, _ := ledger.Entries(t.Context(), opID); len(entries) != 1 {
		t.Errorf("got %d entries, want 1", len(entries))
	}
}
