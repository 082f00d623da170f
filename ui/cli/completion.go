package cli

import (
	"flag"
	"fmt"
	"io"
	"strings"

	"resvirt/experiments"
	"resvirt/experiments/lesson"
	"resvirt/experiments/store"
)

// completeWord is the command that completion scripts call, with the words of a command
// line up to the one that is to be completed. It prints a line for each word
// that fits, a tab and a description behind it, and ":files SUFFIX" where the names of files fit.
const completeWord = "__complete"

// candidate is a word that fits, and what it means.
type candidate struct{ word, meaning string }

// filesMark precedes the suffix of the files that fit.
const filesMark = ":files "

// complete prints the possible completions of the last word. It never prints errors:
// completions that cannot be found are left out.
func complete(e *env, line []string) error {
	line = joinEquals(line)
	cur := ""
	if len(line) > 0 {
		cur = line[len(line)-1]
	}
	var b strings.Builder
	for _, c := range candidates(line, cur) {
		switch {
		case strings.HasPrefix(c.word, filesMark):
			fmt.Fprintf(&b, "%s\n", c.word)
		case strings.HasPrefix(c.word, cur):
			fmt.Fprintf(&b, "%s\t%s\n", c.word, c.meaning)
		}
	}
	_, err := io.WriteString(e.stdout, b.String())
	return err
}

// joinEquals undoes that bash makes three words of --name=value: the value stands
// alone then, behind the flag.
func joinEquals(line []string) []string {
	var list []string
	for i, w := range line {
		behindFlag := len(list) > 0 && strings.HasPrefix(list[len(list)-1], "-")
		switch {
		case w == "=" && behindFlag && i == len(line)-1:
			list = append(list, "")
		case w == "=" && behindFlag:
		default:
			list = append(list, w)
		}
	}
	return list
}

func candidates(line []string, cur string) []candidate {
	if len(line) <= 1 {
		return append(commandNames(), candidate{"--help", "print the commands"}, candidate{"--version", "print the version"})
	}
	for _, c := range commands() {
		if c.name == line[0] {
			return c.candidates(line[1:len(line)-1], cur)
		}
	}
	return nil
}

func commandNames() []candidate {
	var list []candidate
	for _, c := range commands() {
		list = append(list, candidate{c.name, c.summary})
	}
	return list
}

// candidates completes cur behind the words that stand before it.
func (c *command) candidates(before []string, cur string) []candidate {
	fs, _ := c.flagSet()
	var operands []string
	var open *flag.Flag // the flag whose value comes next
	for _, w := range before {
		name, isFlag := strings.CutPrefix(w, "-")
		switch {
		case open != nil:
			open = nil
		case !isFlag:
			operands = append(operands, w)
		case !strings.Contains(w, "="):
			if f := fs.Lookup(strings.TrimPrefix(name, "-")); f != nil && !noValue(f) {
				open = f
			}
		}
	}
	if open != nil {
		return c.flagValues(open, operands)
	}
	if name, _, ok := strings.Cut(cur, "="); ok && strings.HasPrefix(cur, "-") {
		return valuesBehind(name, fs.Lookup(strings.TrimLeft(name, "-")), c, operands)
	}
	if strings.HasPrefix(cur, "-") {
		var list []candidate
		fs.VisitAll(func(f *flag.Flag) {
			_, text := flag.UnquoteUsage(f)
			list = append(list, candidate{"--" + f.Name, text})
		})
		return list
	}
	if places := strings.Fields(c.operands); len(operands) < len(places) {
		return placeValues(strings.Trim(places[len(operands)], "[]"), operands)
	}
	return nil
}

// valuesBehind completes --name=, as one word. Shells cannot complete files
// there.
func valuesBehind(name string, f *flag.Flag, c *command, operands []string) []candidate {
	var list []candidate
	if f != nil {
		for _, v := range c.flagValues(f, operands) {
			if !strings.HasPrefix(v.word, filesMark) {
				list = append(list, candidate{name + "=" + v.word, v.meaning})
			}
		}
	}
	return list
}

// flagValues are the possible values of a flag.
func (c *command) flagValues(f *flag.Flag, operands []string) []candidate {
	if v, ok := f.Value.(*choice); ok {
		return plainWords(v.allowed)
	}
	placeholder, _ := flag.UnquoteUsage(f)
	if f.Name == "db" {
		placeholder = "DB"
	}
	return placeValues(placeholder, operands)
}

// placeValues are the possible operands for a place of that name in a command's
// usage.
func placeValues(place string, operands []string) []candidate {
	switch {
	case place == "EXPERIMENT":
		return append(experimentNames(), candidate{word: filesMark + ".toml"})
	case place == "DB", strings.HasSuffix(place, ".db"):
		return []candidate{{word: filesMark + ".db"}}
	case place == "KERNEL", strings.HasPrefix(place, "FILE"):
		return []candidate{{word: filesMark}}
	case place == "COMMAND":
		return commandNames()
	case place == "LESSON":
		return append(lessonNames(), candidate{word: filesMark + ".lesson"})
	case place == "SHELL":
		return plainWords(shells())
	case place == "RUN" && len(operands) == 1:
		return runLabels(operands[0])
	case place == "NAME" && len(operands) > 0:
		return settingNames(operands[0])
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

// runLabels lists the runs of a database with their outcomes.
func runLabels(path string) []candidate {
	db, err := store.OpenReader(path)
	if err != nil {
		return nil
	}
	defer db.Close()
	runs, err := db.Runs(store.RunFilter{})
	if err != nil {
		return nil
	}
	var list []candidate
	for _, r := range runs {
		list = append(list, candidate{r.String(), r.Outcome})
	}
	return list
}

func settingNames(path string) []candidate {
	db, err := store.OpenReader(path)
	if err != nil {
		return nil
	}
	defer db.Close()
	settings, err := db.Settings()
	if err != nil {
		return nil
	}
	var list []candidate
	for _, s := range settings {
		list = append(list, candidate{word: s.Name})
	}
	return list
}
