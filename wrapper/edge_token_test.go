package wrapper_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
)

// A token is blanked wherever an answer or an error repeats it, and however often
// ([wrapper.WithTokenSource]).
func TestTokenIsBlankedEverywhere(t *testing.T) {
	t.Parallel()
	const secret = "secret-1"
	for name, transport := range map[string]http.RoundTripper{
		"an answer": direct{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["X-Echo"] = []string{secret + secret, secret}
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte("<html>" + secret + " " + secret))
		})},
		"an error": roundTrip(func(*http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("cannot send %s %s", secret, secret)
		}),
	} {
		client, err := wrapper.New("http://a", wrapper.WithHTTPClient(&http.Client{Transport: transport}), wrapper.WithTokenSource(new(tokens).Token), fastWith(1))
		must(t, err)
		_, err = client.Operations(t.Context())
		if e := asError(t, err, err); strings.Contains(fmt.Sprintf("%v %+v %s", e, e.Attempts(), e.Body()), secret) {
			t.Errorf("%s: %v %+v %s", name, e, e.Attempts(), e.Body())
		}
	}
}

// Middleware keeps its own request and answer: the token is added to a copy, takes the
// place of what was there, and is blanked in a copy ([wrapper.WithAttemptMiddleware]).
func TestTokenIsBeneathMiddleware(t *testing.T) {
	t.Parallel()
	var sent []string
	var echoed string
	around := wrapper.WithAttemptMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.Header.Set("Authorization", "mine")
			response, err := next.RoundTrip(r)
			if got := r.Header.Get("Authorization"); got != "mine" {
				t.Errorf("the request of the middleware has %q now", got)
			}
			return response, err
		})
	})
	kept := http.Header{"X-Echo": {"secret-1"}}
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		sent = r.Header.Values("Authorization")
		return &http.Response{StatusCode: 200, Header: kept, Body: http.NoBody, Request: r}, nil
	})
	client, err := wrapper.New("http://a", wrapper.WithHTTPClient(&http.Client{Transport: transport}), around, wrapper.WithTokenSource(new(tokens).Token))
	must(t, err)
	_, err = client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
	must(t, err)
	if echoed = kept.Get("X-Echo"); len(sent) != 1 || sent[0] != "Bearer secret-1" || echoed != "secret-1" {
		t.Errorf("sent %q, and the transport's own header says %q", sent, echoed)
	}
}

// What cannot be in a header is no token.
func TestTokenBeyondASCII(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"sécret", "secret\x7f"} {
		source := func(context.Context, string) (string, error) { return token, nil }
		p := serving(done)
		err := cancelWith(t.Context(), directClient(t, &p.answers, wrapper.WithTokenSource(source)), false)
		wantKind(t, err, wrapper.ErrNotSent)
		if p.served != 0 {
			t.Errorf("%q was sent", token)
		}
	}
}

// A new id is a UUID of version 7, and no two are alike ([wrapper.StartOptions]).
func TestNewIDs(t *testing.T) {
	t.Parallel()
	client, seen := directClient(t, serving(answer{status: http.StatusAccepted})), map[uuid.UUID]bool{}
	for range 200 {
		got, err := client.StartDataLoss(t.Context(), orders, "FullDataLoss", wrapper.StartOptions{})
		must(t, err)
		if v := got.OperationID; v.Version() != 7 || v.Variant() != uuid.RFC4122 || seen[v] {
			t.Fatal(v)
		}
		seen[got.OperationID] = true
	}
}

// A call that sent nothing is not noted.
func TestNothingSentIsNotNoted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ledger := new(wrapper.MemoryLedger)
	err := cancelWith(ctx, directClient(t, serving(done), wrapper.WithLedger(ledger)), false)
	wantKind(t, err, wrapper.ErrNotSent)
	if entries, _ := ledger.Entries(t.Context(), opID); len(entries) != 0 {
		t.Errorf("%+v", entries)
	}
}
