package server_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sfcancel/sfcancel/server"
)

// The lists and the roots of a handler can change while it serves: the next request goes by them, on the
// connection that was there before.
func TestClientCertificatesThatChange(t *testing.T) {
	first, second := issue(t, nil, "first", authority), issue(t, nil, "second", authority)
	cert := issue(t, first, "admin")
	admins := func(by *issued, names ...string) *server.ClientCertificates {
		return &server.ClientCertificates{Admin: names, CA: by.pool()}
	}
	var current atomic.Pointer[server.ClientCertificates]
	current.Store(admins(first, "admin"))
	var log buffer
	h := bareHandler(t, &spy{}, server.WithCurrentClientCertificates(current.Load), server.WithLogger(log.logger()))
	at := listenFor(t, h)
	client := at.as(t, cert, "HTTP/1.1")
	for _, step := range []struct {
		name string
		cc   *server.ClientCertificates
		want want
	}{
		{"as it began", current.Load(), ok},
		{"taken off the list", admins(first, "other"), turnedAway},
		{"back on it", admins(first, "admin"), ok},
		{"another root", admins(second, "admin"), turnedAway},
		{"what cannot be has no effect", &server.ClientCertificates{}, turnedAway},
		{"nor has none", nil, turnedAway},
		{"the first root again", admins(first, "admin"), ok},
		{"what cannot be has no effect then either", admins(first, ""), ok},
	} {
		current.Store(step.cc)
		for range 2 {
			if got, _ := at.send(t, client, "POST", gracefully, nil); got.want != step.want {
				t.Errorf("%s: got %v, want %v", step.name, got.want, step.want)
			}
		}
	}
	if n := strings.Count(log.String(), "those before go on"); n != 3 {
		t.Errorf("the log tells %d times of what cannot be, want 3: %s", n, log.String())
	}
}

func TestClientCertificatesThatCannotChange(t *testing.T) {
	for name, current := range map[string]func() *server.ClientCertificates{
		"no function":   nil,
		"none at first": func() *server.ClientCertificates { return nil },
		"nobody":        func() *server.ClientCertificates { return &server.ClientCertificates{} },
	} {
		if h, err := server.New(&spy{}, server.WithCurrentClientCertificates(current)); err == nil || h != nil {
			t.Errorf("%s: no error", name)
		}
	}
}
