package wrapper_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// runtime §5.10: running and finished ones, whatever their kind.
func TestOperations(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		client := c.client(t)
		if ops, err := client.Operations(t.Context()); err != nil || len(ops) != 0 {
			t.Errorf("an empty cluster: %v, %v", ops, err)
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
					t.Errorf("%s: got %v, %v, want one that is not found", s.name, op, err)
				}
				continue
			}
			if err != nil || op != (wrapper.Operation{ID: opID, Kind: wrapper.KindDataLoss, State: s.state}) {
				t.Errorf("%s: got %v, %v", s.name, op, err)
			}
			if final := s.name == "completed" || s.name == "faulted" || s.name == "cancelled and over" || s.name == "forced and over"; op.State.Final() != final {
				t.Errorf("%s: Final is %v", s.name, op.State.Final())
			}
			if flag := c.flag(t, opID); flag != s.flag {
				t.Errorf("%s: a read changed the flag to %s", s.name, flag)
			}
		}
	})
}

// Reads change nothing, so every lost answer is asked for again, and no error is ever ErrOutcomeUnknown.
func TestReadLostAnswers(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		makeRunning(t, c)
		// Lost answers to a GET may be asked for again by net/http itself, so these are bad ones.
		bad := []wirefault.Fault{{Status: 503}, {Status: 200, Body: "null"}, {Status: 429}, {Status: 200, Body: "[]]"}, {Status: 200, Body: "[ ]", Cut: 2}}
		c.wire.Spoil(wirefault.List, bad...)
		op, err := c.client(t).Operation(t.Context(), opID)
		if err != nil || op.State != wrapper.StateRunning || len(c.seen()) != len(bad)+1 {
			t.Errorf("got %v, %v; the wire saw %v", op, err, c.seen())
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
		{"runtime §7: a role that may not", answer{status: 403, body: fabricError("E_ACCESSDENIED")}, wrapper.ErrServerRefused},
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
				t.Errorf("the error is about %s", e.OperationID())
			}
		})
	}
}

// A server may show states and kinds that are not listed here.
func TestOpenLists(t *testing.T) {
	t.Parallel()
	body := `[{"OperationId":"` + opID.String() + `","State":"Thinking","Type":"CoffeeLoss","More":1}]`
	client := directClient(t, &answers{made: []answer{{status: 200, body: body}}})
	op, err := client.Operation(t.Context(), opID)
	if err != nil || op != (wrapper.Operation{ID: opID, Kind: "CoffeeLoss", State: "Thinking"}) || op.State.Final() {
		t.Errorf("got %+v, %v", op, err)
	}
}

// full is a cluster that lists no more than 10 000 operations (runtime §5.10). By kind,
// it shows one more operation, or is full again.
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

// A full list may lack the operation, so that its absence there proves nothing.
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
			t.Errorf("got %+v, %v; asked for %v", op, err, f.asked)
		}
		got, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
		if err != nil || got.Verdict != wrapper.Finished || got.State != wrapper.StateFaulted {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("in none of the kinds, and none is full", func(t *testing.T) {
		t.Parallel()
		f := newFull(t)
		got, err := directClient(t, f).Cancel(t.Context(), opID, wrapper.CancelOptions{})
		if err != nil || got.Verdict != wrapper.NotFound || !slices.Equal(f.asked, []string{"", "65535", "1", "2", "4", "8"}) {
			t.Errorf("got %+v, %v; asked for %v", got, err, f.asked)
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
			t.Errorf("got %+v, %v", got, err)
		}
	})
}
