package wrapper_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// tokens are a source that counts, and has a new token for each that was refused.
type tokens struct {
	made    atomic.Int32
	refused []string
	err     error
}

func (s *tokens) Token(_ context.Context, refused string) (string, error) {
	if s.err != nil {
		return "", s.err
	}
	if s.made.Load() == 0 || refused != "" {
		s.made.Add(1)
		if refused != "" {
			s.refused = append(s.refused, refused)
		}
	}
	return fmt.Sprintf("secret-%d", s.made.Load()), nil
}

// guard lets through who has one of the tokens, and answers as the runtime does (§7).
func guard(next http.Handler, status int, accepted ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, token := range accepted {
			if r.Header.Get("Authorization") == "Bearer "+token {
				next.ServeHTTP(w, r)
				return
			}
		}
		w.WriteHeader(status)
	})
}

// A 403 is answered with one other token, once a call; the refusal has done nothing, so
// that the request may be made again (runtime §7, and §8: .NET does the same).
func TestTokenRefresh(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name     string
		status   int
		accepted string
		attempts int
		kind     error
		made     int32
	}{
		{"good at once", 403, "secret-1", 1, nil, 1},
		{"good after a refresh", 403, "secret-2", 2, nil, 2},
		{"401, as proxies say it", 401, "secret-2", 2, nil, 2},
		{"never good", 403, "another", 2, wrapper.ErrServerRefused, 2},
	}
	for _, tc := range cases {
		eachProfile(t, func(t *testing.T, profile server.Profile) {
			for _, force := range []bool{false, true} {
				c := newCluster(t, profile)
				makeStopping(t, c)
				source := new(tokens)
				client := directClient(t, guard(c.handler, tc.status, tc.accepted), wrapper.WithTokenSource(source.Token),
					wrapper.WithForcePolicy(wrapper.ServerDecides{}), wrapper.WithRetry(fast))
				var attempts []wrapper.Attempt
				err := cancelWith(wrapper.PerCall(t.Context(), wrapper.CallOptions{Attempts: &attempts}), client, force)
				if !errors.Is(err, tc.kind) || len(attempts) != tc.attempts || source.made.Load() != tc.made {
					t.Errorf("%s: %v, %d requests, %d tokens", tc.name, err, len(attempts), source.made.Load())
				}
				for _, refused := range source.refused {
					if refused != "secret-1" {
						t.Errorf("%s: the source was told of %q", tc.name, refused)
					}
				}
			}
		})
	}
}

// The refresh counts as a request of the call.
func TestTokenRefreshWithinAttempts(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Documented)
	client := directClient(t, guard(c.handler, 403, "secret-2"), wrapper.WithTokenSource(new(tokens).Token), fastWith(1))
	_, err := client.Operations(t.Context())
	if e := asError(t, err, wrapper.ErrServerRefused); len(e.Attempts()) != 1 {
		t.Errorf("%d requests", len(e.Attempts()))
	}
}

// Without a token nothing is sent; why is behind the error, and no meaning of ours.
func TestTokenSourceFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("the directory is down")
	cases := map[string]struct {
		token string
		err   error
		say   string
	}{
		"an error":      {"", broken, "the directory is down"},
		"nothing":       {"", nil, "no token"},
		"two lines":     {"secret-1\r\nX: y", nil, "control character"},
		"with a prefix": {"Bearer secret-1", nil, "leave out"},
	}
	for name, tc := range cases {
		c := newCluster(t, server.Documented)
		source := func(context.Context, string) (string, error) { return tc.token, tc.err }
		client := directClient(t, c.handler, wrapper.WithTokenSource(source))
		_, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
		e := asError(t, err, wrapper.ErrNotSent)
		if len(e.Attempts()) != 1 || len(c.seen()) != 0 || !strings.Contains(e.Error(), tc.say) || strings.Contains(e.Error(), "secret-1") {
			t.Errorf("%s: %v", name, e)
		}
		if tc.err != nil && !errors.Is(err, broken) {
			t.Errorf("%s: %v has lost its cause", name, err)
		}
	}
	// An ambiguous request before it: that is what counts.
	calls := 0
	source := func(context.Context, string) (string, error) {
		if calls++; calls > 1 {
			return "", broken
		}
		return "secret-1", nil
	}
	client := directClient(t, serving(answer{lost: true}), wrapper.WithTokenSource(source), wrapper.WithRetry(fast))
	err := cancelWith(t.Context(), client, false)
	if !errors.Is(err, wrapper.ErrOutcomeUnknown) || errors.Is(err, wrapper.ErrNotSent) || !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// Never in the clear, but to this machine or where the caller brought the transport.
func TestTokensNeedTLS(t *testing.T) {
	t.Parallel()
	source := wrapper.WithTokenSource(new(tokens).Token)
	for endpoint, ok := range map[string]bool{
		"https://cluster:19080": true, "http://cluster:19080": false, "http://10.0.0.1": false,
		"http://localhost:19080": true, "http://127.0.0.1:1": true, "http://[::1]:1": true, "http://localhost.evil.test": false,
	} {
		client, err := wrapper.New(endpoint, source)
		if ok != (err == nil) {
			t.Errorf("%s: %v", endpoint, err)
		}
		if client != nil {
			client.Close()
		}
	}
	if _, err := wrapper.New("https://a", source, wrapper.WithEndpoints("http://b")); err == nil || !strings.Contains(err.Error(), "https://") {
		t.Errorf("got %v", err)
	}
	if _, err := wrapper.New("https://a", wrapper.WithTokenSource(nil)); err == nil {
		t.Error("no source was accepted")
	}
}

// No credential is in a log, an error, a result or a %v, whatever a server or a transport makes of it.
func TestCredentialsStayHidden(t *testing.T) {
	t.Parallel()
	const secret = "secret-1"
	echo := func(status int, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Echo", r.Header.Get("Authorization"))
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, body, r.Header.Get("Authorization"))
		})
	}
	cases := map[string]http.RoundTripper{
		"in a message":     direct{echo(400, `{"Error":{"Code":"E_INVALIDARG","Message":"bad %s"}}`)},
		"in a code":        direct{echo(400, `{"Error":{"Code":"%s","Message":"bad"}}`)},
		"in a page":        direct{echo(503, `<html>%s`)},
		"in a success":     direct{echo(200, `welcome %s`)},
		"in a redirect":    direct{echo(307, `%s`)},
		"in a list":        direct{echo(200, `[{"OperationId":"`+id+`","Type":"%s","State":"Running"}]`)},
		"of the transport": roundTrip(func(r *http.Request) (*http.Response, error) { return nil, fmt.Errorf("cannot send %v", r.Header) }),
	}
	for name, transport := range cases {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			var attempts []wrapper.Attempt
			logger := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
			client, err := wrapper.New("http://cluster", wrapper.WithHTTPClient(&http.Client{Transport: transport}), fastWith(2),
				wrapper.WithLogger(logger), wrapper.WithTokenSource(new(tokens).Token))
			must(t, err)
			ctx := wrapper.PerCall(t.Context(), wrapper.CallOptions{Attempts: &attempts})
			result, err := client.Cancel(ctx, opID, wrapper.CancelOptions{})
			_, err2 := client.Operations(ctx)
			for _, v := range []any{client, result, err, err2, errors.Unwrap(err), attempts} {
				for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
					fmt.Fprintf(&out, verb+"\n", v)
				}
			}
			var e *wrapper.Error
			for _, err := range []error{err, err2} {
				if errors.As(err, &e) {
					fmt.Fprintf(&out, "%v %s %+v\n", e.Code(), e.Body(), e.Attempts())
				}
			}
			if strings.Contains(out.String(), secret) {
				t.Errorf("the token is in\n%s", out.String())
			}
			if out.Len() < 1000 {
				t.Errorf("hardly anything was written: %s", out.String())
			}
		})
	}
}
