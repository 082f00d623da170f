package experiments

import (
	"strings"
	"testing"

	"resvirt/faults"
)

func TestCompareNamesWhatDiffers(t *testing.T) {
	row := func(last int) *Row {
		r := &Row{Setting: "full", Index: 7}
		for i := range 50 {
			r.Steps = append(r.Steps, faults.Step{Name: "mend", CPU: i})
		}
		r.Steps[49].CPU = last
		return r
	}
	if d, err := Compare(row(1), row(1)); err != nil || len(d) != 0 {
		t.Errorf("equal rows differ: %v %v", d, err)
	}
	d, err := Compare(row(1), row(2))
	if err != nil || len(d) != 1 || !strings.HasPrefix(d[0], "Steps: ") || len(d[0]) > 500 || !strings.Contains(d[0], `"cpu":1`) || !strings.Contains(d[0], `"cpu":2`) {
		t.Errorf("%v %v", d, err)
	}
	if d, _ := Compare(&Row{Reason: "a"}, &Row{Reason: "b"}); len(d) != 1 || d[0] != `Reason: stored "a", now "b"` {
		t.Errorf("%v", d)
	}
}
