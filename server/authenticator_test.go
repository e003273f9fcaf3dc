package server_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// An authenticator of one's own gives each request a role, or turns its client away, at the place
// of the certificates and with their rules for roles.
func TestAuthenticator(t *testing.T) {
	t.Parallel()
	unauthorised := &server.Error{
		Status: http.StatusUnauthorized, Code: generated.ErrorCodeAccessDenied, Message: "A token is missing.",
		Header: http.Header{"Www-Authenticate": {"Bearer"}},
	}
	tokens := func(r *http.Request) (server.Role, string, error) {
		switch r.Header.Get("Authorization") {
		case "":
			return 0, "", unauthorised
		case "Bearer admin":
			return server.Admin, "ann", nil
		case "Bearer user":
			return server.User, "joe", nil
		case "Bearer nobody":
			return 0, "eve", nil
		default:
			return 0, "", errors.New(secret)
		}
	}
	h := bareHandler(t, &spy{}, server.WithAuthenticator(tokens))
	for _, tt := range []struct {
		name, method, target, token string
		want                        want
	}{
		{"an admin cancels", "POST", gracefully, "Bearer admin", ok},
		{"a user does not", "POST", gracefully, "Bearer user", denied},
		{"a user lists", "GET", list + "&StateFilter=1&TypeFilter=1", "Bearer user", ok},
		{"no role", "POST", gracefully, "Bearer nobody", turnedAway},
		{"another error", "POST", gracefully, "Bearer junk", turnedAway},
		{"an Error of its own", "POST", gracefully, "", want{401, generated.ErrorCodeAccessDenied}},
		{"the path comes first", "POST", "/Faults/$/Nothing?api-version=6.0", "", invalid},
		{"the parameters come after", "POST", cancel + "&Force=1", "Bearer junk", turnedAway},
		{"what needs no certificate", "GET", "/$/GetAadMetadata?api-version=6.0", "", ok},
	} {
		r, err := parse(tt.method, tt.target)
		if err != nil {
			t.Fatal(err)
		}
		if tt.token != "" {
			r.Header.Set("Authorization", tt.token)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		got := judged(t, w.Code, w.Header(), w.Body.Bytes())
		if got.want != tt.want {
			t.Errorf("%s: got %v %q, want %v", tt.name, got.want, got.message, tt.want)
		}
		if challenge := w.Header().Get("WWW-Authenticate"); (challenge != "") != (got.status == 401) {
			t.Errorf("%s: %d with the challenge %q", tt.name, got.status, challenge)
		}
	}
	if _, err := server.New(&spy{}, server.WithAuthenticator(tokens), server.WithClientCertificates(server.ClientCertificates{Admin: []string{"0123456789ABCDEF0123456789ABCDEF01234567"}})); err == nil {
		t.Error("an authenticator beside certificates: got no error, want one")
	}
}
