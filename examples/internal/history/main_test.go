package history_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// built is the programs that the processes run.
type built struct{ sfcancel, member string }

var build struct {
	sync.Once
	dir string
	err error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if build.dir != "" {
		_ = os.RemoveAll(build.dir)
	}
	os.Exit(code)
}

// programs builds them, once. They are built without the race detector, which the
// packages' own tests have: what is looked for here lies between processes.
func programs(t *testing.T) built {
	t.Helper()
	build.Do(func() {
		if build.dir, build.err = os.MkdirTemp("", "history-"); build.err != nil {
			return
		}
		for _, program := range []string{"../../../cmd/sfcancel", "../../cluster"} { // each in its own module
			cmd := exec.Command("go", "build", "-o", build.dir+"/", ".")
			cmd.Dir, cmd.Stdout, cmd.Stderr = program, os.Stderr, os.Stderr
			if build.err = cmd.Run(); build.err != nil {
				return
			}
		}
	})
	if build.err != nil {
		t.Fatal(build.err)
	}
	return built{filepath.Join(build.dir, "sfcancel"), filepath.Join(build.dir, "cluster")}
}
