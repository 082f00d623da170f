package explain

import (
	"fmt"
	"strings"
	"testing"

	"resvirt/experiments/store"
	"resvirt/vi/inspect"
)

func TestEqualCausesAreOne(t *testing.T) {
	var refs []store.FailedRun
	known := map[string]store.Cause{}
	for i, c := range []string{
		"failed again after recovery: assertion x; recovery left wrong: vcpus",
		"failed again after recovery and VMs running: assertion x; recovery left wrong: calls, vcpus",
		"failed again after recovery and VMs running: assertion x",
		"failed again in step verify: assertion x",
		"failed again after recovery: assertion y; recovery left wrong: locks, calls",
		"failed again after recovery: assertion y; recovery left wrong: locks",
	} {
		r := store.FailedRun{Setting: "full", Fault: "failstop", Index: i}
		refs = append(refs, r)
		known[r.Key()] = store.Cause{Setting: "full", Index: i, Text: c, Line: "line"}
	}
	var got []string
	for _, r := range rank(refs, known).Groups[0].Causes {
		got = append(got, fmt.Sprintf("%d %s", r.Runs, r.Cause))
	}
	want := []string{
		"3 failed again after recovery: assertion x; recovery left wrong: vcpus (2), calls (1)",
		"2 failed again after recovery: assertion y; recovery left wrong: locks, calls (1)",
		"1 failed again in step verify: assertion x",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestLikeViolationsAreToldOnce(t *testing.T) {
	frame := func(n int, is string) inspect.Violation {
		return inspect.Violation{Kind: inspect.Frames, Place: fmt.Sprintf("frame %d (d1) count", n), Is: is, Should: "1"}
	}
	list := []inspect.Violation{
		frame(5022, "3"), {Kind: inspect.Locks, Place: "lock a", Is: "taken", Should: "free"}, frame(5023, "2"), frame(5024, "2"),
		{Kind: inspect.Locks, Place: "lock b", Is: "taken", Should: "free"}, {Kind: inspect.Locks, Place: "lock b", Is: "taken", Should: "free"},
	}
	for most, want := range map[int]string{
		9: "frame 5022 (d1) count is 3, should be 1, and 2 like it; lock a is taken, should be free; lock b is taken, should be free, and 1 like it",
		2: "frame 5022 (d1) count is 3, should be 1, and 2 like it; lock a is taken, should be free; and 2 more",
		0: "and 6 more",
	} {
		if got := strings.Join(violationTexts(list, most), "; "); got != want {
			t.Errorf("at most %d: %s, want %s", most, got, want)
		}
	}
}
