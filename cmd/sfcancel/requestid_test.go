package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
)

// lost is a failure that tells of a request, as one of package wrapper does.
type lost struct{ id uuid.UUID }

func (lost) Error() string          { return "lost" }
func (l lost) RequestID() uuid.UUID { return l.id }

// The documents name the requests, so that the gateway's trace can be searched for them.
func TestRequestIDsAreShown(t *testing.T) {
	id := uuid.New()
	for name, doc := range map[string]any{
		"an attempt": attemptsJSON([]wrapper.Attempt{{RequestID: id}}),
		"a failure":  describe(fmt.Errorf("cancel: %w", lost{id})),
	} {
		text, err := json.Marshal(doc)
		if err != nil || !strings.Contains(string(text), `"requestId":"`+id.String()+`"`) {
			t.Errorf("%s: %s, %v", name, text, err)
		}
	}
	for name, doc := range map[string]any{
		"an attempt": attemptsJSON([]wrapper.Attempt{{}}),
		"a failure":  describe(errors.Join(lost{})),
	} {
		if text, err := json.Marshal(doc); err != nil || strings.Contains(string(text), "requestId") {
			t.Errorf("%s without an id: %s, %v", name, text, err)
		}
	}
}
