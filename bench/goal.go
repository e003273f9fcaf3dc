package main

import (
	"errors"
	"slices"
)

// workload is a piece of work that several sides do, each in its own way.
type workload struct {
	name string
	what string // description for the report
	// open makes the sides. The first one is ours. closeAll closes what open opened; it is nil
	// only if err is not nil.
	open  func() (sides []side, closeAll func() error, err error)
	who   clock // whose processor time counts
	slow  bool  // takes minutes, so it runs two rounds without a warm-up
	goals []goal
}

// side is one way to do the work.
type side struct {
	name string
	// many does the work n times.
	many func(n int) error
	// least is the minimum number of times in a batch.
	least int
	// cost measures the cost of doing the work once; if nil, the cost is counted while many runs.
	cost func() (cost, error)
}

// goal is a target for the first side of a workload.
type goal struct {
	name  string
	base  string  // the side to compare with, or "" for none
	limit float64 // of the time of the first side divided by that of the base
	most  cost    // limit of the cost of the first side; 0 means no limit
	// can has the attainable limits if those of the goal are out of reach; zero fields mean those of the goal.
	can attainable
}

// attainable has the limits that are enforced for a goal that is out of reach. The goal is still reported as short.
type attainable struct {
	base  string // the side to compare with; "" means that of the goal
	limit float64
	most  cost
	why   string // the reason
}

// once returns a side that does the work by calling do.
func once(name string, do func() error) side {
	return side{name: name, many: func(n int) error {
		for range n {
			if err := do(); err != nil {
				return err
			}
		}
		return nil
	}}
}

// closers collects close functions, and calls them in reverse order.
type closers []func() error

func (c *closers) add(f func() error) { *c = append(*c, f) }

func (c *closers) close() error {
	var errs []error
	for _, f := range slices.Backward(*c) {
		errs = append(errs, f())
	}
	*c = nil
	return errors.Join(errs...)
}

// workloads returns all workloads in the order of the report. It is the only place that defines limits.
func workloads() []workload {
	var all []workload
	for _, name := range requestNames {
		all = append(all, workload{
			name: "request/" + name, what: "build the request of " + name,
			open:  func() ([]side, func() error, error) { return openRequest(name) },
			goals: []goal{{name: "request/" + name, base: "plain", limit: 0.70, most: cost{allocs: 5, bytes: 640}, can: longPaths[name]}},
		})
	}
	all = append(all,
		workload{
			name: "cancel", what: "cancel without a network, answered with 200, a different operation each time",
			open:  openCancel,
			goals: []goal{{name: "cancel", base: "duty", limit: 1.5, most: cost{allocs: 28, bytes: 2600}}},
		},
		workload{
			name: "cancel-again", what: "the same, always the same operation",
			open:  openCancelAgain,
			goals: []goal{{name: "cancel-again", base: "duty", limit: 1.5, most: cost{allocs: 28, bytes: 2600}}},
		},
		workload{
			name: "cancel-404", what: "cancel without a network, answered with 404, followed by a look-up in the list",
			open:  openCancel404,
			goals: []goal{{name: "cancel-404", base: "plain", limit: 1.6}},
		},
		workload{
			name: "over-known", what: "cancel an ended operation that this client started, among 9 000 operations",
			open:  func() ([]side, func() error, error) { return openOver(true) },
			goals: []goal{{name: "over-known", base: "plain", limit: 2}},
		},
		workload{
			name: "over-list", what: "cancel an ended operation that this client does not know, among 9 000 operations",
			open:  func() ([]side, func() error, error) { return openOver(false) },
			goals: []goal{{name: "over-list", base: "plain", limit: 60}},
		},
		workload{
			name: "handler", what: "handle a cancel, all parameters checked",
			open: func() ([]side, func() error, error) { return openHandler(accepted) },
			goals: []goal{
				{name: "handler", base: "duty", limit: 1.00, most: cost{allocs: 14}},
				{name: "handler/stock", base: "stock", limit: 0.75},
			},
		},
		workload{
			name: "handler-refused", what: "refuse a cancel with a bad parameter",
			open:  func() ([]side, func() error, error) { return openHandler(refused) },
			goals: []goal{{name: "handler-refused", base: "duty", limit: 1.00}},
		},
		workload{
			name: "handler-404", what: "handle a cancel of an unknown operation",
			open:  func() ([]side, func() error, error) { return openHandler(unknown) },
			goals: []goal{{name: "handler-404", base: "duty", limit: 1.00}},
		},
	)
	for _, c := range []struct {
		callers string
		n       int
		most    cost
	}{{"1", 1, cost{allocs: 105}}, {"16", 16, cost{}}, {"128", 128, cost{}}} {
		all = append(all, workload{
			name: "loopback/" + c.callers, what: "cancel over loopback, callers at once: " + c.callers,
			open: func() ([]side, func() error, error) { return openLoopback(c.n) },
			goals: []goal{
				{name: "loopback/" + c.callers, base: "duty", limit: 1.05, most: c.most, can: withMemory(1.05)},
				{name: "loopback/" + c.callers + "/stock", base: "stock validated", limit: 1.00},
			},
		})
	}
	for _, trust := range []trust{byName, byThumbprint} {
		for _, c := range []struct {
			callers string
			n       int
		}{{"1", 1}, {"16", 16}} {
			name := "mutual-tls/" + string(trust) + "/" + c.callers
			all = append(all, workload{
				name: name, what: "cancel over mutual TLS by " + string(trust) + ", callers at once: " + c.callers,
				open:  func() ([]side, func() error, error) { return openTLS(trust, c.n) },
				goals: []goal{{name: name, base: "duty", limit: 1.10, can: withMemory(1.10)}},
			})
		}
	}
	for _, l := range []struct {
		length string
		n      int
		more   string
		limit  float64
	}{{"1000", 1000, "", 0.33}, {"10000", 10_000, "", 0.33}, {"100000", 100_000, ", in lists of 40 000, the maximum of the client", 0.18}} {
		all = append(all, workload{
			name: "list/" + l.length, what: "list over loopback, operations: " + l.length + l.more,
			open:  func() ([]side, func() error, error) { return openList(l.n) },
			goals: []goal{{name: "list/" + l.length, base: "encoding/json", limit: l.limit}},
		})
	}
	return append(all,
		workload{
			name: "list-memory/server", what: "allocations of a server that writes a list of 100 000",
			open:  openListServer,
			goals: []goal{{name: "list-memory/server", most: cost{bytes: 64 << 10}}},
		},
		workload{
			name: "list-memory/client", what: "peak memory of a client that reads a list of 40 000, the maximum of a cluster",
			open:  openListClient,
			goals: []goal{{name: "list-memory/client", most: cost{bytes: 1 << 20}}},
		},
		workload{
			name: "cancel-all", what: "list and cancel 9 900 operations, 8 at once",
			open:  openCancelAll,
			goals: []goal{{name: "cancel-all", base: "plain", limit: 1.08, can: withMemory(1.08)}},
		},
		workload{
			name: "command", what: `the whole process of "sfcancel cancel --ledger none", compared with a program that only sends the POST`,
			open: openCommand, who: children,
			goals: []goal{{name: "command", base: "plain", limit: 1.3, can: attainable{limit: 2.4, why: "Go initialises every linked " +
				"package, and the binary contains the etcd client for serve and for ledgers. Without it the process takes 1.5 times the " +
				"processor time of the POST (2.5 ms and 733 KB of initialisation against 0.5 ms and 95 KB, 966 page faults against 650). " +
				"wrapper alone takes 1.07, wrapper and cobra 1.29. GODEBUG=inittrace=1 shows the packages: protodesc, genproto, etcdserverpb and grpc come first."}}},
		},
		workload{
			name: coldBuild, what: "build a program that imports wrapper with an empty cache, compared with the client of oapi-codegen",
			open: openColdBuild, who: children, slow: true,
			goals: []goal{{name: coldBuild, base: "stock", limit: 1.0, can: attainable{limit: 1.03, why: "30 of 32 seconds go into packages that both import, mainly " +
				"net/http. Only ours imports wrapper and generated (1.2 s of processor time), log/slog for WithLogger (0.3 s), and small internal packages " +
				"(0.5 s); only stock imports the rest of oapi-codegen/runtime and has its client in main (1.0 s). go build -debug-actiongraph shows this."}}},
		},
	)
}

// longPaths are the requests whose path and query do not fit into 640 bytes with the rest of the request.
var longPaths = map[string]attainable{
	"GetDataLossProgress":         longPath(688),
	"GetQuorumLossProgress":       longPath(688),
	"GetPartitionRestartProgress": longPath(688),
	"StartNodeTransition":         longPath(704),
	"StartDataLoss":               longPath(704),
	"StartPartitionRestart":       longPath(720),
	"StartQuorumLoss":             longPath(736),
}

func longPath(bytes uint64) attainable {
	return attainable{most: cost{bytes: bytes}, why: "http.Request takes 304 bytes and url.URL 144, together one allocation of size class 448; " +
		"the empty header map, which callers fill and http.Client would copy, takes 48. So 640 bytes leave 144 for path and query, which are " +
		"a single string of 178 to 225 bytes here, in size classes of 192 to 240."}
}

// coldBuild takes minutes and runs only when asked for.
const coldBuild = "cold-build"
