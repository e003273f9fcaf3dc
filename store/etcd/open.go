package etcd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/sfcancel/sfcancel/store"
)

// Open opens the store under a prefix of the etcd cluster whose members are at
// endpoints, and creates it if there is none. Each endpoint is a URL of the form
// http://host:port or https://host:port. One is enough; with all of them the
// store survives the failure of a member. ctx applies only to Open.
//
// The errors are [store.ErrInvalid] for endpoints or options that can never work;
// [store.ErrUnavailable] if too few members can be reached before
// ctx ends or [DefaultDialTimeout] has passed (see [WithDialTimeout]);
// [store.ErrForeign] if the prefix holds other keys or a store of
// another format version: the keys are left unchanged. If ctx ended, the error wraps
// ctx's error as well. Other errors say that a certificate, a
// password or a permission was refused. All but ErrInvalid name the prefix.
//
// The caller must close the store.
func Open(ctx context.Context, endpoints []string, opts ...Option) (*Store, error) {
	o, err := collect(endpoints, opts)
	if err != nil {
		return nil, fmt.Errorf("etcd: open: %w", err)
	}
	s, err := open(ctx, endpoints, o)
	if err != nil {
		return nil, fmt.Errorf("etcd: open %q at %s: %w", o.prefix, strings.Join(endpoints, ", "), err)
	}
	return s, nil
}

func open(ctx context.Context, endpoints []string, o options) (*Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx, cancel := withTimeout(ctx, o.dialTimeout)
	defer cancel()
	client, err := connect(ctx, endpoints, o)
	if err != nil {
		return nil, err
	}
	s := newStore(client, o)
	if err := s.checkFormat(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	s.sweep(ctx)
	return s, nil
}

// checkFormat creates a store under an empty prefix, and otherwise checks that there is one.
func (s *Store) checkFormat(ctx context.Context) error {
	var last error
	for attempt := 0; ctx.Err() == nil; attempt++ {
		// Not s.read, which gives up after the request timeout.
		found, err := s.readOnce(ctx, s.prefix+formatKey, nil)
		if isRefusal(err) {
			return err
		}
		if err != nil {
			if ctx.Err() == nil {
				last = err
				pause(ctx, attempt)
			}
			continue
		}
		if len(found.Kvs) > 0 {
			return isFormat(found.Kvs[0].Value)
		}
		// A lost answer does no harm: the next round reads the mark, whoever wrote it.
		foreign, err := s.writeFormat(ctx)
		switch {
		case isRefusal(err) || foreign:
			return err
		case errors.Is(err, rpctypes.ErrNoSpace) && attempt > 0: // the first may be applied despite the error, see refusals
			return err
		case err != nil && ctx.Err() == nil:
			last = err
			pause(ctx, attempt)
		}
	}
	return unavailable(ctx, last)
}

// writeFormat writes the mark if there are no keys under the prefix. foreign means that there are keys
// but no mark.
func (s *Store) writeFormat(ctx context.Context) (foreign bool, err error) {
	ctx, cancel := s.attempt(ctx)
	defer cancel()
	format, items, slots := s.prefix+formatKey, s.prefix+itemKeys, s.prefix+slotKeys
	// On a range, the comparison applies to every key in it.
	none := func(key string) clientv3.Cmp { return clientv3.Compare(clientv3.CreateRevision(key), "=", 0) }
	answer, err := s.client.Txn(ctx).
		If(none(format), none(items).WithPrefix(), none(slots).WithPrefix()).
		Then(clientv3.OpPut(format, formatName+formatVersion)).
		Else(clientv3.OpGet(format, clientv3.WithKeysOnly())).
		Commit()
	if err != nil {
		return false, err
	}
	if !answer.Succeeded && len(answer.Responses[0].GetResponseRange().Kvs) == 0 {
		return true, fmt.Errorf("%w: there are keys under the prefix, but no mark of a store", store.ErrForeign)
	}
	return false, nil
}

func isFormat(mark []byte) error {
	version, ok := strings.CutPrefix(string(mark), formatName)
	switch {
	case !ok:
		return fmt.Errorf("%w: %q is of another application", store.ErrForeign, formatKey)
	case version != formatVersion:
		return fmt.Errorf("%w: format version %.32q, this program knows version %s", store.ErrForeign, version, formatVersion)
	}
	return nil
}
