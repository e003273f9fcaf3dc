package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/contract"
	"github.com/sfcancel/sfcancel/server"
)

// conformanceFile has the cases that were derived from the runtime's sources. Its meta object
// explains the fields.
const conformanceFile = "../../emulator/testdata/conformance-cases.json"

type conformanceCase struct {
	ID       string
	Given    json.RawMessage
	Request  *conformanceRequest // nil for the sequences, which package emulator plays
	Expect   conformanceExpect
	Note     string
	security struct {
		Mode       string
		ClientCert *string
		Roles      bool
	}
}

type conformanceRequest struct {
	Method, Path, Body string
	Headers            map[string]string
}

type conformanceExpect struct {
	Status     int
	ErrorCode  *generated.ErrorCode
	Body       json.RawMessage
	Headers    map[string]string
	StateAfter *[]conformanceState
	Eventually []conformanceState
}

type conformanceState struct {
	ID        uuid.UUID
	Visible   generated.OperationState
	ErrorCode *int32
}

// inexpressible are the cases that this server cannot play, with the reason.
var inexpressible = map[string]string{
	"A11": "Azure AD: the server verifies no tokens (it is plain, TLS, or X.509)",
	"A13": "Windows: the server speaks no Kerberos",
}

// TestConformance serves every case as a user would, with its given object as the seed
// file, and sends the request over a socket.
func TestConformance(t *testing.T) {
	cases := conformanceCases(t)
	certs := newTestPKI(t)
	skipped := 0
	for _, c := range cases {
		if c.Request == nil {
			continue
		}
		t.Run(c.ID, func(t *testing.T) {
			if reason, ok := inexpressible[c.ID]; ok {
				skipped++
				t.Skip(reason)
			}
			seed := filepath.Join(t.TempDir(), "given.json")
			if err := os.WriteFile(seed, c.Given, 0o600); err != nil {
				t.Fatal(err)
			}
			args := append(certs.serveArgs(c), "--seed", seed, "--profile", "runtime", "--store", "memory")
			if len(c.Expect.Eventually) > 0 {
				args[len(args)-1] = "bolt:" + filepath.Join(t.TempDir(), "faults.db")
			}
			client := certs.client(t, c)

			// The state right after the answer: the clock stands still.
			frozen, end := serveUntil(t, append(args, "--freeze")...)
			c.ask(t, client, frozen)
			if c.Expect.StateAfter != nil {
				c.compare(t, frozen, client, *c.Expect.StateAfter)
			}
			if len(c.Expect.Eventually) == 0 {
				return
			}
			end()
			quick := serveInTest(t, append(args, "--speed", "10000")...)
			for deadline := time.Now().Add(20 * time.Second); !c.reached(t, quick, client, c.Expect.Eventually); {
				if time.Now().After(deadline) {
					c.compare(t, quick, client, c.Expect.Eventually)
					t.Fatal("got other states after 20 s at 10 000 times the speed, see above")
				}
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	if skipped > 5 || skipped != len(inexpressible) {
		t.Errorf("got %d skipped cases, want the %d that are listed, and 5 at most", skipped, len(inexpressible))
	}
}

func conformanceCases(t *testing.T) []conformanceCase {
	t.Helper()
	data, err := os.ReadFile(conformanceFile)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Meta  struct{ Count int }
		Cases []conformanceCase
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) != file.Meta.Count || len(file.Cases) == 0 {
		t.Fatalf("got %d cases, want the %d of meta", len(file.Cases), file.Meta.Count)
	}
	for i := range file.Cases {
		c := &file.Cases[i]
		given := struct{ Security any }{&c.security}
		if err := json.Unmarshal(c.Given, &given); err != nil {
			t.Fatal(c.ID, err)
		}
	}
	return file.Cases
}

// ask sends the request and compares the answer with the case.
func (c conformanceCase) ask(t *testing.T, client *http.Client, url string) {
	t.Helper()
	status, header, body := exchange(t, client, c.Request.Method, url+c.Request.Path, c.Request.Headers, c.Request.Body)
	if status != c.Expect.Status {
		t.Errorf("%s: got %d, want %d (%s): %s", c.Request.Path, status, c.Expect.Status, c.Note, body)
	}
	var e generated.FabricError
	if c.Expect.ErrorCode != nil {
		if err := json.Unmarshal(body, &e); err != nil || e.Error.Message == "" {
			t.Errorf("got %s, %v, want a FabricError with a message", body, err)
		}
		if e.Error.Code != *c.Expect.ErrorCode {
			t.Errorf("got code %s, want %s (%s)", e.Error.Code, *c.Expect.ErrorCode, c.Note)
		}
	} else if status >= 400 && len(body) > 0 {
		t.Errorf("got body %s, want none", body)
	}
	if c.Expect.Body != nil {
		if got, want := asSet(t, body), asSet(t, c.Expect.Body); !reflect.DeepEqual(got, want) {
			t.Errorf("got body %s, want %s", body, c.Expect.Body)
		}
	}
	for name, want := range c.Expect.Headers {
		if got := header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// compare compares every operation of the cluster with the states.
func (c conformanceCase) compare(t *testing.T, url string, client *http.Client, want []conformanceState) {
	t.Helper()
	got := states(t, client, url)
	if len(got) != len(want) {
		t.Errorf("got %d operations, want %d: %v", len(got), len(want), got)
	}
	for _, w := range want {
		if got[w.ID].State != w.Visible {
			t.Errorf("operation %s: got %s, want %s (%s)", w.ID, got[w.ID].State, w.Visible, c.Note)
		}
	}
}

// reached reports whether the operations are in these states, and ended with these codes.
func (c conformanceCase) reached(t *testing.T, url string, client *http.Client, want []conformanceState) bool {
	t.Helper()
	got := states(t, client, url)
	for _, w := range want {
		if got[w.ID].State != w.Visible {
			return false
		}
		if w.ErrorCode == nil {
			continue
		}
		if code := endedWith(t, client, url, got[w.ID]); code != *w.ErrorCode {
			t.Errorf("operation %s: got error code %d, want %d (%s)", w.ID, code, *w.ErrorCode, c.Note)
		}
	}
	return true
}

func states(t *testing.T, client *http.Client, url string) map[uuid.UUID]generated.OperationStatus {
	t.Helper()
	_, _, body := exchange(t, client, http.MethodGet, url+"/Faults/?api-version=6.0&StateFilter=65535&TypeFilter=65535", nil, "")
	var list []generated.OperationStatus
	if err := json.Unmarshal(body, &list); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	states := make(map[uuid.UUID]generated.OperationStatus)
	for _, op := range list {
		states[op.OperationID] = op
	}
	return states
}

// endedWith returns the error code in the progress of an operation.
func endedWith(t *testing.T, client *http.Client, url string, op generated.OperationStatus) int32 {
	t.Helper()
	const partition = "/Faults/Services/app~svc/$/GetPartitions/1daae3f5-7fd6-42e9-b1ba-8c05f873994d/$/"
	path := map[generated.OperationType]string{
		generated.OperationTypePartitionDataLoss:   partition + "GetDataLossProgress",
		generated.OperationTypePartitionQuorumLoss: partition + "GetQuorumLossProgress",
		generated.OperationTypePartitionRestart:    partition + "GetRestartProgress",
		generated.OperationTypeNodeTransition:      "/Faults/Nodes/_Node_0/$/GetTransitionProgress",
	}[op.Type]
	_, _, body := exchange(t, client, http.MethodGet, fmt.Sprintf("%s%s?api-version=6.0&OperationId=%s", url, path, op.OperationID), nil, "")
	var progress map[string]json.RawMessage
	if err := json.Unmarshal(body, &progress); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	delete(progress, "State")
	var result struct{ ErrorCode int32 }
	for _, member := range progress {
		if err := json.Unmarshal(member, &result); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
	}
	return result.ErrorCode
}

func exchange(t *testing.T, client *http.Client, method, url string, headers map[string]string, body string) (int, http.Header, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, content
}

// asSet decodes JSON and sorts an array, so that its order does not matter.
func asSet(t *testing.T, data []byte) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	if list, ok := value.([]any); ok {
		slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	}
	return value
}

// serveArgs returns the flags of serve for the security of the case.
func (p *testPKI) serveArgs(c conformanceCase) []string {
	if c.security.Mode != "X509" {
		return nil
	}
	args := []string{
		"--tls-cert", p.file("server.pem"), "--tls-key", p.file("server.key"), "--client-ca", p.file("ca.pem"),
		"--admin", "admin", "--user", p.thumbprint("user"),
	}
	if c.security.Roles {
		args = append(args, "--roles")
	}
	return args
}

// client returns a client with the certificate of the case. It checks every exchange against the document.
func (p *testPKI) client(t *testing.T, c conformanceCase) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: p.config(c.security.ClientCert)}
	t.Cleanup(transport.CloseIdleConnections)
	edge := contract.Edge{Profile: server.Runtime, Authenticates: c.security.Mode == "X509"}
	return &http.Client{Transport: contract.Transport(t, edge, transport)}
}
