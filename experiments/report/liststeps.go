package report

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"resvirt/experiments"
	"resvirt/internal/words"
)

// StepInfo is a recovery step of a target, and what its source says about it.
type StepInfo struct {
	Bit  int    // of the policy word
	Name string // as the target's table has it
	File string // that describes it, "" if none does
	What string // the first sentence there
}

// DescribeSteps looks the steps of a system up in its sources.
func DescribeSteps(sys experiments.System) []StepInfo {
	var list []StepInfo
	for i, name := range sys.Steps() {
		info := StepInfo{Bit: i, Name: name}
		info.File, info.What = describeStep(name, sys.Parts())
		list = append(list, info)
	}
	return list
}

// describeStep finds the comment that begins with "Step NAME." and, failing
// that, the first sentence of a comment that names the step.
func describeStep(name string, parts []experiments.Part) (file, what string) {
	var files []experiments.Part
	for _, p := range parts {
		if p.Kind == "source" && strings.HasPrefix(p.Name, "vi/vmm/") && !strings.HasSuffix(p.Name, "_test.go") {
			files = append(files, p)
		}
	}
	slices.SortFunc(files, func(a, b experiments.Part) int { return strings.Compare(a.Name, b.Name) })
	for _, p := range files {
		for _, c := range comments(string(p.Data)) {
			if _, text, ok := strings.Cut(c, "Step "+name+". "); ok {
				return p.Name, sentence(text)
			}
		}
	}
	for _, p := range files {
		for _, c := range comments(string(p.Data)) {
			for rest := c; rest != ""; {
				s := sentence(rest)
				if names(s, name) {
					return p.Name, s
				}
				rest = strings.TrimSpace(strings.TrimPrefix(rest, s))
			}
		}
	}
	return "", ""
}

// names says whether a sentence speaks of "step NAME".
func names(text, step string) bool {
	words := strings.FieldsFunc(text, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') })
	i := slices.Index(words, step)
	return i > 0 && words[i-1] == "step"
}

// comments lists the blocks of line comments of a source, each as one line.
func comments(source string) []string {
	var list []string
	var block []string
	for line := range strings.Lines(source) {
		text, ok := strings.CutPrefix(strings.TrimSpace(line), "//")
		if ok {
			block = append(block, strings.TrimSpace(text))
			continue
		}
		if len(block) > 0 {
			list, block = append(list, strings.Join(block, " ")), nil
		}
	}
	if len(block) > 0 {
		list = append(list, strings.Join(block, " "))
	}
	return list
}

// sentence is a text up to the end of its first sentence.
func sentence(text string) string {
	for i := range text {
		if text[i] == '.' && (i+1 == len(text) || text[i+1] == ' ') {
			return text[:i+1]
		}
	}
	return text
}

// ListSteps prints the recovery steps of a system.
func ListSteps(w io.Writer, sys experiments.System) error {
	t := words.NewColumns(w, 2)
	fmt.Fprintln(t, "bit\tstep\tsource\twhat it repairs")
	for _, s := range DescribeSteps(sys) {
		file := path.Base(s.File)
		if s.File == "" {
			file = "-"
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\n", s.Bit, s.Name, file, s.What)
	}
	return t.Flush()
}
