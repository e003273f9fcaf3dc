// Package answer reads the answers of a server, with size limits. It blanks the token of the request where
// the answer repeats it.
package answer

import (
	"errors"
	"net/http"
	"strings"
)

// Token is the bearer token of a request. "" means none.
type Token string

const blanked = "[token]"

// Hide blanks the token in a text of an answer. Interpret the answer before: its meaning must not depend on
// the token.
func (t Token) Hide(text string) string {
	if t == "" {
		return text
	}
	return strings.ReplaceAll(text, string(t), blanked)
}

// Header blanks the token in a header. If there is a token it returns a copy, because the header belongs to
// the transport.
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

// Error returns err unchanged if its text does not have the token, and otherwise a new error with the token
// blanked, which does not wrap err.
func (t Token) Error(err error) error {
	if t == "" || !strings.Contains(err.Error(), string(t)) {
		return err
	}
	return errors.New(t.Hide(err.Error()))
}

// begun blanks the token in a truncated text, and a part of a token at its end.
func (t Token) begun(text string) string {
	plain := t.Hide(text)
	for n := min(len(t), len(plain)); n > 0; n-- {
		if strings.HasSuffix(plain, string(t[:n])) {
			return plain[:len(plain)-n] + blanked
		}
	}
	return plain
}
