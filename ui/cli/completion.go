package cli

import (
	"flag"
	"fmt"
	"io"
	"strings"
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
	for _, c := range candidates(e, line, cur) {
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

func candidates(e *env, line []string, cur string) []candidate {
	if len(line) <= 1 {
		return append(commandNames(), candidate{"--help", "print the commands"}, candidate{"--version", "print the version"})
	}
	for _, c := range commands() {
		if c.name == line[0] {
			return c.candidates(e, line[1:len(line)-1], cur)
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
func (c *command) candidates(e *env, before []string, cur string) []candidate {
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
	at := position{e, operands, cur}
	if open != nil {
		return at.flagValues(open)
	}
	if name, value, ok := strings.Cut(cur, "="); ok && strings.HasPrefix(cur, "-") {
		at.value = value
		return at.valuesBehind(name, fs.Lookup(strings.TrimLeft(name, "-")))
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
		return at.placeValues(strings.Trim(places[len(operands)], "[]"))
	}
	return nil
}
