// Package words helps with texts for people: the word that a mistyped one was meant to
// be, and lines that fit a terminal.
package words

import (
	"strings"
	"unicode/utf8"
)

// Nearest returns the known word that needs the fewest letters inserted, deleted, replaced or
// swapped with their neighbour to become word, and "" when none is near: a third
// of its letters may differ, at least one.
func Nearest(word string, known []string) string {
	best, least := "", max(utf8.RuneCountInString(word)/3, 1)+1
	for _, k := range known {
		if d := distance([]rune(word), []rune(k)); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is the distance of Damerau and Levenshtein: swaps of neighbours count as
// one edit, and no place is edited twice.
func distance(a, b []rune) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			differ := 1
			if a[i-1] == b[j-1] {
				differ = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+differ)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

// Or joins words as a sentence lists them: "text, json or csv".
func Or(list []string) string { return join(list, " or ") }

// And joins words as a sentence lists them: "text, json and csv".
func And(list []string) string { return join(list, " and ") }

func join(list []string, last string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + last + list[len(list)-1]
}
