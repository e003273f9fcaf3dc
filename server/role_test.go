package server_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/sfcancel/sfcancel/server"
)

// §7: what a user may do, operation by operation.
func TestRoles(t *testing.T) {
	admin, user := issue(t, nil, "admin"), issue(t, nil, "user")
	var s spy
	h := bareHandler(t, &s, server.WithClientCertificates(server.ClientCertificates{
		Admin: []string{admin.thumbprint()}, User: []string{user.thumbprint()}, Roles: true,
	}))
	var grown bool
	h.AddRoute(http.MethodGet, "/Faults/Racks", func(w http.ResponseWriter, _ map[string]string) {
		grown = true
		w.WriteHeader(http.StatusOK)
	})
	at := listenFor(t, h)
	beyond := listenFor(t, http.HandlerFunc(h.ServeHTTP)) // not held against the document, which lacks the racks
	asAdmin, asUser := at.as(t, admin, "HTTP/2.0"), at.as(t, user, "HTTP/2.0")

	forUsers := map[string]bool{
		"GetFaultOperationList": true, "GetDataLossProgress": true, "GetQuorumLossProgress": true,
		"GetPartitionRestartProgress": true, "GetNodeTransitionProgress": true,
	}
	for operation, r := range complete {
		t.Run("runtime §7: "+operation, func(t *testing.T) {
			s = spy{}
			if got, _ := at.send(t, asAdmin, r.method, r.target, nil); got.status >= 300 || s.operation != operation {
				t.Errorf("admin: got %v, reached %q", got.want, s.operation)
			}
			s = spy{}
			got, _ := at.send(t, asUser, r.method, r.target, nil)
			if forUsers[operation] && (got.status >= 300 || s.operation != operation) || !forUsers[operation] && (got.want != denied || s.operation != "") {
				t.Errorf("user: got %v, reached %q", got.want, s.operation)
			}
		})
	}
	t.Run("an operation that the document gained is for admins", func(t *testing.T) {
		if got, _ := beyond.send(t, beyond.as(t, user, "HTTP/2.0"), "GET", "/Faults/Racks?api-version=6.0", nil); got.want != denied || grown {
			t.Errorf("user: got %v, reached: %v", got.want, grown)
		}
		if got, _ := beyond.send(t, beyond.as(t, admin, "HTTP/2.0"), "GET", "/Faults/Racks?api-version=6.0", nil); got.want != ok || !grown {
			t.Errorf("admin: got %v, reached: %v", got.want, grown)
		}
	})
}

func TestClientRole(t *testing.T) {
	admin, user := issue(t, nil, "admin"), issue(t, nil, "user")
	in := server.ClientCertificates{Admin: []string{admin.thumbprint()}, User: []string{user.thumbprint()}, Roles: true}
	noRoles := in
	noRoles.Roles = false
	for _, tt := range []struct {
		name string
		opts []server.Option
		cert *issued
		want server.Role
	}{
		{"§7: no security, everybody is an admin", nil, nil, server.Admin},
		{"§7: admin", []server.Option{server.WithClientCertificates(in)}, admin, server.Admin},
		{"§7: user", []server.Option{server.WithClientCertificates(in)}, user, server.User},
		{"§7: user without roles", []server.Option{server.WithClientCertificates(noRoles)}, user, server.Admin},
		{"the last option wins", []server.Option{server.WithClientCertificates(noRoles), server.WithClientCertificates(in)}, user, server.User},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got server.Role
			s := &spy{act: func(ctx context.Context) error {
				got = server.ClientRole(ctx)
				if server.RequestID(ctx) == "" {
					t.Error("no request id beside it")
				}
				return nil
			}}
			at := listenFor(t, bareHandler(t, s, tt.opts...))
			if a, _ := at.send(t, at.as(t, tt.cert, "HTTP/1.1"), "GET", complete["GetFaultOperationList"].target, nil); a.want != ok {
				t.Fatalf("got %v", a.want)
			}
			if got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	if got := server.ClientRole(t.Context()); got != 0 {
		t.Errorf("outside of a request: %v", got)
	}
	for role, text := range map[server.Role]string{0: "Role(0)", server.User: "user", server.Admin: "admin", 7: "Role(7)"} {
		if got := role.String(); got != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
}
