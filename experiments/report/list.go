package report

import (
	"fmt"
	"io"
	"strings"

	"resvirt/experiments"
	"resvirt/faults"
	"resvirt/internal/words"
)

// List prints the shipped experiments and the keys of experiment files. steps are the
// recovery steps; unknown says why they are not known. Lines are at most width long,
// if it is not 0.
func List(w io.Writer, steps []StepInfo, unknown error, width int) error {
	var b strings.Builder
	b.WriteString("experiments (run NAME, or a TOML file of your own), with the time they take on two idle cores:\n")
	var rows [][2]string
	for _, name := range experiments.Shipped() {
		e, _, err := experiments.Load(name)
		if err != nil {
			return err
		}
		rows = append(rows, [2]string{name, fmt.Sprintf("%s; %s, %s", e.Description, size(&e), e.Takes)})
	}
	b.WriteString(words.Glossary(rows, width) + "\nrecovery steps (of a [[setting]]):\n")
	rows = nil
	for _, s := range steps {
		rows = append(rows, [2]string{s.Name, s.What})
	}
	if unknown != nil {
		rows = [][2]string{{"-", "not known here: " + strings.TrimSpace(unknown.Error())}}
	}
	b.WriteString(words.Glossary(rows, width) + "\nkeys of an experiment file, with their defaults:\n")
	listKeys(&b, width)
	b.WriteString("\nfault types (of faults.types):\n")
	rows = nil
	for k := faults.Failstop; k < faults.Kinds; k++ {
		rows = append(rows, [2]string{k.String(), k.Meaning()})
	}
	b.WriteString(words.Glossary(rows, width) + "\noutcomes:\n")
	rows = nil
	for o := faults.Outcome(0); o < faults.Outcomes; o++ {
		rows = append(rows, [2]string{o.String(), experiments.OutcomeMeaning(o)})
	}
	b.WriteString(words.Glossary(rows, width))
	_, err := io.WriteString(w, b.String())
	return err
}

// size says of how many runs an experiment consists.
func size(e *experiments.Experiment) string {
	if e.Measures() {
		return fmt.Sprintf("%d golden runs", len(e.Overhead.Loads())*len(e.Overhead.Variants)*e.Overhead.Layouts)
	}
	return fmt.Sprintf("%d runs", e.Runs*len(e.Faults.Types)*len(e.Settings)*max(len(e.Varied().Values), 1))
}

// listKeys writes the keys of each table of an experiment file as the file has them.
func listKeys(b *strings.Builder, width int) {
	var rows [][2]string
	table := ""
	for _, k := range experiments.Keys() {
		if k.Table != table {
			b.WriteString(words.Glossary(rows, width))
			table, rows = k.Table, [][2]string{{k.Table, ""}}
		}
		name := k.Name[strings.LastIndex(k.Name, ".")+1:]
		if table != "" {
			name = "  " + name
		}
		if k.Default != "" {
			name += " = " + k.Default
		}
		meaning := k.Meaning
		if k.Range != "" {
			meaning += " (" + k.Range + ")"
		}
		rows = append(rows, [2]string{name, meaning})
	}
	b.WriteString(words.Glossary(rows, width))
}
