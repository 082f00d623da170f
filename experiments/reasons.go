package experiments

import (
	"fmt"
	"io"

	"resvirt/faults"
)

// Count is how many runs share a reason.
type Count struct {
	Text string
	Runs int
}

// reasons counts the values of a text column, most frequent first.
func (db *DB) reasons(column, where string, args ...any) ([]Count, error) {
	query := fmt.Sprintf("SELECT %s, count(*) n FROM runs WHERE campaign = 1 AND %s GROUP BY 1 ORDER BY n DESC, 1", column, where)
	rows, err := db.sql.Query(query, args...)
	if err != nil {
		return nil, db.explain(err)
	}
	defer rows.Close()
	var list []Count
	for rows.Next() {
		var c Count
		if err := rows.Scan(&c.Text, &c.Runs); err != nil {
			return nil, db.explain(err)
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

func (db *DB) addReasons(r *Report, settings []Setting) (err error) {
	r.Failed = map[string][]Count{}
	for _, s := range settings {
		if len(s.Steps) == 0 {
			continue // nothing was to recover
		}
		if r.Failed[s.Name], err = db.reasons("cause", "cause != '' AND setting = ?", s.Name); err != nil {
			return err
		}
	}
	if r.Beyond, err = db.reasons("reason", "outcome = ?", faults.NoModel.String()); err != nil {
		return err
	}
	r.Defects, err = db.reasons("reason", "outcome = ?", faults.ToolError.String())
	return err
}

// topReasons is how many reasons the text report lists of each kind.
const topReasons = 10

func writeCounts(w io.Writer, list []Count) {
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

func total(list []Count) (n int) {
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
			fmt.Fprintf(w, "\nfailed recoveries of setting %s by cause: %d\n", c.Setting, total(list))
			writeCounts(w, list)
		}
	}
	runs := 0
	for _, c := range r.Cells {
		runs += c.Runs
	}
	if runs > 0 {
		n := total(r.Beyond)
		fmt.Fprintf(w, "\nunsupported by the model: %d of %d runs, %.2f %%\n", n, runs, 100*float64(n)/float64(runs))
		writeCounts(w, r.Beyond)
	}
	if len(r.Defects) > 0 {
		fmt.Fprintf(w, "\ndefects of this tool: %d runs\n", total(r.Defects))
		writeCounts(w, r.Defects)
	}
}
