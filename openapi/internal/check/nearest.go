package check

import (
	"iter"
	"maps"
	"slices"
	"strings"
)

// nearest returns the name closest to the misspelt word, or "" if none is near. A near name differs in at most two
// letters, or only in case.
func nearest(word string, names kind) string {
	best, meant := 1+min(2, len(word)/3), ""
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if d := distance(strings.ToLower(word), strings.ToLower(name)); d < best {
			best, meant = d, name
		}
	}
	return meant
}

// distance returns the number of letters to add, remove, change or swap.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			rows[i][j] = min(change, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

func mapKeys(k kind) iter.Seq[string] { return maps.Keys(k) }
