module github.com/sfcancel/sfcancel/store/bolt

go 1.25.0

replace github.com/sfcancel/sfcancel => ../..

require (
	github.com/google/go-cmp v0.7.0
	github.com/google/uuid v1.6.0
	github.com/sfcancel/sfcancel v0.0.0
	go.etcd.io/bbolt v1.5.0
	go.uber.org/goleak v1.3.0
	pgregory.net/rapid v1.3.0
)

require (
	github.com/oapi-codegen/runtime v1.8.0 // indirect
	github.com/tidwall/btree v1.8.2 // indirect
	golang.org/x/sys v0.47.0 // indirect
)
