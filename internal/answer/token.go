// Package answer reads what a server answered: within bounds, and with the token of the request blanked where
// the answer repeats it.
package answer

import (
	"errors"
	"net/http"
	"strings"
)

// Token is the bearer token of a request. "" is none, and hides nothing.
type Token string

const blanked = "[token]"

// Hide blanks the token in what an answer says. What the answer means is read before: that must not depend on
// the token.
func (t Token) Hide(text string) string {
	if t == "" {
		return text
	}
	return strings.ReplaceAll(text, string(t), blanked)
}

// Header blanks the token in a header. It returns a copy if there is anything to hide, because the answer is
// the transport's.
func (t Token) Header(h http.Header) http.Header {
	if t == "" {
		return h
	}
	h = h.Clone()
	for _, values := range h {
		for i := range values {
			values[i] = t.Hide(values[i])
		}
	}
	return h
}

// Error leaves nothing of an error behind that names the token.
func (t Token) Error(err error) error {
	if t == "" || !strings.Contains(err.Error(), string(t)) {
		return err
	}
	return errors.New(t.Hide(err.Error()))
}

// begun blanks the token in the beginning of a text, and what may be half a token at its end.
func (t Token) begun(text string) string {
	plain := t.Hide(text)
	for n := min(len(t), len(plain)); n > 0; n-- {
		if strings.HasSuffix(plain, string(t[:n])) {
			return plain[:len(plain)-n] + blanked
		}
	}
	return plain
}
