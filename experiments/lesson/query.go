package lesson

import (
	"fmt"
	"slices"
	"strings"

	"resvirt/faults"
)

// parts are the words of a query.
var parts = []string{"outcome", "setting", "fault", "cause", "struck", "detected", "worse-than"}

// parseQuery reads "outcome recovered, setting full, struck spinlock".
func parseQuery(s string) (Query, error) {
	q := Query{Text: s}
	f := &q.Filter
	members := map[string]*string{
		"outcome": &f.Outcome, "setting": &f.Setting, "fault": &f.Fault, "cause": &f.Cause,
		"struck": &f.Struck, "detected": &f.Detected, "worse-than": &f.WorseThan,
	}
	for _, part := range strings.Split(s, ",") {
		word, value, _ := strings.Cut(strings.TrimSpace(part), " ")
		value = strings.TrimSpace(value)
		to, ok := members[word]
		switch {
		case !ok:
			return q, fmt.Errorf("a query has no %q%s", word, nearest(word, parts))
		case value == "":
			return q, fmt.Errorf("%s is said of no value: write %s VALUE, and commas between several", word, word)
		case *to != "":
			return q, fmt.Errorf("%s stands there twice", word)
		}
		*to = value
	}
	if f.Outcome != "" {
		if _, err := faults.ParseOutcome(f.Outcome); err != nil {
			return q, err
		}
	}
	if f.Fault != "" && !slices.Contains(faults.KindNames(), f.Fault) {
		return q, fmt.Errorf("there is no fault type %q%s", f.Fault, nearest(f.Fault, faults.KindNames()))
	}
	return q, nil
}
