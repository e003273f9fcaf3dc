package main

import (
	"net/http"
	"testing"
)

// The runtime says of an empty answer that it is JSON. Our own client takes that for the success it is.
func TestClientTakesATypeOfNothing(t *testing.T) {
	url := serveInTest(t, "--profile", "runtime", "--freeze")
	id := start(t, url, dataLoss...)
	for _, verb := range []string{"cancel", "force"} {
		if code, out, errs := sfcancel(t, verb, id, "--endpoint", url); code != exitOK {
			t.Errorf("%s: exit %d, %s%s", verb, code, out, errs)
		}
	}
	status, header, body := exchange(t, http.DefaultClient, http.MethodPost, url+"/Faults/$/Cancel?api-version=6.0&Force=false&OperationId="+id, nil, "")
	if status != http.StatusBadRequest || len(body) == 0 || header.Get("Content-Type") == "" {
		t.Errorf("the operation was not forced: %d %s", status, body)
	}
}
