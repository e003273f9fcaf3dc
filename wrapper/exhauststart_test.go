package wrapper_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// The same for the four starts, with the id free, taken by an operation that runs, and
// taken by one that is over.
func TestExhaustiveStart(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		synctest.Test(t, func(t *testing.T) {
			x := &exploration{t: t, profile: profile, attempts: 8, count: map[string]int{}}
			for _, name := range []string{"unknown id", "running", "completed"} {
				for kind, start := range starts {
					x.explore(situationNamed(t, name), asking{name: string(kind), start: start}, script{}, 0)
				}
			}
			x.report()
		})
	})
}

func (tr *trial) judgeStart(tb testing.TB) []string {
	tb.Helper()
	var wrong []string
	say := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	record, found := tr.c.record(tb, opID)
	isStart := func(what string) bool { return strings.HasPrefix(what, "Start") }
	did := slices.ContainsFunc(tr.c.carried, isStart)
	out := slices.ContainsFunc(tr.late, func(r *http.Request) bool { return isStart(inShort([]string{r.Method + " " + r.URL.RequestURI()})[0]) })

	if tr.err == nil && tr.got.Verdict == wrapper.AlreadyStarted {
		say(tr.from.state != "" && tr.ask.name == string(wrapper.KindDataLoss), "no operation of the kind had the id before: %+v", tr.got)
		say(!did && !out, "a start of this call was carried out, or may still be")
		return wrong
	}
	if tr.err == nil {
		say(tr.got.Verdict == wrapper.Accepted && tr.got.OperationID == opID, "the result is %+v", tr.got)
		say(found && string(record.Kind) == tr.ask.name && tr.got.Kind == wrapper.Kind(record.Kind), "the server recorded %+v", record)
		say(tr.got.State == wrapper.State(record.State()), "the state is %s, the server has %s", tr.got.State, record.State())
		// An operation of the same kind that had the id before is taken for the lost one.
		alike := tr.from.state != "" && tr.got.Resolved && tr.ask.name == string(wrapper.KindDataLoss)
		say(did || alike, "no start of this call was carried out")
		say(len(tr.got.Attempts) == tr.requests, "%d requests were made, and %d are told of", tr.requests, len(tr.got.Attempts))
		return wrong
	}
	var e *wrapper.Error
	if !errors.As(tr.err, &e) {
		return append(wrong, fmt.Sprintf("the error is a %T", tr.err))
	}
	if errors.Is(e, wrapper.ErrOutcomeUnknown) {
		taken := tr.from.state != ""
		refused := tr.script.any(func(s spoil) bool { return s.fault.Status == 403 })
		say((len(tr.script) > 0 || len(e.Attempts()) >= tr.attempts) && (taken || refused || len(e.Attempts()) >= tr.attempts), "there were attempts left to find it out with")
		return wrong
	}
	say(!did && !out, "it was carried out, or may still be")
	say(errors.Is(e, wrapper.ErrServerRefused) || errors.Is(e, wrapper.ErrNotSent), "no error of a start")
	say(!errors.Is(e, wrapper.ErrNotSent) || !slices.ContainsFunc(tr.wire, isStart), "it was sent")
	return wrong
}
