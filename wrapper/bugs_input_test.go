package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/wrapper"
)

// New's error never repeats credentials, not even those of an address that is no URL.
func TestBugCredentialsRepeated(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{
		"http://admin:hunter2@localhost:port",
		"http://admin:hunter2@local host",
		"http://admin:hunter2@[::1",
		"http://admin:hunter2%zz@localhost",
		"admin:hunter2@localhost:19080",
		"ftp:admin:hunter2@localhost",
		"http:admin:hunter2@localhost",
		"http://localhost/?password=hunter2",
		"http://localhost/#hunter2",
		"\x7fhttp://admin:hunter2@localhost",
	} {
		_, err := wrapper.New(endpoint)
		wantKind(t, err, wrapper.ErrInvalidArgument)
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "hunter2") {
			t.Errorf("%q: the password is in %v", endpoint, err)
		}
	}
}

// A nil option is an error like any other, as it is for the server.
func TestBugNilOption(t *testing.T) {
	t.Parallel()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("New panicked: %v", p)
		}
	}()
	_, err := wrapper.New("http://localhost", nil)
	wantKind(t, err, wrapper.ErrInvalidArgument)
}

// RFC 9110 §10.2.3: any number of digits. What is too long to count is not "now".
func TestBugLongRetryAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		p := serving(retryAfter(503, strings.Repeat("9", 20)), done)
		if err := p.cancel(ctx, t, wrapper.Retry{}); err == nil {
			t.Errorf("it asked again after %v", p.pauses())
		}
	})
}

// A redirect that leads nowhere is a refusal with its status, like every other one.
func TestBugRedirectToNowhere(t *testing.T) {
	t.Parallel()
	for _, location := range []string{":", "http://[::1", "%zz"} {
		at := answer{status: 302, header: http.Header{"Location": {location}}}
		err := cancelWith(t.Context(), directClient(t, &answers{made: []answer{at}}, fastWith(2)), false)
		if e := asError(t, err, wrapper.ErrServerRefused); e.Status() != 302 {
			t.Errorf("%s: got %v", location, err)
		}
	}
}

// A code is any text, and goes into messages and logs: short, and on one line.
func TestBugEndlessCode(t *testing.T) {
	t.Parallel()
	at := answer{status: 400, body: fabricError(wrapper.Code(`E_\nFAKE LINE` + strings.Repeat("X", 1<<20)))}
	err := cancelWith(t.Context(), directClient(t, &answers{made: []answer{at}}), false)
	wantKind(t, err, wrapper.ErrServerRefused)
	if n := len(err.Error()); n > 1<<10 || strings.Contains(err.Error(), "\n") {
		t.Errorf("the message has %d bytes: %.100q", n, err.Error())
	}
}

// A list with members that are no operations is not a list of operations.
func TestBugRubbishInAList(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"[null]", "[{}]", `[{"State":"Running"}]`, `[{"OperationId":"` + id + `"}]`} {
		made := []answer{{status: 404, body: fabricError(wrapper.Code(generated.ErrorCodeKeyNotFound))}, {status: 200, body: body}}
		got, err := directClient(t, &answers{made: made}, fastWith(3)).Cancel(t.Context(), opID, wrapper.CancelOptions{})
		if !errors.Is(err, wrapper.ErrBadAnswer) {
			t.Errorf("%s: got %s, %v", body, got.Verdict, err)
		}
	}
}
