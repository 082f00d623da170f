package report

import (
	"fmt"
	"io"

	"resvirt/experiments"
	"resvirt/experiments/stats"
	"resvirt/experiments/store"
	"resvirt/faults"
)

func addReasons(db *store.DB, r *Report, settings []experiments.Setting) (err error) {
	r.Failed = map[string][]store.Count{}
	for _, s := range settings {
		if len(s.Steps) == 0 {
			continue // nothing was to recover
		}
		if r.Failed[s.Name], err = db.CauseCounts(s.Name); err != nil {
			return err
		}
	}
	if r.Beyond, err = db.OutcomeReasons(faults.NoModel); err != nil {
		return err
	}
	r.Defects, err = db.OutcomeReasons(faults.ToolError)
	return err
}

// topReasons is how many reasons the text report lists of each kind.
const topReasons = 10

func writeCounts(w io.Writer, list []store.Count) {
	for i, c := range list {
		if i == topReasons {
			rest := 0
			for _, c := range list[i:] {
				rest += c.Runs
			}
			fmt.Fprintf(w, "  %6d  of %d other causes\n", rest, len(list)-i)
			return
		}
		fmt.Fprintf(w, "  %6d  %s\n", c.Runs, c.Text)
	}
}

func total(list []store.Count) (n int) {
	for _, c := range list {
		n += c.Runs
	}
	return n
}

// reasonText writes why recoveries failed, and what the model did not cover.
func (r *Report) reasonText(w io.Writer) {
	seen := map[string]bool{}
	for _, c := range r.Cells {
		if list := r.Failed[c.Setting]; len(list) > 0 && !seen[c.Setting] {
			seen[c.Setting] = true
			what := "failed recoveries"
			if !r.recovers() {
				what = "losses"
			}
			fmt.Fprintf(w, "\n%s of setting %s by cause: %d\n", what, c.Setting, total(list))
			writeCounts(w, list)
		}
	}
	runs := 0
	for _, c := range r.Cells {
		runs += c.Runs
	}
	if runs > 0 {
		n := total(r.Beyond)
		fmt.Fprintf(w, "\nunsupported by the model: %d of %d runs, %s\n", n, runs, stats.PercentOf(n, runs))
		writeCounts(w, r.Beyond)
	}
	if len(r.Defects) > 0 {
		fmt.Fprintf(w, "\ndefects of this tool: %d runs\n", total(r.Defects))
		writeCounts(w, r.Defects)
	}
}
