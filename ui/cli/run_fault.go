package cli

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
)

// faultIndex reads the fault of an experiment: a number as in the names of runs (17 in
// full/17), or TYPE/N, the N-th fault of a type, counted from 0.
func faultIndex(exp *experiments.Experiment, s string) (int, error) {
	name, digits, typed := strings.Cut(s, "/")
	if !typed {
		name, digits = "", s
	}
	index, err := number(digits, 0, math.MaxInt)
	if errors.Is(err, errTooLarge) {
		return 0, usage("run: --fault %s: %v", s, err)
	} else if err != nil {
		return 0, usage("run: --fault %s: a fault is a number from 0 on, as 17 in full/17, or TYPE/N", s)
	}
	n := int(index)
	if !typed {
		return n, nil
	}
	var places []int // of the type among the types
	for i, t := range exp.Faults.Types {
		if t == name {
			places = append(places, i)
		}
	}
	if len(places) == 0 {
		return 0, usage("run: --fault %s: %s has faults of the types %s", s, exp.Name, strings.Join(slices.Compact(slices.Sorted(slices.Values(exp.Faults.Types))), ", "))
	}
	if n/len(places) > math.MaxInt/len(exp.Faults.Types)-1 {
		return 0, usage("run: --fault %s: %v", s, errTooLarge)
	}
	return n/len(places)*len(exp.Faults.Types) + places[n%len(places)], nil
}

// finishFault prints the rows of one fault.
func finishFault(e *env, exp experiments.Experiment, v *runValues, index int, res campaign.Result, took time.Duration) error {
	switch {
	case res.Interrupted:
		fmt.Fprintf(e.stderr, "stopped: %d of %d runs are in %s; the same command goes on from there\n", res.Done, res.Total, v.db)
		return status(exitInterrupt)
	case res.Session == 0:
		fmt.Fprintf(e.stderr, "nothing to do: all %d runs of fault %d are in %s\n", res.Total, index, v.db)
	default:
		fmt.Fprintf(e.stderr, "%d runs in %.1f s with %d workers (%.0f a second), in %s\n", res.Session, took.Seconds(), res.Workers, float64(res.Session)/res.Elapsed.Seconds(), v.db)
	}
	db, err := e.open(v.db)
	if err != nil {
		return err
	}
	defer db.Close()
	for i, s := range exp.Settings {
		if i > 0 && v.format == "text" {
			fmt.Fprintln(e.stdout)
		}
		if err := showRun(e, db, s.Name, index, v.format); err != nil {
			return err
		}
	}
	return nil
}
