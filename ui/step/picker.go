package step

import (
	"strings"

	"resvirt/experiments/store"
)

// picker is the screen on which a database and a run are chosen.
type picker struct {
	path  string // of the database whose runs are listed; "" = databases are
	bases []database
	runs  []store.RunLine
	rows  rows
	// Filters; empty = all.
	outcome, setting, fault, text string
	canMake                       bool // quick.db can be made
	listed                        bool
}

// database is one that is found in the working directory.
type database struct {
	path, experiment string
	runs             int
	why              string // it cannot be opened
}

// chosen are the runs that pass the filters.
func (p *picker) chosen() (list []store.RunLine) {
	words := strings.Fields(strings.ToLower(p.text))
	for _, r := range p.runs {
		if p.outcome != "" && r.Outcome != p.outcome || p.setting != "" && r.Setting != p.setting || p.fault != "" && r.Fault != p.fault {
			continue
		}
		line := strings.ToLower(strings.Join([]string{r.String(), r.Fault, r.Outcome, r.Struck, r.Changed, r.Detected, r.DetectedWhat, r.Cause}, " "))
		fits := true
		for _, w := range words {
			fits = fits && strings.Contains(line, w)
		}
		if fits {
			list = append(list, r)
		}
	}
	return list
}

// next is the value behind now of those that runs have, "" behind the last.
func (p *picker) next(now string, of func(store.RunLine) string) string {
	var all []string
	seen := map[string]bool{}
	for _, r := range p.runs {
		if v := of(r); !seen[v] {
			seen[v] = true
			all = append(all, v)
		}
	}
	for i, v := range all {
		if v == now && i+1 < len(all) {
			return all[i+1]
		}
	}
	if now == "" && len(all) > 0 {
		return all[0]
	}
	return ""
}

// press is what a key does in the picker.
func (p picker) press(s State, k key) (State, command) {
	if p.path == "" {
		return p.pressBases(s, k)
	}
	list := p.chosen()
	if r, ok := p.rows.press(k, len(list)); ok {
		p.rows = r
		s.Pick = p
		return s, nil
	}
	filters := true
	switch k {
	case "o":
		p.outcome = p.next(p.outcome, func(r store.RunLine) string { return r.Outcome })
	case "s":
		p.setting = p.next(p.setting, func(r store.RunLine) string { return r.Setting })
	case "t":
		p.fault = p.next(p.fault, func(r store.RunLine) string { return r.Fault })
	case "a":
		p.outcome, p.setting, p.fault, p.text = "", "", "", ""
	default:
		filters = false
	}
	if filters {
		p.rows = rows{}
		s.Pick = p
		return s, nil
	}
	switch k {
	case "Enter":
		if len(list) > 0 {
			r := list[min(p.rows.cursor, len(list)-1)]
			return s, openRun{p.path, r.Setting, r.Index, ""}
		}
	case "/":
		return s.ask("/"), nil
	case "Esc":
		if s.Run != nil {
			s.Screen = stepping
			return s, nil
		}
		return s, listBases{}
	}
	return s, nil
}

func (p picker) pressBases(s State, k key) (State, command) {
	if r, ok := p.rows.press(k, len(p.bases)); ok {
		p.rows = r
		s.Pick = p
		return s, nil
	}
	switch {
	case k == "Enter" && len(p.bases) > 0:
		return s, listRuns{p.bases[min(p.rows.cursor, len(p.bases)-1)].path}
	case k == "m" && p.canMake:
		return s, makeQuick{}
	case k == "Esc" && s.Run != nil:
		s.Screen = stepping
	}
	return s, nil
}

// pickerHints are for the row of hints.
func (p *picker) hints() []string {
	if p.path == "" {
		list := []string{"Enter open"}
		if p.canMake {
			list = append(list, "m make quick.db")
		}
		return list
	}
	return []string{"Enter step through", "o outcome", "s setting", "t fault type", "/ text or cause", "a all", "Esc databases"}
}
