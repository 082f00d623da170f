package cli

import (
	"flag"
	"slices"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/lesson"
	"resvirt/experiments/recording"
	"resvirt/experiments/report"
	"resvirt/experiments/store"
)

// What fits at a place of a command line: the values of flags and the operands.

// position is what is known where a word is to be completed.
type position struct {
	e        *env
	operands []string // that stand before it
	value    string   // its beginning, without the flag and = of --name=value
}

// valuesBehind completes --name=, as one word. Shells cannot complete files
// there.
func (at position) valuesBehind(name string, f *flag.Flag) []candidate {
	var list []candidate
	if f != nil {
		for _, v := range at.flagValues(f) {
			if !strings.HasPrefix(v.word, filesMark) {
				list = append(list, candidate{name + "=" + v.word, v.meaning})
			}
		}
	}
	return list
}

// flagValues are the possible values of a flag.
func (at position) flagValues(f *flag.Flag) []candidate {
	if v, ok := f.Value.(*choice); ok {
		return plainWords(v.allowed)
	}
	placeholder, _ := flag.UnquoteUsage(f)
	switch f.Name {
	case "db":
		placeholder = "DB"
	case "steps":
		return append(at.placeValues(placeholder), candidate{"none", "no step at all"})
	}
	return at.placeValues(placeholder)
}

// placeValues are the possible words for a place of that name in a command's usage.
func (at position) placeValues(place string) []candidate {
	switch place {
	case "EXPERIMENT":
		return append(experimentNames(), candidate{word: filesMark + ".toml"})
	case "KERNEL":
		return []candidate{{word: filesMark}}
	case "COMMAND":
		return commandNames()
	case "LESSON":
		return append(lessonNames(), candidate{word: filesMark + ".lesson"})
	case "SHELL":
		return plainWords(shells())
	case "RUN", "RUN@PLACE":
		return fromDB(at, 0, runLabels)
	case "NAME":
		return fromDB(at, 0, settingNames)
	case "OLD=NEW":
		return at.settingPairs()
	case "STEPS":
		return at.moreSteps()
	}
	switch {
	case place == "DB", strings.HasSuffix(place, ".db"):
		return []candidate{{word: filesMark + ".db"}}
	case strings.HasPrefix(place, "FILE"):
		return []candidate{{word: filesMark}}
	}
	return nil
}

func lessonNames() (list []candidate) {
	all, err := lesson.Shipped()
	if err != nil {
		return nil
	}
	for _, l := range all {
		list = append(list, candidate{l.Name, l.Title})
	}
	return list
}

func plainWords(list []string) []candidate {
	var c []candidate
	for _, w := range list {
		c = append(c, candidate{word: w})
	}
	return c
}

func experimentNames() []candidate {
	var list []candidate
	for _, name := range experiments.Shipped() {
		if exp, _, err := experiments.Load(name); err == nil {
			list = append(list, candidate{name, exp.Description})
		}
	}
	return list
}

// fromDB lists what the database that is operand number n holds; nothing if it cannot be
// read.
func fromDB(at position, n int, list func(*store.DB) ([]candidate, error)) []candidate {
	if n >= len(at.operands) {
		return nil
	}
	db, err := store.OpenReader(at.operands[n])
	if err != nil {
		return nil
	}
	defer db.Close()
	all, err := list(db)
	if err != nil {
		return nil
	}
	return all
}

// runLabels lists the runs of a database with their outcomes.
func runLabels(db *store.DB) (list []candidate, err error) {
	runs, err := db.Runs(store.RunFilter{})
	for _, r := range runs {
		list = append(list, candidate{r.String(), r.Outcome})
	}
	return list, err
}

func settingNames(db *store.DB) (list []candidate, err error) {
	settings, err := db.Settings()
	for _, s := range settings {
		list = append(list, candidate{word: s.Name})
	}
	return list, err
}

// settingPairs lists the settings of one database with those of another.
func (at position) settingPairs() (list []candidate) {
	news := fromDB(at, 1, settingNames)
	for _, a := range fromDB(at, 0, settingNames) {
		for _, b := range news {
			list = append(list, candidate{word: a.word + "=" + b.word})
		}
	}
	return list
}

// moreSteps adds each recovery step to those that stand before the last comma.
func (at position) moreSteps() (list []candidate) {
	before := at.value[:strings.LastIndex(at.value, ",")+1]
	named := strings.Split(before, ",")
	for _, s := range fromDB(at, 0, at.steps) {
		if !slices.Contains(named, s.word) {
			list = append(list, candidate{before + s.word, s.meaning})
		}
	}
	return list
}

// steps lists the recovery steps of the system that a database holds.
func (at position) steps(db *store.DB) (list []candidate, err error) {
	sys, err := recording.SystemOf(at.e.ctx, db, at.e.stored)
	if err != nil {
		return nil, err
	}
	for _, s := range report.DescribeSteps(sys) {
		list = append(list, candidate{s.Name, s.What})
	}
	return list, nil
}
