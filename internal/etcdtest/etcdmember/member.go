// Package etcdmember runs one member of an etcd cluster in this process. It does
// not import testing, so that programs can use it too, for a cluster of
// several processes.
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

// Config is the configuration of a member. The fields up to InitialCluster are required.
type Config struct {
	// Name is the member's own name in InitialCluster.
	Name string
	// Dir holds the member's data. It is created if it does not exist. A member
	// continues with the data of an earlier run.
	Dir string
	// ClientURL and PeerURL are the addresses on which the member listens for clients and for
	// the other members, such as "http://127.0.0.1:2379".
	ClientURL, PeerURL string
	// InitialCluster names all members with their peer URLs: "a=http://...,b=...".
	InitialCluster string
	// AdvertisedPeerURL is the address at which the other members reach this one; "" means PeerURL.
	AdvertisedPeerURL string
	// NoFsync omits fsyncs. The member is faster, but loses data if the machine crashes.
	NoFsync bool
	// Quota is the storage quota in bytes. 0 means etcd's default.
	Quota int64
	// Election is the election timeout. 0 means half a second, which is enough for members
	// in one place.
	Election time.Duration
	// TLS is for ClientURL, which must then be https. The zero value means plain TCP.
	TLS transport.TLSInfo
}

// Run runs a member until ctx ends. It then stops the member and returns nil. An
// error means that the member could not start, or failed. Run calls ready once the
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

// Member is a running member. The caller must call Stop.
type Member struct {
	etcd *embed.Etcd
}

// Start starts a member. It returns once the member has joined its cluster, which takes a majority of
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
	// Tests authenticate often, and their passwords need no protection.
	cfg.BcryptCost = 4
	cfg.EnableGRPCGateway = false
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	return cfg, nil
}

// Stop stops the member without notifying the others, as far as that is possible
// within a process: a leader does not transfer its leadership.
func (m *Member) Stop() {
	m.etcd.Server.HardStop()
	m.etcd.Close()
}

// Leads reports whether the member considers itself the leader.
func (m *Member) Leads() bool {
	return m.etcd.Server.Leader() == m.etcd.Server.MemberID()
}
