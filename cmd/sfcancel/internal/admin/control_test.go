package admin_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/cmd/sfcancel/internal/admin"
	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

const (
	id    = "5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01"
	other = "5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d02"
	list  = "/Faults/?api-version=6.0&StateFilter=65535&TypeFilter=65535"
)

func cancel(id, force string) string {
	return "/Faults/$/Cancel?api-version=6.0&OperationId=" + id + "&Force=" + force
}

// controlled is a server with a stopped clock, and its control.
type controlled struct {
	t       *testing.T
	api     *httptest.Server
	control http.Handler
	engine  *emulator.Emulator
}

func newControlled(t *testing.T, begin admin.Situation) *controlled {
	t.Helper()
	if begin.Scenario == nil {
		begin.Scenario = func(emulator.Record) emulator.Scenario { return emulator.DefaultScenario() }
	}
	if begin.Availability == "" {
		begin.Availability = emulator.Ready
	}
	st := memory.New()
	control, err := admin.NewControl(t.Context(), st, begin)
	if err != nil {
		t.Fatal(err)
	}
	engine := emulator.New(st, emulator.WithClock(control.Now), emulator.WithScenario(control.Scenario))
	control.Of(engine)
	control.Replicas(func(st store.Store, now func() time.Time) (http.Handler, error) {
		return server.New(emulator.New(st, emulator.WithClock(now)))
	})
	if begin.Seed != nil {
		if err := engine.Plant(t.Context(), *begin.Seed); err != nil {
			t.Fatal(err)
		}
	}
	h, err := server.New(engine)
	if err != nil {
		t.Fatal(err)
	}
	api := httptest.NewServer(control.Wire(h))
	t.Cleanup(func() { control.Close(); api.Close() })
	return &controlled{t, api, admin.Handler(admin.NewMetrics(), fine, control.Handler()), engine}
}

// do sends a command to the control, which must succeed.
func (c *controlled) do(method, target, body string) string {
	c.t.Helper()
	w := ask(c.control, method, target, body)
	if w.Code != http.StatusOK || !json.Valid(w.Body.Bytes()) {
		c.t.Fatalf("%s %s %s: got %d %s, want 200 with JSON", method, target, body, w.Code, w.Body)
	}
	return w.Body.String()
}

// send sends a request to the API, and returns the status, 0 for none, and the body.
func (c *controlled) send(method, target string) (int, string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.api.URL+target, http.NoBody)
	if err != nil {
		c.t.Fatal(err)
	}
	// On a kept connection, net/http would retry a GET by itself.
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		return 0, ""
	}
	defer answer.Body.Close()
	var b strings.Builder
	buffer := make([]byte, 1<<16)
	for {
		n, err := answer.Body.Read(buffer)
		b.Write(buffer[:n])
		if err != nil {
			return answer.StatusCode, b.String()
		}
	}
}

func (c *controlled) wants(what, method, target string, status int, says string) {
	c.t.Helper()
	if got, body := c.send(method, target); got != status || !strings.Contains(body, says) {
		c.t.Errorf("%s: got %d %q, want %d and %q", what, got, body, status, says)
	}
}

const planted = `{"operations": [{"id": "` + id + `", "kind": "PartitionDataLoss", "step": "LookingUpState"}]}`

// The commands that sftest has for tests in Go: plant, move the clock, change scenarios and availability, reset.
func TestControl(t *testing.T) {
	c := newControlled(t, admin.Situation{})
	c.do("POST", "/control/plant", planted)
	c.wants("planted", "GET", list, 200, `"State":"Running"`)

	c.do("POST", "/control/operations/"+id+"/scenario", `{"undo": {"fails": "always", "takes": "1s", "code": "FABRIC_E_TIMEOUT"}}`)
	c.wants("cancelled", "POST", cancel(id, "false"), 200, "")
	c.do("POST", "/control/clock", `{"advance": "24h"}`)
	c.wants("an undo that never ends", "GET", list, 200, `"State":"RollingBack"`)
	c.wants("forced", "POST", cancel(id, "true"), 200, "")
	c.do("POST", "/control/clock", `{"advance": "1m"}`)
	c.wants("forced to its end", "GET", list, 200, `"State":"ForceCancelled"`)

	c.do("POST", "/control/availability", `{"availability": "notPrimary"}`)
	c.wants("not the primary", "GET", list, 503, "E_ABORT")
	if got := c.do("GET", "/control/availability", ""); !strings.Contains(got, "notPrimary") {
		t.Errorf("availability: got %s, want notPrimary", got)
	}
	c.do("POST", "/control/scenario", `{"default": {"lookUp": {"takes": "1h"}}}`)
	c.do("POST", "/control/reset", "")
	c.wants("reset", "GET", list, 200, "[]")
	c.do("POST", "/control/plant", strings.Replace(planted, "}]", `}], "nodes": [{"name": "n1"}], "service": "starting"`, 1))
	c.wants("with an availability", "GET", list, 503, "starting")
	if node, there, err := c.engine.Node(t.Context(), "n1"); err != nil || !there || node.InstanceID != "5" {
		t.Errorf("node: got %+v, %t, %v, want instance 5", node, there, err)
	}
}

// Each reset restores the initial situation.
func TestControlResets(t *testing.T) {
	seed, err := emulator.ParseSeed([]byte(planted))
	if err != nil {
		t.Fatal(err)
	}
	c := newControlled(t, admin.Situation{Seed: &seed, Availability: emulator.Starting})
	for range 2 {
		c.do("POST", "/control/plant", strings.Replace(planted, id, other, 1))
		c.do("POST", "/control/availability", `{"availability": "ready"}`)
		c.do("POST", "/control/faults", `{"fault": "dropBefore", "times": "always"}`)
		c.do("POST", "/control/reset", "")
		c.wants("reset", "GET", list, 503, "starting")
		c.do("POST", "/control/availability", `{"availability": "ready"}`)
		if _, body := c.send("GET", list); !strings.Contains(body, id) || strings.Contains(body, other) {
			t.Errorf("list: got %s, want %s alone", body, id)
		}
	}
}

func TestControlClock(t *testing.T) {
	c := newControlled(t, admin.Situation{})
	tell := func(text string) (now struct {
		Now   time.Time
		Speed float64
	}) {
		if err := json.Unmarshal([]byte(text), &now); err != nil {
			t.Fatal(err)
		}
		return now
	}
	before := tell(c.do("GET", "/control/clock", ""))
	after := tell(c.do("POST", "/control/clock", `{"advance": "90m"}`))
	if got := after.Now.Sub(before.Now); got != 90*time.Minute || before.Speed != 0 {
		t.Errorf("got a move by %v at speed %v, want 90m at 0", got, before.Speed)
	}
	if got := tell(c.do("POST", "/control/clock", `{"speed": 1000, "advance": "0s"}`)); got.Speed != 1000 || got.Now.Before(after.Now) {
		t.Errorf("got %+v, want speed 1000 and a time not before %v", got, after.Now)
	}
	running := tell(c.do("GET", "/control/clock", ""))
	for range 100 { // the clock never goes back
		now := tell(c.do("POST", "/control/clock", `{"speed": 0}`))
		if now.Now.Before(running.Now) {
			t.Fatalf("stopped: got %v, want %v or later", now.Now, running.Now)
		}
		running = tell(c.do("POST", "/control/clock", `{"speed": 1000}`))
		if running.Now.Before(now.Now) {
			t.Fatalf("started: got %v, want %v or later", running.Now, now.Now)
		}
	}
}

// The script chooses requests, and injects the faults of sftest.
func TestControlFaults(t *testing.T) {
	for _, tt := range []struct {
		name, fault string
		status      int
		says        string
		forced      bool // the request was carried out
	}{
		{"request lost", `"fault": "dropBefore"`, 0, "", false},
		{"answer lost", `"fault": "dropAfter"`, 0, "", true},
		{"request delayed", `"fault": "delayBefore", "delay": "1ms"`, 200, "", true},
		{"answer delayed", `"fault": "delayAfter", "delay": "1ms"`, 200, "", true},
		{"answered instead of the server", `"fault": "answerBefore", "status": 503, "code": "FABRIC_E_SERVICE_TOO_BUSY", "retryAfter": 3`, 503, `"Code":"FABRIC_E_SERVICE_TOO_BUSY"`, false},
		{"answered after the server", `"fault": "answerAfter", "status": 504, "body": "<html>"`, 504, "<html>", true},
		{"no fault", `"fault": "pass"`, 200, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newControlled(t, admin.Situation{})
			c.do("POST", "/control/plant", planted)
			c.do("POST", "/control/faults", `{"call": "Force", "operationId": "`+id+`", `+tt.fault+`}`)
			c.wants("a graceful cancel", "POST", cancel(id, "false"), 200, "")
			c.wants("another operation", "POST", cancel(other, "true"), 404, "")
			c.wants("the force", "POST", cancel(id, "true"), tt.status, tt.says)
			r, err := c.engine.Record(t.Context(), mustID(t, id))
			if forced := r.Rollback == emulator.RollingBackForce; err != nil || forced != tt.forced {
				t.Errorf("got forced %t, %v, want %t", forced, err, tt.forced)
			}
			if got := c.do("GET", "/control/faults", ""); !strings.Contains(got, `"used":1,"left":0`) {
				t.Errorf("faults: got %s, want the fault used once, with none left", got)
			}
			if got := c.do("GET", "/control/requests", ""); strings.Count(got, `"method"`) != 3 || strings.Count(got, `"fault"`) != 1 {
				t.Errorf("requests: got %s, want three, one of them with the fault", got)
			}
		})
	}
	t.Run("late", func(t *testing.T) {
		c := newControlled(t, admin.Situation{})
		c.do("POST", "/control/plant", planted)
		c.do("POST", "/control/faults", `{"call": "Graceful", "fault": "late", "delay": "1ms"}`)
		c.wants("at once", "POST", cancel(id, "false"), 0, "")
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
			if _, body := c.send("GET", list); strings.Contains(body, "RollingBack") {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("got no RollingBack in a minute, want the late cancel carried out")
			}
		}
	})
	t.Run("stale after writes and moves of the clock", func(t *testing.T) {
		c := newControlled(t, admin.Situation{})
		c.do("POST", "/control/plant", planted)
		c.do("POST", "/control/faults", `{"fault": "stale", "times": 2}`)
		c.wants("a write is carried out", "POST", cancel(id, "false"), 200, "")
		c.do("POST", "/control/plant", strings.Replace(planted, id, other, 1))
		c.do("POST", "/control/clock", `{"advance": "1h"}`)
		for range 2 {
			if _, body := c.send("GET", list); !strings.Contains(body, `"State":"Running"`) || strings.Contains(body, other) {
				t.Errorf("stale: got %s, want the list before the cancel", body)
			}
		}
		c.wants("afterwards", "GET", list, 200, `"State":"Cancelled"`)
	})
	t.Run("cut bodies until the faults are removed", func(t *testing.T) {
		c := newControlled(t, admin.Situation{})
		c.do("POST", "/control/plant", planted)
		c.do("POST", "/control/faults", `{"call": "GetFaultOperationList", "fault": "cutBody", "bytes": 5, "times": "always"}`)
		for range 3 {
			if _, body := c.send("GET", list); len(body) != 5 {
				t.Errorf("got body %q, want 5 bytes", body)
			}
		}
		c.do("DELETE", "/control/faults", "")
		c.wants("afterwards", "GET", list, 200, id)
	})
}

// Invalid commands get the errors of the API, and change nothing.
func TestControlRefuses(t *testing.T) {
	c := newControlled(t, admin.Situation{})
	c.do("POST", "/control/plant", planted)
	for _, tt := range []struct {
		method, target, body string
		status               int
		says                 string
	}{
		{"POST", "/control/clock", `{"advance": "-1s"}`, 400, "E_INVALIDARG"},
		{"POST", "/control/clock", `{"advance": 5}`, 400, "E_INVALIDARG"},
		{"POST", "/control/clock", `{"speed": -1}`, 400, "from 0 to 1000000"},
		{"POST", "/control/clock", `{}`, 400, "advance"},
		{"POST", "/control/clock", `{"sped": 1}`, 400, "sped"},
		{"POST", "/control/clock", `{"speed": 1} {}`, 400, "follows"},
		{"POST", "/control/clock", ``, 400, "must be JSON"},
		{"POST", "/control/availability", `{"availability": "asleep"}`, 400, "it must be one of ready"},
		{"POST", "/control/scenario", `{"rules": [{"perform": {"fails": -2}}]}`, 400, "rules[0].perform.fails"},
		{"POST", "/control/operations/" + other + "/scenario", `{}`, 404, "FABRIC_E_KEY_NOT_FOUND"},
		{"POST", "/control/operations/me/scenario", `{}`, 400, "not a GUID"},
		{"POST", "/control/operations/" + id + "/scenario", `{"fly": 1}`, 400, "fly"},
		{"POST", "/control/plant", planted, 409, "FABRIC_E_TEST_COMMAND_OPERATION_ID_ALREADY_EXISTS"},
		{"POST", "/control/plant", `{"operations": [{}]}`, 400, "operations[0]"},
		{"POST", "/control/plant", `{"config": {"MaxStoredActionCount": 1}}`, 400, "config"},
		{"POST", "/control/faults", `{"fault": "explode"}`, 400, "it must be pass, dropBefore"},
		{"POST", "/control/faults", `{"fault": "dropAfter", "call": "Cancel"}`, 400, "CancelOperation"},
		{"POST", "/control/faults", `{"fault": "dropAfter", "times": 0}`, 400, "times"},
		{"POST", "/control/faults", `{"fault": "late"}`, 400, "delay"},
		{"POST", "/control/faults", `{"fault": "answerBefore"}`, 400, "status"},
		{"POST", "/control/faults", `{"fault": "answerBefore", "status": 503, "code": "E_ABORT", "body": "x"}`, 400, "not both"},
		{"POST", "/control/faults", `{"fault": "cutBody", "bytes": -1}`, 400, "negative"},
		{"POST", "/control/faults", `{"fault": "stale", "call": "Force"}`, 400, "only a read can be stale"},
		{"POST", "/control/faults", `{"fault": "stale", "call": "StartDataLoss"}`, 400, "only a read can be stale"},
		{"POST", "/control/faults", `{"fault": "dropAfter", "operationId": "me"}`, 400, "E_INVALIDARG"},
		{"GET", "/control/everything", ``, 400, "docs/control.md"},
		{"DELETE", "/control/clock", ``, 400, "docs/control.md"},
	} {
		w := ask(c.control, tt.method, tt.target, tt.body)
		var e struct {
			Error struct{ Code, Message string }
		}
		err := json.Unmarshal(w.Body.Bytes(), &e)
		if w.Code != tt.status || err != nil || e.Error.Code == "" || e.Error.Message == "" || !strings.Contains(e.Error.Code+e.Error.Message, tt.says) {
			t.Errorf("%s %s %s: got %d %s, want %d and %q", tt.method, tt.target, tt.body, w.Code, w.Body, tt.status, tt.says)
		}
	}
	if got := c.do("GET", "/control/faults", ""); got != "[]\n" {
		t.Errorf("faults: got %s, want []", got)
	}
	if w := ask(c.control, "POST", "/control/reset", "", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }); w.Code != http.StatusForbidden {
		t.Errorf("a reset by a page of another site: got %d, want 403", w.Code)
	}
	c.wants("unchanged", "GET", list, 200, `"State":"Running"`)
}

func mustID(t *testing.T, text string) uuid.UUID {
	t.Helper()
	id, err := uuid.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
