package contract

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	id         = "11111111-1111-4111-8111-111111111111"
	cancel     = "/Faults/$/Cancel?api-version=6.0&OperationId=" + id
	gracefully = cancel + "&Force=false"
	list       = "/Faults/?api-version=6.0&StateFilter=1&TypeFilter=1"
	services   = "/Faults/Services/"
	partition  = "/$/GetPartitions/1daae3f5-7fd6-42e9-b1ba-8c05f873994d/$/"
	withID     = "?api-version=6.0&OperationId=" + id
	loss       = services + "app~svc" + partition + "StartDataLoss" + withID
	quorum     = services + "app~svc" + partition + "StartQuorumLoss" + withID
	progress   = services + "app~svc" + partition + "GetDataLossProgress" + withID
	node       = "/Faults/Nodes/_Node_0/$/"
	start      = node + "StartTransition/" + withID + "&NodeTransitionType=Start&NodeInstanceId=5&StopDurationInSeconds=0"
)

// reports is a testing.TB that records the reports.
type reports struct {
	testing.TB
	mu  sync.Mutex
	all []string
}

func (r *reports) Helper() {}

func (r *reports) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, fmt.Sprintf(format, args...))
}

func (r *reports) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.all, "\n")
}

// parse reads a request line the way net/http does.
func parse(t testing.TB, method, target string) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(method + " " + target + " HTTP/1.1\r\nHost: cluster\r\n\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	return r.WithContext(t.Context())
}

// answers returns a handler that always gives the same answer.
func answers(status int, contentType, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
}

const asJSON = "application/json; charset=utf-8"

func failure(status int, code string) http.Handler {
	return answers(status, asJSON, `{"Error":{"Code":"`+code+`","Message":"No."}}`)
}

// judged sends a request to a handler behind a checker, and returns the checker's report.
func judged(t testing.TB, edge Edge, rows []difference, h http.Handler, r *http.Request) string {
	t.Helper()
	rec := &reports{TB: t}
	newChecker(rec, edge, rows).handler(h).ServeHTTP(httptest.NewRecorder(), r)
	return rec.String()
}

// willing is an implementation of three operations of three sorts that calls
// Reached.
type willing struct{ server.Unimplemented }

func (willing) CancelOperation(ctx context.Context, _ generated.CancelOperationRequestObject) (generated.CancelOperationResponseObject, error) {
	Reached(ctx)
	return generated.CancelOperation200Response{}, nil
}

func (willing) GetFaultOperationList(ctx context.Context, _ generated.GetFaultOperationListRequestObject) (generated.GetFaultOperationListResponseObject, error) {
	Reached(ctx)
	return generated.GetFaultOperationList200JSONResponse{}, nil
}

func (willing) GetDataLossProgress(ctx context.Context, _ generated.GetDataLossProgressRequestObject) (generated.GetDataLossProgressResponseObject, error) {
	Reached(ctx)
	return generated.GetDataLossProgress200JSONResponse{State: generated.OperationStateRunning}, nil
}

func newServer(t testing.TB, edge Edge) *server.Handler {
	t.Helper()
	if edge.RuntimeVersion == "" {
		edge.RuntimeVersion = "8.2"
	}
	h, err := server.New(willing{}, server.WithProfile(edge.Profile), server.WithRuntimeVersion(edge.RuntimeVersion))
	if err != nil {
		t.Fatal(err)
	}
	return h
}
