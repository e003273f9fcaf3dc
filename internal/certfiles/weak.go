package certfiles

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
)

// leastRSA is the size of a key from which on it counts, in bits.
const leastRSA = 2048

// errWeakSignature is for what others can make as well.
var errWeakSignature = errors.New("it is signed with SHA-1 or MD5")

// Weak says why a certificate proves nothing: others can find its key, or make another one with the same
// signature. It is nil for one that does. The signature of a root does not matter, because nobody
// judges by it; see [WeakKey].
func Weak(c *x509.Certificate) error {
	switch c.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return errWeakSignature
	default:
		return WeakKey(c)
	}
}

// WeakKey is [Weak] for the key alone.
func WeakKey(c *x509.Certificate) error {
	if key, ok := c.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < leastRSA {
		return fmt.Errorf("its RSA key has %d bits, and %d are the least", key.N.BitLen(), leastRSA)
	}
	return nil
}
