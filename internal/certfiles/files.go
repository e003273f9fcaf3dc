// Package certfiles reads certificates, keys and CA bundles from files that may be replaced while a
// client or server runs.
package certfiles

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// Files has the paths of the files of one side of a connection; "" means none.
type Files struct {
	// Cert and Key must both be set, or neither.
	Cert, Key string
	// CA is the CA bundle used to verify the peer's certificate.
	CA string
	// Lists are texts that are reloaded together with the other files.
	Lists []string
	// Names has the names of the files in errors.
	Names Names
}

// Names has the names that users know the files by.
type Names struct {
	Cert, Key, CA, Lists string
	Before               string // the prefix of every error
	Peer                 string // the side that CA verifies, such as "server"
}

// Material has the contents of the files when they were read.
type Material struct {
	Pair  *tls.Certificate // nil without files
	Roots *x509.CertPool   // nil without a file
	Lists []string

	stamps  []stamp
	digest  [sha256.Size]byte
	settled bool
}

// Error is a file that cannot be used.
type Error struct {
	Name string // from [Names]
	Path string
	Err  error // the reason: one of the errors below, of the system, or another
}

// The reasons why a file cannot be used; the name of the file comes before the text. Errors contain no part of
// a key.
var (
	ErrEncrypted     = errors.New("is encrypted, and there is nobody to ask for the password: decrypt it with openssl pkey")
	ErrByteOrderMark = errors.New("begins with a byte order mark, which PEM must not: save it as ASCII or as UTF-8 without one")
	ErrNoPEM         = errors.New("has no PEM block")
	ErrKeyOfAnother  = errors.New("does not belong to the first certificate")
)

// Error returns the name and path of the file and the reason.
func (e *Error) Error() string {
	if path := (*fs.PathError)(nil); errors.As(e.Err, &path) { // has the path
		return e.Name + ": " + e.Err.Error()
	}
	return e.Name + " " + e.Path + " " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// maxFile bounds a file of certificates, which is read whole. A bundle of all public roots has
// less than 1 MiB.
const maxFile = 4 << 20

// settling is the age from which on a change of a file always changes its time or
// size: the coarsest file systems have a resolution of 2 s.
const settling = 2 * time.Second

// stamp is the result of a stat of a file; info is nil if it failed.
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

// stamps returns the current stamps of the files.
func (f Files) stamps() []stamp {
	var all []stamp
	for _, path := range append([]string{f.Cert, f.Key, f.CA}, f.Lists...) {
		if path != "" {
			info, _ := os.Stat(path) // reading the file reports the error
			all = append(all, stamp{path, info})
		}
	}
	return all
}

// current reports whether the files are unchanged, by their stamps alone.
func (m *Material) current(now []stamp) bool {
	for i, s := range m.stamps {
		if !s.same(now[i]) {
			return false
		}
	}
	return m.settled
}

// read reads the files. The stamps must be taken before, so that the next look finds a
// change in between.
func (f Files) read(stamps []stamp, now time.Time) (*Material, error) {
	m, err := f.material(stamps, now)
	if err != nil {
		return nil, fmt.Errorf("%s%w", f.Names.Before, err)
	}
	return m, nil
}

func (f Files) material(stamps []stamp, now time.Time) (*Material, error) {
	m := &Material{stamps: stamps, settled: true}
	digest := sha256.New()
	contents := make(map[string][]byte)
	for _, s := range stamps {
		content, err := readFile(s.path)
		if err == nil && !slices.Contains(f.Lists, s.path) && isMarked(content) {
			err = ErrByteOrderMark
		}
		if err != nil {
			return nil, &Error{f.name(s.path), s.path, err}
		}
		fmt.Fprintf(digest, "%d ", len(content))
		digest.Write(content)
		contents[s.path] = content
		if s.info == nil || now.Sub(s.info.ModTime()).Abs() < settling {
			m.settled = false
		}
	}
	digest.Sum(m.digest[:0])
	if f.Cert != "" {
		pair, err := tls.X509KeyPair(contents[f.Cert], contents[f.Key])
		if err != nil {
			return nil, f.pairProblem(contents[f.Cert], contents[f.Key], err)
		}
		m.Pair = &pair
	}
	if f.CA != "" {
		roots, err := readRoots(contents[f.CA], f.Names.Peer)
		if err != nil {
			return nil, &Error{f.Names.CA, f.CA, err}
		}
		m.Roots = roots
	}
	for _, path := range f.Lists {
		m.Lists = append(m.Lists, string(contents[path]))
	}
	return m, nil
}

// name returns the name of a file from [Names].
func (f Files) name(path string) string {
	switch path {
	case f.Cert:
		return f.Names.Cert
	case f.Key:
		return f.Names.Key
	case f.CA:
		return f.Names.CA
	default:
		return f.Names.Lists
	}
}

// readFile reads a regular file of bounded size.
func readFile(path string) ([]byte, error) {
	// Opening a pipe could block for ever.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("is not a regular file, so it could not be read again when it changes")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err // has the path and the reason
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = fmt.Errorf("is longer than %d MiB, so it is no file of certificates", maxFile>>20)
	}
	return content, err
}

// isMarked reports whether a byte order mark hides the first PEM block, or the text is UTF-16.
func isMarked(content []byte) bool {
	return slices.ContainsFunc([]string{"\xef\xbb\xbf-----BEGIN", "\xff\xfe", "\xfe\xff"}, func(mark string) bool {
		return bytes.HasPrefix(content, []byte(mark))
	})
}

// pairProblem returns the reason why a certificate and its key cannot be used.
func (f Files) pairProblem(cert, key []byte, cause error) *Error {
	const convert = "; openssl pkcs12 makes PEM of a PFX file"
	certs, keys := blocks(cert, "CERTIFICATE"), blocks(key, "PRIVATE KEY")
	ofCert := func(err error) *Error { return &Error{f.Names.Cert, f.Cert, err} }
	ofKey := func(err error) *Error { return &Error{f.Names.Key, f.Key, err} }
	switch {
	case len(certs) == 0:
		return ofCert(fmt.Errorf("%w CERTIFICATE%s", ErrNoPEM, convert))
	case len(keys) == 0:
		return ofKey(fmt.Errorf("%w PRIVATE KEY%s", ErrNoPEM, convert))
	case strings.HasPrefix(keys[0].Type, "ENCRYPTED"), strings.Contains(keys[0].Headers["Proc-Type"], "ENCRYPTED"):
		return ofKey(ErrEncrypted)
	}
	for _, block := range certs {
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return ofCert(fmt.Errorf("has a damaged certificate (%w): get it anew", err))
		}
	}
	if strings.Contains(cause.Error(), "does not match") { // crypto/tls exports no error for it
		return ofKey(fmt.Errorf("%w in %s %s: find its own", ErrKeyOfAnother, f.Names.Cert, f.Cert))
	}
	return ofKey(errors.New("has a key that cannot be read: it must be PKCS #8, PKCS #1 or SEC 1, as openssl pkey writes it"))
}

// blocks returns the PEM blocks whose type ends with kind.
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

// readRoots reads all certificates, or returns an error: x509.CertPool alone skips certificates that it
// cannot parse, and the file may be incomplete while it is written.
func readRoots(content []byte, peer string) (*x509.CertPool, error) {
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
		return nil, fmt.Errorf("%w CERTIFICATE, so no %s could be trusted", ErrNoPEM, peer)
	}
	return pool, nil
}
