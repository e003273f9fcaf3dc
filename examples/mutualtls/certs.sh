#!/usr/bin/env bash
# certs.sh DIR: create a certificate authority in DIR, a certificate for a server on this
# machine, and one for a client. They are valid for 30 days. The keys have no password: use them for tests only.
set -euo pipefail
cd "${1:?the directory is missing}"
umask 077
new=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)

openssl req -x509 "${new[@]}" -days 30 -subj '/CN=drill CA' -keyout ca.key -out ca.pem

# sign NAME COMMON-NAME EXTENSION...
sign() {
	openssl req -new "${new[@]}" -subj "/CN=$2" -keyout "$1.key" -out "$1.csr"
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
		-extfile <(printf '%s\n' "${@:3}") -out "$1.pem"
	rm "$1.csr"
}
sign server cluster.example.com 'extendedKeyUsage=serverAuth' 'subjectAltName=DNS:localhost,IP:127.0.0.1'
sign client operators.example.com 'extendedKeyUsage=clientAuth'
