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
)

// judge is a test that is watched: what would fail it is kept.
type judge struct {
	mu       sync.Mutex
	said     []string
	cleanups []func()
	skipped  bool
}

func (j *judge) Helper()       {}
func (j *judge) Skipped() bool { return j.skipped }

func (j *judge) Errorf(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.said = append(j.said, fmt.Sprintf(format, args...))
}

func (j *judge) Fatalf(format string, args ...any) {
	j.Errorf("fatal: "+format, args...)
	runtime.Goexit()
}

func (j *judge) Cleanup(f func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.cleanups = append(j.cleanups, f)
}

func (j *judge) end() {
	for i := len(j.cleanups) - 1; i >= 0; i-- {
		j.cleanups[i]()
	}
	j.cleanups = nil
}

// judged runs a test that is watched, and returns what failed it.
func judged(f func(tb sftest.TB)) []string {
	j := new(judge)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer j.end()
		f(j)
	}()
	<-done
	return j.said
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
		t.Fatal("no request arrived")
	}
	return all[len(all)-1]
}
