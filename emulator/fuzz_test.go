package emulator_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// direct is an emulator behind its handler, without a socket: a fuzzer has no time for one.
type direct struct {
	t       *testing.T
	engine  *emulator.Emulator
	handler http.Handler
	now     time.Time
}

func newDirect(t *testing.T, st store.Store, options ...emulator.Option) *direct {
	t.Helper()
	d := &direct{t: t, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	d.engine = emulator.New(st, append([]emulator.Option{
		emulator.WithProfile(server.Runtime),
		emulator.WithClock(func() time.Time { return d.now }),
	}, options...)...)
	var err error
	if d.handler, err = server.New(d.engine, server.WithProfile(server.Runtime)); err != nil {
		t.Fatal(err)
	}
	return d
}

// ask sends a request and checks that a failure is a FabricError.
func (d *direct) ask(method, path string) answer {
	d.t.Helper()
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, httptest.NewRequestWithContext(d.t.Context(), method, path, nil))
	a := answer{status: w.Code, body: w.Body.String()}
	if a.status >= 400 {
		var e generated.FabricError
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Error.Code == "" || e.Error.Message == "" {
			d.t.Errorf("%s %s: %d with %q, which is no FabricError", method, path, a.status, a.body)
		}
		a.code = e.Error.Code
	}
	return a
}

const everything = "/Faults/?api-version=6.0&TypeFilter=65535&StateFilter=65535"

// list is what the list shows.
func (d *direct) list() generated.OperationStatusList {
	d.t.Helper()
	a := d.ask(http.MethodGet, everything)
	var listed generated.OperationStatusList
	if err := json.Unmarshal([]byte(a.body), &listed); err != nil || a.status != http.StatusOK {
		d.t.Fatalf("the list: %+v (%v)", a, err)
	}
	return listed
}

// kindOf is the number of a kind in kinds, -1 for none.
func kindOf(kind generated.OperationType) int {
	for n, k := range kinds {
		if k.kind == kind {
			return n
		}
	}
	return -1
}

const inAYear = 365 * 24 * time.Hour

// hurried fails a test that takes longer than any caller would wait. It is for loops that
// have no end: those of the engine look at no context.
func hurried(t *testing.T, what string, do func()) {
	t.Helper()
	begin := time.Now()
	timer := time.AfterFunc(2*hang, func() { panic(what + " has no end") })
	defer timer.Stop()
	do()
	if took := time.Since(begin); took > hang {
		t.Errorf("%s took %v, want %v at most", what, took, hang)
	}
}

// FuzzSeedFile: whatever a seed file holds, it is refused with a reason or makes a server
// that works.
func FuzzSeedFile(f *testing.F) {
	for _, file := range []string{
		`{}`, `null`, `[]`, ``, `{"operations":[{}]}`,
		`{"operations":[{"id":"11111111-1111-4111-8111-111111111111","kind":"PartitionDataLoss","step":"PerformingActions","rollback":"RollingBackAndWillRetryAction","errorCode":-2147017729}]}`,
		`{"operations":[{"id":"11111111-1111-4111-8111-111111111111","kind":"NodeTransition","step":"LookingUpState","rollback":"RollingBackDueToUserCancel","errorCode":0,"stepKeepsFailing":true}],"config":{"CommandStepRetryBackoffInSeconds":0}}`,
		`{"operations":[{"id":"11111111-1111-4111-8111-111111111111","kind":"NodeTransition","step":"Failed","node":"_node_0","instance":"6","transition":"Start","durationSeconds":4294967295,"ageSeconds":4294967295}],"nodes":[{"name":"_Node_0","instance":5,"status":"Down","stoppedByFas":true}]}`,
		`{"services":[{"name":"fabric:/shop/orders","kind":"Stateless","persisted":false,"hasPersistedState":true,"partitions":["1daae3f5-7fd6-42e9-b1ba-8c05f873994d"]}]}`,
		`{"service":"notDeployed","fabricVersion":"8.2","security":{"mode":"X509","clientCert":null,"roles":true,"token":"user","credentials":null}}`,
		`{"config":{"MaxStoredActionCount":0,"CompletedActionKeepDurationInSeconds":0,"StopNodeMinDurationInSeconds":"1","StopNodeMaxDurationInSeconds":1}}`,
		`{"operations":[{"id":"11111111-1111-4111-8111-111111111111","kind":"PartitionQuorumLoss","step":"IntentSaved","rollback":"RollingBackForce","mode":"AllReplicas","durationSeconds":4294967295}]}`,
		`{"operations":[{"id":"a","kind":"PartitionRestart","step":"Failed"}]}`,
		`{"nodes":[{"name":"a"},{"name":"a"}]}`,
	} {
		f.Add([]byte(file))
	}
	cases, err := os.ReadFile("testdata/conformance-cases.json")
	if err != nil {
		f.Fatal(err)
	}
	var file struct {
		Cases []struct{ Given json.RawMessage }
	}
	if err := json.Unmarshal(cases, &file); err != nil {
		f.Fatal(err)
	}
	for _, c := range file.Cases {
		f.Add([]byte(c.Given))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		seed, err := emulator.ParseSeed(data)
		if err != nil {
			if text := err.Error(); !strings.HasPrefix(text, "seed file: ") || len(text) < len("seed file: ")+5 {
				t.Errorf("the error is %q", err)
			}
			return
		}
		st := memory.New()
		defer st.Close()
		d := newDirect(t, st, emulator.WithSettings(seed.Settings))
		if err := d.engine.Plant(t.Context(), seed); err != nil {
			t.Fatalf("it was read, but not planted: %v", err)
		}
		if err := d.engine.Plant(t.Context(), seed); err != nil {
			t.Errorf("planted again: %v", err)
		}
		if listed := d.list(); len(listed) != len(seed.Operations) {
			t.Errorf("of %d operations %d are listed", len(seed.Operations), len(listed))
		}
		hurried(t, "a year", func() {
			for i, wait := range []time.Duration{0, second, inAYear} {
				d.now = d.now.Add(wait)
				for _, op := range seed.Operations {
					n, id := kindOf(op.Kind), op.ID.String()
					if a := d.ask(http.MethodGet, kinds[n].progress+"?api-version=6.0&OperationId="+id); a.status != http.StatusOK {
						t.Errorf("progress: %+v", a)
					}
					if a := d.ask(http.MethodPost, "/Faults/$/Cancel?api-version=6.0&OperationId="+id); a.status >= 500 {
						t.Errorf("cancel: %+v", a)
					}
				}
				for n, k := range kinds {
					fresh := uuid.UUID{15: byte(n), 14: byte(i), 0: 0xfe}.String() // always the same, which a fuzzer likes
					if a := d.ask(http.MethodPost, k.start+"?api-version=6.0&OperationId="+fresh+"&"+strings.Replace(k.parameters, "=600", "=300", 1)); a.status >= 500 {
						t.Errorf("start of a %s: %+v", k.kind, a)
					}
				}
				for _, node := range seed.Cluster.Nodes {
					if _, _, err := d.engine.Node(t.Context(), node.Name); err != nil {
						t.Error(err)
					}
				}
				d.list()
			}
			if err := d.engine.CleanUp(t.Context()); err != nil {
				t.Error(err)
			}
		})
		d.engine.SetAvailability(seed.Availability)
		if a := d.ask(http.MethodGet, everything); (a.status == http.StatusOK) != (seed.Availability == emulator.Ready) {
			t.Errorf("%s: %+v", seed.Availability, a)
		}
	})
}

// FuzzScenarioFile: whatever a scenario file holds, it is refused with a reason or makes
// operations that can be started, watched and ended, in no time.
func FuzzScenarioFile(f *testing.F) {
	for _, file := range []string{
		`{}`, `null`, `[]`, ``, `{"rules":[{}]}`, `{"rules":[null]}`,
		`{"default":{"lookUp":{"takes":"2s"},"perform":{"takes":"10s"}},"rules":[{"kind":"NodeTransition","queue":"1m"},{"service":"fabric:/shop/orders","perform":{"fails":3,"code":"FABRIC_E_TIMEOUT"}},{"id":"5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01","undo":{"fails":"always"}}]}`,
		`{"default":{"queue":"0s","lookUp":{"takes":"0s","fails":2147483647},"perform":{"takes":"0s","fails":"always"},"undo":{"takes":"0s","fails":2147483647}}}`,
		`{"default":{"queue":"876000h","lookUp":{"takes":"876000h","fails":1},"perform":{"takes":"876000h"},"undo":{"takes":"876000h"}}}`,
		`{"default":{"lookUp":{"fails":2,"code":"0x80071BFF"},"undo":{"fails":3,"code":-1}},"rules":[{"node":"_Node_0","lookUp":{"code":"FABRIC_E_NODE_IS_UP"}}]}`,
		`{"default":{"queue":"1ns","lookUp":{"takes":"1ns","fails":100000},"perform":{"takes":"1h","fails":100000}}}`,
		`{"default":{"perform":{"code":2147949567}},"rules":[{"partition":"1daae3f5-7fd6-42e9-b1ba-8c05f873994d","perform":{"fails":0}}]}`,
	} {
		f.Add([]byte(file))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		choose, err := emulator.ParseScenarios(data)
		if err != nil {
			if text := err.Error(); !strings.HasPrefix(text, "scenario file: ") || len(text) < len("scenario file: ")+5 {
				t.Errorf("the error is %q", err)
			}
			return
		}
		for _, backoff := range []time.Duration{second, -1} {
			st := memory.New()
			d := newDirect(t, st, emulator.WithScenario(choose), emulator.WithSettings(emulator.Settings{CommandStepRetryBackoff: backoff}))
			ids := make([]string, len(kinds))
			for n, k := range kinds {
				ids[n] = uuid.UUID{byte(n)}.String()
				if a := d.ask(http.MethodPost, k.start+"?api-version=6.0&OperationId="+ids[n]+"&"+k.parameters); a.status != http.StatusAccepted {
					t.Fatalf("start of a %s: %+v", k.kind, a)
				}
			}
			hurried(t, "watching", func() {
				// A month at most: TestAYearOfRetriesIsReadInNoTime has the rest.
				for _, wait := range []time.Duration{0, 1, second, 30 * 24 * time.Hour} {
					d.now = d.now.Add(wait)
					if got := len(d.list()); got != len(kinds) {
						t.Errorf("%d are listed", got)
					}
				}
				for _, force := range []string{"false", "true"} {
					for _, id := range ids {
						if a := d.ask(http.MethodPost, "/Faults/$/Cancel?api-version=6.0&OperationId="+id+"&Force="+force); a.status != http.StatusOK && a.code != generated.ErrorCodeKeyNotFound {
							t.Errorf("cancel, Force=%s: %+v", force, a)
						}
					}
					// Each activity may last its hundred years; after all of them nothing is left of it.
					for range 10 {
						d.now = d.now.Add(100 * inAYear)
						if err := d.engine.Sweep(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
				}
				for _, op := range d.list() {
					if op.State == generated.OperationStateRunning || op.State == generated.OperationStateRollingBack {
						t.Errorf("a force did not end %+v", op)
					}
				}
			})
			_ = st.Close()
		}
	})
}

// FuzzStoredRecord: whatever is in the store under an operation's key, every call is
// answered, and only calls that need the record fail.
func FuzzStoredRecord(f *testing.F) {
	const id = "11111111-1111-4111-8111-111111111111"
	node := sha256.Sum256([]byte("_Node_0"))
	for _, value := range []string{
		``, `null`, `{}`, `[]`, `5`, `{"id":"` + id + `"}`, "\x00",
		`{"id":"` + id + `","kind":"PartitionDataLoss","step":"IntentSaved","rollback":"NotRollingBack","errorCode":0,"due":"2026-01-01T00:00:01Z","received":"2026-01-01T00:00:00Z","target":{"serviceName":"fabric:/a","partitionId":"1daae3f5-7fd6-42e9-b1ba-8c05f873994d"}}`,
		`{"id":"` + id + `","kind":"NodeTransition","step":"LookingUpState","rollback":"NotRollingBack","errorCode":0,"due":"2026-01-01T00:00:01Z","received":"2026-01-01T00:00:00Z","target":{"nodeName":"_Node_0","nodeInstanceId":"5","transition":"Stop","duration":600000000000},"found":{"node":{"name":"_Node_0","instanceId":"5"}},"scenario":{"lookUpFails":{"times":3}}}`,
		`{"id":"` + id + `","kind":"PartitionRestart","step":"Failed","rollback":"RollingBackForce","errorCode":-1,"due":"2026-01-01T00:00:01Z","received":"2026-01-01T00:00:00Z","target":{}}`,
		`{"id":"` + id + `","kind":"PartitionQuorumLoss","step":"PerformingActions","phase":"Undoing","rollback":"RollingBackAndWillRetryAction","errorCode":-2147017729,"due":"2026-01-01T00:00:01Z","received":"2026-01-01T00:00:00Z","target":{"duration":9223372036854775807},"failed":{"perform":5,"undo":7},"scenario":{"performFails":{"times":-1,"code":-2147017729},"undoFails":{"times":9}}}`,
		`{"id":"22222222-2222-4222-8222-222222222222","kind":"PartitionRestart","step":"Nowhere","phase":"Pausing","rollback":"Perhaps","due":"9999-12-31T23:59:59Z"}`,
	} {
		f.Add(true, false, []byte(value))
		f.Add(false, false, []byte(value))
		f.Add(true, strings.Contains(value, "_Node_0"), []byte(value))
	}
	f.Fuzz(func(t *testing.T, active, holds bool, value []byte) {
		if len(value) > 1<<16 {
			t.Skip()
		}
		st := memory.New()
		defer st.Close()
		key := "operations/history/" + id
		if active {
			key = "operations/active/" + id
		}
		write := []store.Write{{Key: key, Value: value}}
		if holds { // the node
			write = append(write, store.Write{Key: "operations/node/" + hex.EncodeToString(node[:]), Value: []byte(id)})
		}
		if _, err := st.Commit(t.Context(), store.Txn{Then: write}); err != nil {
			t.Fatal(err)
		}
		d := newDirect(t, st)
		hurried(t, "asking", func() {
			for i, wait := range []time.Duration{0, time.Hour, 24 * time.Hour} {
				d.now = d.now.Add(wait)
				d.ask(http.MethodGet, everything)
				for _, force := range []string{"false", "true"} {
					d.ask(http.MethodPost, "/Faults/$/Cancel?api-version=6.0&OperationId="+id+"&Force="+force)
				}
				for n, k := range kinds {
					d.ask(http.MethodGet, k.progress+"?api-version=6.0&OperationId="+id)
					d.ask(http.MethodPost, k.start+"?api-version=6.0&OperationId="+id+"&"+k.parameters)
					other := uuid.UUID{byte(i), byte(n)}.String()
					if a := d.ask(http.MethodPost, k.start+"?api-version=6.0&OperationId="+other+"&"+k.parameters); n != transitionKind && a.status != http.StatusAccepted {
						t.Errorf("an operation that has nothing to do with it: %+v", a)
					}
					if a := d.ask(http.MethodPost, "/Faults/$/Cancel?api-version=6.0&OperationId="+other); n != transitionKind && a.status != http.StatusOK {
						t.Errorf("the cancel of one that has nothing to do with it: %+v", a)
					}
				}
				_, _, _ = d.engine.Node(t.Context(), "_Node_0")
				_ = d.engine.Sweep(t.Context())
				_ = d.engine.CleanUp(t.Context())
			}
		})
	})
}
