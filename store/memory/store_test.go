package memory_test

import (
	"errors"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return memory.New() })
}

// An error says which store and which call it is of.
func TestErrorsSayWhatFailed(t *testing.T) {
	s := memory.New()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := s.Get(t.Context(), "a")
	got := map[string]error{`memory: get "a": `: err}
	for _, err := range s.Watch(t.Context(), "b", 0) {
		got[`memory: watch "b": `] = err
	}
	for want, err := range got {
		if !errors.Is(err, store.ErrClosed) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want ErrClosed after %q", err, want)
		}
	}
	if len(got) != 2 {
		t.Error("the watch of a closed store yields no error")
	}
}
