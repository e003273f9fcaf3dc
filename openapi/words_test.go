package openapi_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// Facts are taken over from the documents that the project implements, sentences are not. Five words in a row
// are more than names and facts have in common.
func TestOwnWords(t *testing.T) {
	t.Parallel()
	theirs := map[string]bool{}
	text, err := os.ReadFile("testdata/seed-phrases.txt")
	if err != nil {
		t.Fatal(err)
	}
	for sum := range strings.FieldsSeq(string(text)) {
		theirs[sum] = true
	}
	if !slices.ContainsFunc(phrases("POST /Faults/$/Cancel?api-version=3.0"), func(p string) bool { return theirs[sum(p)] }) {
		t.Error("the request line of both documents is not among their phrases: the file does not belong to this test")
	}
	for _, f := range forms {
		for _, phrase := range phrases(string(formText(t, f.name))) {
			if theirs[sum(phrase)] {
				t.Errorf("form %s has a phrase of the documents: %q", f.name, phrase)
			}
		}
	}
}

// phrases are all runs of five words.
func phrases(text string) []string {
	const run = 5
	var all []string
	for words := words(text); len(words) >= run; words = words[1:] {
		all = append(all, strings.Join(words[:run], " "))
	}
	return all
}

// sum is how testdata has a phrase.
func sum(phrase string) string {
	sum := sha256.Sum256([]byte(phrase))
	return hex.EncodeToString(sum[:8])
}

func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
