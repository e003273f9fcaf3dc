// Package scale measures the cost of a store with many operations: the emulator over
// the bolt driver, with up to a million operations. It has tests only.
//
//	cd bench && go test -run '^$' -bench Scale -timeout 1h ./scale
//	cd bench && go test -run '^$' -bench Scale -timeout 10m ./scale -args -operations=100000
//
// The benchmarks write the operations in batches of a hundred, in the layout of package
// emulator; a test compares them with what an emulator writes. docs/scale.md has the
// results, and a plan for more operations than fit into one file.
package scale
