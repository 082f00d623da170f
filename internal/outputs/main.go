// Outputs writes anew what documents show of the program's output. Run it in the root
// of the clone, with the documents as operands: go generate . does. In a document
//
//	<!-- BEGIN OUTPUT OF: go run . show quick.db full/17 -->
//	...
//	<!-- END OUTPUT -->
//
// holds all that the command prints. With ; FROM "a" TO "b" behind the command it
// holds the lines from the first that contains a to the next that contains b, with
// ; FROM "a" alone those up to an empty line.
// Commands are executed in order, each once, in an empty directory, so that a
// document can begin with a run and go on with what is in its database.
//
//	<!-- EXAMPLE RUN OF quick.db: vm_lost under basic, recovered under full -->
//
// chooses the example for what follows it: the first run that ended so. Wherever the document
// says quick.db basic/N or quick.db full/N, N becomes this run's number.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

func main() {
	if err := updateAll(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "outputs:", err)
		os.Exit(1)
	}
}

func updateAll(documents []string) error {
	// Inside the clone: images are built from its sources.
	dir, err := os.MkdirTemp(".", "outputs")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program, err := filepath.Abs(filepath.Join(dir, "resvirt"))
	if err != nil {
		return err
	}
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %s", err, out)
	}
	printed := map[string]string{}
	run := func(command string) (string, error) {
		if out, ok := printed[command]; ok {
			return out, nil
		}
		fmt.Fprintln(os.Stderr, command)
		cmd := exec.Command(program, strings.Fields(command)...)
		var says bytes.Buffer
		cmd.Dir, cmd.Stderr = dir, &says
		out, err := cmd.Output()
		if err != nil {
			return "", fmt.Errorf("%v: %s", err, says.Bytes())
		}
		printed[command] = string(out)
		return string(out), nil
	}
	for _, name := range documents {
		old, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		text, err := update(string(old), run)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

var block = regexp.MustCompile(`(?s)(<!-- BEGIN OUTPUT OF: go run \. ([^;\n]*?)(?:; FROM "([^"\n]*)"(?: TO "([^"\n]*)")?)? -->\n).*?(<!-- END OUTPUT -->)`)

// update returns a document with the outputs that run gives for the commands in it.
func update(text string, run func(command string) (string, error)) (string, error) {
	var b strings.Builder
	at := 0
	for _, m := range block.FindAllStringSubmatchIndex(text, -1) {
		command := text[m[4]:m[5]]
		out, err := run(command)
		if err == nil && m[6] >= 0 {
			to := ""
			if m[8] >= 0 {
				to = text[m[8]:m[9]]
			}
			out, err = excerpt(out, text[m[6]:m[7]], to)
		}
		if err != nil {
			return "", fmt.Errorf("`go run . %s`: %w", command, err)
		}
		b.WriteString(text[at:m[3]] + "```\n" + out + "```\n" + text[m[10]:m[11]])
		at = m[1]
	}
	if n := strings.Count(text, "<!-- BEGIN OUTPUT"); at == 0 || n != len(block.FindAllString(text, -1)) {
		return "", fmt.Errorf("%d outputs begin, and not all are complete", n)
	}
	return withExamples(b.String()+text[at:], run)
}

// excerpt returns the lines from one to another, or to an empty one.
func excerpt(out, from, to string) (string, error) {
	lines := strings.SplitAfter(out, "\n")
	for i, line := range lines {
		if !strings.Contains(line, from) {
			continue
		}
		for j := i; j < len(lines); j++ {
			switch empty := strings.TrimSpace(lines[j]) == ""; {
			case to == "" && empty:
				return strings.Join(lines[i:j], ""), nil
			case to != "" && strings.Contains(lines[j], to):
				return strings.Join(lines[i:j+1], ""), nil
			}
		}
		return "", fmt.Errorf("no line after the one with %q contains %q: choose another run, or other lines", from, to)
	}
	return "", fmt.Errorf("no line contains %q: choose another run, or other lines", from)
}
