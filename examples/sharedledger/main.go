// Command sharedledger cancels an operation with a ledger in etcd, which several machines share. A
// graceful cancel on one machine is the evidence for a force on another.
//
//	go run ./sharedledger -etcd http://10.0.0.1:2379 5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01
//	go run ./sharedledger -etcd http://10.0.0.1:2379 -force 5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/store/etcd"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
)

func main() {
	endpoint := flag.String("endpoint", "http://localhost:19080", "address of the cluster")
	members := flag.String("etcd", "http://localhost:2379", "members of etcd, separated by commas")
	by := flag.String("by", "", "name for the audit trail")
	force := flag.Bool("force", false, "force instead of cancelling gracefully")
	flag.Parse()
	id, err := uuid.Parse(flag.Arg(0))
	if err != nil {
		flag.Usage()
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	result, err := run(ctx, *endpoint, strings.Split(*members, ","), *by, id, *force)
	if err != nil {
		fmt.Fprintln(os.Stderr, "sharedledger:", err)
		os.Exit(1)
	}
	fmt.Println(result.Verdict, result.State)
}

func run(ctx context.Context, endpoint string, members []string, by string, id uuid.UUID, force bool) (wrapper.Result, error) {
	state, err := etcd.Open(ctx, members, etcd.WithPrefix("drill/"))
	if err != nil {
		return wrapper.Result{}, err
	}
	defer state.Close()
	shared, err := ledger.New(state, ledger.WithBy(by))
	if err != nil {
		return wrapper.Result{}, err
	}
	// Evidence counts for one cluster. The name identifies it, whichever endpoints a machine uses.
	client, err := wrapper.New(endpoint, wrapper.WithLedger(shared), wrapper.WithCluster("shop"))
	if err != nil {
		return wrapper.Result{}, err
	}
	defer client.Close()
	if force {
		return client.ForceCancel(ctx, id, wrapper.ForceOptions{Reason: "the graceful cancel does not end"})
	}
	return client.Cancel(ctx, id, wrapper.CancelOptions{Reason: "end of the drill"})
}
