package report

import (
	"fmt"
	"slices"

	"resvirt/experiments"
	"resvirt/experiments/store"
)

// planned is how many of the runs that commands asked for a database has.
type planned struct {
	done, runs int
	each       map[string]int // of each entry of faults.types, by setting; those where it is known
}

// plannedOf reads it. Databases of older programs do not say what was asked for.
func plannedOf(db *store.DB, e *experiments.Experiment, settings []experiments.Setting) (planned, error) {
	p := planned{each: map[string]int{}}
	for _, s := range settings {
		n, ok, err := db.Planned(s.Name)
		if err != nil {
			return p, err
		}
		if !ok {
			continue
		}
		p.each[s.Name] = n
		n *= len(e.Faults.Types)
		done, err := db.Done(s.Name, n)
		if err != nil {
			return p, err
		}
		p.runs, p.done = p.runs+n, p.done+done.Count()
	}
	return p, nil
}

// of is the number of runs that were asked for of a setting and fault type, nil
// where that is not known.
func (p *planned) of(e *experiments.Experiment, setting, fault string) *int {
	n, ok := p.each[setting]
	if !ok {
		return nil
	}
	n *= len(e.Faults.Types) - len(slices.DeleteFunc(slices.Clone(e.Faults.Types), func(t string) bool { return t == fault }))
	return &n
}

// text is what an unfinished campaign says of itself, "" of a finished one.
func (p *planned) text() string {
	if p.done == p.runs {
		return ""
	}
	return fmt.Sprintf("%d of %d runs: `run` goes on", p.done, p.runs)
}
