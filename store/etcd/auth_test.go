package etcd_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/sfcancel/sfcancel/internal/etcdtest"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/etcd"
)

// ok fails the test on an error of a call whose answer is not of interest.
func ok[T any](t *testing.T, _ T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAuth(t *testing.T) {
	t.Parallel()
	cluster := etcdtest.Start(t, 1)
	admin := cluster.Client(t)
	add := func(user string, permissions ...func(role string)) {
		t.Helper()
		_, err := admin.UserAdd(t.Context(), user, "secret of "+user)
		ok(t, 0, err)
		_, err = admin.RoleAdd(t.Context(), user)
		ok(t, 0, err)
		for _, grant := range permissions {
			grant(user)
		}
		_, err = admin.UserGrantRole(t.Context(), user, user)
		ok(t, 0, err)
	}
	on := func(prefix string, kind clientv3.PermissionType) func(string) {
		return func(role string) {
			_, err := admin.RoleGrantPermission(t.Context(), role, prefix, clientv3.GetPrefixRangeEnd(prefix), kind)
			ok(t, 0, err)
		}
	}
	// "root" is the name of the role that may do everything.
	_, err := admin.UserAdd(t.Context(), "root", "secret of root")
	ok(t, 0, err)
	_, err = admin.UserGrantRole(t.Context(), "root", "root")
	ok(t, 0, err)
	add("writer", on("mine/", clientv3.PermissionType(clientv3.PermReadWrite)))
	add("reader", on("mine/", clientv3.PermissionType(clientv3.PermRead)))
	add("stranger", on("other/", clientv3.PermissionType(clientv3.PermReadWrite)))
	_, err = admin.AuthEnable(t.Context())
	ok(t, 0, err)

	mine := etcd.WithPrefix("mine/")
	s := open(t, cluster.Endpoints(), mine, etcd.WithAuth("writer", "secret of writer"))
	revision, err := s.Commit(t.Context(), write("a", "1"))
	ok(t, revision, err)
	for change, err := range s.Watch(t.Context(), "", revision-1) {
		if err != nil || change.Revision != revision {
			t.Errorf("Watch yields %v, %v", change, err)
		}
		break
	}

	for _, c := range []struct {
		name string
		opts []etcd.Option
		says string
	}{
		{"no user", nil, "user name is empty"},
		{"wrong password", []etcd.Option{etcd.WithAuth("writer", "guess")}, "authentication failed"},
		{"unknown user", []etcd.Option{etcd.WithAuth("nobody", "guess")}, "authentication failed"},
		{"user of another prefix", []etcd.Option{etcd.WithAuth("stranger", "secret of stranger")}, "permission denied"},
		{"user of a prefix who may write elsewhere", []etcd.Option{etcd.WithPrefix("mine/new/"), etcd.WithAuth("reader", "secret of reader")}, "permission denied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			begin := time.Now()
			_, err := etcd.Open(t.Context(), cluster.Endpoints(), append([]etcd.Option{mine, etcd.WithDialTimeout(2 * hang)}, c.opts...)...)
			if err == nil || !strings.Contains(err.Error(), c.says) || errors.Is(err, store.ErrUnavailable) {
				t.Errorf("Open: %v, want %q", err, c.says)
			}
			if took := time.Since(begin); took > hang {
				t.Errorf("Open took %v, want %v at most", took, hang)
			}
		})
	}

	t.Run("user who may only read", func(t *testing.T) {
		s := open(t, cluster.Endpoints(), mine, etcd.WithAuth("reader", "secret of reader"))
		if item, err := s.Get(t.Context(), "a"); err != nil || string(item.Value) != "1" {
			t.Errorf("Get = %v, %v", item, err)
		}
		if _, err := s.Commit(t.Context(), write("a", "2")); err == nil || !strings.Contains(err.Error(), "permission denied") ||
			errors.Is(err, store.ErrOutcomeUnknown) || errors.Is(err, store.ErrUnavailable) {
			t.Errorf("Commit: %v, want permission denied", err)
		}
	})
	// Whatever changes users or roles makes all tokens old, which nobody notices.
	t.Run("tokens are old", func(t *testing.T) {
		root, err := clientv3.New(clientv3.Config{Endpoints: cluster.Endpoints(), Username: "root", Password: "secret of root"})
		ok(t, root, err)
		defer root.Close()
		for name, call := range calls(t.Context(), s) {
			_, err := root.UserChangePassword(t.Context(), "stranger", "changed "+name)
			ok(t, 0, err)
			if err := call(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err = root.UserRevokeRole(t.Context(), "writer", "writer")
		ok(t, 0, err)
		for name, call := range calls(t.Context(), s) {
			if err := call(); err == nil || !strings.Contains(err.Error(), "permission denied") {
				t.Errorf("%s: %v, want permission denied", name, err)
			}
		}
		for _, err := range s.Watch(t.Context(), "", 0) {
			if err == nil || !strings.Contains(err.Error(), "permission denied") {
				t.Errorf("Watch yields %v, want permission denied", err)
			}
			break
		}
	})
}

// A user without a password is no error where nobody asks for one.
func TestAuthThatNobodyAsksFor(t *testing.T) {
	s := open(t, shared.Endpoints(), withNewPrefix(), etcd.WithAuth("user", "secret"))
	revision, err := s.Commit(t.Context(), write("a", "1"))
	ok(t, revision, err)
}
