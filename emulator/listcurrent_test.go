package emulator_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store/memory"
)

// A list is current until something is written, or falls due.
func TestListIsCurrent(t *testing.T) {
	st := memory.New()
	c := newCluster(t, server.Runtime, st)
	list := func() emulator.List {
		t.Helper()
		answer, err := c.engine.GetFaultOperationList(t.Context(), generated.GetFaultOperationListRequestObject{
			Params: generated.GetFaultOperationListParams{TypeFilter: 0xFFFF, StateFilter: 0xFFFF},
		})
		if err != nil {
			t.Fatal(err)
		}
		return answer.(emulator.List)
	}
	current := func(what string, l emulator.List, want bool) {
		t.Helper()
		if got, err := c.engine.Current(t.Context(), l); got != want || err != nil {
			t.Errorf("%s: current = %t, %v, want %t", what, got, err, want)
		}
	}
	current("the zero list", emulator.List{}, false)
	id := c.start(0) // in the queue for a second
	l := list()
	current("at once", l, true)
	current("and again", l, true)
	c.pass(second / 2)
	current("before the next step", l, true)
	c.pass(second / 2)
	current("something has fallen due", l, false)
	l = list()
	current("listed again", l, true)
	if a := c.cancel(id, "false"); a.status != 200 {
		t.Fatalf("%+v", a)
	}
	current("a cancel came", l, false)
	l = list()
	if a := c.cancel(id, "false"); a.status != 200 {
		t.Fatalf("%+v", a)
	}
	current("a cancel came that changed nothing", l, true)
	c.pass(100 * second)
	l = list()
	c.pass(1_000_000 * second)
	current("all is over", l, true)
	c.startAs(0, uuid.New())
	current("another one was started", l, false)
	l = list()
	over, end := context.WithCancel(t.Context())
	end()
	if got, err := c.engine.Current(over, l); got || !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is over: %t, %v", got, err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := c.engine.Current(t.Context(), l); got || err == nil {
		t.Errorf("of a closed store: %t, %v", got, err)
	}
}
