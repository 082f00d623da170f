package experiments

import (
	"errors"
	"fmt"
	"math/bits"
	"runtime/debug"
	"slices"
	"strings"

	"resvirt/faults"
)

// worker owns one machine.
type worker struct {
	*Lab
	m faults.Machine
}

// unit runs fault index under each of the settings, from one fork at the
// instruction that the fault strikes.
func (w *worker) unit(index int, settings []Setting) []Row {
	plans := faults.Draw(w.campaign, index, w.model, w.golden.Span)
	var fork faults.Snapshot
	rows := make([]Row, len(settings))
	order := w.watchfulFirst(settings)
	for n, i := range order {
		first := order[0]
		sees := w.watchfulness(settings[first])
		if n > 0 && rows[first].blind() && sees|w.watchfulness(settings[i]) == sees {
			rows[i] = w.alike(rows[first], settings[i])
			continue
		}
		rows[i] = w.trial(plans, settings[i], &fork)
	}
	return rows
}

// watchfulness is the set of a setting's steps that decide what counts as a failure.
func (w *worker) watchfulness(s Setting) uint64 {
	return mustPolicy(s, w.sys) & w.sys.Target().Detecting
}

// watchfulFirst is the order of the settings' runs: those first that detect more.
// What is not detected there is not detected in those that detect part of it.
func (w *worker) watchfulFirst(settings []Setting) []int {
	order := make([]int, len(settings))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return bits.OnesCount64(w.watchfulness(settings[b])) - bits.OnesCount64(w.watchfulness(settings[a]))
	})
	return order
}

// blind tells whether nothing can have read the setting in a run, or in another
// that is less watchful. It is read on the way to a detection and in recovery
// only, ways that do not lead back: in a run that converged, or that came to its
// regular end, nobody took them.
func (r *Row) blind() bool {
	switch r.Outcome {
	case faults.Converged, faults.Latent, faults.Silent:
		return len(r.Detections) == 0
	}
	return false
}

// alike is the row of the same run under another setting, of which the worker's
// machine, at the end of the run, needs only the policy word.
func (w *worker) alike(r Row, s Setting) Row {
	w.m.SetPolicy(mustPolicy(s, w.sys))
	r.Setting, r.EndDigest = s.Name, w.m.Digest()
	return r
}

// trial runs the faults of a run under one setting. A panic on the way is a
// defect of ours: it becomes a row, and the machine is replaced.
func (w *worker) trial(plans []faults.Plan, s Setting, fork *faults.Snapshot) (row Row) {
	row = Row{Setting: s.Name, Index: plans[0].Index, Plan: plans[0]}
	for _, p := range plans[1:] {
		row.Further = append(row.Further, faults.Struck{Plan: p})
	}
	defer func() {
		if r := recover(); r != nil {
			w.m = nil
			row.Outcome, row.Reason = faults.ToolError, firstLine(fmt.Sprint(r))+where(debug.Stack())
		}
	}()
	if *fork == nil {
		if applied, why := w.toTrigger(plans[0]); !applied {
			row.Outcome, row.Reason = faults.NotApplied, why
			return row
		}
		*fork = w.m.Snapshot()
	} else {
		w.restore(*fork)
	}
	w.strike(&row, s)
	return row
}

// restore puts the worker's machine into a state.
func (w *worker) restore(s faults.Snapshot) {
	if w.m == nil {
		w.m = w.sys.Fork(s)
		return
	}
	w.m.Restore(s)
}

// toTrigger brings the worker's machine to the instruction that plan strikes.
func (w *worker) toTrigger(plan faults.Plan) (bool, string) {
	w.restore(w.golden.Before(plan.Time, w.sys.Margin()).State)
	ok, stop := faults.RunToTrigger(w.m, w.sys.Target(), plan)
	if !ok {
		return false, "the run ended before the trigger: " + describe(stop)
	}
	return true, ""
}

// strike writes the setting's policy, injects, and follows the run.
func (w *worker) strike(row *Row, s Setting) {
	t, g := w.sys.Target(), &w.golden.Golden
	policy := mustPolicy(s, w.sys)
	w.m.SetPolicy(policy)
	strike, err := faults.Inject(w.m, t, row.Plan)
	if errors.Is(err, faults.ErrNothing) {
		row.Outcome, row.Reason = faults.NotApplied, err.Error()
		return
	}
	row.Strike = &strike
	if err != nil {
		row.Outcome, row.Reason = faults.ToolError, err.Error()
		return
	}
	o := faults.Observe(w.m, t, g, policy, row.plans()...)
	row.fill(&o)
	if !o.Converged {
		row.Verdicts = t.Judge(g.Output, o.Output)
	}
	row.Outcome, row.Reason = faults.Classify(t, g, &o, row.Verdicts)
	row.Paper = faults.RecoveredPaper(t, g, &o, row.Outcome, row.Verdicts)
	row.Cause = faults.FailedBecause(t, row.Outcome, row.Reason, &o)
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
