// Package stock is what oapi-codegen makes of openapi/faults.yaml by itself: a peer to be measured against. It
// differs from package generated of the parent module in everything that openapi/generate adds or replaces.
package stock

//go:generate go -C ../.. run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -config bench/stock/cfg.yaml -o bench/stock/stock.gen.go openapi/faults.yaml
