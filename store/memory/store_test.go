package memory_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

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

// A scan of any number of items shows those that it should, in their order, and none after it was told to stop.
func TestScanOfMany(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := memory.New()
		defer s.Close()
		var keys []string
		for i := range rapid.IntRange(0, 150).Draw(t, "items") {
			keys = append(keys, fmt.Sprintf("%c/%03d", 'a'+i*3/150, i))
			if _, err := s.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: keys[i], Value: make([]byte, i*5)}}}); err != nil {
				t.Fatal(err)
			}
		}
		prefix := rapid.SampledFrom([]string{"", "a/", "b/", "b/0", "c", "d", "b/075/and so on"}).Draw(t, "prefix")
		after := rapid.SampledFrom(append(keys, "", "a", "b/", "b/0605", "z")).Draw(t, "after")
		limit := rapid.IntRange(1, 160).Draw(t, "limit")
		stop := rapid.IntRange(1, 160).Draw(t, "stop") // at this item
		var got, want []string
		for _, key := range keys {
			if len(want) < min(limit, stop) && strings.HasPrefix(key, prefix) && key > after {
				want = append(want, key)
			}
		}
		_, err := s.Scan(t.Context(), prefix, after, limit, func(key, _ []byte, _ store.Revision) bool {
			got = append(got, string(key))
			return len(got) < stop
		})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	})
}
