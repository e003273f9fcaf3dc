package wrapper_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

// A file that is replaced twice within one tick of the file system's clock, by content of
// the same length, looks as if nothing had happened.
func TestTLSRotationWithinATick(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	one, two := ca.issue(t, "one"), ca.issue(t, "two")
	for len(one.Certificate[0]) != len(two.Certificate[0]) {
		two = ca.issue(t, "two")
	}
	f := newFiles(t, one, ca)
	now := time.Now()
	must(t, os.Chtimes(f.cert, now, now))
	must(t, os.Chtimes(f.key, now, now))
	d := newDoor(t, ca.issue(t, "cluster"), "HTTP/1.1")
	client := newClient(t, d.endpoint, wrapper.WithTLS(f.tls()))
	d.want(t, client, "one", 1, 0)
	f.putPair(t, two)
	must(t, os.Chtimes(f.cert, now, now))
	must(t, os.Chtimes(f.key, now, now))
	d.want(t, client, "two", 2, 1)
}

// Each thing by which a changed file can be known is enough: its time, its length, and
// that it is another file.
func TestTLSRotationIsSeen(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	pair := func(name string) []byte { c := ca.issue(t, name); return append(certPEM(c), keyPEM(t, c)...) }
	for _, tc := range []struct {
		name   string
		pad    string // what makes the new file longer
		time   time.Time
		rename bool
	}{
		{"time", "", old.Add(time.Second), false},
		{"length", "\n", old, false},
		{"file", "", old, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "client.pem")
			one, two := pair("one"), pair("two")
			for len(one) != len(two) {
				two = pair("two")
			}
			put(t, path, one)
			must(t, os.Chtimes(path, old, old))
			d := newDoor(t, ca.issue(t, "cluster"), "HTTP/1.1")
			client := newClient(t, d.endpoint, wrapper.WithTLS(wrapper.TLS{CertFile: path, KeyFile: path, RootCAs: ca.pool()}))
			d.want(t, client, "one", 1, 0)
			to := path
			if tc.rename {
				to = path + ".new"
			}
			put(t, to, append(two, tc.pad...))
			must(t, os.Chtimes(to, tc.time, tc.time))
			must(t, os.Rename(to, path))
			d.want(t, client, "two", 2, 1)
		})
	}
}
