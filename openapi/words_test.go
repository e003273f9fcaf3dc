package openapi_test

import (
	"strings"
	"testing"
	"unicode"
)

// Facts are taken over from the documents that the project implements, sentences are not. Five words in a row
// are more than names and facts have in common.
func TestOwnWords(t *testing.T) {
	t.Parallel()
	const run = 5
	theirs := map[string]bool{}
	for _, file := range []string{"seeds/cancel-operation-3.0.txt", "seeds/cancel-operation-6.0.txt"} {
		all := words(string(referenceFile(t, file)))
		for i := range len(all) - run + 1 {
			theirs[strings.Join(all[i:i+run], " ")] = true
		}
	}
	for _, f := range forms {
		ours := words(string(formText(t, f.name)))
		for i := range len(ours) - run + 1 {
			if phrase := strings.Join(ours[i:i+run], " "); theirs[phrase] {
				t.Errorf("form %s has a phrase of the documents: %q", f.name, phrase)
			}
		}
	}
}

func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
