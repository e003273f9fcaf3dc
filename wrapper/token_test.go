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

// What an answer means does not depend on the token: it is blanked in what is shown of an
// answer, not in what is read of it ([wrapper.WithTokenSource]).
func TestShortTokenSpoilsNoAnswer(t *testing.T) {
	t.Parallel()
	source := func(context.Context, string) (string, error) { return id[:4], nil }
	ops, err := directClient(t, serving(runningList()), wrapper.WithTokenSource(source), fastWith(2)).Operations(t.Context())
	if err != nil || len(ops) != 1 || ops[0].ID != opID {
		t.Errorf("%v, %v", ops, err)
	}
}

// A token is blanked however the JSON of an answer writes it: .NET escapes its plus signs.
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
			t.Error(s)
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

// A token that an error or a body would have cut in two is blanked before that.
func TestCutTokenIsHidden(t *testing.T) {
	t.Parallel()
	token := strings.Repeat("secret", 20)
	source := func(context.Context, string) (string, error) { return token, nil }
	for _, status := range []int{200, 400, 503} {
		for _, before := range []int{0, 60, 2000} {
			p := serving(answer{status: status, body: strings.Repeat("x", before) + token})
			err := gracefully(t.Context(), directClient(t, &p.answers, wrapper.WithTokenSource(source), fastWith(1)))
			var e *wrapper.Error
			if !errors.As(err, &e) || strings.Contains(e.Error()+string(e.Body()), "secret") {
				t.Errorf("%d: %v %s", status, err, e.Body())
			}
		}
	}
}

// A token that is kept until it is refused lasts an hour: a second refusal must not end the wait.
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
			t.Errorf("after %v: %s, %v", time.Since(l.begin), got.Verdict, err)
		}
	})
}

// The source is asked for another token once a call, and not once a request of it
// ([wrapper.WithTokenSource]).
func TestTokenRefreshOnceACall(t *testing.T) {
	t.Parallel()
	p := serving(answer{status: 403}, answer{status: 503}, answer{status: 403}, done)
	source := new(tokens)
	_, err := directClient(t, &p.answers, wrapper.WithTokenSource(source.Token), wrapper.WithRetry(fast)).Operations(t.Context())
	wantKind(t, err, wrapper.ErrServerRefused)
	if p.served != 3 || source.made.Load() != 2 {
		t.Errorf("%d requests, %d tokens", p.served, source.made.Load())
	}
}

// The cancels of a Stop may each use as many requests as [wrapper.Retry].MaxAttempts says,
// and the refresh of a token is among them.
func TestTokenRefreshOfALateForce(t *testing.T) {
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
			t.Errorf("%v after %d writes", e, writes)
		}
	})
}

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

// The same over real TLS: a 403 with an empty body (runtime §7), one other token, and the
// request again, on the same connection. A second refusal is the answer.
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
				t.Errorf("%+v, %v; %d tokens, %d requests", got, err, source.made.Load(), came.Load())
			}
			good.Store("another")
			_, err = client.Operations(t.Context())
			if e := asError(t, err, wrapper.ErrServerRefused); e.Status() != http.StatusForbidden || len(e.Attempts()) != 2 {
				t.Errorf("got %v", err)
			}
		})
	}
}
