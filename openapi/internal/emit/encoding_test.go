package emit_test

import (
	"encoding/json"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/generated"
)

// AppendJSON appends the same text as encoding/json.
func TestEncodingIsThatOfJSON(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune(`az09 "\/<>&'`+"\x00\n\x7f\u0080\u2028\ufffd"))),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	rapid.Check(t, func(t *rapid.T) {
		id := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		for _, v := range []interface {
			AppendJSON(b []byte) ([]byte, error)
		}{
			generated.FabricError{Error: generated.FabricErrorDetail{Code: generated.ErrorCode(a), Message: b}},
			generated.OperationStatus{OperationID: id, State: generated.OperationState(a), Type: generated.OperationType(b)},
		} {
			want, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := v.AppendJSON([]byte("x")); err != nil || string(got) != "x"+string(want) {
				t.Errorf("got  %s, %v\nwant x%s", got, err, want)
			}
		}
	})
}
