package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/store"
	"resvirt/internal/words"
)

// The forms of a list of runs.

// RunsJSON writes the list as one array.
func RunsJSON(w io.Writer, list []store.RunLine) error {
	return experiments.WriteJSON(w, list)
}

// RunsCSV writes one line a run, with a head.
func RunsCSV(w io.Writer, list []store.RunLine) error {
	lines := [][]string{{"setting", "index", "fault", "outcome", "recovered_paper", "struck_function", "struck_what", "detected_function", "detected_what", "detection_ps", "recovery_ps", "cause"}}
	for _, l := range list {
		lines = append(lines, []string{l.Setting, strconv.Itoa(l.Index), l.Fault, l.Outcome, boolText(l.Paper), l.Struck, l.Changed,
			l.Detected, l.DetectedWhat, picosecondText(l.Detection), picosecondText(l.Recovery), l.Cause})
	}
	return csv.NewWriter(w).WriteAll(lines)
}

func boolText(b *bool) string {
	if b == nil {
		return ""
	}
	return strconv.FormatBool(*b)
}

// RunsText writes a table for people.
func RunsText(w io.Writer, list []store.RunLine) error {
	t := words.NewColumns(w, 2)
	fmt.Fprintln(t, "run\tfault\toutcome\tstruck in\tdetected in\tcause")
	for _, l := range list {
		line := strings.Join([]string{l.String(), l.Fault, l.Outcome, dash(l.Struck), dash(l.Detected), dash(l.Cause)}, "\t")
		fmt.Fprintln(t, line)
	}
	return t.Flush()
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
