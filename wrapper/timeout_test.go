package wrapper_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// sent are the query parameters of a request that the wire saw.
func sent(tb testing.TB, c *cluster, n int) url.Values {
	tb.Helper()
	seen := c.wire.Seen()
	if n >= len(seen) {
		tb.Fatalf("the wire saw %v only", c.seen())
	}
	_, target, _ := strings.Cut(seen[n], " ")
	u, err := url.Parse(target)
	must(tb, err)
	return u.Query()
}

// The timeout parameter as it goes over the wire; "" for none.
func TestTimeoutOnTheWire(t *testing.T) {
	t.Parallel()
	const none = time.Duration(0)
	cases := []struct {
		name     string
		version  generated.APIVersion
		explicit time.Duration
		left     time.Duration // of the context; none for no deadline
		want     string
	}{
		{name: "seed 6.0: not required", version: "6.0"},
		{name: "seed 6.0: inclusive minimum 1", version: "6.0", explicit: time.Second, want: "1"},
		{name: "seed 6.0: inclusive maximum 4294967295", version: "6.0", explicit: 4294967295 * time.Second, want: "4294967295"},
		{name: "an explicit 60 is sent", version: "6.0", explicit: time.Minute, want: "60"},
		{name: "from the time left", version: "6.0", left: 30 * time.Second, want: "11"},
		{name: "from the time left, in whole seconds that fit", version: "6.0", left: 15 * time.Second, want: "8"},
		{name: "seed 6.0: at least 1 whatever is left", version: "6.0", left: 10 * time.Millisecond, want: "1"},
		{name: "a second short of the default", version: "6.0", left: 162 * time.Second, want: "59"},
		{name: "seed 6.0: the default of 60 fits", version: "6.0", left: 163 * time.Second},
		{name: "seed 6.0: the default of 60, with more left", version: "6.0", left: time.Hour},
		{name: "an explicit one clipped to the time left", version: "6.0", explicit: 40 * time.Second, left: 25 * time.Second, want: "11"},
		{name: "an explicit one above the default clipped", version: "6.0", explicit: time.Hour, left: 200 * time.Second, want: "75"},
		{name: "an explicit one that fits", version: "6.0", explicit: 10 * time.Second, left: 25 * time.Second, want: "10"},
		{name: "an explicit one clipped to 1 at least", version: "6.0", explicit: 20 * time.Second, left: 10 * time.Millisecond, want: "1"},
		{name: "a version after 6.0", version: "7.1", left: 30 * time.Second, want: "11"},
		{name: "seed 3.0: no timeout", version: "3.0"},
		{name: "seed 3.0: no timeout, whatever is left", version: "3.0", left: 5 * time.Second},
		{name: "a version between the documents", version: "4.5", left: 5 * time.Second},
	}
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for _, tc := range cases {
			for _, perCall := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, per call %v", tc.name, perCall), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						c := newCluster(t, profile)
						makeStopping(t, c)
						ctx, cancel := t.Context(), context.CancelFunc(func() {})
						if tc.left != none {
							ctx, cancel = context.WithTimeout(ctx, tc.left)
						}
						defer cancel()
						options := []wrapper.Option{wrapper.WithForcePolicy(wrapper.ServerDecides{})}
						var version generated.APIVersion
						if perCall {
							version = tc.version
						} else {
							options = append(options, wrapper.WithAPIVersion(tc.version))
						}
						client := directClient(t, c.handler, options...)
						_, err := client.Cancel(ctx, opID, wrapper.CancelOptions{APIVersion: version, Timeout: tc.explicit})
						must(t, err)
						_, err = client.ForceCancel(ctx, opID, wrapper.ForceOptions{APIVersion: version, Timeout: tc.explicit})
						must(t, err)
						for n := range c.wire.Seen() {
							q := sent(t, c, n)
							if q.Get("timeout") != tc.want || q.Has("timeout") != (tc.want != "") || q.Get("api-version") != string(tc.version) {
								t.Errorf("the wire saw %s", c.wire.Seen()[n])
							}
						}
					})
				})
			}
		}
	})
}

// Every request of a call has the timeout of its own moment, reads included.
func TestTimeoutShrinks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, server.Documented)
		c.wire.Spoil(wirefault.Graceful, wirefault.Fault{Status: 503, Header: map[string][]string{"Retry-After": {"10"}}})
		c.wire.Spoil(wirefault.List, wirefault.Fault{Status: 503, Header: map[string][]string{"Retry-After": {"20"}}})
		ctx, cancel := context.WithTimeout(t.Context(), 45*time.Second)
		defer cancel()
		client := directClient(t, c.handler, wrapper.WithRetry(fast))
		_, err := client.Cancel(ctx, opID, wrapper.CancelOptions{Timeout: 40 * time.Second})
		must(t, err)
		for n, want := range []string{"16", "12", "12", "8"} {
			if got := sent(t, c, n).Get("timeout"); got != want {
				t.Errorf("request %d had timeout=%s, want %s", n, got, want)
			}
		}
	})
}

// What a call sends, to the letter: the two seeds' request lines.
func TestRequestLine(t *testing.T) {
	t.Parallel()
	const id = "OperationId=5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01"
	c := newCluster(t, server.Documented)
	makeStopping(t, c)
	client := c.client(t, wrapper.WithForcePolicy(wrapper.ServerDecides{}))
	ctx := t.Context()
	_, err := client.Cancel(ctx, opID, wrapper.CancelOptions{APIVersion: generated.APIVersion30})
	must(t, err)
	_, err = client.Cancel(ctx, opID, wrapper.CancelOptions{Timeout: 5 * time.Second})
	must(t, err)
	_, err = client.ForceCancel(ctx, opID, wrapper.ForceOptions{APIVersion: generated.APIVersion30})
	must(t, err)
	_, err = client.Operations(ctx)
	must(t, err)
	want := []string{
		"POST /Faults/$/Cancel?api-version=3.0&" + id + "&Force=false",
		"POST /Faults/$/Cancel?api-version=6.0&" + id + "&Force=false&timeout=5",
		"POST /Faults/$/Cancel?api-version=3.0&" + id + "&Force=true",
		"GET /Faults/?api-version=6.0&StateFilter=65535&TypeFilter=65535",
	}
	if diff := cmp.Diff(want, c.wire.Seen()); diff != "" {
		t.Errorf("want (-), on the wire (+):\n%s", diff)
	}
}

// An explicit timeout that cannot go over the wire is refused before anything is sent.
func TestTimeoutRefused(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		version generated.APIVersion
		timeout time.Duration
		say     string
	}{
		{"seed 3.0: has no timeout", "3.0", time.Second, "api-version 3.0 has no timeout"},
		{"seed 6.0: below the minimum", "6.0", -time.Second, "whole seconds from 1 to 4294967295"},
		{"seed 6.0: above the maximum", "6.0", 4294967296 * time.Second, "whole seconds from 1 to 4294967295"},
		{"seed 6.0: an integer", "6.0", 1500 * time.Millisecond, "whole seconds from 1 to 4294967295"},
		{"seed 6.0: less than a second", "6.0", time.Millisecond, "whole seconds from 1 to 4294967295"},
		{"not a version", "6", 0, `api-version "6"`},
		{"not a version, three numbers", "6.0.1", 0, `api-version "6.0.1"`},
		{"not a version, a word", "latest", 0, `api-version "latest"`},
		{"not a version, no minor", "6.", 0, `api-version "6."`},
		{"not a version, a sign", "-6.0", 0, `api-version "-6.0"`},
		{"not a version, a preview", "6.0-preview", 0, `api-version "6.0-preview"`},
		{"not a version, an injection", "6.0&Force=true", 0, `api-version "6.0&Force=true"`},
	}
	c := newCluster(t, server.Documented)
	client := c.client(t, wrapper.WithForcePolicy(wrapper.ServerDecides{}))
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{APIVersion: tc.version, Timeout: tc.timeout})
			_, err2 := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{APIVersion: tc.version, Timeout: tc.timeout})
			for _, err := range []error{err, err2} {
				if e := asError(t, err, wrapper.ErrInvalidArgument); len(e.Attempts()) != 0 || !strings.Contains(e.Error(), tc.say) {
					t.Errorf("got %v", e)
				}
			}
		})
	}
	if len(c.wire.Seen()) != 0 {
		t.Errorf("the wire saw %v", c.seen())
	}
}
