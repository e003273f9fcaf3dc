package etcd_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/etcd"
)

func withNewPrefix() etcd.Option { return etcd.WithPrefix(newPrefix()) }

func TestInvalidArguments(t *testing.T) {
	good := []string{"http://127.0.0.1:2379"}
	for _, c := range []struct {
		name      string
		endpoints []string
		opt       etcd.Option
	}{
		{"no endpoints", nil, nil},
		{"endpoint without scheme", []string{"127.0.0.1:2379"}, nil},
		{"endpoint of another scheme", []string{"unix:///etcd.sock"}, nil},
		{"endpoint without port", []string{"http://127.0.0.1"}, nil},
		{"endpoint without host", []string{"http://:2379"}, nil},
		{"endpoint with a path", []string{"http://127.0.0.1:2379/v3"}, nil},
		{"endpoint with a password", []string{"http://a:b@127.0.0.1:2379"}, nil},
		{"empty endpoint", []string{""}, nil},
		{"second endpoint", []string{good[0], "x"}, nil},
		{"http and https", []string{good[0], "https://127.0.0.1:2379"}, nil},
		{"TLS without https", good, etcd.WithTLS(&tls.Config{MinVersion: tls.VersionTLS12})},
		{"TLS for another name", []string{"https://127.0.0.1:2379"}, etcd.WithTLS(&tls.Config{MinVersion: tls.VersionTLS12, ServerName: "a.example"})},
		{"no TLS configuration", good, etcd.WithTLS(nil)},
		{"empty prefix", good, etcd.WithPrefix("")},
		{"prefix of a slash", good, etcd.WithPrefix("/")},
		{"prefix without slash", good, etcd.WithPrefix("a")},
		{"prefix that is too long", good, etcd.WithPrefix(strings.Repeat("a", 128) + "/")},
		{"prefix among the items of another", good, etcd.WithPrefix("a/item/")},
		{"prefix deeper among them", good, etcd.WithPrefix("a/item/b/")},
		{"prefix among the slots of another", good, etcd.WithPrefix("a/slot/")},
		{"prefix among the items of a store without prefix", good, etcd.WithPrefix("item/")},
		{"no user", good, etcd.WithAuth("", "secret")},
		{"no password", good, etcd.WithAuth("user", "")},
		{"no dial timeout", good, etcd.WithDialTimeout(0)},
		{"negative request timeout", good, etcd.WithRequestTimeout(-1)},
		{"no outcome wait", good, etcd.WithOutcomeWait(0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			var opts []etcd.Option
			if c.opt != nil {
				opts = append(opts, c.opt)
			}
			if _, err := etcd.Open(t.Context(), c.endpoints, opts...); !errors.Is(err, store.ErrInvalid) {
				t.Errorf("Open: %v, want ErrInvalid", err)
			}
		})
	}
	_, err := etcd.Open(t.Context(), nil, etcd.WithPrefix(""), etcd.WithDialTimeout(0))
	for _, part := range []string{"endpoints", "prefix", "dial timeout"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("Open: %v, want it to mention the %s", err, part)
		}
	}
}

func TestOpenWithoutMembers(t *testing.T) {
	nobody := []string{"http://127.0.0.1:1", "http://127.0.0.1:2"}
	err := openSays(t, "refused", nobody)
	if !errors.Is(err, store.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) ||
		!strings.Contains(err.Error(), "refused") {
		t.Errorf("Open: %v, want ErrUnavailable with %q, without DeadlineExceeded", err, "refused")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	for _, opt := range []etcd.Option{withNewPrefix(), etcd.WithAuth("user", "secret")} {
		if _, err := etcd.Open(ctx, nobody, opt); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Open: %v, want DeadlineExceeded", err)
		}
	}
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	_, err = etcd.Open(t.Context(), []string{"http://" + silent.Addr().String()}, etcd.WithDialTimeout(200*time.Millisecond))
	if !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Open of a silent server: %v, want ErrUnavailable", err)
	}
}

func TestForeignKeysAreLeftAlone(t *testing.T) {
	for _, c := range []struct{ name, key, value, says string }{
		{"mark of another application", "format", "other", "another application"},
		{"empty mark", "format", "", "another application"},
		{"store of a later version", "format", "sfcancel store 2", `version "2", this program knows version 1`},
		{"store without version", "format", "sfcancel store ", `version ""`},
		{"items without mark", "item/a", "1", "no mark"},
		{"slots without mark", "slot/a/1", "txn 1", "no mark"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, prefix := shared.Client(t), newPrefix()
			if _, err := client.Put(t.Context(), prefix+c.key, c.value); err != nil {
				t.Fatal(err)
			}
			before := dump(t, client, prefix)
			_, err := etcd.Open(t.Context(), shared.Endpoints(), etcd.WithPrefix(prefix))
			if !errors.Is(err, store.ErrForeign) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("Open: %v, want ErrForeign and %q", err, c.says)
			}
			same(t, dump(t, client, prefix), before)
		})
	}
}

// dump returns the values of all keys under a prefix, each with the revision of its last write.
func dump(t *testing.T, client *clientv3.Client, prefix string) map[string]string {
	t.Helper()
	answer, err := client.Get(t.Context(), prefix, clientv3.WithPrefix())
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, kv := range answer.Kvs {
		all[string(kv.Key)] = fmt.Sprintf("%s@%d", kv.Value, kv.ModRevision)
	}
	return all
}

// One prefix is the beginning of the other, and the outer one of foreign keys as well.
func TestNestedPrefixes(t *testing.T) {
	client, outerPrefix := shared.Client(t), newPrefix()
	for _, key := range []string{"foreign", "items", "formats/x", "\xff"} {
		if _, err := client.Put(t.Context(), outerPrefix+key, ""); err != nil {
			t.Fatal(err)
		}
	}
	outer := open(t, shared.Endpoints(), etcd.WithPrefix(outerPrefix))
	inner := open(t, shared.Endpoints(), etcd.WithPrefix(outerPrefix+"format/"))
	for name, s := range map[string]store.Store{"outer": outer, "inner": inner} {
		if _, err := s.Commit(t.Context(), write("\xff", name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, s := range map[string]store.Store{"outer": outer, "inner": inner} {
		for _, prefix := range []string{"", "\xff", "\xff\xff"} {
			page, err := s.List(t.Context(), prefix, "", 100)
			if err != nil {
				t.Fatal(err)
			}
			want := map[bool]int{true: 0, false: 1}[prefix == "\xff\xff"]
			if len(page.Items) != want || want == 1 && string(page.Items[0].Value) != name {
				t.Errorf("%s store has %v under %q, want %d items of its own", name, page.Items, prefix, want)
			}
		}
		changes := history(t, s, now(t, s)-10)
		if n := len(changes); n == 0 || n > 1 || string(changes[0].Writes[0].Value) != name {
			t.Errorf("%s store has yielded %v, want one change of its own", name, changes)
		}
	}
}

func TestConcurrentOpen(t *testing.T) {
	prefix := newPrefix()
	const openers = 8
	var group sync.WaitGroup
	for i := range openers {
		group.Go(func() {
			s, err := etcd.Open(t.Context(), shared.Endpoints(), etcd.WithPrefix(prefix))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := s.Commit(t.Context(), write(fmt.Sprint(i), "")); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	page, err := open(t, shared.Endpoints(), etcd.WithPrefix(prefix)).List(t.Context(), "", "", 100)
	if err != nil || len(page.Items) != openers {
		t.Errorf("%d items, %v, want %d", len(page.Items), err, openers)
	}
}

// The answers to the requests that write and read the mark are lost.
func TestOpenLosesAnswers(t *testing.T) {
	t.Parallel()
	cluster, _ := roughly(t)
	for lost := range 5 {
		cluster.DropAnswers(0, lost)
		s, err := etcd.Open(t.Context(), cluster.Proxied()[:1], withNewPrefix())
		if err != nil {
			t.Errorf("Open with %d lost answers: %v, want nil", lost, err)
			continue
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
