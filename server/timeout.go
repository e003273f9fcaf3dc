package server

import (
	"strconv"
	"time"

	"github.com/sfcancel/sfcancel/generated"
)

const (
	// defaultTimeout holds when a request names none (both documents of the
	// client side, and httpgateway/Constants.cpp).
	defaultTimeout = 60 * time.Second

	// writeMargin is how much longer than its timeout a request may take until
	// its answer is out.
	writeMargin = 30 * time.Second
)

// judgeTimeout judges timeout (§3) and writes it to the canonical query if it
// counts. By the document, which describes it from api-version 6.0 on, it is
// 1..4294967295. To the runtime a text that is no unsigned 32-bit decimal is as
// good as none, and only 0 is refused.
func judgeTimeout(q query, byDocument bool, out *canonical) (time.Duration, *Error) {
	text, given := q.first(timeoutName)
	if !given {
		out.skip(timeoutName)
		return defaultTimeout, nil
	}

	read := runtimeDecimal
	if byDocument {
		read = plainDecimal
	}
	seconds, ok := read(text, 32)
	switch {
	case ok && seconds > 0:
		out.add(timeoutName, strconv.FormatUint(seconds, 10))
		return time.Duration(seconds) * time.Second, nil
	case ok || byDocument:
		return 0, NewError(generated.ErrorCodeInvalidArg,
			`timeout must be a number of seconds from 1 to 4294967295, not "`+excerpt(text)+`".`)
	default:
		out.skip(timeoutName)
		return defaultTimeout, nil
	}
}
