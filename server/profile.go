package server

import (
	"fmt"
	"strconv"
	"strings"
)

// Profile chooses which of two truths the server tells where the documents and
// the open-source runtime disagree. Where the documents are silent both
// profiles do what the runtime does. The package comment lists the differences
// that show at the edge; an implementation may use the same value for rules of
// its own.
//
// The zero value is [Documented].
type Profile uint8

const (
	// Documented follows the published documents: what they call required is
	// required, and their bounds, versions and texts hold.
	Documented Profile = iota

	// Runtime follows the code of the runtime, leniencies and traps included.
	Runtime

	profiles = iota // how many there are
)

// ParseProfile reads the text that [Profile.String] writes, in any letter case.
// Any other text, the empty one included, is an error.
func ParseProfile(text string) (Profile, error) {
	for p := range Profile(profiles) {
		if strings.EqualFold(text, p.String()) {
			return p, nil
		}
	}
	return Documented, fmt.Errorf("server: unknown profile %q: %s and %s are known", excerpt(text), Documented, Runtime)
}

// String returns "documented" or "runtime", and Profile(n) for any other value.
func (p Profile) String() string {
	switch p {
	case Documented:
		return "documented"
	case Runtime:
		return "runtime"
	default:
		return "Profile(" + strconv.Itoa(int(p)) + ")"
	}
}
