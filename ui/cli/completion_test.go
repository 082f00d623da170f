package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// completed lists the completions of a command line, without their meanings.
func completed(line ...string) string {
	var list []string
	for l := range strings.Lines(call(append([]string{completeWord}, line...))) {
		word, _, _ := strings.Cut(strings.TrimSuffix(l, "\n"), "\t")
		if word != "" {
			list = append(list, word)
		}
	}
	return strings.Join(list, " ")
}

func TestWordsThatComplete(t *testing.T) {
	t.Chdir(t.TempDir())
	makeToy(t)
	for _, c := range []struct{ line, want string }{
		{"re|", "report replay"},
		{"--v|", "--version"},
		{"nonesuch |", ""},
		{"run q|", "quick :files .toml"},
		{"run quick |", ""},
		{"run quick --wor|", "--workers"},
		{"run --workers 2 fo|", "four :files .toml"},
		{"run --workers=2 fo|", "four :files .toml"},
		{"run quick --db |", ":files .db"},
		{"run quick --format |", "text json"},
		{"run quick --format j|", "json"},
		{"run quick --format=j|", "--format=json"},
		{"run quick --format = j|", "json"}, // as bash divides it
		{"run quick --format =|", "text json"},
		{"run quick --nonesuch=|", ""},
		{"report --ho|", "--hosts"},
		{"report --hosts |", ":files .db"},
		{"show toy.db full/1|", "full/1 full/10 full/11"},
		{"show nonesuch.db |", ""},
		{"show toy.toml |", ""}, // no database
		{"show toy.db --outcome vm|", "vm_lost"},
		{"causes toy.db --setting |", "none full"},
		{"show toy.db --worse-than n|", "none"},
		{"compare toy.db |", ":files .db"},
		{"compare toy.db toy.db --setting |", "none=none none=full full=none full=full"},
		{"lesson --ask fault toy.db --at full/1|", "full/1 full/10 full/11"},
		{"replay toy.db full/1 --without |", "restart patch"},
		{"replay toy.db full/1 --without=p|", "--without=patch"},
		{"replay toy.db full/1 --with=restart,|", "--with=restart,patch"},
		{"explain toy.db full/1 --steps restart,|", "restart,patch"},
		{"explain toy.db full/1 --steps n|", "none"},
		{"explain --steps |", "none"}, // of no database yet
		{"selfcheck --experiment fo|", "four :files .toml"},
		{"causes toy.db --type soft|", "software software_kept"},
		{"boot |", ":files "},
		{"boot --initrd |", ":files "},
		{"boot --cpus |", ""},
		{"completion |", "bash fish zsh"},
		{"help comple|", "completion"},
		{"compare |", ":files .db"},
	} {
		line := strings.Split(strings.TrimSuffix(c.line, "|"), " ")
		if got := completed(line...); got != c.want {
			t.Errorf("%s: %q, want %q", c.line, got, c.want)
		}
	}
	if got := completed(); !strings.HasPrefix(got, "run ") {
		t.Errorf("nothing at all: %q", got)
	}
}

// makeToy makes a database with twelve runs of each of two settings.
func makeToy(t *testing.T) {
	t.Helper()
	if err := os.WriteFile("toy.toml", []byte(longToy), 0o644); err != nil {
		t.Fatal(err)
	}
	call([]string{"run", "toy.toml", "--runs", "6"})
}

// Every operand in the commands' usage can be completed.
func TestEveryPlaceIsKnown(t *testing.T) {
	for _, c := range commands() {
		for _, place := range strings.Fields(c.operands) {
			place = strings.Trim(place, "[]")
			if (position{}).placeValues(place) == nil && place != "RUN" {
				t.Errorf("%s: nothing completes %s", c.name, place)
			}
		}
	}
}

func TestScriptsOfShells(t *testing.T) {
	for _, shell := range shells() {
		script := call([]string{"completion", shell})
		if !strings.Contains(script, completeWord) {
			t.Errorf("the script for %s calls no %s", shell, completeWord)
		}
		t.Run(shell, func(t *testing.T) {
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skip(err)
			}
			cmd := exec.Command(path, "-n")
			cmd.Stdin = strings.NewReader(script)
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s -n: %v\n%s", shell, err, out)
			}
		})
	}
}

// TestBashCompletes lets bash complete command lines with the program itself.
func TestBashCompletes(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	makeToy(t)
	for _, name := range []string{"other.db", "two words.db", "sub/x.db"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	script := call([]string{"completion", "bash"}) + `
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_resvirt
printf '%s\n' "${COMPREPLY[@]}" | sort
`
	for _, c := range []struct {
		line []string
		want string
	}{
		{[]string{"cau"}, "causes"},
		{[]string{"run", "q"}, "quick"},
		{[]string{"run", "t"}, "toy.toml"},
		{[]string{"show", ""}, "other.db\nsub\ntoy.db\ntwo words.db"},
		{[]string{"show", "tw"}, "two words.db"},
		{[]string{"show", "toy.db", "none/1"}, "none/1\nnone/10\nnone/11"},
		{[]string{"run", "quick", "--format", "="}, "json\ntext"},
		{[]string{"run", "quick", "--format", "=", "t"}, "text"},
		{[]string{"run", "quick", "--r"}, "--runs"},
		{[]string{"bench", "x"}, ""},
	} {
		cmd := exec.Command(bash, append([]string{"--norc", "-c", script, "bash", program}, c.line...)...)
		cmd.Env = append(os.Environ(), asProgram+"=")
		out, err := cmd.CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != c.want {
			t.Errorf("%q: %v %q, want %q", c.line, err, got, c.want)
		}
	}
}

// TestFishCompletes lets fish complete command lines, which it does for a script.
func TestFishCompletes(t *testing.T) {
	fish, err := exec.LookPath("fish")
	if err != nil {
		t.Skip(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(program, filepath.Join(bin, "resvirt")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	makeToy(t)
	for _, c := range []struct{ line, want string }{
		{"resvirt cau", "causes"},
		{"resvirt show toy.d", "toy.db"},
		{"resvirt show toy.db none/1", "none/1 none/10 none/11"},
		{"resvirt run quick --format ", "json text"},
		{"resvirt run quick --format=t", "--format=text"},
		{"resvirt bench x", ""},
	} {
		cmd := exec.Command(fish, "--no-config", "-c", call([]string{"completion", "fish"})+"complete --do-complete $argv[1]", c.line)
		cmd.Env = append(os.Environ(), asProgram+"=", "PATH="+bin+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		var words []string
		for l := range strings.Lines(string(out)) {
			word, _, _ := strings.Cut(strings.TrimSpace(l), "\t")
			words = append(words, word)
		}
		if got := strings.Join(words, " "); err != nil || got != c.want {
			t.Errorf("%s: %v %q, want %q", c.line, err, got, c.want)
		}
	}
}
