package certfiles

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
)

// leastRSA is the minimum size of an RSA key, in bits.
const leastRSA = 2048

// errWeakSignature is for signatures that can be forged.
var errWeakSignature = errors.New("it is signed with SHA-1 or MD5")

// Weak returns an error if a certificate can be forged: its key can be broken, or another certificate can have
// the same signature. Do not use it for a root, whose signature is never
// checked; see [WeakKey].
func Weak(c *x509.Certificate) error {
	switch c.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return errWeakSignature
	default:
		return WeakKey(c)
	}
}

// WeakKey is [Weak] for the key only.
func WeakKey(c *x509.Certificate) error {
	if key, ok := c.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < leastRSA {
		return fmt.Errorf("its RSA key has %d bits, and %d are the least", key.N.BitLen(), leastRSA)
	}
	return nil
}
