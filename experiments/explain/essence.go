package explain

import (
	"fmt"
	"slices"
	"strings"

	"resvirt/faults"
	"resvirt/vi/inspect"
)

// essence is the part of a cause by which causes are merged: the failure, without the
// remark whether VMs ran already, and without the kinds of what recovery left wrong.
func (c Cause) essence() Cause {
	if c.Failure.Phase.Part == faults.WithVMsRunning {
		c.Failure.Phase.Part = faults.AfterRecovery
	}
	c.Left = nil
	return c
}

// leftovers are kinds of what recovery left wrong, and in how many runs.
type leftovers struct {
	kinds []inspect.ViolationKind
	runs  [inspect.ViolationKinds]int
}

func (l *leftovers) add(kinds []inspect.ViolationKind) {
	for _, k := range kinds {
		if l.runs[k]++; !slices.Contains(l.kinds, k) {
			l.kinds = append(l.kinds, k)
		}
	}
}

// text is the end of a cause of so many runs.
func (l *leftovers) text(runs int) string {
	var list []string
	for _, k := range l.kinds {
		text := k.String()
		if l.runs[k] != runs {
			text += fmt.Sprintf(" (%d)", l.runs[k])
		}
		list = append(list, text)
	}
	if len(list) == 0 {
		return ""
	}
	return leftMark + strings.Join(list, separator)
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
