// Command mutualtls lists the operations of a cluster that requires a client certificate.
//
//	mkdir certs && ./mutualtls/certs.sh certs
//	sfcancel serve --tls-cert certs/server.pem --tls-key certs/server.key --client-ca certs/ca.pem --admin operators.example.com &
//	go run ./mutualtls -certs certs
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

func main() {
	endpoint := flag.String("endpoint", "https://localhost:19080", "address of the cluster")
	certs := flag.String("certs", "certs", "directory of client.pem, client.key and ca.pem")
	flag.Parse()
	ops, err := list(*endpoint, *certs)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutualtls:", err)
		os.Exit(1)
	}
	for _, op := range ops {
		fmt.Println(op.ID, op.Kind, op.State)
	}
}

func list(endpoint, certs string) ([]wrapper.Operation, error) {
	client, err := wrapper.New(endpoint, wrapper.WithTLS(wrapper.TLS{
		// The files are read again when they change: a renewed certificate needs no restart.
		CertFile: filepath.Join(certs, "client.pem"),
		KeyFile:  filepath.Join(certs, "client.key"),
		CAFile:   filepath.Join(certs, "ca.pem"),
		// If the server's certificate does not contain its host name, set ServerThumbprints or ServerCommonNames.
	}))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return client.Operations(ctx)
}
