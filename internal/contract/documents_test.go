package contract

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/server"
)

// The view that applies to each api-version.
func TestViews(t *testing.T) {
	const none = "whole document"
	// The newest version that has a view, and a runtime of 8.2 knows.
	docs, err := load()
	if err != nil {
		t.Fatal(err)
	}
	newest := "view " + docs.last(func(version string) bool { return notAbove(version, "8.2") })
	tests := []struct{ version, documented, runtime string }{
		{"3.0", "view 3.0", "view 3.0"},
		{"3.5", "view 3.0", "view 3.0"},
		{"5.99", "view 3.0", "view 3.0"},
		{"6.0", "view 6.0", "view 6.0"},
		{"06.00", "view 6.0", "view 6.0"},
		{"6.1", "view 6.0", "view 6.0"},
		{"8.2", newest, newest},
		{"8.10", none, newest},
		{"8.3", none, none},
		{"99999999999999999999999.0", none, none},
		{"2.9", none, "view 3.0"},
		{"1", none, "view 3.0"},
		{"0.9", none, none},
		{"6", none, "view 6.0"},
		{"6.0-preview", none, "view 6.0"},
		{"6.0foo", none, "view 6.0"},
		{"6%2E0", none, "view 6.0"},
		{"6e0", none, "view 6.0"},
		{"6e1", none, none},
		{"6e", none, none},
		{"6.0.1", none, none},
		{"+6", none, "view 6.0"},
		{"-6", none, none},
		{"abc", none, none},
		{"", none, none},
	}
	for _, tt := range tests {
		for profile, want := range map[server.Profile]string{server.Documented: tt.documented, server.Runtime: tt.runtime} {
			t.Run(tt.version+"/"+profile.String(), func(t *testing.T) {
				edge := Edge{Profile: profile}
				r := parse(t, "POST", strings.Replace(gracefully, "6.0", tt.version, 1))
				c := newChecker(t, edge, differences)
				q := c.read(r)
				reasons := c.verdict(q)
				if got := q.view().name; got != want {
					t.Errorf("checked against the %s, want %s", got, want)
				}
				if allowed := len(reasons) == 0; allowed != (want != none) {
					t.Errorf("got the reasons %q, want some only without a view", reasons)
				}
				if got := judged(t, edge, differences, newServer(t, edge), r); got != "" {
					t.Error(got)
				}
			})
		}
	}
}

// A constraint that only one version has applies only to requests of that version.
func TestVersionsDiffer(t *testing.T) {
	tests := []struct{ name, version, more, report string }{
		{"3.0 has no timeout", "3.0", "&timeout=abc", ""},
		{"3.5 has no timeout", "3.5", "&timeout=abc", ""},
		{"6.0 has a timeout", "6.0", "&timeout=abc", "timeout is no integer"},
		{"8.2 has a timeout", "8.2", "&timeout=abc", "timeout is no integer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := parse(t, "POST", strings.Replace(gracefully, "6.0", tt.version, 1)+tt.more)
			got := judged(t, Edge{}, differences, answers(200, "", ""), r)
			if tt.report == "" && got != "" || !strings.Contains(got, tt.report) {
				t.Errorf("reported %q, want %q", got, tt.report)
			}
		})
	}
}

// An operation that was added after the api-version of a request does not exist for it, whatever the server does.
func TestLaterOperations(t *testing.T) {
	docs, err := load()
	if err != nil {
		t.Fatal(err)
	}
	older := *docs.views["3.0"]
	older.operations = slices.DeleteFunc(slices.Clone(older.operations), func(o *operation) bool { return o.id == "CancelOperation" })
	views := maps.Clone(docs.views)
	views["3.0"] = &older
	for _, tt := range []struct {
		name, version string
		handler       http.Handler
		report        string // part of it; empty for none
	}{
		{"refused before", "3.0", failure(400, "E_INVALIDARG"), ""},
		{"refused between", "5.9", failure(400, "E_INVALIDARG"), ""},
		{"carried out before", "3.0", answers(200, "", ""), "200 without an operation"},
		{"unimplemented before", "3.0", failure(501, "E_NOTIMPL"), "was not refused as malformed"},
		{"carried out", "6.0", answers(200, "", ""), ""},
		{"refused", "6.0", failure(400, "E_INVALIDARG"), "was refused as malformed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			told := &reports{TB: t}
			c := newChecker(told, Edge{}, differences)
			c.docs = &documents{docs.versions, views, docs.whole}
			r := parse(t, "POST", strings.Replace(gracefully, "6.0", tt.version, 1))
			c.handler(tt.handler).ServeHTTP(httptest.NewRecorder(), r)
			if got := told.String(); tt.report == "" && got != "" || !strings.Contains(got, tt.report) {
				t.Errorf("reported %q, want %q", got, tt.report)
			}
		})
	}
}
