package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var example = regexp.MustCompile(`<!-- EXAMPLE RUN OF (\S+): (\S+) under (\S+), (\S+) under (\S+) -->`)

// withExamples returns a document with the examples that its marks choose.
func withExamples(text string, run func(command string) (string, error)) (string, error) {
	marks := example.FindAllStringSubmatchIndex(text, -1)
	if n := strings.Count(text, "<!-- EXAMPLE RUN"); n != len(marks) {
		return "", fmt.Errorf("%d of %d marks of examples are not as they must be", n-len(marks), n)
	}
	for i := len(marks) - 1; i >= 0; i-- { // from the last to the first: numbers differ in length, and text before a mark must keep its place
		at := marks[i]
		group := func(n int) string { return text[at[2*n]:at[2*n+1]] }
		db, first, second := group(1), group(3), group(5)
		number, err := firstOfBoth(run, db, [2][2]string{{first, group(2)}, {second, group(4)}})
		if err != nil {
			return "", err
		}
		end := len(text)
		if i+1 < len(marks) {
			end = at[1] + strings.Index(text[at[1]:], "<!-- EXAMPLE RUN")
		}
		runs := regexp.MustCompile(fmt.Sprintf(`(%s (?:%s|%s)/)[0-9]+`, regexp.QuoteMeta(db), regexp.QuoteMeta(first), regexp.QuoteMeta(second)))
		text = text[:at[1]] + runs.ReplaceAllString(text[at[1]:end], "${1}"+number) + text[end:]
	}
	return text, nil
}

// firstOfBoth is the number of the first run that ended in both settings as it should; each is
// a setting and an outcome.
func firstOfBoth(run func(command string) (string, error), db string, ends [2][2]string) (string, error) {
	var numbers [2][]string
	for i, e := range ends {
		out, err := run("show " + db + " --outcome " + e[1])
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(out) {
			label, _, _ := strings.Cut(strings.Join(strings.Fields(line), " "), " ")
			if n, ok := strings.CutPrefix(label, e[0]+"/"); ok {
				numbers[i] = append(numbers[i], n)
			}
		}
	}
	for _, n := range numbers[0] { // show lists runs in order
		if slices.Contains(numbers[1], n) {
			return n, nil
		}
	}
	return "", fmt.Errorf("no run of %s ended as %s under %s and as %s under %s: choose another example", db, ends[0][1], ends[0][0], ends[1][1], ends[1][0])
}
