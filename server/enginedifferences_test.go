package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store/memory"
)

// engineDifferences has the rows of the table in doc.go that are about the engine of
// package emulator, each with what to ask of an operation in a given state.
var engineDifferences = []struct {
	row                 string
	flag                emulator.Rollback // of the operation that the request is about
	target              string
	documented, runtime want // of a list, whether it has the operation: ok or none
}{
	{"force while a failure is undone", emulator.RollingBackAndWillFail, cancel + "&Force=true", ok, badState},
	{"force while a failure is undone", emulator.RollingBackDueToUserCancel, cancel + "&Force=true", ok, ok},
	{"force while a failure is undone", emulator.NotRollingBack, cancel + "&Force=true", badState, badState},
	{"force once more", emulator.RollingBackForce, cancel + "&Force=true", ok, badState},
	{"force once more", emulator.RollingBackForce, gracefully, badState, badState},
	{"least stop of a node", "", stopFor("299"), badDuration, badDuration},
	{"least stop of a node", "", stopFor("300"), badDuration, accepted},
	{"least stop of a node", "", stopFor("599"), badDuration, accepted},
	{"least stop of a node", "", stopFor("600"), accepted, accepted},
	{"least stop of a node", "", stopFor("14400"), accepted, accepted},
	{"least stop of a node", "", stopFor("14401"), badDuration, badDuration},
	{"bits of StateFilter", emulator.NotRollingBack, listBy("1"), ok, ok},
	{"bits of StateFilter", emulator.RollingBackForce, listBy("1"), none, ok},
	{"bits of StateFilter", emulator.RollingBackForce, listBy("2"), ok, ok},
	{"bits of StateFilter", emulator.NotRollingBack, listBy("2"), none, none},
	{"bits of StateFilter", emulator.NotRollingBack, listBy("0"), none, none},
	{"bits of StateFilter", emulator.NotRollingBack, listBy("65535"), ok, ok},
}

var (
	badState    = want{400, generated.ErrorCodeInvalidTestCommandState}
	badDuration = want{400, generated.ErrorCodeInvalidDuration}
)

// none is a list without the operation.
var none = want{status: http.StatusNoContent}

func listBy(states string) string { return list + "&TypeFilter=0&StateFilter=" + states }

func stopFor(seconds string) string {
	return transition + "&NodeInstanceId=5&NodeTransitionType=Stop&StopDurationInSeconds=" + seconds
}

func TestEngineDifferencesBetweenProfiles(t *testing.T) {
	differ := make(map[string]bool)
	for _, d := range engineDifferences {
		differ[d.row] = differ[d.row] || d.documented != d.runtime
		for profile, w := range map[server.Profile]want{server.Documented: d.documented, server.Runtime: d.runtime} {
			t.Run(d.row+"/"+string(d.flag)+d.target[len(d.target)-5:]+"/"+profile.String(), func(t *testing.T) {
				engine := emulator.New(memory.New(), emulator.WithProfile(profile), emulator.WithClock(func() time.Time { return time.Unix(0, 0) }))
				if d.flag != "" {
					seed, err := emulator.ParseSeed([]byte(`{"operations":[{"id":"` + id + `","kind":"PartitionRestart","step":"PerformingActions","rollback":"` + string(d.flag) + `"}]}`))
					if err != nil {
						t.Fatal(err)
					}
					if err := engine.Plant(t.Context(), seed); err != nil {
						t.Fatal(err)
					}
				}
				method := http.MethodPost
				if strings.HasPrefix(d.target, list) {
					method = http.MethodGet
				}
				r, err := parse(method, d.target)
				if err != nil {
					t.Fatal(err)
				}
				rec := httptest.NewRecorder()
				newHandler(t, engine, server.WithProfile(profile)).ServeHTTP(rec, r)
				got := shaped(t, rec.Code, rec.Header(), rec.Body.Bytes())
				if method == http.MethodGet && !strings.Contains(got.body, id) {
					got.want = none
				}
				if got.want != w {
					t.Errorf("got %v %q, want %v", got.want, got.message, w)
				}
			})
		}
	}
	for row, differs := range differ {
		if !differs {
			t.Errorf("no request shows the difference of %q", row)
		}
	}
}
