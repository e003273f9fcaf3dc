package clienttls_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/internal/clienttls"
)

// rotating is a transport with a file of roots that is replaced. Its connections fail, because
// what counts is with which file they were to be made.
type rotating struct {
	*clienttls.Transport
	path string
	// taken is how many transports were made with what the file held.
	taken atomic.Int64
}

func newRotating(t *testing.T) *rotating {
	t.Helper()
	o := &rotating{path: filepath.Join(t.TempDir(), "ca.pem")}
	o.replace(t)
	own, err := clienttls.New(clienttls.Settings{CAFile: o.path}, func(clienttls.Dial) *http.Transport {
		o.taken.Add(1)
		return &http.Transport{DialTLSContext: func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("no network here")
		}}
	}, nil, func(context.Context, error) {})
	if err != nil {
		t.Fatal(err)
	}
	o.Transport = own
	o.taken.Store(0)
	return o
}

// replace puts another file under the same name, as a certificate manager does.
func (o *rotating) replace(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	o.put(t, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func (o *rotating) put(t *testing.T, content []byte) {
	t.Helper()
	if err := os.WriteFile(o.path+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(o.path+".new", o.path); err != nil {
		t.Fatal(err)
	}
}

// sends sends a request and checks how many files have been taken into use since the beginning.
func (o *rotating) sends(t *testing.T, files int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://cluster.example.com", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := o.Send(r, false, func(error) bool { return false }); err == nil {
		_ = response.Body.Close()
		t.Error("the request was answered")
	}
	if taken := o.taken.Load(); taken != int64(2*files) { // a file has two transports
		t.Errorf("%d transports were made, want %d for %d files", taken, 2*files, files)
	}
}

// A request looks at the files if nobody has in the last 50 ms: a change is used by the first
// request that begins so long after it, and one that comes earlier costs no look.
func TestFilesAreLookedAtEvery50ms(t *testing.T) {
	t.Parallel()
	const tick = time.Nanosecond
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"since New", []step{{change, 0, 0}, {same, 50*time.Millisecond - tick, 0}, {same, tick, 1}}},
		{"since the last look", []step{{same, time.Hour, 0}, {change, tick, 0}, {same, 50*time.Millisecond - 2*tick, 0}, {same, tick, 1}}},
		{"a look between does not come later because of requests", []step{{same, time.Hour, 0}, {change, 20 * time.Millisecond, 0}, {same, 20 * time.Millisecond, 0}, {same, 10 * time.Millisecond, 1}}},
		{"a change before a look", []step{{change, 50 * time.Millisecond, 1}, {change, 49 * time.Millisecond, 1}, {same, time.Millisecond, 2}}},
		{"two changes between two looks", []step{{change, time.Millisecond, 0}, {change, time.Millisecond, 0}, {same, 48 * time.Millisecond, 1}, {same, time.Hour, 1}}},
		{"a file of no use", []step{{damage, 50 * time.Millisecond, 0}, {change, 49 * time.Millisecond, 0}, {same, time.Millisecond, 1}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := newRotating(t)
				for _, step := range tt.steps {
					switch step.first {
					case same:
					case change:
						o.replace(t)
					case damage:
						o.put(t, []byte("rubbish"))
					}
					time.Sleep(step.after)
					o.sends(t, step.files)
				}
			})
		})
	}
}

// step is what happens to the file, how long after that a request begins, and how many files
// have been taken into use then.
type step struct {
	first what
	after time.Duration
	files int
}

type what int

const (
	same what = iota
	change
	damage
)
