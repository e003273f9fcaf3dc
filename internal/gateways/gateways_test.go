package gateways_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/internal/gateways"
)

func set(tb testing.TB, addresses ...string) *gateways.Set {
	tb.Helper()
	s := new(gateways.Set)
	for _, a := range addresses {
		if err := s.Add(a); err != nil {
			tb.Fatal(err)
		}
	}
	return s
}

// Addresses that every client writes in another way stand for one cluster (RFC 3986 §6.2).
func TestClusterIsInNormalForm(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		addresses []string
		want      string
	}{
		{[]string{"http://A.example:80"}, "http://a.example/"},
		{[]string{"https://a.example.:0443/x/"}, "https://a.example/x/"},
		{[]string{"http://[0:0:0::1]:19080"}, "http://[::1]:19080/"},
		{[]string{"http://127.0.0.1:80/"}, "http://127.0.0.1/"},
		{[]string{"HTTP://a/x/../y/.//z"}, "http://a/y/z/"},
		{[]string{"http://b:1", "http://a:1/"}, "http://a:1/ http://b:1/"},
	} {
		if got := set(t, tc.addresses...).Cluster(); got != tc.want {
			t.Errorf("%q: got %q, want %q", tc.addresses, got, tc.want)
		}
	}
	if err := set(t, "http://a:80").Add("http://A"); err == nil {
		t.Error("the same address was added twice")
	}
}

// A gateway is found by its address, however that is written.
func TestFind(t *testing.T) {
	t.Parallel()
	s := set(t, "http://a.example:80", "https://b.example/x")
	for address, want := range map[string]string{
		"http://A.example./":      "http://a.example:80/",
		"https://b.example:443/x": "https://b.example/x/",
		"https://b.example/":      "",
		"http://b.example/x":      "",
		"b.example":               "",
	} {
		got := ""
		if g := s.Find(address); g != nil {
			got = g.Address
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
}

// A gateway that answers is kept; one that fails is left alone, for longer each time, and if all are, the one
// that is free first is picked.
func TestPick(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := set(t, "http://a", "http://b")
		a := s.Pick()
		s.Report(a, true)
		if got := s.Pick(); got != a {
			t.Fatalf("got %s after it answered, want %s", got.Address, a.Address)
		}
		if leaves := s.Report(a, false); !leaves {
			t.Error("a failure of the gateway in use: got that requests stay, want that they leave")
		}
		b := s.Pick()
		if b == a || !s.Fresh(b) || s.Fresh(a) {
			t.Fatalf("got %s after a failure of %s, or the wrong one counts as fresh", b.Address, a.Address)
		}
		time.Sleep(100 * time.Millisecond)
		s.Report(b, false) // its second of rest began later
		for range 5 {
			s.Report(b, false)
		}
		if got := s.Pick(); got != a {
			t.Errorf("got %s while both rest, want %s, which rests for less", got.Address, a.Address)
		}
		time.Sleep(time.Minute)
		s.Report(a, true)
		if got := s.Pick(); got != a {
			t.Errorf("got %s after the rest, want %s", got.Address, a.Address)
		}
	})
}

// A gateway rests for a second at most after its first failure, for twice as long after each further one, a
// minute at most, and for half of that at least; an answer ends it at once.
func TestRest(t *testing.T) {
	t.Parallel()
	for failures, longest := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 4: 8 * time.Second, 6: 32 * time.Second, 7: time.Minute, 99: time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			s := set(t, "http://a", "http://b")
			a := s.Pick()
			for range failures {
				s.Report(a, false)
			}
			time.Sleep(longest/2 - 1)
			if got := s.Pick(); got == a {
				t.Errorf("after %d failures: got %s before half of %v was over", failures, got.Address, longest)
			}
			time.Sleep(longest/2 + 2)
			b := s.Pick()
			s.Report(b, false)
			if got := s.Pick(); got != a {
				t.Errorf("after %d failures: got %s, want %s, whose %v are over", failures, got.Address, a.Address, longest)
			}
			for range 9 {
				s.Report(b, false)
			}
			s.Report(b, true)
			s.Report(a, true)
			s.Report(a, false)
			if got := s.Pick(); got != b || !s.Fresh(b) {
				t.Errorf("after %d failures: got %s, want %s, which has answered", failures, got.Address, b.Address)
			}
		})
	}
}

// Only the failure that takes the gateway in use out of use makes requests leave.
func TestReportSaysWhoLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := set(t, "http://a", "http://b")
		a := s.Pick()
		s.Report(a, false)
		b := s.Pick()
		for _, tc := range []struct {
			name string
			of   *gateways.Gateway
			want bool
		}{{"one that rests", a, false}, {"the one in use", b, true}, {"the one in use, again", b, false}} {
			if got := s.Report(tc.of, false); got != tc.want {
				t.Errorf("a failure of %s: got leaves %v, want %v", tc.name, got, tc.want)
			}
		}
		time.Sleep(time.Hour)
		if in := s.Pick(); s.Report(a, false) != (in == a) {
			t.Errorf("a failure of %s while %s is in use and neither rests: want that requests leave only if that is the same", a.Address, in.Address)
		}
	})
}

func TestOneGatewayNeverRests(t *testing.T) {
	t.Parallel()
	s := set(t, "http://a")
	if leaves := s.Report(s.Pick(), false); leaves || s.Several() || !s.Fresh(s.Pick()) {
		t.Errorf("got leaves %v, several %v, fresh %v; want false, false, true", leaves, s.Several(), s.Fresh(s.Pick()))
	}
}

func TestSecretsNeedEncryption(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		address              string
		certificates, tokens bool
		refused              bool
	}{
		{address: "http://a"},
		{address: "http://a", tokens: true, refused: true},
		{address: "http://127.0.0.1:1", tokens: true},
		{address: "http://10.0.0.1:1", tokens: true, refused: true},
		{address: "http://localhost", tokens: true},
		{address: "http://localhost", certificates: true, refused: true},
		{address: "https://a", certificates: true, tokens: true},
	} {
		if err := set(t, tc.address).MustEncrypt(tc.certificates, tc.tokens); (err != nil) != tc.refused {
			t.Errorf("%+v: got %v", tc, err)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	want := []string{"http://b/", "http://a/x/"}
	if got := set(t, "http://b", "http://a/x").Addresses(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
