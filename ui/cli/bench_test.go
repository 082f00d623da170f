package cli

import (
	"strings"
	"testing"
	"time"

	"resvirt/hw/bench"
)

func TestSpeedsAreLaidOut(t *testing.T) {
	second := bench.Result{Instructions: 200e6, Iterations: 7, Host: time.Second}
	half := bench.Result{Instructions: 50e6, Host: time.Second}
	var b strings.Builder
	err := printSpeeds(&b, []speedRow{
		{name: "sieve", result: second}, {name: "sort", result: half}, {name: "chase", result: half, apart: true},
		{name: "fault", result: second, events: "page faults", count: 1000},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"sieve 200000000 7 200 sort 50000000 0 50 geometric mean 100 apart: chase 50000000 0 50",
		"fault 1000 1000 page faults",
	} {
		if !strings.Contains(strings.Join(strings.Fields(b.String()), " "), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
}

func TestBenchRefuses(t *testing.T) {
	for _, args := range [][]string{{"bench", "--repeat", "0"}, {"bench", "--engine", "quantum"}} {
		var out, err strings.Builder
		if got := Main(args, nil, nil, &out, &err); got != exitUsage || out.Len() != 0 {
			t.Errorf("%v: status %d, output %q, %q", args, got, out.String(), err.String())
		}
	}
}
