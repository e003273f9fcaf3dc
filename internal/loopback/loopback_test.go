package loopback_test

import (
	"testing"

	"github.com/sfcancel/sfcancel/internal/loopback"
)

func TestHost(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LocalHost.:19080": true, "sf.localhost:1": true, "127.0.0.1:19080": true, "127.8.0.1": true, "[::1]:19080": true, "[::1]": true, "::1": true, "": true,
		"evil.example:19080": false, "localhost.evil.example": false, "127.0.0.1.evil.example": false, "10.0.0.1": false, "0.0.0.0:1": false, "notlocalhost": false, "[fe80::1]:1": false,
	} {
		if got := loopback.Host(host); got != want {
			t.Errorf("%q: got %t, want %t", host, got, want)
		}
	}
}

func TestAddress(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:0": true, "localhost:1": true, "[::1]:1": true,
		"127.0.0.1": false, ":1": false, "0.0.0.0:1": false, "evil.localhost:1": false, "10.0.0.1:1": false, "[::]:1": false,
	} {
		if got := loopback.Address(address); got != want {
			t.Errorf("%q: got %t, want %t", address, got, want)
		}
	}
}
