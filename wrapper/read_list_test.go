package wrapper_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
)

// listOf is a list of n operations as servers write it, and what it says.
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

// bodyClient is a client that gets 200 with bodies, one after the other, the last one for ever.
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

// all is what AllOperations yields.
func all(tb testing.TB, client *wrapper.Client) (ops []wrapper.Operation, err error) {
	tb.Helper()
	for op, failed := range client.AllOperations(tb.Context()) {
		if err != nil {
			tb.Fatalf("after %v came %v", err, op)
		}
		if err = failed; err == nil {
			ops = append(ops, op)
		}
	}
	return ops, err
}

// However the bytes of a list arrive, and wherever in it an operation is written in another
// way, each operation is read once, by each of the two.
func TestListIsReadFromAnyPieces(t *testing.T) {
	t.Parallel()
	body, want := listOf(700)
	for name, read := range map[string]func(io.Reader) io.Reader{
		"in one go":            func(r io.Reader) io.Reader { return r },
		"byte by byte":         iotest.OneByteReader,
		"in halves":            iotest.HalfReader,
		"with its end at once": iotest.DataErrReader,
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

// A list that breaks off yields nothing: it is asked for again, and then each operation comes
// once, or it is an error alone.
func TestAllOperationsAfterABrokenAnswer(t *testing.T) {
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
		t.Errorf("of broken lists %d operations were yielded, want none", len(got))
	}
}

// The loop may be left, and the iterator used again.
func TestAllOperationsLeft(t *testing.T) {
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

// Middleware that answers a call itself is heard by AllOperations as it is by Operations.
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

// However many operations a cluster lists, 40 000 at most, to read them takes less than 1 MiB,
// beside the result if there is one.
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
			t.Errorf("%s: got %d of %d operations for %d bytes, want %d at most", name, got, n, bytes, tc.most)
		}
	}
}

// BenchmarkOperations is a list without a network.
func BenchmarkOperations(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 40_000} {
		body, _ := listOf(n)
		client := bodyClient(b, 1, inOneGo(body))
		b.Run(fmt.Sprintf("%d/Operations", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if ops, err := client.Operations(b.Context()); err != nil || len(ops) != n {
					b.Fatal(len(ops), err)
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
