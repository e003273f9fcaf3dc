package emit_test

import (
	"regexp"
	"testing"

	"github.com/sfcancel/sfcancel/openapi/internal/emit"
)

// Package generated does not have the handler of oapi-codegen, which checks no bounds; package server has the handler.
// text/template keeps a template that is replaced by blanks alone.
func TestNoStockHandler(t *testing.T) {
	made, err := emit.Files(sources(t))
	if err != nil {
		t.Fatal(err)
	}
	stock := regexp.MustCompile(`(?m)^(func|type) .*(ServerInterface struct|ServerInterfaceWrapper|NewStrictHandler|HandlerFromMux|MiddlewareFunc).*`)
	for name, text := range made {
		if found := stock.Find(text); found != nil {
			t.Errorf("%s has %q, want nothing of the stock handler", name, found)
		}
	}
}
