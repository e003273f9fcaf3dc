package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/generated"
)

func TestPageIsCurrent(t *testing.T) {
	t.Parallel()
	kept, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	made := filepath.Join(t.TempDir(), "operations.md")
	if err := run([]string{made}); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != string(want) {
		t.Errorf("docs/operations.md is out of date: run \"make generate\" and commit the result\ngot\n%s\nwant\n%s", kept, want)
	}
}

// Markdown's special characters are escaped, and a row has all its cells.
func TestRows(t *testing.T) {
	t.Parallel()
	got := page([]generated.Operation{{
		ID: "Do", Method: "GET", Path: "/a/{b}", Role: "user", Since: "3.0", Summary: "Do *it*",
		Responses: []generated.Response{{Status: "200"}, {Status: "202"}, {Status: "default"}},
		Parameters: []*generated.Parameter{
			{Name: "b", In: "path", Required: true, Accepts: `a text that matches ^a|\.$`, Description: "One\ntwo."},
			{Name: "c", In: "query", Array: true, Accepts: "a list, each of it a text", Default: "x~y", Since: "6.0"},
			{Name: "d", In: "query", Accepts: "a text"},
		},
	}})
	for _, want := range []string{
		"\n| Do: Do \\*it\\* | `GET /a/{b}` | user | 3.0 | `b`, *`c`*, *`d`* | 200, 202 |\n",
		"\n| `b` | path | a text that matches ^a\\|\\\\.$ | refused |  | One two. |\n",
		"\n| `c` | query | a list, each of it a text | default x\\~y | 6.0 |  |\n",
		"\n| `d` | query | a text |  |  |  |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant %q in it", got, want)
		}
	}
}

func TestWrongArguments(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"a", "b"}, {filepath.Join("no", "such", "directory")}} {
		if err := run(args); err == nil {
			t.Errorf("%q: got no error, want one", args)
		}
	}
}
