package clienttls

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

// maxFile bounds a file of certificates, which is read whole. The largest honest one,
// a bundle of all public roots, has less than 1 MiB.
const maxFile = 4 << 20

// settling is how old a file must be before its time and size can be trusted to
// change with its content: the coarsest file systems count in steps of 2 s.
const settling = 2 * time.Second

// material is what the files held when they were read, and how to tell whether they
// still do.
type material struct {
	pair  *tls.Certificate // nil without files
	roots *x509.CertPool   // nil without a file

	stamps  []stamp
	digest  [sha256.Size]byte
	settled bool
}

// stamp is a file as the system describes it; info is nil if that failed.
type stamp struct {
	path string
	info fs.FileInfo
}

func (s stamp) same(other stamp) bool {
	if s.info == nil || other.info == nil {
		return s.info == nil && other.info == nil
	}
	return os.SameFile(s.info, other.info) && s.info.Size() == other.info.Size() && s.info.ModTime().Equal(other.info.ModTime())
}

// stamps describes the files as they are now.
func (t Settings) stamps() []stamp {
	var all []stamp
	for _, path := range []string{t.CertFile, t.KeyFile, t.CAFile} {
		if path != "" {
			info, _ := os.Stat(path) // reading it says why
			all = append(all, stamp{path, info})
		}
	}
	return all
}

// current reports, by asking the system alone, that the files hold what they held.
func (m material) current(now []stamp) bool {
	for i, s := range m.stamps {
		if !s.same(now[i]) {
			return false
		}
	}
	return m.settled
}

// read reads the files. The stamps are from before, so that a change in between is
// one that the next look finds.
func (t Settings) read(stamps []stamp, now time.Time) (material, error) {
	m := material{stamps: stamps, settled: true}
	digest := sha256.New()
	contents := make(map[string][]byte)
	for _, s := range stamps {
		content, err := readFile(s.path)
		if err != nil {
			return m, fmt.Errorf("TLS: %w", err)
		}
		fmt.Fprintf(digest, "%d ", len(content))
		digest.Write(content)
		contents[s.path] = content
		if s.info == nil || now.Sub(s.info.ModTime()).Abs() < settling {
			m.settled = false
		}
	}
	digest.Sum(m.digest[:0])
	if t.CertFile != "" {
		pair, err := tls.X509KeyPair(contents[t.CertFile], contents[t.KeyFile])
		if err != nil {
			return m, fmt.Errorf("TLS: %w", t.pairProblem(contents[t.CertFile], contents[t.KeyFile], err))
		}
		m.pair = &pair
	}
	if t.CAFile != "" {
		roots, err := readRoots(contents[t.CAFile])
		if err != nil {
			return m, fmt.Errorf("TLS: CAFile %s %w", t.CAFile, err)
		}
		m.roots = roots
	}
	return m, nil
}

// readFile reads a file that can be read again later, and is not endless.
func readFile(path string) ([]byte, error) {
	// Opening a pipe could wait for ever.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file, so it could not be read again when it changes", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err // names the file and the reason
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = fmt.Errorf("%s is longer than %d MiB, so it is no file of certificates", path, maxFile>>20)
	}
	return content, err
}

// pairProblem says what is wrong with a client certificate and its key, in words of
// its own: nothing of a key may get into an error.
func (t Settings) pairProblem(cert, key []byte, cause error) error {
	const convert = "; openssl pkcs12 makes PEM of a PFX file"
	certs, keys := blocks(cert, "CERTIFICATE"), blocks(key, "PRIVATE KEY")
	switch {
	case len(certs) == 0:
		return fmt.Errorf("CertFile %s has no PEM block CERTIFICATE%s", t.CertFile, convert)
	case len(keys) == 0:
		return fmt.Errorf("KeyFile %s has no PEM block PRIVATE KEY%s", t.KeyFile, convert)
	case strings.HasPrefix(keys[0].Type, "ENCRYPTED"), strings.Contains(keys[0].Headers["Proc-Type"], "ENCRYPTED"):
		return fmt.Errorf("KeyFile %s is encrypted, and there is nobody to ask for the password: decrypt it with openssl pkey", t.KeyFile)
	}
	for _, block := range certs {
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return fmt.Errorf("CertFile %s has a damaged certificate (%w): get it anew", t.CertFile, err)
		}
	}
	if strings.Contains(cause.Error(), "does not match") {
		return fmt.Errorf("the key in KeyFile %s does not belong to the first certificate in CertFile %s: find its own", t.KeyFile, t.CertFile)
	}
	return fmt.Errorf("KeyFile %s has a key that cannot be read: it must be PKCS #8, PKCS #1 or SEC 1, as openssl pkey writes it", t.KeyFile)
}

// blocks are the PEM blocks whose type ends so.
func blocks(content []byte, kind string) (found []*pem.Block) {
	for {
		var block *pem.Block
		if block, content = pem.Decode(content); block == nil {
			return found
		}
		if strings.HasSuffix(block.Type, kind) {
			found = append(found, block)
		}
	}
}

// readRoots takes all certificates or none: x509.CertPool alone leaves out what it
// cannot read, and the file could be one that is just being written.
func readRoots(content []byte) (*x509.CertPool, error) {
	pool, n := x509.NewCertPool(), 0
	for {
		block, rest := pem.Decode(content)
		if block == nil {
			break
		}
		content = rest
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("has a damaged certificate (%w): get it anew", err)
		}
		pool.AddCert(c)
		n++
	}
	switch {
	case strings.Contains(string(content), "-----BEGIN"):
		return nil, errors.New("has a PEM block that is cut off or damaged: get it anew")
	case n == 0:
		return nil, errors.New("has no PEM block CERTIFICATE, so no server could be trusted")
	}
	return pool, nil
}
