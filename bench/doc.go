// Package bench holds nothing itself. Its module is the place for what other people
// wrote about the same API: clients that this project is run against, and peers that
// it is measured against. They live here so that they never enter the go.mod of the
// module that users import. All of it is tests:
//
//	cd bench && go vet ./... && go test -count=1 ./...
//
// -count=1 is needed: the tests build and start the program of the parent module, and
// the test cache does not see when that changes.
//
// # Pinned versions
//
// Folder azure runs the two Azure clients of github.com/Azure/azure-sdk-for-go,
// services/servicefabric/5.6 (api-version 3.0) and 6.5 (api-version 6.0). No release
// has both: 5.6 was last in v16.2.1 and 6.5 came in v32, so go.mod asks for the module
// twice, the older one under the made-up name azure-sdk-v16.test. Of the releases that
// the module proxy lists, v32.4.0 is the first and so the smallest one with 6.5: the
// two make 44 MB of downloads. Later releases only grow.
//
// A module has one version of a dependency, so both clients run on go-autorest
// v14.2 (autorest v0.11.30, the newest), and 5.6 calls itself Azure-SDK-For-Go/v32.4.0.
// The requests and the reading of answers are their own.
package bench
