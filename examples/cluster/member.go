package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/sfcancel/sfcancel/internal/etcdtest/etcdmember"
)

// member runs one member of etcd in this process; its arguments are those of
// [cluster.Config].Member. It prints a line once it serves.
func member(ctx context.Context, args []string) error {
	const least = 5
	if len(args) < least {
		return errors.New("member: NAME DIR CLIENT-URL PEER-URL INITIAL-CLUSTER [ADVERTISED-PEER-URL]")
	}
	config := etcdmember.Config{Name: args[0], Dir: args[1], ClientURL: args[2], PeerURL: args[3], InitialCluster: args[4]}
	if len(args) > least {
		config.AdvertisedPeerURL = args[least]
	}
	return etcdmember.Run(ctx, config, func() { fmt.Println("serving") })
}
