package campaign

import (
	"errors"
	"fmt"
	"math/bits"
	"runtime/debug"
	"slices"
	"strings"

	"resvirt/experiments"
	"resvirt/faults"
)

// Worker owns one machine.
type Worker struct {
	*Lab
	Machine faults.Machine
}

// Unit runs fault index under each of the settings, from one fork at the
// instruction that the fault strikes.
func (w *Worker) Unit(index int, settings []experiments.Setting) []experiments.Row {
	plans := faults.Draw(w.Series, index, w.Model, w.Golden.Span)
	var fork faults.Snapshot
	rows := make([]experiments.Row, len(settings))
	order := w.watchfulFirst(settings)
	for n, i := range order {
		first := order[0]
		sees := w.watchfulness(settings[first])
		if n > 0 && blind(&rows[first]) && sees|w.watchfulness(settings[i]) == sees {
			rows[i] = w.alike(rows[first], settings[i])
			continue
		}
		rows[i] = w.Trial(plans, settings[i], &fork)
	}
	return rows
}

// watchfulness is the set of a setting's steps that decide what counts as a failure.
func (w *Worker) watchfulness(s experiments.Setting) uint64 {
	return experiments.MustPolicy(s, w.System) & w.System.Target().Detecting
}

// watchfulFirst is the order in which settings are run: those that detect more
// come first. What they do not detect, settings with fewer detecting steps do not
// detect either.
func (w *Worker) watchfulFirst(settings []experiments.Setting) []int {
	order := make([]int, len(settings))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return bits.OnesCount64(w.watchfulness(settings[b])) - bits.OnesCount64(w.watchfulness(settings[a]))
	})
	return order
}

// blind tells whether nothing can have read the setting in a run, nor would read
// a less watchful one. The setting is read only on the way to a detection and in
// recovery, from which there is no way back to a normal run. So if a run
// converged, or came to its regular end, the setting was not read.
func blind(r *experiments.Row) bool {
	switch r.Outcome {
	case faults.Converged, faults.Latent, faults.Silent:
		return len(r.Detections) == 0
	}
	return false
}

// alike is the row of the same run under another setting. The worker's machine,
// at the end of the run, gets the other setting's policy word.
func (w *Worker) alike(r experiments.Row, s experiments.Setting) experiments.Row {
	w.Machine.SetPolicy(experiments.MustPolicy(s, w.System))
	r.Setting, r.EndDigest = s.Name, w.Machine.Digest()
	return r
}

// Trial runs the faults of a run under one setting. A panic on the way is a
// defect of the tool: it becomes a row, and the machine is replaced.
func (w *Worker) Trial(plans []faults.Plan, s experiments.Setting, fork *faults.Snapshot) (row experiments.Row) {
	row = experiments.Row{Setting: s.Name, Index: plans[0].Index, Plan: plans[0]}
	for _, p := range plans[1:] {
		row.Further = append(row.Further, faults.Struck{Plan: p})
	}
	defer func() {
		if r := recover(); r != nil {
			w.Machine = nil
			row.Outcome, row.Reason = faults.ToolError, firstLine(fmt.Sprint(r))+where(debug.Stack())
		}
	}()
	if *fork == nil {
		if applied, why := w.ToTrigger(plans[0]); !applied {
			row.Outcome, row.Reason = faults.NotApplied, why
			return row
		}
		*fork = w.Machine.Snapshot()
	} else {
		w.Restore(*fork)
	}
	w.strike(&row, s)
	return row
}

// Restore puts the worker's machine into a state.
func (w *Worker) Restore(s faults.Snapshot) {
	if w.Machine == nil {
		w.Machine = w.System.Fork(s)
		return
	}
	w.Machine.Restore(s)
}

// Follow lets a meter count what is executed from now on, on the way from one
// position to another.
func (w *Worker) Follow(m *Meter, from, to uint64) {
	if w.Machine == nil {
		w.Restore(w.Golden.Checkpoints[0].State)
	}
	m.Follow(w.Machine, func() (done, total uint64) {
		return min(max(w.Machine.Position(), from)-from, to-from), to - from
	})
}

// ToTrigger brings the worker's machine to the instruction that plan strikes.
func (w *Worker) ToTrigger(plan faults.Plan) (bool, string) {
	w.Restore(w.Golden.Before(plan.Time, w.System.Margin()).State)
	ok, stop := faults.RunToTrigger(w.Machine, w.System.Target(), plan)
	if !ok {
		return false, "the run ended before the trigger: " + Describe(stop)
	}
	return true, ""
}

// strike writes the setting's policy, injects, and follows the run.
func (w *Worker) strike(row *experiments.Row, s experiments.Setting) {
	t, g := w.System.Target(), &w.Golden.Golden
	policy := experiments.MustPolicy(s, w.System)
	w.Machine.SetPolicy(policy)
	strike, err := faults.Inject(w.Machine, t, row.Plan)
	if errors.Is(err, faults.ErrNothing) {
		row.Outcome, row.Reason = faults.NotApplied, err.Error()
		return
	}
	row.Strike = &strike
	if err != nil {
		row.Outcome, row.Reason = faults.ToolError, err.Error()
		return
	}
	o := faults.Observe(w.Machine, t, g, policy, row.Plans()...)
	row.Fill(&o)
	if !o.Converged {
		row.Verdicts = t.Judge(g.Output, o.Output)
	}
	row.Outcome, row.Reason = faults.Classify(t, g, &o, row.Verdicts)
	row.Paper = faults.RecoveredPaper(t, g, &o, row.Outcome, row.Verdicts)
	row.Cause = faults.FailedBecause(t, row.Outcome, row.Reason, &o, row.Verdicts)
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// where names the function that panicked, without anything that changes from
// one execution to the next.
func where(stack []byte) string {
	lines := strings.Split(string(stack), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "panic(") && i+2 < len(lines) {
			name := lines[i+2]
			return " in " + name[:max(strings.LastIndexByte(name, '('), 0)]
		}
	}
	return ""
}
