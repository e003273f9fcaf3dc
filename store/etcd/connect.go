package etcd

import (
	"context"
	"fmt"
	"strings"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// connect returns a client that has reached a member and is authenticated.
func connect(ctx context.Context, endpoints []string, o options) (*clientv3.Client, error) {
	client, err := newClient(ctx, endpoints, o, "", "")
	if err != nil {
		return nil, err
	}
	if err := reach(ctx, client, o); err != nil {
		_ = client.Close()
		return nil, err
	}
	if o.user == "" {
		return client, nil
	}
	// clientv3.New with a password fetches a token before it returns. If it cannot
	// reach a member, its error says only that the deadline has passed.
	_ = client.Close()
	return authenticate(ctx, endpoints, o)
}

func newClient(ctx context.Context, endpoints []string, o options, user, password string) (*clientv3.Client, error) {
	// The client outlives Open's context, but New must not outlast it.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, end)
	defer stop()
	client, err := clientv3.New(clientv3.Config{
		Context:     life,
		Endpoints:   endpoints,
		TLS:         o.tls,
		Username:    user,
		Password:    password,
		DialTimeout: o.dialTimeout,
		// These detect a silent member within seconds. Members allow a ping every
		// 5 seconds, gRPC one every 10.
		DialKeepAliveTime:    10 * time.Second,
		DialKeepAliveTimeout: 3 * time.Second,
		// One attempt: the store decides what to retry. etcd's client
		// retries a transaction if a member answers that its deadline has passed,
		// although that transaction may still happen.
		MaxUnaryRetries: 1,
		Logger:          zap.NewNop(),
		DialOptions: []grpc.DialOption{
			grpc.WithDisableRetry(),
			// Connect to the endpoints directly, whatever the environment's proxy settings.
			grpc.WithNoProxy(),
			grpc.WithStatsHandler(sentHandler{}),
			// gRPC's defaults are one second at first, then up to two minutes.
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
				MinConnectTimeout: 3 * time.Second,
			}),
		},
	})
	if err != nil {
		end()
		return nil, err
	}
	return client, nil
}

// reach returns nil once a member has answered anything. The store's other requests wait
// for a connection and do not say why there is none; this one does not wait.
func reach(ctx context.Context, client *clientv3.Client, o options) error {
	kv := pb.NewKVClient(client.ActiveConnection())
	var last error
	for attempt := 0; ctx.Err() == nil; attempt++ {
		once, cancel := withTimeout(ctx, o.dialTimeout/4)
		_, err := kv.Range(once, &pb.RangeRequest{Key: []byte(o.prefix + formatKey), Serializable: true})
		cancel()
		switch code := status.Code(err); {
		case isTLS(err):
			return fmt.Errorf("TLS: %w", err)
		case code == codes.Unimplemented:
			return fmt.Errorf("this is not an etcd: %w", err)
		case code != codes.Unavailable && code != codes.DeadlineExceeded && code != codes.Canceled:
			return nil // any answer of an etcd, even a refusal
		}
		if ctx.Err() == nil {
			last = err
			pause(ctx, attempt)
		}
	}
	return unavailable(ctx, last)
}

// isTLS reports whether the connection failed because one side rejects the other's
// certificate or does not speak TLS. gRPC reports that only as text, which contains
// these prefixes of the standard library's errors.
func isTLS(err error) bool {
	text := status.Convert(err).Message()
	return err != nil && (strings.Contains(text, "tls: ") || strings.Contains(text, "x509: "))
}

func authenticate(ctx context.Context, endpoints []string, o options) (*clientv3.Client, error) {
	var last error
	for attempt := 0; ctx.Err() == nil; attempt++ {
		client, err := newClient(ctx, endpoints, o, o.user, o.password)
		switch {
		case err == nil:
			return client, nil
		case isOneOf(err, []error{rpctypes.ErrAuthFailed}):
			return nil, fmt.Errorf("user %q: %w", o.user, err)
		}
		if ctx.Err() == nil {
			last = err
			pause(ctx, attempt)
		}
	}
	return nil, unavailable(ctx, last)
}
