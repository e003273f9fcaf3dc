package server_test

import (
	"crypto/tls"
	"net"
	"net/http"
	"runtime"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/sfcancel/sfcancel/server"
)

// BenchmarkOutsider is what a connection with one request costs the server, handshake included, and what a
// further request does: in times of what an admin with an intermediate costs, who takes turns with the outsider.
// That is CPU time of the thread that serves, so that what the client computes does not count. A goal is 2 at most; the
// certificate with 10 000 names, 230 KB of it, takes crypto/tls as long as that to read before anybody is asked.
func BenchmarkOutsider(b *testing.B) {
	root := issue(b, nil, "root", authority)
	between := issue(b, root, "between", authority)
	admin := issue(b, between, "admin").sending(between)
	config := server.TLSConfig(issue(b, nil, "server", ofServer).tls())
	h := bareHandler(b, &spy{}, server.WithClientCertificates(server.ClientCertificates{Admin: []string{"admin"}, CA: root.pool()}))
	for _, o := range append(outsiders(b, root), outsider{"another admin", admin}) {
		b.Run(o.name, func(b *testing.B) {
			var first, next [2]time.Duration
			for b.Loop() {
				for i, who := range []*issued{admin, o.issued} {
					f, n := served(b, h, config, who)
					first[i] += f
					next[i] += n
				}
			}
			b.ReportMetric(float64(first[1])/float64(first[0]), "admins/connection")
			b.ReportMetric(float64(next[1])/float64(next[0]), "admins/request")
		})
	}
}

// served is what a connection costs up to the end of its first request, and the request after it.
func served(b *testing.B, h http.Handler, config *tls.Config, who *issued) (first, next time.Duration) {
	b.Helper()
	client, raw := net.Pipe()
	go func() {
		defer client.Close()
		shown := who.tls()
		c := tls.Client(client, &tls.Config{InsecureSkipVerify: true, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &shown, nil }})
		_ = c.HandshakeContext(b.Context())
		_, _ = c.Read(make([]byte, 1)) // until the server closes
	}()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	begun := threadTime(b)
	conn := tls.Server(raw, config)
	if err := conn.HandshakeContext(b.Context()); err != nil {
		b.Fatal(err)
	}
	state := conn.ConnectionState()
	reaches(b, h, &state)
	first = threadTime(b) - begun
	reaches(b, h, &state)
	next = threadTime(b) - begun - first
	_ = conn.Close()
	return first, next
}

// threadTime is the CPU time of this thread.
func threadTime(b *testing.B) time.Duration {
	b.Helper()
	const clockThreadCPUTime = 3
	var t syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockThreadCPUTime, uintptr(unsafe.Pointer(&t)), 0); errno != 0 {
		b.Fatal(errno)
	}
	return time.Duration(t.Nano())
}
