package clienttls_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"
)

// lease makes every open of a file wait until it is given back, as a disk does that hangs.
func lease(t *testing.T, path string) (giveBack func()) {
	t.Helper()
	const setLease, writing, none = 1024, 1, 2 // F_SETLEASE, F_WRLCK and F_UNLCK of fcntl(2)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, failed := syscall.Syscall(syscall.SYS_FCNTL, f.Fd(), setLease, writing); failed != 0 {
		t.Skipf("this file system has no leases: %v", failed)
	}
	return func() {
		_, _, _ = syscall.Syscall(syscall.SYS_FCNTL, f.Fd(), setLease, none)
		_ = f.Close()
	}
}

// A disk that hangs holds up one request, and that one for no longer than its context: the others go on with
// what there is. What the file holds is used once it can be read.
func TestDiskThatHangs(t *testing.T) {
	t.Parallel()
	o := newRotating(t)
	o.replace(t)
	giveBack := lease(t, o.path)
	time.Sleep(60 * time.Millisecond) // until a look is due
	ctx, end := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer end()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://cluster.example.com", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := o.Send(r, false, func(error) bool { return false })
	if err == nil {
		_ = response.Body.Close()
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the end of the context", err)
	}
	time.Sleep(60 * time.Millisecond)
	o.sends(t, 0)
	giveBack()
	for deadline := time.Now().Add(time.Minute); o.taken.Load() == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the file was not taken into use within a minute of being readable")
		}
	}
}
