package wrapper_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

// The table in the package comment is what the client does, row by row (runtime §4, §8).
func TestAnswersTable(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	must(t, err)
	rows := regexp.MustCompile(`(?m)^//\t(\d\d\d(?:, \d\d\d)*|other \dxx(?: and \dxx)?)(?: (\w+))? {2,}(refused|ambiguous) +(no|yes|after a longer pause)$`).FindAllStringSubmatch(string(doc), -1)
	others := map[string][]string{
		"other 3xx and 4xx": {
			"300", "302", "307", "400 E_INVALIDARG", "400 FABRIC_E_INVALID_TEST_COMMAND_STATE", "400 FABRIC_E_NODE_TRANSITION_IN_PROGRESS",
			"400 FABRIC_E_FAULT_ANALYSIS_SERVICE_NOT_ENABLED", "401", "403 E_ACCESSDENIED", "404 FABRIC_E_KEY_NOT_FOUND",
			"409 FABRIC_E_TEST_COMMAND_OPERATION_ID_ALREADY_EXISTS", "410", "413", "422", "498",
		},
		"other 5xx": {
			"500", "502 FABRIC_E_GATEWAY_NOT_REACHABLE", "503", "503 E_ABORT", "503 FABRIC_E_CONNECTION_CLOSED_BY_REMOTE_END", "503 FABRIC_E_NOT_PRIMARY",
			"503 FABRIC_E_NOT_READY", "503 FABRIC_E_NO_WRITE_QUORUM", "503 FABRIC_E_OBJECT_CLOSED", "503 FABRIC_E_RECONFIGURATION_PENDING",
			"503 FABRIC_E_SERVICE_OFFLINE", "504 FABRIC_E_TIMEOUT", "504 FABRIC_E_COMMUNICATION_ERROR", "504 FABRIC_E_OPERATION_NOT_COMPLETE", "506", "511", "599",
		},
	}
	found := map[string]bool{}
	for _, row := range rows {
		found[row[1]] = true
		answers, ok := others[row[1]]
		if !ok {
			for status := range strings.SplitSeq(row[1], ", ") {
				answers = append(answers, strings.TrimSpace(status+" "+row[2]))
			}
		}
		for _, answer := range answers {
			status, code, _ := strings.Cut(answer, " ")
			t.Run(answer, func(t *testing.T) { checkAnswer(t, status, code, row[3], row[4]) })
		}
	}
	for _, row := range []string{"303, 408, 460, 499", "429", "500", "501, 505", "503", "other 3xx and 4xx", "other 5xx"} {
		if !found[row] {
			t.Errorf("no row %s was found", row)
		}
	}
}

func checkAnswer(t *testing.T, status, code, class, again string) {
	t.Helper()
	var number int
	_, err := fmt.Sscan(status, &number)
	must(t, err)
	if code == "" {
		code = "E_SOMETHING"
	}
	var longest time.Duration
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			p := serving(answer{status: number, body: fabricError(wrapper.Code(code))})
			client := directClient(t, &p.answers, wrapper.WithRetry(wrapper.Retry{MaxAttempts: 2, Base: time.Millisecond, BusyBase: time.Second}))
			begin := time.Now()
			_, err := client.Operations(t.Context()) // a cancel would make a verdict of some
			var e *wrapper.Error
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			if got := e.Attempts()[0].Class(); got != class {
				t.Errorf("the class is %s, want %s", got, class)
			}
			if asked := p.served == 2; asked != (again != "no") {
				t.Errorf("%d requests, asked again: %s", p.served, again)
			}
			longest = max(longest, time.Since(begin))
		})
	}
	if busy := longest > time.Millisecond; busy != (again == "after a longer pause") {
		t.Errorf("the longest pause of twenty was %v; asked again: %s", longest, again)
	}
}
