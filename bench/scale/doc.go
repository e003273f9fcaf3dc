// Package scale measures what a store with many operations costs: the emulator over
// the bolt driver, with up to a million of them. It has tests only.
//
//	cd bench && go test -run '^$' -bench Scale -timeout 1h ./scale
//	cd bench && go test -run '^$' -bench Scale -timeout 10m ./scale -args -operations=100000
//
// The operations are written by the hundred, in the layout of package emulator, and a
// test holds them against what an emulator writes itself. What came out, and what it
// means for more of them than one file takes, is in docs/scale.md.
package scale
