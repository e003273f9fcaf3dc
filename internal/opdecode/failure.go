package opdecode

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/sfcancel/sfcancel/generated"
)

var (
	errNoJSON = errors.New("the body is not JSON")
	errNoCode = errors.New("the body has no error code")
)

// Failure reads the FabricError of a failure. A FabricError without a code is an error. The most common form is
// parsed without encoding/json, which takes a fifth of the time of a refused call.
func Failure(body []byte) (code, message string, err error) {
	plainCode, rest, ok1 := plainText(body, `{"Error":{"Code":"`)
	plainMessage, rest, ok2 := plainText(rest, `,"Message":"`)
	if ok1 && ok2 && string(bytes.TrimRight(rest, " \t\r\n")) == "}}" {
		return string(plainCode), string(plainMessage), nil
	}
	var fabric generated.FabricError
	switch {
	case json.Unmarshal(body, &fabric) != nil:
		return "", "", errNoJSON
	case fabric.Error.Code == "":
		return "", "", errNoCode
	}
	return string(fabric.Error.Code), fabric.Error.Message, nil
}
