package opdecode

import (
	"encoding/json"
	"errors"
	"io"
)

var errNoProgress = errors.New("not the progress of an operation")

// State reads the state out of the progress of an operation, which takes 64 KiB at most. The state, of
// 128 bytes at most, passes through shown.
func State(body io.Reader, shown func(string) string) (string, error) {
	text, err := io.ReadAll(io.LimitReader(body, maxElement+1))
	var progress struct{ State string }
	if err != nil || len(text) > maxElement || json.Unmarshal(text, &progress) != nil || progress.State == "" || len(progress.State) > maxName {
		return "", errNoProgress
	}
	return shown(progress.State), nil
}
