package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseEtcd(t *testing.T) {
	for _, c := range []struct {
		name, from string
		want       etcdName
		says       string // of the error
	}{
		{"one host", "etcd://a:1", etcdName{endpoints: []string{"http://a:1"}}, ""},
		{"three hosts and a prefix", "etcd://a:1,b:2,c:3/x", etcdName{endpoints: []string{"http://a:1", "http://b:2", "http://c:3"}, prefix: "x/"}, ""},
		{"a prefix of parts", "etcd://a:1/x/y/", etcdName{endpoints: []string{"http://a:1"}, prefix: "x/y/"}, ""},
		{"IPv6", "etcd://[::1]:2379,[::1]:2380", etcdName{endpoints: []string{"http://[::1]:2379", "http://[::1]:2380"}}, ""},
		{"TLS", "etcds://a:1/x?ca=ca.pem&cert=c.pem&key=k.pem", etcdName{endpoints: []string{"https://a:1"}, prefix: "x/", tls: true,
			files: map[string]string{"ca": "ca.pem", "cert": "c.pem", "key": "k.pem"}}, ""},
		{"a user", "etcd://ann@a:1,b:2?password-file=p", etcdName{endpoints: []string{"http://a:1", "http://b:2"}, user: "ann",
			files: map[string]string{"password-file": "p"}}, ""},

		{"no host", "etcd://", etcdName{}, `"" is not HOST:PORT`},
		{"no port", "etcd://a/x", etcdName{}, `"a" is not HOST:PORT`},
		{"a comma too many", "etcd://a:1,/x", etcdName{}, `"" is not HOST:PORT`},
		{"a scheme inside", "etcd://http://a:1", etcdName{}, `"http:" is not HOST:PORT`},
		{"a password", "etcd://ann:secret@a:1", etcdName{}, "password-file"},
		{"no user before the @", "etcd://@a:1", etcdName{}, "no user"},
		{"a user alone", "etcd://ann@a:1", etcdName{}, "password-file"},
		{"a password alone", "etcd://a:1?password-file=p", etcdName{}, "needs a user"},
		{"files without TLS", "etcd://a:1?ca=f", etcdName{}, "etcds://"},
		{"a certificate alone", "etcds://a:1?cert=f", etcdName{}, "cert and key go together"},
		{"another parameter", "etcds://a:1?cafile=f", etcdName{}, `"cafile"`},
		{"a parameter twice", "etcds://a:1?ca=f&ca=g", etcdName{}, "one file"},
		{"an empty parameter", "etcds://a:1?ca=", etcdName{}, "one file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !isEtcd(c.from) {
				t.Fatalf("%q is not taken for etcd", c.from)
			}
			got, err := parseEtcd(c.from)
			if c.says != "" {
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("error %v, want one that says %s", err, c.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.want.files == nil {
				c.want.files = map[string]string{}
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(etcdName{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
