package wrapper_test

import (
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/wrapper"
)

// A state that is none is shown so that it cannot steer a terminal.
func TestErrorQuotesTheState(t *testing.T) {
	t.Parallel()
	list := `[{"OperationId":"` + id + `","Type":"PartitionDataLoss","State":"\u001b[31mOver\n\u202e` + strings.Repeat("x", 99) + `"}]`
	client := directClient(t, &answers{made: []answer{{status: 400, body: fabricError(wrapper.Code(generated.ErrorCodeInvalidTestCommandState))}, {status: 200, body: list}}})
	_, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: wrapper.ServerDecides{}})
	e := asError(t, err, wrapper.ErrServerRefused)
	if !strings.Contains(e.Error(), `last seen "\x1b[31mOver\n\u202exxx`) || len(e.Error()) > 600 {
		t.Errorf("got %q", e.Error())
	}
}
