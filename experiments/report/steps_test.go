package report

import (
	"reflect"
	"testing"

	"resvirt/experiments/store"
	"resvirt/faults"
	"resvirt/sim"
)

// A recovery that fails in "b" and begins again on the other processor: the time
// of the first attempt is a part of its own before the second attempt's first
// step, and the parts add up to the whole.
func TestSegments(t *testing.T) {
	step := func(name string, cpu int, at sim.Time) faults.Step {
		return faults.Step{Name: name, CPU: cpu, Time: 100 + at, Position: uint64(1000 + 2*at), Done: name == "done"}
	}
	resume := faults.Step{Name: "VM code runs", CPU: 1, Code: faults.StepResume, Time: 190, Position: 1180}
	first := []faults.Detection{{Time: 100, Position: 1000}}
	for _, c := range []struct {
		steps []faults.Step
		took  sim.Time
		want  []segment
	}{
		{[]faults.Step{step("a", 0, 1), step("b", 0, 4), step("a", 1, 20), step("x", 0, 25), step("b", 1, 22), step("a", 1, 30), step("done", 1, 33), resume}, 90, []segment{
			{allSteps, 90, 90, 180}, {beforeSteps, 0, 20, 40}, {"a", 20, 2 + 3, 10}, {"b", 22, 8, 16}, {untilResumed, 33, 57, 114},
		}},
		{[]faults.Step{step("done", 1, 10), resume, step("a", 1, 40), step("done", 1, 50)}, 60, []segment{
			{allSteps, 60, 60, 120}, {beforeSteps, 0, 10, 20}, {inBetween, 10, 30, 60}, {"a", 40, 10, 20}, {untilResumed, 50, 10, 20},
		}},
		{[]faults.Step{step("a", 0, 1)}, 5, nil},
	} {
		got := segments(&store.Recovery{Detections: first, Steps: c.steps, Took: c.took, Instructions: int64(2 * c.took)})
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v\nwant %+v", got, c.want)
		}
		var sum sim.Time
		for _, s := range got {
			sum += s.time
		}
		if sum != 2*c.took && got != nil {
			t.Errorf("the parts add up to %v of %v", sum-c.took, c.took)
		}
	}
}

func TestStepTimes(t *testing.T) {
	got := stepTimes([]segment{{allSteps, 9, 9, 90}, {"b", 5, 4, 40}, {"a", 0, 5, 50}, {allSteps, 7, 7, 71}, {"a", 0, 7, 72}})
	want := []StepTime{{"a", 2, 6, 7, 61, 72, 0}, {"b", 1, 4, 4, 40, 40, 5}, {allSteps, 2, 8, 9, 80, 90, 8}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
