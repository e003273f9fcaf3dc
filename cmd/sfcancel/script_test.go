package main

import (
	"flag"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the golden screens")

// TestScripts runs the commands of testdata/script, each file in a home of its own, where nothing is configured.
// In them, "serve NAME FLAGS" starts a reference server, whose address is $NAME from then on.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"), UpdateScripts: *update, RequireExplicitExec: false,
		Setup: func(e *testscript.Env) error {
			for _, name := range []string{"HOME", "LocalAppData", "AppData"} {
				e.Setenv(name, e.WorkDir)
			}
			e.Setenv("XDG_CONFIG_HOME", filepath.Join(e.WorkDir, "config"))
			e.Setenv("XDG_STATE_HOME", filepath.Join(e.WorkDir, "state"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": func(ts *testscript.TestScript, _ bool, args []string) {
				url, end := serveUntil(t, args[1:]...)
				ts.Defer(end)
				ts.Setenv(args[0], url)
			},
		},
	})
}
