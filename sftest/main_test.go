package sftest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/sftest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// watched is a TB that keeps what would fail a test.
type watched struct {
	mu       sync.Mutex
	said     []string
	cleanups []func()
	skipped  bool
}

func (w *watched) Helper()       {}
func (w *watched) Skipped() bool { return w.skipped }

func (w *watched) Errorf(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, fmt.Sprintf(format, args...))
}

func (w *watched) Fatalf(format string, args ...any) {
	w.Errorf("fatal: "+format, args...)
	runtime.Goexit()
}

func (w *watched) Cleanup(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cleanups = append(w.cleanups, f)
}

func (w *watched) end() {
	for i := len(w.cleanups) - 1; i >= 0; i-- {
		w.cleanups[i]()
	}
	w.cleanups = nil
}

// watch runs f with a watched, and returns what would have failed the test.
func watch(f func(tb sftest.TB)) []string {
	w := new(watched)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer w.end()
		f(w)
	}()
	<-done
	return w.said
}

// saysOne checks that exactly one failure was said, with all the texts in it.
func saysOne(t *testing.T, said []string, texts ...string) {
	t.Helper()
	if len(said) != 1 {
		t.Fatalf("said %q, want one failure with %q", said, texts)
	}
	for _, text := range texts {
		if !strings.Contains(said[0], text) {
			t.Errorf("said %q, which lacks %q", said[0], text)
		}
	}
}

// got is what came of a raw request.
type got struct {
	status int
	header http.Header
	body   string
	err    error // of the request or of its body
}

func send(ctx context.Context, client *http.Client, method, url string) got {
	r, err := http.NewRequestWithContext(ctx, method, url, http.NoBody)
	if err != nil {
		return got{err: err}
	}
	response, err := client.Do(r)
	if err != nil {
		return got{err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return got{response.StatusCode, response.Header, string(body), err}
}

func cancelURL(c *sftest.Cluster, id uuid.UUID, force bool) string {
	return fmt.Sprintf("%s/Faults/$/Cancel?api-version=6.0&OperationId=%s&Force=%t", c.URL(), id, force)
}

func listURL(c *sftest.Cluster) string {
	return c.URL() + "/Faults/?api-version=6.0&StateFilter=65535&TypeFilter=65535"
}

// stopping is an operation that was cancelled gracefully.
func stopping() emulator.Record {
	return emulator.Record{Rollback: emulator.RollingBackDueToUserCancel}
}

func isLost(err error) bool { return errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) }

func last(t *testing.T, c *sftest.Cluster) sftest.Request {
	t.Helper()
	all := c.Requests()
	if len(all) == 0 {
		t.Fatal("got no request, want at least one")
	}
	return all[len(all)-1]
}
