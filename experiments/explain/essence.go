package explain

import (
	"fmt"
	"slices"
	"strings"

	"resvirt/faults"
	"resvirt/vi/inspect"
)

// leftWrong stands in a cause before the kinds of what recovery left wrong.
const leftWrong = "; recovery left wrong: "

// essence is the part of a cause by which causes are merged: the failure, without the
// remark whether VMs ran already, and without the kinds of what recovery left wrong. These
// kinds are the second result.
func essence(cause string) (string, []string) {
	cause = strings.Replace(cause, " "+faults.AfterRecoveryVMsRun, " "+faults.AfterRecovery, 1)
	head, kinds, ok := strings.Cut(cause, leftWrong)
	if !ok {
		return cause, nil
	}
	return head, strings.Split(kinds, ", ")
}

// leftovers are kinds of what recovery left wrong, and in how many runs.
type leftovers struct {
	kinds []string
	runs  []int
}

func (l *leftovers) add(kinds []string) {
	for _, k := range kinds {
		i := slices.Index(l.kinds, k)
		if i < 0 {
			i = len(l.kinds)
			l.kinds, l.runs = append(l.kinds, k), append(l.runs, 0)
		}
		l.runs[i]++
	}
}

// text is the end of a cause of so many runs.
func (l *leftovers) text(runs int) string {
	var list []string
	for i, k := range l.kinds {
		if l.runs[i] != runs {
			k += fmt.Sprintf(" (%d)", l.runs[i])
		}
		list = append(list, k)
	}
	if len(list) == 0 {
		return ""
	}
	return leftWrong + strings.Join(list, ", ")
}

// violationTexts has the first violation of each sort, with the number of others like
// it.
func violationTexts(list []inspect.Violation, most int) []string {
	var sorts, texts []string
	var counts []int
	for _, v := range list {
		sort := faults.Alike(v.String())
		i := slices.Index(sorts, sort)
		if i < 0 {
			i = len(sorts)
			sorts, texts, counts = append(sorts, sort), append(texts, v.String()), append(counts, 0)
		}
		counts[i]++
	}
	told := 0
	for i, n := range counts[:min(most, len(counts))] {
		if told += n; n > 1 {
			texts[i] += fmt.Sprintf(", and %d like it", n-1)
		}
	}
	if len(texts) > most {
		texts = append(texts[:most], fmt.Sprintf("and %d more", len(list)-told))
	}
	return texts
}
