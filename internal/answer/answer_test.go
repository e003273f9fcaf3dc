package answer_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/internal/answer"
)

// However the bytes arrive, a body is read without its byte order mark and within its bound, and its beginning
// is kept.
func TestBody(t *testing.T) {
	t.Parallel()
	const mark = "\ufeff"
	pieces := map[string]func(io.Reader) io.Reader{
		"in one go": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader, "with its end at once": iotest.DataErrReader,
	}
	for name, arrives := range pieces {
		for _, tc := range []struct {
			sent, read, kept string
			cut              bool
		}{
			{sent: ""},
			{sent: "{}", read: "{}", kept: "{}"},
			{sent: mark + "{}", read: "{}", kept: "{}"},
			{sent: mark, read: "", kept: ""},
			{sent: "\xef\xbb", read: "\xef\xbb", kept: "\xef\xbb"},
			{sent: "0123456789", read: "0123456789", kept: "01234"},
			{sent: "0123456789+", read: "0123456789", kept: "01234", cut: true},
		} {
			b := answer.New(arrives(strings.NewReader(tc.sent)), "", 10, 5)
			got, err := io.ReadAll(b)
			if string(got) != tc.read || string(b.Kept()) != tc.kept || (err != nil) != tc.cut || !errors.Is(err, b.Err) {
				t.Errorf("%s, %q: got %q, kept %q, %v, %v; want %q, kept %q, cut %v", name, tc.sent, got, b.Kept(), err, b.Err, tc.read, tc.kept, tc.cut)
			}
		}
	}
}

// What has arrived is read without waiting for more.
func TestBodyDoesNotWait(t *testing.T) {
	t.Parallel()
	from, to := io.Pipe()
	defer from.Close()
	go func() { _, _ = to.Write([]byte("abc")) }()
	got := make([]byte, 10)
	if n, err := answer.New(from, "", 100, 5).Read(got); string(got[:n]) != "abc" || err != nil {
		t.Errorf("got %q, %v, want what was written", got[:n], err)
	}
}

// Nothing that is kept of a body has the token in it, nor the beginning of one where the body was cut, whatever
// is around it.
func TestKeptHasNoToken(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		token := rapid.StringMatching(`[abc]{3,30}`).Draw(t, "token")
		parts := rapid.SliceOf(rapid.SampledFrom([]string{token, " ", "<", ">"})).Draw(t, "parts")
		keep := rapid.IntRange(0, 30).Draw(t, "keep")
		b := answer.New(strings.NewReader(strings.Join(parts, "")), answer.Token(token), 1<<10, keep)
		b.Drain()
		kept := string(b.Kept())
		if plain := strings.ReplaceAll(kept, "[token]", ""); len(kept) > keep || strings.Contains(plain, token[:2]) {
			t.Fatalf("kept %q of %q, want %d bytes at most and nothing of %q", kept, parts, keep, token)
		}
	})
}

// What is kept of a body that was cut within its third token: blanking has made the two before shorter.
func TestKeptHasNoHalfToken(t *testing.T) {
	t.Parallel()
	token := strings.Repeat("secret", 6)
	b := answer.New(strings.NewReader(token+" "+token+" "+token), answer.Token(token), 1<<10, 50)
	b.Drain()
	if got, want := string(b.Kept()), "[token] [token] [token]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestHeaderAndErrorHaveNoToken(t *testing.T) {
	t.Parallel()
	const token = answer.Token("secret")
	sent := http.Header{"X-Echo": {"a secretsecret", "b"}}
	shown := token.Header(sent)
	if got := strings.Join(shown["X-Echo"], ","); got != "a [token][token],b" || sent.Get("X-Echo") != "a secretsecret" {
		t.Errorf("got %q, and the transport's own is %q", got, sent)
	}
	plain := errors.New("plain")
	if got := token.Error(plain); !errors.Is(got, plain) {
		t.Errorf("got %v, want the error as it is", got)
	}
	if got := token.Error(errors.Join(plain, errors.New("a secret"))); strings.Contains(got.Error(), "secret") || errors.Is(got, plain) {
		t.Errorf("got %v, want nothing of what is behind it", got)
	}
	if got := answer.Token("").Hide("secret"); got != "secret" {
		t.Errorf("got %q without a token, want the text as it is", got)
	}
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	for body, empty := range map[string]bool{
		"": true, " \r\n\t": true, strings.Repeat(" ", 5000): true, "0": false, strings.Repeat(" ", 5000) + "x": false,
	} {
		if err := answer.Empty(strings.NewReader(body)); (err == nil) != empty {
			t.Errorf("%.20q: got %v, want empty %v", body, err, empty)
		}
	}
	if err := answer.Empty(iotest.ErrReader(io.ErrUnexpectedEOF)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a body that breaks off: got %v", err)
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text string
		most int
		want string
	}{{"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"aéb", 2, "a"}, {"\x80\x80\x80", 2, ""}, {"", 0, ""}} {
		if got := answer.Cut(tc.text, tc.most); got != tc.want {
			t.Errorf("%q to %d: got %q, want %q", tc.text, tc.most, got, tc.want)
		}
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	if got := answer.Size(http.Header{"Ab": {"123", ""}, "C": nil}); got != 7 {
		t.Errorf("got %d, want 7", got)
	}
}

func FuzzBody(f *testing.F) {
	f.Add([]byte("\ufeff{}"), 4)
	f.Fuzz(func(t *testing.T, sent []byte, most int) {
		if most < 1 || most > 1<<16 {
			return
		}
		b := answer.New(bytes.NewReader(sent), "", int64(most), 8)
		got, err := io.ReadAll(b)
		want := bytes.TrimPrefix(sent, []byte("\ufeff"))
		if err == nil != (len(want) <= most) || !bytes.HasPrefix(want, got) || err == nil && len(got) != len(want) {
			t.Errorf("%q within %d: got %q, %v", sent, most, got, err)
		}
	})
}
