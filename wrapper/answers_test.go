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
	rows := regexp.MustCompile(`(?m)^//\t(\d\d\d|other [45]xx|3xx)(?: (\w+))? {2,}(refused|ambiguous) +(no|yes|after a longer pause)$`).FindAllStringSubmatch(string(doc), -1)
	if len(rows) < 25 {
		t.Fatalf("only %d rows were found", len(rows))
	}
	named := map[string]bool{}
	for _, row := range rows {
		named[row[1]] = true
	}
	for _, row := range rows {
		statuses := []string{row[1]}
		switch row[1] {
		case "3xx":
			statuses = []string{"300", "302", "307"}
		case "other 4xx":
			statuses = []string{"400", "401", "403", "404", "409", "410", "413", "422", "499"}
		case "other 5xx":
			statuses = []string{"506", "511", "599"}
		}
		for _, status := range statuses {
			name := strings.TrimSpace(status + " " + row[2])
			t.Run(name, func(t *testing.T) { checkAnswer(t, status, row[2], row[3], row[4]) })
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
			if got := e.Attempts()[0].Class.String(); got != class {
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
