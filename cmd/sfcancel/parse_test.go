package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A configuration is read, or refused with the line of the error. Adding a cluster keeps what was read.
func FuzzConfig(f *testing.F) {
	for _, text := range []string{
		"", "current: a\nclusters:\n  a:\n    endpoints: [http://b]\n", "clusters: {a: {protected: true, cert: x}}", "a: b", "- a", "clusters:\n  a: &x {}\n  b: *x\n",
		"current: a\nclusters:\n  a: {endpoints: http://b}\n# end", "clusters: {a: {endpoints: [[x]]}}", "clusters: {? [a] : b}", "---\n---\n", "clusters: {'': {}}", "x: !!binary y", "null", "clusters: {a: {cert: ~}}",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "config.yaml")
		file, err := parseConfig(path, []byte(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), path+":") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q: got %v, want an error in one line that begins with the path", text, err)
			}
			return
		}
		before := file.names()
		file.setCluster("new", map[string][]string{"endpoints": {"http://x", "on"}, "ledger": {"none"}}, nil)
		if err := file.save(); err != nil {
			return // the change may have broken an alias; nothing was written
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseConfig(path, content)
		if err != nil {
			t.Fatalf("%q became %q: got %v, want nil", text, content, err)
		}
		if got := again.clusters["new"].values["endpoints"]; !slices.Equal(got, []string{"http://x", "on"}) || len(again.names()) < len(before) || again.current != file.current {
			t.Errorf("%q became %q, want the new cluster, the %d clusters before, and the current one %q", text, content, len(before), file.current)
		}
	})
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"1d": 24 * time.Hour, "1d12h": 36 * time.Hour, "-2d": -48 * time.Hour, "90s": 90 * time.Second, "0d": 0, "-1d1h": -25 * time.Hour, "1h30m": 90 * time.Minute,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "1", "1x", "1d-2h", "1.5d", "999999d", "one day", "1d 2h"} {
		if got, err := parseDuration(text); err == nil || !strings.Contains(err.Error(), "it must be a time span") {
			t.Errorf("%q: got %v, %v, want an error", text, got, err)
		}
	}
}

func TestMoments(t *testing.T) {
	for text, want := range map[string]time.Time{
		"2026-11-30":           time.Date(2026, 11, 30, 0, 0, 0, 0, time.Local),
		"2026-11-30T14:00":     time.Date(2026, 11, 30, 14, 0, 0, 0, time.Local),
		"2026-11-30 14:00:05":  time.Date(2026, 11, 30, 14, 0, 5, 0, time.Local),
		"2026-11-30T14:00:00Z": time.Date(2026, 11, 30, 14, 0, 0, 0, time.UTC),
	} {
		var m moment
		if err := m.Set(text); err != nil || !m.Equal(want) {
			t.Errorf("%s: got %v, %v, want %v", text, m, err, want)
		}
	}
	var m moment
	if err := m.Set("2d"); err != nil || time.Since(m.Time).Round(time.Hour) != 48*time.Hour {
		t.Errorf("2d: got %v, %v, want two days ago", m, err)
	}
	for _, text := range []string{"", "0s", "-1h", "yesterday", "2026-13-01"} {
		if err := m.Set(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, m)
		}
	}
}

func FuzzSplitWords(f *testing.F) {
	for _, text := range []string{`a 'b c' "d"`, `\`, `'`, ``, "a\tb\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words, err := splitWords(text)
		if (err == nil) != (len(words) > 0) {
			t.Errorf("%q: got %q, %v, want words or an error", text, words, err)
		}
	})
}

func TestConfigPath(t *testing.T) {
	for _, c := range []struct {
		system string
		env    map[string]string
		want   string
	}{
		{"linux", nil, "/home/ann/.config/sfcancel/config.yaml"},
		{"linux", map[string]string{"XDG_CONFIG_HOME": "/etc/ann"}, "/etc/ann/sfcancel/config.yaml"},
		{"linux", map[string]string{"XDG_CONFIG_HOME": "relative"}, "/home/ann/.config/sfcancel/config.yaml"},
		{"darwin", nil, "/home/ann/Library/Application Support/sfcancel/config.yaml"},
		{"windows", map[string]string{"AppData": "/users/ann"}, "/users/ann/sfcancel/config.yaml"},
	} {
		got, err := configPathOn(c.system, func(name string) string { return c.env[name] }, func() (string, error) { return "/home/ann", nil })
		if err != nil || filepath.ToSlash(got) != c.want {
			t.Errorf("%s %v: got %q, %v, want %q", c.system, c.env, got, err, c.want)
		}
	}
	if got, err := configPathOn("windows", func(string) string { return "" }, nil); err == nil {
		t.Errorf("windows without AppData: got %q, want an error", got)
	}
}
