package wrapper

import "net/http"

// answer is what a status, and for some a code, leaves us knowing of a request that is
// not the success that was wanted.
type answer struct {
	from, to int // of the status
	code     Code
	class    Class
	again    bool // asking again may help
	busy     bool // and the server says that it has too much to do
}

// answers is runtime §4 and what the official clients repeat (§8): the table in the
// package comment, row by row. The first row that fits counts.
//
// A 503 may come from a primary that stepped down while its write went on, and a 504 is
// ambiguous by its meaning; so is everything else that a server says of itself, unless it
// says that it cannot do this at all.
var answers = [...]answer{
	{from: 500, to: 500, code: codeFaultServiceNotInstalled, class: Refused},
	{from: 501, to: 501, class: Refused},
	{from: 505, to: 505, class: Refused},
	{from: 408, to: 408, class: Ambiguous, again: true},
	{from: 429, to: 429, class: Refused, again: true, busy: true},
	{from: 303, to: 303, class: Ambiguous, again: true}, // what came of it is elsewhere (RFC 9110 §15.4.4)
	{from: 460, to: 460, class: Ambiguous, again: true}, // a proxy was left by who asked it (AWS load balancers)
	{from: 499, to: 499, class: Ambiguous, again: true}, // the same (nginx)
	{from: 300, to: 499, class: Refused},
	{from: 500, to: 599, code: CodeServiceTooBusy, class: Ambiguous, again: true, busy: true},
	{from: 500, to: 599, code: codeReplicationQueueFull, class: Ambiguous, again: true, busy: true},
	{class: Ambiguous, again: true, to: 999}, // 5xx, and a success that was not wanted
}

// classOf finds the row of an attempt that was answered.
func classOf(a Attempt) answer {
	for _, row := range answers {
		if row.from <= a.Status && a.Status <= row.to && (row.code == "" || row.code == a.Code) {
			return row
		}
	}
	return answer{class: Ambiguous, again: true}
}

// retryable: everything but a definite no, and the no that only means "not now".
func retryable(a Attempt) bool {
	switch a.Class {
	case Done:
		return false
	case NotSent:
		return !a.hopeless
	case Ambiguous:
		return true
	default:
		return classOf(a).again
	}
}

// busy: the server has too much to do, and is left alone for longer.
func busy(a Attempt) bool { return a.Status >= http.StatusBadRequest && classOf(a).busy }
