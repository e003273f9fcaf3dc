package main

import (
	"context"
	"crypto/sha1" //nolint:gosec // the thumbprint of Service Fabric
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/certfiles"
	"github.com/sfcancel/sfcancel/internal/clienttls"
	"github.com/sfcancel/sfcancel/internal/plain"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
)

// message is what a user reads about a failure: a sentence about the cause, and the next step. Names in braces are
// replaced by the values of the situation.
type message struct {
	cause    string // in -o json
	is       func(*situation) bool
	sentence string
	next     string
}

// messages are the causes in order of precedence: the first that applies is used. Local decisions come before failures
// of the connection, and an unknown outcome comes before its reasons.
var messages = [...]message{
	{"key-encrypted", is(certfiles.ErrEncrypted),
		"the key {keyfile} is encrypted, and sfcancel does not ask for a password", "decrypt it with openssl pkey -in KEY -out PLAIN"},
	{"key-of-another", is(certfiles.ErrKeyOfAnother),
		"the key {keyfile} does not belong to the certificate {certfile}", "name a matching pair with --cert and --key"},
	{"byte-order-mark", is(certfiles.ErrByteOrderMark),
		"{file} begins with a byte order mark, as Notepad writes it", "save it as ASCII or UTF-8 without BOM"},
	{"no-pem", is(certfiles.ErrNoPEM),
		"a file of --cert, --key or --ca is not PEM ({file})", "convert a PFX or DER file with openssl"},
	{"file-unreadable", asType[*certfiles.Error],
		"a file of --cert, --key or --ca cannot be used: {why}", "sfcancel doctor checks each"},

	{"token-command", func(s *situation) bool { return asType[tokenError](s) && !s.denied() },
		"the token command returned no token: {why}", "run it by hand, log in, and try again"},
	{"native-port", is(errNative),
		"{host} is the port of the native protocol", "the HTTP gateway is usually at 19080: --endpoint {at19080}"},
	{"outcome-unknown", is(wrapper.ErrOutcomeUnknown),
		"outcome unknown: the request may have been carried out ({answer})", "check with sfcancel show {id}"},

	{"ledger-at-the-force", func(s *situation) bool { return isLedger(s) && errors.Is(s.err, wrapper.ErrNotFinished) },
		"the ledger failed, so no force was sent after the grace{seen}", "the graceful cancel is in effect; --ledger none skips the ledger"},
	{"ledger-open", isMode,
		"other users can write to the ledger, so it proves nothing and no force is sent", "remove their permission; --ledger none skips it"},
	{"ledger-damaged", ledgerIs(ledger.ErrDamaged),
		"the ledger is damaged, so it proves nothing and no force is sent", "sfcancel ledger shows which line; --ledger none skips it"},
	{"ledger-foreign", ledgerIs(store.ErrForeign),
		"what --ledger names is not a ledger, so no force is sent", "name another with --ledger; --ledger none skips it"},
	{"ledger-locked", ledgerIs(store.ErrLocked),
		"the ledger is in use by another process, so no force is sent", "try again; --ledger none skips it"},
	{"ledger-read-only", ledgerIs(fs.ErrPermission, syscall.EROFS),
		"you cannot read or write the ledger, so no force is sent", "name another with --ledger; --ledger none skips it"},
	{"ledger-full", ledgerIs(syscall.ENOSPC, syscall.EDQUOT),
		"the ledger's disk is full, so no force is sent", "free some space; --ledger none skips it"},
	{"ledger-unreachable", isLedger,
		"the ledger cannot be reached or used, so no force is sent", "name another with --ledger; --ledger none skips it"},
	{"grace-not-over", isGrace,
		"force refused by policy: the graceful cancel has run {ran} of {grace}", "run again after {notbefore}, or sfcancel stop {id}"},
	{"grace-too-long", func(s *situation) bool { return s.refusal().Grace > 0 },
		"force refused by policy: the grace of {grace} does not fit into what is left of --timeout {limit}", "raise --timeout"},
	{"no-graceful-cancel", is(wrapper.ErrForceRefused),
		"force refused by policy: no graceful cancel of this operation is known", "cancel it gracefully first: sfcancel cancel {id}"},

	{"interrupted", func(s *situation) bool { return s.interrupted },
		"interrupted{seen}", "sfcancel show {id} shows the current state"},
	{"not-finished", is(wrapper.ErrNotFinished),
		"{id} is not finished after {limit}{seen}", "run the command again, or raise --timeout"},
	{"unknown-id", is(errNotFound),
		"no such operation: {id}", "{near}"},

	{"proxy", asType[*clienttls.ProxyError],
		"{proxywhy}", "check --proxy and HTTPS_PROXY; --proxy '' uses none"},
	{"dns", asType[*net.DNSError],
		"the name {name} cannot be resolved", "check --endpoint and the network, then sfcancel doctor"},
	{"nothing-listens", is(syscall.ECONNREFUSED),
		"nothing listens at {host} (connection refused)", "check the port, or run sfcancel doctor; sfcancel serve runs a test cluster"},
	{"http-to-https", isPlainToTLS,
		"{host} speaks TLS, but the request was plain HTTP", "use https://, with --cert and --key"},
	{"https-to-http", isTLSToPlain,
		"{host} does not speak TLS", "use http:// instead of https://, or another port"},
	{"certificate-name", asType[x509.HostnameError],
		"the certificate of {host} is for another host", "if it is the cluster's, add {accept}"},
	{"certificate-expired", isExpired,
		"the certificate of {host} has expired, or this clock is wrong ({valid})", "renew it on the cluster"},
	{"certificate-pin", isPin,
		"the certificate of {host} is not one that you named", "if it was renewed, use {accept}"},
	{"certificate-untrusted", asType[*tls.CertificateVerificationError],
		"the certificate of {host} has an unknown authority", "use --ca, or if it is the cluster's, {accept}"},
	{"certificate-refused", func(s *situation) bool { return s.cert && isHandshake(s) },
		"{host} refused the client certificate", "use one that the cluster knows, with --cert and --key"},
	{"certificate-wanted", isHandshake,
		"{host} refused the connection without a client certificate", "use one with --cert and --key"},

	{"token-refused", func(s *situation) bool { return s.denied() && s.token },
		"the cluster refused the token ({answer})", "log in again, and check where --token-command gets the token"},
	{"role-too-low", func(s *situation) bool { return s.denied() && s.cert && s.attempt.Code != "" },
		"your role does not allow this ({answer})", "use an admin's certificate"},
	{"certificate-unknown", func(s *situation) bool { return s.denied() && s.cert },
		"the cluster does not accept the client certificate ({answer})", "use one that it knows, with --cert and --key"},
	{"certificate-missing", (*situation).denied,
		"the cluster requires credentials, but got none ({answer})", "use --cert and --key, or --token-command"},

	{"no-fault-service", func(s *situation) bool { return s.attempt.Code == "FMFailoverUnitNotFound" },
		"the cluster has no fault service ({answer})", "add FaultAnalysisService to the addOnFeatures of the cluster"},
	{"node-in-transition", is(nodeInTransition),
		"the node is already in transition, {other} ({answer})", "wait, or stop that operation"},
	{"id-in-use", is(wrapper.Code(generated.ErrorCodeTestCommandOperationIDAlreadyExists)),
		"an operation of another kind has the id ({answer})", "leave out --id for a new one"},
	{"force-too-early", is(wrapper.Code(generated.ErrorCodeInvalidTestCommandState)),
		"the cluster refuses that in this state ({answer})", "sfcancel stop {id} cancels gracefully first"},
	{"html", isHTML,
		"{host} answered with a web page, perhaps from a proxy or a login ({answer})", "check --endpoint, --proxy and HTTPS_PROXY"},
	{"not-service-fabric", isOther,
		"the server at {host} is not Service Fabric ({answer})", "check --endpoint, or run sfcancel doctor"},
	{"refused", is(wrapper.ErrServerRefused),
		"the request was refused ({answer}): {said}", "--debug shows the answer"},
	{"not-ready", func(s *situation) bool { return s.attempt.Status >= http.StatusInternalServerError },
		"the fault service failed ({answer})", "try again, or run sfcancel doctor"},

	{"unreachable", is(errUnreachable),
		"could not connect to {host} within {contact}", "check the address and the network; --timeout 30s waits longer"},
	{"time-over", is(context.DeadlineExceeded),
		"no answer from {host} within {limit}", "raise --timeout, or run sfcancel doctor"},
	{"connection-lost", func(s *situation) bool { return s.attempt.Err != nil },
		"{host} closes connections without an answer", "check --endpoint, or run sfcancel doctor"},
}

// nodeInTransition is the error code for a start while the node is already in transition.
const nodeInTransition = wrapper.Code(generated.ErrorCodeNodeTransitionInProgress)

// situation is an error with its circumstances.
type situation struct {
	err         error
	call        *wrapper.Error
	attempt     wrapper.Attempt // see telling
	conn        *connection
	cert, token bool
	interrupted bool
	id          uuid.UUID
	near        []uuid.UUID // ids similar to an unknown one
	other       string      // which operation the node is busy with
}

// explained is an error with its message of the table.
type explained struct {
	error
	cause, sentence, next string
}

func (e *explained) Error() string {
	if e.next == "" {
		return e.sentence
	}
	return e.sentence + ": " + e.next
}

func (e *explained) Unwrap() error { return e.error }

// explain returns the error with its message, or the error itself if no message applies.
func (s *situation) explain() error {
	var done *explained
	var bad usageError
	var file *certfiles.Error
	switch {
	case s.err == nil || errors.As(s.err, &done):
		return s.err
	case errors.As(s.err, &file):
	case errors.Is(s.err, wrapper.ErrInvalidArgument):
		return usage(errors.New(flagWords.Replace(s.err.Error())))
	case errors.As(s.err, &bad):
		return s.err
	}
	if errors.As(s.err, &s.call) {
		s.attempt = telling(s.call.Attempts(), errors.Is(s.err, wrapper.ErrServerRefused))
		if s.id == (uuid.UUID{}) {
			s.id = s.call.OperationID()
		}
	}
	for _, m := range messages {
		if m.is(s) {
			return &explained{s.err, m.cause, s.fill(m.sentence), s.fill(m.next)}
		}
	}
	return s.err
}

// telling returns the attempt that shows why a call failed: the refusal if refused is set, else the last unsuccessful
// attempt. It prefers attempts that the end of the call did not cut short.
func telling(attempts []wrapper.Attempt, refused bool) (told wrapper.Attempt) {
	for _, a := range slices.Backward(attempts) {
		switch short := errors.Is(a.Err, context.Canceled) || errors.Is(a.Err, context.DeadlineExceeded); {
		case a.Class() == "done", refused && a.Class() != "refused":
		case !short:
			return a
		case told.Endpoint == "":
			told = a
		}
	}
	return told
}

// fill replaces the names in braces. The length of text from elsewhere is limited, so that the message is short.
func (s *situation) fill(text string) string {
	for from, to, found := span(text, '{', '}'); found; from, to, found = span(text, '{', '}') {
		text = text[:from] + plain.Text(s.value(text[from+1:to-1])) + text[to:]
	}
	return text
}

// span finds the first part of a text from open to shut, both included.
func span(text string, open, shut byte) (from, to int, found bool) {
	from = strings.IndexByte(text, open)
	to = strings.IndexByte(text[max(from, 0):], shut) + max(from, 0) + 1
	return from, to, from >= 0 && to > from
}

// value returns the value of a name in braces.
func (s *situation) value(name string) string {
	u := s.url()
	switch name {
	case "id":
		if s.id == (uuid.UUID{}) {
			return "ID"
		}
		return s.id.String()
	case "host":
		return short(u.Host, 50)
	case "name":
		return short(u.Hostname(), 60)
	case "at19080":
		return short(u.Scheme+"://"+net.JoinHostPort(u.Hostname(), "19080"), 60)
	case "limit":
		return s.conn.limit.String()
	case "contact":
		return firstContact.String()
	case "answer":
		return s.answer()
	case "why":
		return s.why()
	case "proxywhy":
		return short(s.proxyWhy(), 60)
	case "seen":
		if s.call == nil || s.call.State() == "" {
			return ""
		}
		return ", last seen " + short(string(s.call.State()), 20)
	case "near":
		return s.nearText()
	case "other":
		return s.other
	case "notbefore":
		return s.refusal().NotBefore.Local().Format(time.TimeOnly)
	case "grace":
		return s.refusal().Grace.String()
	case "ran":
		return s.refusal().Ran.Round(time.Second).String()
	case "file":
		file := new(certfiles.Error)
		_ = errors.As(s.err, &file)
		return tail(file.Path, 70)
	case "certfile":
		return tail(s.conn.tls.CertFile, 32)
	case "keyfile":
		return tail(s.conn.tls.KeyFile, 32)
	case "said":
		return plain.Quote(s.attempt.Message, 50)
	case "accept":
		return s.accept()
	case "valid":
		if c := s.shown(); c != nil {
			return "valid " + c.NotBefore.UTC().Format(time.DateOnly) + " to " + c.NotAfter.UTC().Format(time.DateOnly)
		}
	}
	return "?"
}

// short cuts the end of a text that is longer than most.
func short(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most-3], "") + "..."
}

// tail cuts the beginning of a path that is longer than most, so that the file name stays.
func tail(path string, most int) string {
	if len(path) <= most {
		return path
	}
	return "..." + strings.ToValidUTF8(path[len(path)-most+3:], "")
}

// url is the address of the gateway that failed.
func (s *situation) url() *url.URL {
	address := s.attempt.Endpoint
	if address == "" && len(s.conn.endpoints) > 0 {
		address = s.conn.endpoints[0]
	}
	u, err := url.Parse(address)
	if err != nil {
		return new(url.URL)
	}
	return u
}

// answer describes the response in one to three words.
func (s *situation) answer() string {
	a := s.attempt
	switch {
	case a.Status != 0 && a.Code != "":
		return fmt.Sprintf("%d %s", a.Status, short(string(a.Code), 50))
	case a.Status != 0:
		return fmt.Sprint(a.Status)
	case errors.Is(a.Err, context.DeadlineExceeded), errors.Is(s.err, context.DeadlineExceeded):
		return "no answer in time"
	}
	return "no answer"
}

// why returns the innermost error, which is the most specific and the shortest.
func (s *situation) why() string {
	err := s.err
	if cause := s.refusal().Cause; cause != nil {
		err = cause
	}
	if file := (*certfiles.Error)(nil); errors.As(err, &file) {
		err = file.Err
		if path := (*fs.PathError)(nil); errors.As(err, &path) {
			err = path.Err
		}
		return tail(file.Path, 30) + ": " + short(err.Error(), 32)
	}
	if token := (tokenError{}); errors.As(err, &token) {
		return short(token.why.Error(), 60)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return short(innermost(err).Error(), 40)
}

func (s *situation) proxyWhy() string {
	proxy := new(clienttls.ProxyError)
	if errors.As(s.err, &proxy); proxy.Status != 0 {
		return proxy.Error()
	}
	return "the proxy cannot be reached"
}

func (s *situation) nearText() string {
	switch len(s.near) {
	case 0:
		return "sfcancel list shows what the cluster knows"
	case 1:
		return "the closest known id is " + s.near[0].String()
	}
	return fmt.Sprintf("closest: %s, %s", s.near[0], s.near[1])
}

// refusal returns the refusal of a force, or the zero value.
func (s *situation) refusal() wrapper.Refusal {
	var refusal *wrapper.Refusal
	if !errors.As(s.err, &refusal) {
		return wrapper.Refusal{}
	}
	return *refusal
}

// shown returns the certificate that the server presented, or nil.
func (s *situation) shown() *x509.Certificate {
	var bad *tls.CertificateVerificationError
	if errors.As(s.err, &bad) && len(bad.UnverifiedCertificates) > 0 {
		return bad.UnverifiedCertificates[0]
	}
	return nil
}

func (s *situation) accept() string {
	if c := s.shown(); c != nil {
		sum := sha1.Sum(c.Raw) //nolint:gosec // the thumbprint of Service Fabric
		return "--server-thumbprint " + strings.ToUpper(hex.EncodeToString(sum[:]))
	}
	return "--server-thumbprint"
}

func (s *situation) denied() bool {
	return s.attempt.Status == http.StatusForbidden || s.attempt.Status == http.StatusUnauthorized
}

// flagWords replace field names of package wrapper by the flags.
var flagWords = strings.NewReplacer(
	"new client: ", "", "invalid argument: ", "", "; no request was sent", "", "TLS: ", "",
	"CertFile", "--cert", "KeyFile", "--key", "CAFile and RootCAs have no effect: leave them out, or set ServerCommonNames", "--ca has no effect: leave it out, or add --server-common-name",
	"CAFile", "--ca", "ServerThumbprints[", "--server-thumbprint [", "ServerThumbprints", "--server-thumbprint",
	"ServerCommonNames[", "--server-common-name [", "ServerCommonNames", "--server-common-name", "set both or neither", "give both or neither",
)

// is matches any of the errors, in the error of the call or of the attempt.
func is(wanted ...error) func(*situation) bool {
	return func(s *situation) bool {
		return slices.ContainsFunc(wanted, func(err error) bool { return errors.Is(s.err, err) || errors.Is(s.attempt.Err, err) })
	}
}

// asType matches an error of type T, in the error of the call or of the attempt.
func asType[T error](s *situation) bool {
	var wanted T
	return errors.As(s.err, &wanted) || errors.As(s.attempt.Err, &wanted)
}

// isLedger reports whether the ledger is why no force was sent.
func isLedger(s *situation) bool {
	return s.refusal().Cause != nil && !isGrace(s) && !s.interrupted
}

func ledgerIs(wanted ...error) func(*situation) bool {
	return func(s *situation) bool {
		return isLedger(s) && slices.ContainsFunc(wanted, func(err error) bool { return errors.Is(s.err, err) })
	}
}

func isMode(s *situation) bool {
	return isLedger(s) && asType[*journal.ModeError](s)
}

func isGrace(s *situation) bool {
	return !s.refusal().NotBefore.IsZero()
}

// isPlainToTLS recognises the answers of TLS servers to plain HTTP: Go and nginx send a text, others an alert.
func isPlainToTLS(s *situation) bool {
	if s.url().Scheme != "http" {
		return false
	}
	body, failed := string(s.attempt.Body), fmt.Sprint(s.attempt.Err)
	return s.attempt.Status == http.StatusBadRequest && (strings.Contains(body, "HTTP request to an HTTPS server") || strings.Contains(body, "HTTP request was sent to HTTPS port")) ||
		strings.Contains(failed, `malformed HTTP response "\x15\x03`)
}

func isTLSToPlain(s *situation) bool {
	var header tls.RecordHeaderError
	return errors.As(s.err, &header) || errors.Is(s.attempt.Err, http.ErrSchemeMismatch)
}

func isExpired(s *situation) bool {
	var invalid x509.CertificateInvalidError
	return errors.As(s.err, &invalid) && invalid.Reason == x509.Expired
}

// isPin reports whether names or thumbprints were given and the certificate matches none of them.
func isPin(s *situation) bool {
	var authority x509.UnknownAuthorityError
	return s.shown() != nil && !errors.As(s.err, &authority) && len(s.conn.tls.ServerThumbprints)+len(s.conn.tls.ServerCommonNames) > 0
}

func isHandshake(s *situation) bool {
	var failed *clienttls.HandshakeError
	return errors.As(s.err, &failed) || clienttls.RefusesHandshake(s.err)
}

func isHTML(s *situation) bool {
	return strings.HasPrefix(s.attempt.Header.Get("Content-Type"), "text/html") || strings.HasPrefix(strings.ToLower(strings.TrimSpace(string(s.attempt.Body))), "<!doctype") ||
		strings.HasPrefix(strings.ToLower(strings.TrimSpace(string(s.attempt.Body))), "<html")
}

// isOther reports whether the answer is one that no gateway gives.
func isOther(s *situation) bool {
	return s.attempt.Status != 0 && s.attempt.Code == "" && s.attempt.Status < http.StatusInternalServerError || errors.Is(s.err, wrapper.ErrBadAnswer)
}
