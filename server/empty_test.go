package server_test

import (
	"testing"

	"github.com/sfcancel/sfcancel/server"
)

// emptyDifference is the row of the table of profiles that is about the header of an answer.
const emptyDifference = "type of an empty answer"

// emptyTypes is the Content-Type of an answer without a body (§1.1).
var emptyTypes = map[server.Profile]string{server.Documented: "", server.Runtime: "application/json; charset=utf-8"}

// The runtime says of an empty answer what it says of any other; no document does.
func TestTypeOfEmptyAnswers(t *testing.T) {
	for profile, want := range emptyTypes {
		for _, target := range []string{gracefully, dataLoss + "&DataLossMode=FullDataLoss", transition + "&NodeInstanceId=5&NodeTransitionType=Stop&StopDurationInSeconds=600"} {
			a := ask(t, "POST", target, server.WithProfile(profile))
			if got := a.header.Get("Content-Type"); a.status >= 300 || a.body != "" || got != want || a.header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s, %s: got %d with %v, want Content-Type %q and nosniff", profile, target, a.status, a.header, want)
			}
		}
	}
}
