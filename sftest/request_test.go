package sftest_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
)

// Every operation of the document is known by its name there.
func TestCalls(t *testing.T) {
	t.Parallel()
	api := reflect.TypeFor[generated.StrictServerInterface]()
	names := make(map[sftest.Call]bool)
	for i := range api.NumMethod() {
		names[sftest.Call(api.Method(i).Name)] = true
	}
	c := sftest.NewCluster(t)
	for _, o := range generated.Operations {
		path := strings.NewReplacer("{serviceId}", "app~svc", "{partitionId}", uuid.NewString(), "{nodeName}", "Cancel").Replace(o.Path)
		send(t.Context(), c.HTTPClient(), o.Method, c.URL()+path)
		call := last(t, c).Call
		if !names[call] {
			t.Errorf("%s %s is taken for %q", o.Method, o.Path, call)
		}
		if !call.Match(last(t, c)) || !sftest.Any.Match(last(t, c)) {
			t.Errorf("%s does not match itself", call)
		}
		delete(names, call)
	}
	if len(names) != 0 {
		t.Errorf("no request is taken for %v", names)
	}
}

// How requests are read.
func TestRequest(t *testing.T) {
	t.Parallel()
	const id = "5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01"
	cases := []struct {
		method, target  string
		call            sftest.Call
		id              string
		graceful, force bool
	}{
		{"POST", "/Faults/$/Cancel?OperationId=" + id + "&Force=true", sftest.CancelOperation, id, false, true},
		{"POST", "/Faults/$/Cancel?OperationId=" + id + "&Force=True", sftest.CancelOperation, id, false, true},
		{"POST", "/Faults/$/Cancel?OperationId=" + id + "&Force=false", sftest.CancelOperation, id, true, false},
		{"POST", "/Faults/$/Cancel?OperationId=" + id, sftest.CancelOperation, id, true, false},
		{"POST", "/Faults/$/Cancel?Force=false&Force=true", sftest.CancelOperation, "", true, false},
		{"POST", "/Faults/$/Cancel?force=true&operationid=" + id, sftest.CancelOperation, "", true, false},
		{"POST", "/Faults/$/Cancel?OperationId=rubbish", sftest.CancelOperation, "", true, false},
		{"POST", "/Faults//%24/Cancel/", sftest.CancelOperation, "", true, false},
		{"GET", "/Faults/$/Cancel?Force=true", "", "", false, false},
		{"PUT", "/Faults/$/Cancel?Force=true", "", "", false, false},
		{"GET", "/Faults", sftest.GetFaultOperationList, "", false, false},
		{"GET", "/Faults/?Force=true", sftest.GetFaultOperationList, "", false, false},
		{"POST", "/Faults/Services/app/svc/$/GetPartitions/" + id + "/$/StartDataLoss?OperationId=" + id, sftest.StartDataLoss, id, false, false},
		{"POST", "/Faults/Nodes/Cancel/$/StartTransition/", sftest.StartNodeTransition, "", false, false},
		{"GET", "/", "", "", false, false},
		{"GET", "/$/GetClusterVersion?api-version=6.0", "", "", false, false},
		{"POST", "/Fault/$/Cancel", "", "", false, false},
	}
	c := sftest.NewCluster(t)
	for _, tc := range cases {
		send(t.Context(), c.HTTPClient(), tc.method, c.URL()+tc.target)
		q := last(t, c)
		var want uuid.UUID
		if tc.id != "" {
			want = uuid.MustParse(tc.id)
		}
		if q.Call != tc.call || q.ID != want || q.Method != tc.method || q.Target != tc.target || !q.Time.Equal(c.Now()) {
			t.Errorf("%s %s: got %+v", tc.method, tc.target, q)
		}
		if g, f := sftest.Graceful.Match(q), sftest.Force.Match(q); g != tc.graceful || f != tc.force || f != q.Force {
			t.Errorf("%s %s: graceful %v, force %v", tc.method, tc.target, g, f)
		}
		if of := tc.call != "" && tc.call.Of(want).Match(q); of != (tc.call != "") || tc.call.Of(uuid.UUID{9}).Match(q) {
			t.Errorf("%s %s: Of matches wrongly", tc.method, tc.target)
		}
	}
}

// Nobody can change what was noted.
func TestRequestsAreCopies(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t)
	send(t.Context(), c.HTTPClient(), http.MethodGet, listURL(c))
	c.Requests()[0].Header.Set("User-Agent", "me")
	c.Requests()[0].Call = "mine"
	if q := last(t, c); q.Header.Get("User-Agent") == "me" || q.Call == "mine" {
		t.Errorf("got %+v", q)
	}
}

// A request in one line.
func TestRequestString(t *testing.T) {
	t.Parallel()
	id := uuid.UUID{0: 1}
	cases := []struct {
		q    sftest.Request
		want string
	}{
		{sftest.Request{Call: sftest.GetFaultOperationList, Status: 200}, "GetFaultOperationList: 200"},
		{sftest.Request{Method: "GET", Target: "/?x=1", Status: 400}, "GET /?x=1: 400"},
		{sftest.Request{Call: sftest.CancelOperation, ID: id, Force: true, Fault: "DropAfter", Server: 200},
			"CancelOperation Force=true 01000000-0000-0000-0000-000000000000: DropAfter, the server said 200, no answer"},
		{sftest.Request{Call: sftest.CancelOperation, Fault: "Status(503)", Status: 503},
			"CancelOperation Force=false: Status(503), the server has not seen it, answer 503"},
	}
	for _, tc := range cases {
		if got := fmt.Sprint(tc.q); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
	}
}

// What the script does not touch is byte for byte what a socket gives.
func TestSameAsOnASocket(t *testing.T) {
	t.Parallel()
	for _, profile := range []server.Profile{server.Documented, server.Runtime} {
		c := sftest.NewCluster(t, sftest.WithProfile(profile))
		id := c.Put(stopping())
		addr := onSocket(t, c, profile)
		requests := []string{
			"GET /Faults/?api-version=6.0&StateFilter=65535&TypeFilter=65535 HTTP/1.1\r\n",
			"GET /Faults/?api-version=6.0 HTTP/1.1\r\n",
			"GET /Faults/?api-version=6.0&StateFilter=65535&TypeFilter=65535 HTTP/1.0\r\n",
			"POST /Faults/$/Cancel?api-version=6.0&Force=false&OperationId=" + id.String() + " HTTP/1.1\r\nContent-Length: 0\r\n",
			"POST /Faults/$/Cancel?api-version=6.0&Force=false&OperationId=" + id.String() + " HTTP/1.1\r\nTransfer-Encoding: chunked\r\n",
			"POST /Faults/$/Cancel?api-version=6.0&Force=true&OperationId=" + uuid.NewString() + " HTTP/1.1\r\nContent-Length: 0\r\n",
			"DELETE /nowhere HTTP/1.1\r\n",
			"OPTIONS * HTTP/1.1\r\n",
			"GET / HTTP/1.1\r\n",
			"GET %zz HTTP/1.1\r\n",
			"BREW\r\n",
			"GET / HTTP/3.0\r\n",
		}
		for _, request := range requests {
			request += "Host: localhost\r\nConnection: close\r\nX-ServiceFabricRequestId: 1\r\n\r\n"
			if strings.Contains(request, "chunked") {
				request += "3\r\nabc\r\n0\r\n\r\n"
			}
			mem, err := c.Transport().DialContext(t.Context(), "tcp", "anything:1")
			if err != nil {
				t.Fatal(err)
			}
			tcp, err := dialer.DialContext(t.Context(), "tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := talk(t, mem, request), talk(t, tcp, request); got != want {
				t.Errorf("%s%q\nin memory:\n%s\non a socket:\n%s", profile, request, got, want)
			}
		}
	}
}

// talk says something and listens until the other side closes. Of the date, which is
// that of the machine, only the form is kept.
func talk(t *testing.T, conn io.ReadWriteCloser, text string) string {
	t.Helper()
	defer conn.Close()
	go func() { _, _ = io.WriteString(conn, text) }()
	var heard strings.Builder
	for lines := bufio.NewReader(conn); ; {
		line, err := lines.ReadString('\n')
		if date, ok := strings.CutPrefix(line, "Date: "); ok {
			if _, err := time.Parse(http.TimeFormat, strings.TrimSpace(date)); err == nil {
				line = "Date: a date\r\n"
			}
		}
		heard.WriteString(line)
		if err != nil {
			return heard.String()
		}
	}
}

// What is said of a request is there when its answer is.
func TestRequestsComplete(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t)
	for range 100 {
		c.Put(emulator.Record{}) // a long list goes out before the handler ends
	}
	client := c.HTTPClient()
	for range 60 {
		g := send(t.Context(), client, http.MethodGet, listURL(c))
		if q := last(t, c); q.Status != g.status || q.Server != g.status {
			t.Fatalf("the answer is %d, and it says %v", g.status, q)
		}
	}
}

// A body that breaks off is as broken behind a fault as without one.
func TestBrokenBody(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t)
	c.On(sftest.MatchFunc(func(sftest.Request) bool { return len(c.Requests()) == 2 }), sftest.DelayAfter(0))
	for n := range 2 {
		conn, err := c.Transport().DialContext(t.Context(), "tcp", "h:1")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, "POST /Faults/$/Cancel?api-version=6.0 HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc")
		_ = conn.Close()
		for len(c.Requests()) == n || last(t, c).Server == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	if all := c.Requests(); all[0].Fault != "" || all[1].Fault == "" || all[0].Server != all[1].Server {
		t.Errorf("got %v", all)
	}
}

// Of a handler that says no status, what net/http makes up is noted.
func TestImplicitStatus(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t)
	for name, serve := range map[string]http.HandlerFunc{
		"nothing": func(http.ResponseWriter, *http.Request) {},
		"a body":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x")) },
		"a flush": func(w http.ResponseWriter, _ *http.Request) { _ = http.NewResponseController(w).Flush() },
		"a deadline": func(w http.ResponseWriter, _ *http.Request) {
			if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Hour)); err != nil {
				t.Error(err)
			}
		},
		"a hint": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusOK)
		},
	} {
		c.On(sftest.Any, sftest.Func(func(http.Handler) http.Handler { return serve }))
		g := send(t.Context(), c.HTTPClient(), http.MethodGet, c.URL())
		if q := last(t, c); g.status != 200 || q.Status != 200 || q.Server != 0 {
			t.Errorf("%s: got %d, %s", name, g.status, q)
		}
	}
}

// A request that a fault made up itself reaches the server, too.
func TestMadeUpRequest(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t)
	c.On(sftest.Any, sftest.Func(func(server http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			r, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, listURL(c), http.NoBody)
			server.ServeHTTP(w, r)
		})
	}))
	if g := send(t.Context(), c.HTTPClient(), http.MethodGet, c.URL()); g.status != 200 || g.body != "[]\n" || last(t, c).Server != 0 {
		t.Errorf("got %d %q, %s", g.status, g.body, last(t, c))
	}
}
