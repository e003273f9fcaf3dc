package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"
)

const (
	tokenTime   = 30 * time.Second // limit of the token command
	tokenMargin = time.Minute      // a token counts as expired this long before its end
	maxToken    = 64 << 10
)

// tokenError means that the token command returned no token.
type tokenError struct{ why error }

func (e tokenError) Error() string { return "the token command returned no token: " + e.why.Error() }

func (e tokenError) Unwrap() error { return e.why }

// tokenCommand gets tokens by running a command, without a shell. It caches a token that says when it expires, as a JWT
// does, until shortly before, and any other token until the server refuses it. The cache is in memory only.
type tokenCommand struct {
	words    []string
	messages io.Writer // what the command writes on standard error

	running sync.Mutex // one command at a time
	token   string
	until   time.Time // zero for a token that does not say when it expires
	brought []string  // all tokens, for blank
}

func newTokenCommand(line string, messages io.Writer) (*tokenCommand, error) {
	words, err := splitWords(line)
	if err != nil {
		return nil, err
	}
	return &tokenCommand{words: words, messages: messages}, nil
}

// Token is a token source for [wrapper.WithTokenSource].
func (c *tokenCommand) Token(ctx context.Context, refused string) (string, error) {
	c.running.Lock()
	defer c.running.Unlock()
	over := !c.until.IsZero() && time.Now().After(c.until.Add(-tokenMargin))
	if c.token != "" && c.token != refused && !over {
		return c.token, nil
	}
	token, err := c.run(ctx)
	switch {
	case err != nil:
		return "", tokenError{err}
	case token == refused:
		return "", tokenError{errors.New("only the one that the server refused")}
	}
	c.token, c.until = token, endOf(token)
	c.brought = append(c.brought, token)
	return token, nil
}

// run runs the command. Errors never contain its output.
func (c *tokenCommand) run(ctx context.Context) (string, error) {
	limited, cancel := context.WithTimeout(ctx, tokenTime)
	defer cancel()
	var out bytes.Buffer
	cmd := exec.CommandContext(limited, c.words[0], c.words[1:]...) //nolint:gosec // the user's own command
	cmd.Stdout, cmd.Stderr = &out, c.messages
	cmd.WaitDelay = time.Second // for children that keep its output open
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case limited.Err() != nil && ctx.Err() == nil:
		return "", fmt.Errorf("%s took longer than %v", c.words[0], tokenTime)
	case errors.As(err, &exit):
		return "", fmt.Errorf("%s ended with %w", c.words[0], exit)
	case err != nil:
		return "", err
	}
	token := strings.TrimSpace(out.String())
	switch {
	case token == "":
		return "", fmt.Errorf("%s wrote nothing", c.words[0])
	case len(token) > maxToken || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", fmt.Errorf("the output of %s is not a token: it must write the token alone", c.words[0])
	}
	return token, nil
}

// blank replaces the tokens in a text.
func (c *tokenCommand) blank(text string) string {
	if c == nil {
		return text
	}
	c.running.Lock()
	defer c.running.Unlock()
	for _, token := range c.brought {
		text = strings.ReplaceAll(text, token, "xxxxx")
	}
	return text
}

// endOf returns when a JWT expires (RFC 7519 §4.1.4), or the zero time if token is not a JWT.
func endOf(token string) time.Time {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	claims, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	var says struct {
		End float64 `json:"exp"`
	}
	if err != nil || json.Unmarshal(claims, &says) != nil || says.End <= 0 || says.End > 1<<40 {
		return time.Time{}
	}
	return time.Unix(int64(says.End), 0)
}

// splitWords splits a command line as a shell would, but expands nothing.
func splitWords(line string) (words []string, err error) {
	var word strings.Builder
	var quote rune
	inWord, escaped := false, false
	for _, r := range line {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			inWord, escaped = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			inWord, quote = true, r
		case r == ' ' || r == '\t' || r == '\n':
			if inWord {
				words = append(words, word.String())
				word.Reset()
			}
			inWord = false
		default:
			inWord = true
			word.WriteRune(r)
		}
	}
	switch {
	case quote != 0:
		return nil, fmt.Errorf("--token-command: a %c has no end", quote)
	case escaped:
		return nil, errors.New(`--token-command: there is nothing after the last \`)
	case inWord:
		words = append(words, word.String())
	}
	if len(words) == 0 {
		return nil, errors.New("--token-command: it names no command")
	}
	return words, nil
}
