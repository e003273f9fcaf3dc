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
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// tokens is a token source that counts its tokens, and makes a new one for each that was refused.
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

// guard passes requests with one of the tokens, and refuses others as the runtime does (§7).
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

// After a 403 the request is retried with another token, once per call. That is safe because the refused request had no
// effect (runtime §7, and §8: .NET does the same).
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
		{"401, as from proxies", 401, "secret-2", 2, nil, 2},
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
					t.Errorf("%s: got %v, %d requests, %d tokens, want %v, %d, %d", tc.name, err, len(attempts), source.made.Load(), tc.kind, tc.attempts, tc.made)
				}
				for _, refused := range source.refused {
					if refused != "secret-1" {
						t.Errorf("%s: got refused token %q, want secret-1", tc.name, refused)
					}
				}
			}
		})
	}
}

// The retry after a refresh counts as a request of the call.
func TestTokenRefreshWithinAttempts(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Documented)
	client := directClient(t, guard(c.handler, 403, "secret-2"), wrapper.WithTokenSource(new(tokens).Token), fastWith(1))
	_, err := client.Operations(t.Context())
	if e := asError(t, err, wrapper.ErrServerRefused); len(e.Attempts()) != 1 {
		t.Errorf("got %d requests, want 1", len(e.Attempts()))
	}
}

// Without a token nothing is sent, and the error wraps that of the source.
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
			t.Errorf("%s: got %v after %d attempts, and requests %v, want %q in it, one attempt and no requests", name, e, len(e.Attempts()), c.seen(), tc.say)
		}
		if tc.err != nil && !errors.Is(err, broken) {
			t.Errorf("%s: got %v, want it to wrap %v", name, err, broken)
		}
	}
	// After an ambiguous request, the outcome is unknown.
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
		t.Errorf("got %v, want %v and %v", err, wrapper.ErrOutcomeUnknown, broken)
	}
}

// Tokens are never sent unencrypted, except to this machine or with the caller's own transport.
func TestTokensNeedTLS(t *testing.T) {
	t.Parallel()
	source := wrapper.WithTokenSource(new(tokens).Token)
	for endpoint, ok := range map[string]bool{
		"https://cluster:19080": true, "http://cluster:19080": false, "http://10.0.0.1": false,
		"http://localhost:19080": true, "http://127.0.0.1:1": true, "http://[::1]:1": true, "http://localhost.evil.test": false,
	} {
		client, err := wrapper.New(endpoint, source)
		if ok != (err == nil) {
			t.Errorf("%s: got %v, want success: %v", endpoint, err, ok)
		}
		if client != nil {
			client.Close()
		}
	}
	if _, err := wrapper.New("https://a", source, wrapper.WithEndpoints("http://b")); err == nil || !strings.Contains(err.Error(), "https://") {
		t.Errorf("second endpoint http://: got %v, want an error with https://", err)
	}
	if _, err := wrapper.New("https://a", wrapper.WithTokenSource(nil)); err == nil {
		t.Error("nil source: got no error, want one")
	}
}

// No log, error, result or formatted value contains a credential, even if a server or a transport repeats it.
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
				t.Errorf("got output with the token, want it without:\n%s", out.String())
			}
			if out.Len() < 1000 {
				t.Errorf("got %d bytes of output, want 1000 or more: %s", out.Len(), out.String())
			}
		})
	}
}

// The token is redacted in the parts of an answer that are shown, not before the answer is parsed, so it never changes
// the meaning of an answer ([wrapper.WithTokenSource]).
func TestShortTokenSpoilsNoAnswer(t *testing.T) {
	t.Parallel()
	source := func(context.Context, string) (string, error) { return id[:4], nil }
	ops, err := directClient(t, serving(runningList()), wrapper.WithTokenSource(source), fastWith(2)).Operations(t.Context())
	if err != nil || len(ops) != 1 || ops[0].ID != opID {
		t.Errorf("got %v, %v, want the operation %s", ops, err, opID)
	}
}

// A token is redacted even if the JSON of an answer escapes it, as .NET escapes plus signs.
func TestEscapedTokenIsHidden(t *testing.T) {
	t.Parallel()
	source := func(context.Context, string) (string, error) { return "se+cret", nil }
	for _, body := range []string{
		`{"Error":{"Code":"E_INVALIDARG","Message":"bad se\u002Bcret"}}`,
		`{"Error":{"Code":"se\u002Bcret","Message":"bad"}}`,
	} {
		p := serving(answer{status: http.StatusBadRequest, body: body})
		_, err := directClient(t, &p.answers, wrapper.WithTokenSource(source), fastWith(2)).Operations(t.Context())
		e := asError(t, err, wrapper.ErrServerRefused)
		if s := fmt.Sprintf("%v %+v", e, e.Attempts()); containsSecret(s) {
			t.Errorf("got %s, want it without the token", s)
		}
	}
}

func containsSecret(s string) bool {
	for i := range s {
		if len(s[i:]) >= 7 && s[i:i+7] == "se+cret" {
			return true
		}
	}
	return false
}

// A token is redacted before an error or a body is truncated, so that no part of it remains.
func TestTruncatedTokenIsHidden(t *testing.T) {
	t.Parallel()
	token := strings.Repeat("secret", 20)
	source := func(context.Context, string) (string, error) { return token, nil }
	for _, status := range []int{200, 400, 503} {
		for _, before := range []int{0, 60, 2000} {
			p := serving(answer{status: status, body: strings.Repeat("x", before) + token})
			err := gracefully(t.Context(), directClient(t, &p.answers, wrapper.WithTokenSource(source), fastWith(1)))
			var e *wrapper.Error
			if !errors.As(err, &e) || strings.Contains(e.Error()+string(e.Body()), "secret") {
				t.Errorf("%d: got %v with body %s, want both without the token", status, err, e.Body())
			}
		}
	}
}

// A wait survives more than one refused token: here a token is valid for an hour, and the source keeps it until it is
// refused.
func TestWaitSurvivesSecondRefusedToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		valid := func() string { return time.Now().Truncate(time.Hour).Format("15") }
		token := valid()
		source := func(_ context.Context, refused string) (string, error) {
			if refused == token {
				token = valid()
			}
			return token, nil
		}
		l := newLister(endsAfter(5 * time.Hour))
		client := directClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+valid() {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			l.ServeHTTP(w, r)
		}), wrapper.WithTokenSource(source))
		if got, err := client.Wait(t.Context(), opID, wrapper.WaitOptions{Interval: time.Minute}); err != nil {
			t.Errorf("got %s, %v after %v, want nil", got.Verdict, err, time.Since(l.begin))
		}
	})
}

// A call asks the source for another token once, not once for each of its requests
// ([wrapper.WithTokenSource]).
func TestTokenRefreshOncePerCall(t *testing.T) {
	t.Parallel()
	p := serving(answer{status: 403}, answer{status: 503}, answer{status: 403}, done)
	source := new(tokens)
	_, err := directClient(t, &p.answers, wrapper.WithTokenSource(source.Token), wrapper.WithRetry(fast)).Operations(t.Context())
	wantKind(t, err, wrapper.ErrServerRefused)
	if p.served != 3 || source.made.Load() != 2 {
		t.Errorf("got %d requests and %d tokens, want 3 and 2", p.served, source.made.Load())
	}
}

// Each of the two cancels of a Stop may use MaxAttempts requests ([wrapper.Retry]), including one with a refreshed
// token.
func TestTokenRefreshOfLateForce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, server.Runtime)
		makeRunning(t, c)
		writes := 0
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				writes++
				switch writes {
				case 1:
					w.WriteHeader(503)
					return
				case 3:
					w.WriteHeader(403)
					return
				}
			}
			c.handler.ServeHTTP(w, r)
		})
		client := directClient(t, handler, wrapper.WithTokenSource(new(tokens).Token), fastWith(2))
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		_, err := client.Stop(ctx, opID, wrapper.StopOptions{Grace: time.Minute})
		if e := asError(t, err, wrapper.ErrNotFinished); !e.Force() || writes != 4 {
			t.Errorf("got %v with force %v after %d writes, want true after 4", e, e.Force(), writes)
		}
	})
}

// A token is redacted wherever an answer or an error repeats it, and however often
// ([wrapper.WithTokenSource]).
func TestTokenIsRedactedEverywhere(t *testing.T) {
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
			t.Errorf("%s: got %v %+v %s, want it without the token", name, e, e.Attempts(), e.Body())
		}
	}
}

// The client does not change the request of middleware or the answer of a transport: it sets the token in a copy,
// replacing any other, and redacts it in a copy ([wrapper.WithAttemptMiddleware]).
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
				t.Errorf("got Authorization %q in the middleware's request, want mine", got)
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
		t.Errorf("got Authorization %q sent and %q in the transport's own header, want one Bearer secret-1 and secret-1", sent, echoed)
	}
}

// A token that is not allowed in a header is refused.
func TestTokenBeyondASCII(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"sécret", "secret\x7f"} {
		source := func(context.Context, string) (string, error) { return token, nil }
		p := serving(done)
		err := cancelWith(t.Context(), directClient(t, &p.answers, wrapper.WithTokenSource(source)), false)
		wantKind(t, err, wrapper.ErrNotSent)
		if p.served != 0 {
			t.Errorf("%q: got %d requests, want 0", token, p.served)
		}
	}
}

// As TestTokenRefresh, over TLS: after a 403 with an empty body (runtime §7), the request is retried with another
// token. A second refusal ends the call.
func TestTLSTokenRefresh(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, server.Runtime)
			makeStopping(t, c)
			var good atomic.Value
			good.Store("secret-2")
			var came atomic.Int32
			endpoint := serveTLS(t, ca.issue(t, "cluster"), proto, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				came.Add(1)
				guard(c.handler, http.StatusForbidden, good.Load().(string)).ServeHTTP(w, r)
			}))
			source := new(tokens)
			client := newClient(t, endpoint, wrapper.WithTLS(wrapper.TLS{RootCAs: ca.pool()}), wrapper.WithTokenSource(source.Token),
				wrapper.WithForcePolicy(wrapper.ServerDecides{}))
			got, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
			if err != nil || got.Verdict != wrapper.Accepted || got.Resolved || len(got.Attempts) != 2 || source.made.Load() != 2 || came.Load() != 2 {
				t.Errorf("got %+v, %v with %d tokens and %d requests, want Accepted, not resolved, with 2 and 2", got, err, source.made.Load(), came.Load())
			}
			good.Store("another")
			_, err = client.Operations(t.Context())
			if e := asError(t, err, wrapper.ErrServerRefused); e.Status() != http.StatusForbidden || len(e.Attempts()) != 2 {
				t.Errorf("got %v with status %d after %d attempts, want 403 after 2", err, e.Status(), len(e.Attempts()))
			}
		})
	}
}
