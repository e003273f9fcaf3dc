package main

import (
	"flag"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestScripts runs the scripts of testdata/script, each in a home directory of its own without a configuration.
// In a script, "serve NAME FLAGS" starts a reference server and sets $NAME to its address.
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
