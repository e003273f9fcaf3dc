// Package etcdmember runs one member of an etcd cluster in this process. It does
// not import testing, so that a program can be a member, too: of a cluster of
// several such processes.
package etcdmember

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
)

// Config is what a member needs to know. The first five are required.
type Config struct {
	// Name is the member's own name in InitialCluster.
	Name string
	// Dir keeps its data, and is made if it does not exist. A member that starts
	// on the data of an earlier run goes on with them.
	Dir string
	// ClientURL and PeerURL are where it listens, for clients and for the other
	// members: "http://127.0.0.1:2379", say.
	ClientURL, PeerURL string
	// InitialCluster names all members with their peer URLs: "a=http://...,b=...".
	InitialCluster string
	// AdvertisedPeerURL is where the other members reach it, if not at PeerURL.
	AdvertisedPeerURL string
	// NoFsync makes it faster, and lose data when the machine crashes.
	NoFsync bool
	// Quota is how many bytes the member may keep. 0 is etcd's default.
	Quota int64
	// Election is how long the member hears nothing of a leader before it wants to be
	// one. 0 is half a second: all members are near.
	Election time.Duration
	// TLS is for ClientURL, which is https then. The zero value is plain TCP.
	TLS transport.TLSInfo
}

// Run is a member until ctx ends, and returns nil then, once everything has been
// released; an error means that it could not start, or failed. It calls ready once the
// member serves.
func Run(ctx context.Context, c Config, ready func()) error {
	m, err := Start(ctx, c)
	if err != nil {
		return err
	}
	defer m.Stop()
	ready()
	select {
	case <-ctx.Done():
		return nil
	case err := <-m.etcd.Err():
		return fmt.Errorf("etcd member %s: %w", c.Name, err)
	}
}

// Member is a member that has started. End it with Stop.
type Member struct {
	etcd *embed.Etcd
}

// Start returns once the member has found its cluster, which takes a majority of
// the members, or when ctx ends.
func Start(ctx context.Context, c Config) (*Member, error) {
	m, err := start(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("etcd member %s: %w", c.Name, err)
	}
	return m, nil
}

func start(ctx context.Context, c Config) (*Member, error) {
	cfg, err := c.embedded()
	if err != nil {
		return nil, err
	}
	etcd, err := embed.StartEtcd(cfg)
	if err != nil {
		return nil, err
	}
	m := &Member{etcd}
	select {
	case <-etcd.Server.ReadyNotify():
		return m, nil
	case err := <-etcd.Err():
		m.Stop()
		return nil, err
	case <-ctx.Done():
		m.Stop()
		return nil, ctx.Err()
	}
}

func (c Config) embedded() (*embed.Config, error) {
	client, clientErr := url.Parse(c.ClientURL)
	peer, peerErr := url.Parse(c.PeerURL)
	advertised, advertisedErr := url.Parse(cmp.Or(c.AdvertisedPeerURL, c.PeerURL))
	if err := errors.Join(clientErr, peerErr, advertisedErr); err != nil {
		return nil, err
	}
	cfg := embed.NewConfig()
	cfg.Name, cfg.Dir = c.Name, c.Dir
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{*client}, []url.URL{*client}
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{*peer}, []url.URL{*advertised}
	cfg.InitialCluster = c.InitialCluster
	cfg.ClientTLSInfo = c.TLS
	cfg.QuotaBackendBytes = c.Quota
	cfg.UnsafeNoFsync = c.NoFsync
	cfg.ElectionMs = uint(cmp.Or(c.Election, time.Second/2).Milliseconds())
	cfg.TickMs = cfg.ElectionMs / 10
	// Passwords of tests need no protection, and are asked for often.
	cfg.BcryptCost = 4
	cfg.EnableGRPCGateway = false
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	return cfg, nil
}

// Stop ends the member without a word to the others, as far as that is possible
// within a process: a leader does not hand over.
func (m *Member) Stop() {
	m.etcd.Server.HardStop()
	m.etcd.Close()
}

// Leads reports whether the member thinks that it is the leader.
func (m *Member) Leads() bool {
	return m.etcd.Server.Leader() == m.etcd.Server.MemberID()
}
