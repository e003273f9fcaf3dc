package wrapper_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/sfcancel/sfcancel/wrapper"
)

// certificates notes what is wrong with the files.
type certificates struct {
	mu   sync.Mutex
	told []string
}

func (c *certificates) observe(_ context.Context, e wrapper.Event) {
	if e.Name != "certificate" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = append(c.told, e.Err.Error())
}

// Files that change into something of no use are told of once for each change, by name
// and without what is in them; the certificate that was held before stays in use.
func TestTLSUselessFilesAreTold(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	f := newFiles(t, ca.issue(t, "one"), ca)
	d := newDoor(t, ca.issue(t, "cluster"), "HTTP/1.1")
	seen, out := new(certificates), new(bytes.Buffer)
	client := newClient(t, d.endpoint, wrapper.WithTLS(f.tls()), wrapper.WithObserver(seen.observe), wrapper.WithLogger(slog.New(slog.NewTextHandler(out, nil))))
	d.want(t, client, "one", 1, 0)
	const secret = "what is in the file"
	for i, content := range []string{secret, secret + " and more"} {
		put(t, f.cert, []byte(content))
		for range 3 {
			d.want(t, client, "one", 1, 0)
		}
		if len(seen.told) < 1 || len(seen.told) > i+1 {
			t.Errorf("it was told %d times: %q", len(seen.told), seen.told)
		}
	}
	told := strings.Join(seen.told, "\n") + out.String()
	if !strings.Contains(told, f.cert) || strings.Contains(told, secret) || strings.Count(out.String(), "level=WARN") != len(seen.told) {
		t.Errorf("told:\n%s", told)
	}
	f.putPair(t, ca.issue(t, "two"))
	d.want(t, client, "two", 2, 1)
}
