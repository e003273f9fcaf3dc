// Package stock is the unmodified output of oapi-codegen for openapi/faults.yaml, for comparison. It
// lacks everything that openapi/generate adds or replaces in package generated of the parent module.
package stock

//go:generate go -C ../.. run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -config bench/stock/cfg.yaml -o bench/stock/stock.gen.go openapi/faults.yaml
