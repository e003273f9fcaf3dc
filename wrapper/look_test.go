package wrapper_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/openapi/loaded"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// A process that knows nothing may ask the cluster whether a force is allowed: one read,
// and then a force, a verdict, or the refusal.
func TestLook(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for _, tc := range []struct {
			situation string
			policy    wrapper.RequireGraceful
			want      wrapper.Verdict
			refused   error
			wire      []string
		}{
			{"unknown id", wrapper.RequireGraceful{Look: true}, wrapper.NotFound, nil, []string{"list"}},
			{"running", wrapper.RequireGraceful{Look: true}, "", wrapper.ErrForceRefused, []string{"list"}},
			{"gracefully cancelled", wrapper.RequireGraceful{Look: true}, wrapper.Accepted, nil, []string{"list", "force"}},
			{"gracefully cancelled", wrapper.RequireGraceful{Look: true, MinGrace: time.Hour}, "", wrapper.ErrForceRefused, []string{"list"}},
			{"completed", wrapper.RequireGraceful{Look: true}, wrapper.Finished, nil, []string{"list"}},
			{"running", wrapper.RequireGraceful{}, "", wrapper.ErrForceRefused, nil},
		} {
			c := newCluster(t, profile)
			situationNamed(t, tc.situation).make(t, c)
			before := len(c.seen())
			got, err := c.client(t).ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: tc.policy})
			if got.Verdict != tc.want || !errors.Is(err, tc.refused) {
				t.Errorf("%s with %+v: %s, %v", tc.situation, tc.policy, got.Verdict, err)
			}
			if wire := c.seen()[before:]; !slices.Equal(wire, tc.wire) {
				t.Errorf("%s with %+v: the wire saw %v, want %v", tc.situation, tc.policy, wire, tc.wire)
			}
		}
	})
}

// A look that brings nothing leaves the force unsent.
func TestLookFails(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Documented)
	makeStopping(t, c)
	c.wire.Spoil(wirefault.List, wirefault.Fault{Status: 503}, wirefault.Fault{Status: 503})
	_, err := c.client(t, fastWith(2)).ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: wrapper.RequireGraceful{Look: true}})
	wantKind(t, err, wrapper.ErrNotSent)
	if slices.Contains(c.seen(), "force") {
		t.Errorf("the wire saw %v", c.seen())
	}
}

// Names that would lead the path of a start somewhere else never get onto the wire.
func TestStartNowhere(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Runtime)
	client := c.client(t)
	for _, name := range []string{"", ".", "..", "fabric:/", "fabric:/shop/../orders", "shop~.", "/"} {
		_, err := client.StartDataLoss(t.Context(), wrapper.Partition{Service: name, ID: uuid.New()}, "FullDataLoss", wrapper.StartOptions{})
		wantKind(t, err, wrapper.ErrInvalidArgument)
	}
	_, err := client.StartNodeTransition(t.Context(), wrapper.Node{Name: "..", Instance: 1}, "Start", 0, wrapper.StartOptions{})
	wantKind(t, err, wrapper.ErrInvalidArgument)
	if seen := c.seen(); len(seen) != 0 {
		t.Errorf("the wire saw %v", seen)
	}
}

// What asking again cannot change is not asked again.
func TestHopelessConnections(t *testing.T) {
	t.Parallel()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for name, endpoint := range map[string]string{
		"a certificate nobody knows":      secure.URL,
		"TLS to a server that has no TLS": strings.Replace(plain.URL, "http:", "https:", 1),
	} {
		err := cancelWith(t.Context(), newClient(t, endpoint), false)
		if e := asError(t, err, wrapper.ErrNotSent); len(e.Attempts()) != 1 {
			t.Errorf("%s: %d attempts: %v", name, len(e.Attempts()), e)
		}
	}
}

// The bounds of the timeout are those of the document.
func TestTimeoutBoundsAreTheDocuments(t *testing.T) {
	t.Parallel()
	doc, err := loaded.View(t.Context(), "6.0")
	must(t, err)
	schema := doc.Components.Parameters["Timeout"].Value.Schema.Value
	least, most := time.Duration(*schema.Min)*time.Second, time.Duration(*schema.Max)*time.Second
	c := newCluster(t, server.Documented)
	client := c.client(t)
	for d, valid := range map[time.Duration]bool{least: true, most: true, least - time.Second: least-time.Second == 0, most + time.Second: false} {
		_, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{Timeout: d})
		if got := !errors.Is(err, wrapper.ErrInvalidArgument); got != valid {
			t.Errorf("%v: accepted %t, want %t (%v)", d, got, valid, err)
		}
	}
	if schema.Default != nil && fmt.Sprint(schema.Default) != "60" {
		t.Errorf("the default became %v; the client waits for 60 s where it sends none", schema.Default)
	}
}

// Why a state could not be read is behind the error of the call that needed it, also if a
// server said it, and so is what was refused.
func TestUnreadState(t *testing.T) {
	t.Parallel()
	made := []answer{{status: 404, body: fabricError(wrapper.Code(generated.ErrorCodeKeyNotFound))}, {status: 503, body: fabricError("FABRIC_E_NOT_READY")}}
	err := cancelWith(t.Context(), directClient(t, &answers{made: made}, fastWith(2)), false)
	wantKind(t, err, wrapper.ErrOutcomeUnknown)
	if !errors.Is(err, wrapper.Code(generated.ErrorCodeKeyNotFound)) || !errors.Is(err, wrapper.Code("FABRIC_E_NOT_READY")) {
		t.Errorf("a code is not behind %v", err)
	}
}

// A redirect is called one, whatever its body.
func TestRedirectIsCalledOne(t *testing.T) {
	t.Parallel()
	err := cancelWith(t.Context(), directClient(t, &answers{made: []answer{{status: 302}}}, fastWith(1)), false)
	wantKind(t, err, wrapper.ErrServerRefused)
	if !strings.Contains(err.Error(), "a redirect, which is never followed") {
		t.Error(err)
	}
}

// Who looks again and again notes once what he saw.
func TestSeenIsNotedOnce(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Documented)
	makeStopping(t, c)
	var ledger wrapper.MemoryLedger
	client := c.client(t, wrapper.WithLedger(&ledger))
	for range 3 {
		_, err := client.Operation(t.Context(), opID)
		must(t, err)
	}
	if entries, _ := ledger.Entries(t.Context(), opID); len(entries) != 1 {
		t.Errorf("%d entries, want 1", len(entries))
	}
}
