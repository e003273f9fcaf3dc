package server_test

import (
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

func TestNewRefuses(t *testing.T) {
	var nobody *spy
	tests := []struct {
		name string
		impl generated.StrictServerInterface
		opts []server.Option
		says []string
	}{
		{"nil implementation", nil, nil, []string{"implementation is nil"}},
		{"nil pointer", nobody, nil, []string{"implementation is nil"}},
		{"nil option", &spy{}, []server.Option{server.WithLogger(nil), nil}, []string{"option 1 is nil"}},
		{"unknown profile", &spy{}, []server.Option{server.WithProfile(7)}, []string{"Profile(7)"}},
		{"version of one number", &spy{}, []server.Option{server.WithRuntimeVersion("8")}, []string{`"8"`}},
		{"version of three numbers", &spy{}, []server.Option{server.WithRuntimeVersion("8.2.1")}, []string{`"8.2.1"`}},
		{"empty version", &spy{}, []server.Option{server.WithRuntimeVersion("")}, []string{`""`}},
		{"version with a sign", &spy{}, []server.Option{server.WithRuntimeVersion("+8.2")}, []string{`"+8.2"`}},
		{"version below the documents", &spy{}, []server.Option{server.WithRuntimeVersion("2.9")}, []string{"from 3.0 on"}},
		{"everything at once", nil, []server.Option{nil, server.WithProfile(9), server.WithRuntimeVersion("x")}, []string{"implementation", "option 0", "Profile(9)", `"x"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, err := server.New(tt.impl, tt.opts...)
			if err == nil || h != nil {
				t.Fatalf("got %v, %v", h, err)
			}
			for _, part := range tt.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
}

func TestOptions(t *testing.T) {
	run(t, []row{
		{name: "runtime version 6.0", target: cancelPath + "?api-version=6.1", opts: []server.Option{server.WithRuntimeVersion("6.0")}, documented: invalid, runtime: invalid},
		{name: "the last one wins", target: cancelPath + "?api-version=9.0", opts: []server.Option{server.WithRuntimeVersion("6.0"), server.WithRuntimeVersion("9.0")}, documented: missing, runtime: missing},
		{name: "runtime version 10.0 is after 9.1", target: cancelPath + "?api-version=9.1", opts: []server.Option{server.WithRuntimeVersion("10.0")}, documented: missing, runtime: missing},
	})
	t.Run("default profile", func(t *testing.T) {
		if got := ask(t, "POST", cancel); got.want != missing {
			t.Errorf("got %v", got.want)
		}
	})
}

func TestProfile(t *testing.T) {
	var zero server.Profile
	if zero != server.Documented {
		t.Errorf("zero Profile: got %v, want %v", zero, server.Documented)
	}
	for text, p := range map[string]server.Profile{"documented": server.Documented, "runtime": server.Runtime, "Runtime": server.Runtime, "DOCUMENTED": server.Documented} {
		if got, err := server.ParseProfile(text); err != nil || got != p {
			t.Errorf("%q: %v, %v", text, got, err)
		}
		if got := p.String(); got != strings.ToLower(text) {
			t.Errorf("%v is %q", p, got)
		}
	}
	for _, text := range []string{"", "real", "runtime "} {
		if _, err := server.ParseProfile(text); err == nil || !strings.Contains(err.Error(), "documented and runtime are known") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if got := server.Profile(9).String(); got != "Profile(9)" {
		t.Errorf("got %q", got)
	}
}
