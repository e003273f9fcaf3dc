package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// A password in any argument is refused, however malformed the URL is, and no part of it is in the
// output.
func TestPasswordsAreRefusedAndHidden(t *testing.T) {
	reached := 0
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
	defer srv.Close()
	host := strings.TrimPrefix(srv.URL, "http://")
	var urls []string
	for _, scheme := range []string{"etcd://", "etcds://", "http://", "https://", "HTTP://", "ftp://", "postgres://"} {
		for _, info := range []string{
			"ann:s3cret", "ann:s3%zzs3cret", "ann:s3/s3cret", "ann:s3?s3cret", "ann:s3#s3cret", "ann:s3 s3cret", "ann:s3@s3cret",
			"ann:s3,s3cret", ":s3cret", "ann%3As3cret", "ann:s3\x1b[31ms3cret", "ann:s3\"s3cret", "ann:s3:s3cret", "ann:x://s3cret",
		} {
			urls = append(urls, scheme+info+"@"+host+"/p")
		}
	}
	urls = append(urls, "http://s3cret@"+host, "etcd://ann:12/s3cret@"+host, "etcd://ann:12?s3cret@"+host,
		srv.URL+",http://ann:s3cret@"+host, "[::1]:s3cret@"+host, "ann:s3cret@"+host, "etcd:ann:s3cret@"+host, "etcd:/ann:s3cret@"+host)
	id := uuid.NewString()
	for _, url := range urls {
		commands := [][]string{
			{"list", "--endpoint", url}, {"list", "--endpoint=" + url}, {"cancel", id, "--ledger", url, "--endpoint", srv.URL},
			{"serve", "--speed", "0", "--store", url}, // an invalid speed, so that nothing is served
		}
		if strings.Contains(url, "://") && !strings.HasSuffix(url, "12/s3cret@"+host) {
			commands = append(commands, [][]string{
				{"serve", "--speed", "0", "--backup", url}, {"serve", "--speed", "0", "--addr", url}, {"list", "-o", url}, {"list", "--timeout", url}, {"list", "--no-such", url},
				{"cancel", url}, {url}, {"start", url}, {"cancel", id, url}, {"ledger", url}, {"list", "--no-such=" + url}, {"list", "-x" + url}, {"help", url},
			}...)
		}
		for _, args := range commands {
			for _, more := range [][]string{nil, {"-o", "json"}} {
				code, out, errs := sfcancel(t, append(args, more...)...)
				if strings.Contains(out+errs, "s3") || code != exitUsage {
					t.Errorf("sfcancel %q: exit %d, want %d without the password: %s%s", args, code, exitUsage, out, errs)
				}
				if more != nil && !json.Valid([]byte(out)) {
					t.Errorf("sfcancel %q: got %s, want JSON", args, out)
				}
			}
		}
		if code, _, errs := sfcancel(t, "serve", "--speed", "0", "--store", url); code != exitUsage || !strings.Contains(errs, "password-file=FILE") {
			t.Errorf("--store %q: exit %d, want %d with the advice: %s", url, code, exitUsage, errs)
		}
	}
	if reached != 0 {
		t.Errorf("got %d requests, want none", reached)
	}
}

// A password in place of a file name is hidden, like one before the host. The address of a gateway must not contain an
// @ at all, because digits and a slash in a password look like a port and a path.
func TestPasswordsElsewhere(t *testing.T) {
	id := uuid.NewString()
	for _, query := range []string{"password=s3cret", "password=x&s3cret", "passwd=s3cret", "s3cret", "password=%s3cret", "ca=s3cret;x", "ca=s3cret", "ca=f&s3cret="} {
		for _, name := range []string{"etcd://h:1/p?", "etcd://h?", "ETCD://h:1/p?", "etcd:h:1?"} {
			for _, args := range [][]string{{"cancel", id, "--ledger", name + query}, {"ledger", "--ledger=" + name + query}, {"serve", "--store", name + query}} {
				for _, more := range [][]string{nil, {"-o", "json"}} {
					if more != nil && args[0] == "serve" {
						continue
					}
					code, out, errs := sfcancel(t, append(args, more...)...)
					if code != exitUsage || strings.Contains(out+errs, "s3") {
						t.Errorf("%q: exit %d, want %d without the password: %s%s", args, code, exitUsage, out, errs)
					}
				}
			}
		}
	}
	for _, url := range []string{"http://admin:12/34s3cret@gw:1", "HTTPS://admin:12/34s3cret@gw:1", "http://a:1,http://admin:12?s3cret@gw:1", "http://gw:1/s3cret@x"} {
		for _, args := range [][]string{{"list", "--endpoint", url}, {"cancel", id, "--endpoint=" + url}} {
			code, out, errs := sfcancel(t, append(args, "-o", "json")...)
			if code != exitUsage || strings.Contains(out+errs, "s3") || !strings.Contains(errs, "--endpoint: a password") {
				t.Errorf("%q: exit %d, want %d with the flag but without the password: %s%s", args, code, exitUsage, out, errs)
			}
		}
	}
}

// No text of a document repeats what may be a password.
func TestHiddenInDocument(t *testing.T) {
	doc := errorJSON{Error: "e ann:s3@h", Code: "ann:s3@h", LedgerError: "l ann:s3@h",
		Attempts: []attemptJSON{{Endpoint: "http://ann:s3@h/", Code: "ann:s3@h", Message: "m ann:s3@h", Error: "ann:s3@h"}}}
	doc.change(func(text string) string { return hidden([]string{"ann:s3@h"}, text) })
	if text, err := json.Marshal(doc); err != nil || strings.Contains(string(text), "s3") || strings.Count(string(text), "xxxxx@h") != 7 {
		t.Errorf("got %s, %v, want all 7 texts masked", text, err)
	}
}

// Arguments that only look like a password are accepted.
func TestSimilarToPasswords(t *testing.T) {
	for _, args := range [][]string{
		{"--store", "etcd://ann@a:1,b:2/p?password-file=/home/ann@work/p"},
		{"--store", "etcds://a:1/p?ca=/home/ann@work/ca.pem"},
		{"--store=bolt:/home/ann@work/x:y@z.db"},
		{"--ledger", "etcds://[::1]:2379,[::1]:2380/p?cert=/a@b&key=/a@b"},
		{"--endpoint", "http://gateway:19080/a%40b", "--endpoint=https://gateway:19080,http://other:1"},
		{"--reason", "see http://tickets:8080/x, ask ann@example.com"},
		{"--reason", "ask ann@example.com: http://tickets:8080"},
		{"--by", "ops:ann@home"}, {"--by", "ann@home"},
		{"--service", "fabric:/shop/orders@home"},
		{"--admin", "CN=ann@example.com"},
	} {
		if err := noPasswords(args); err != nil {
			t.Errorf("%q: got %v, want nil", args, err)
		}
	}
}

// Errors do not repeat a possible password in an argument that takes no address.
func TestHidden(t *testing.T) {
	for _, c := range []struct{ arg, text, want string }{
		{"ann:s3cret@host", `"ann:s3cret@host" is not an operation id`, `"xxxxx@host" is not an operation id`},
		{"--addr=ann:s3cret@host:1", `--addr "ann:s3cret@host:1": no`, `--addr "xxxxx@host:1": no`},
		{"ann:s3\x1b\"cret@host", `"ann:s3\x1b\"cret@host" is none`, `"xxxxx@host" is none`},
		{"http://host:123/x@y", "no http://host:123/x@y", "no http://xxxxx@y"},
		{"ann@host", `"ann@host" is none`, `"ann@host" is none`},
		{"bolt:/a@b", "bolt:/a@b: no such file", "bolt:/a@b: no such file"},
		{":@", "a: b@c: :@", "a: b@c: xxxxx@"},
	} {
		if got := hidden([]string{c.arg}, c.text); got != c.want {
			t.Errorf("%s: got %s, want %s", c.arg, got, c.want)
		}
	}
}
