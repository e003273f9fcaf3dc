package sftest_test

import (
	"bytes"
	"io"
	"os"
	"testing"

	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/sftest"
)

// output is what f prints. It takes the place of the standard output meanwhile, so tests
// that use it do not run in parallel with any others.
func output(t *testing.T, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = w
	printed := make(chan []byte)
	go func() {
		b, _ := io.ReadAll(r)
		printed <- b
	}()
	func() {
		defer func() { os.Stdout = stdout; _ = w.Close() }()
		f()
	}()
	return string(bytes.TrimSpace(<-printed))
}

// Run does what go test does for a test.
func TestRun(t *testing.T) {
	cases := []struct {
		name string
		f    func(tb sftest.TB)
		ok   bool
		want string
	}{
		{"nothing", func(sftest.TB) {}, true, ""},
		{"errors", func(tb sftest.TB) { tb.Errorf("a %d", 1); tb.Errorf("b") }, false, "a 1\nb"},
		{"the end", func(tb sftest.TB) { tb.Fatalf("a"); tb.Errorf("b") }, false, "a"},
		{"cleaning up", func(tb sftest.TB) {
			tb.Cleanup(func() { tb.Errorf("last") })
			tb.Cleanup(func() {
				tb.Cleanup(func() { tb.Errorf("second") })
				tb.Fatalf("first")
			})
			tb.Fatalf("before")
		}, false, "before\nfirst\nsecond\nlast"},
	}
	for _, tc := range cases {
		var ok bool
		if got := output(t, func() { ok = sftest.Run(tc.f) }); got != tc.want || ok != tc.ok {
			t.Errorf("%s: printed %q, ok %v", tc.name, got, ok)
		}
	}
}

// The example that needs a test.
func TestExampleOfABubble(t *testing.T) { grace(t) }

// Tests of every sort will do.
var _ = []sftest.TB{(*testing.T)(nil), (*testing.B)(nil), (*testing.F)(nil), (*rapid.T)(nil)}
