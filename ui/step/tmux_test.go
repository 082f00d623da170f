package step

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// onTerminal lets the test binary be the program: see TestMain.
const onTerminal = "STEP_ON_TERMINAL"

// terminalMain steps through the run that the environment names.
func terminalMain() int {
	path, run, _ := strings.Cut(os.Getenv(onTerminal), ":")
	var index int
	if _, err := fmt.Sscanf(run, "%d", &index); err != nil {
		return 3
	}
	err := Run(context.Background(), Options{Database: path, Setting: "full", Index: index, Place: "D", Stored: testbed.Stored})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// tmux is a terminal in which a shell runs.
type tmux struct {
	t      *testing.T
	socket string
}

func (x *tmux) run(args ...string) string {
	x.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", x.socket, "-f", "/dev/null"}, args...)...).CombinedOutput()
	if err != nil {
		x.t.Fatalf("tmux %v: %v: %s", args, err, out)
	}
	return string(out)
}

func (x *tmux) keys(keys ...string) { x.run(append([]string{"send-keys", "-t", "t"}, keys...)...) }

// sees waits until the screen has a text. Only what never comes takes long.
func (x *tmux) sees(text string) string {
	x.t.Helper()
	screen := ""
	for stop := time.Now().Add(wait); time.Now().Before(stop); time.Sleep(50 * time.Millisecond) {
		if screen = x.run("capture-pane", "-p", "-t", "t"); strings.Contains(screen, text) {
			return screen
		}
	}
	x.t.Fatalf("the terminal does not show %q:\n%s", text, screen)
	return ""
}

// On a real terminal: start, step, jump, what if, resize, Ctrl-Z and back, quit; afterwards the
// terminal is as it was.
func TestInTmux(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("there is no tmux here")
	}
	runs := sharedCampaign(t)
	o := opened(t, 80, 24, "full", faults.Recovered) // to know a run
	row := o.s.Run.Row
	x := &tmux{t, filepath.Join(t.TempDir(), "s")}
	x.run("new-session", "-d", "-s", "t", "-x", "80", "-y", "24", "env", "-u", "NO_COLOR", "PS1=$ ", "bash", "--norc", "-i")
	t.Cleanup(func() { x.run("kill-server") })
	x.sees("$")
	x.keys("stty -a | md5sum", "Enter")
	before := x.sees("  -")
	x.keys("clear", "Enter")
	x.keys(fmt.Sprintf("%s=%s:%d %s", onTerminal, runs.path, row.Index, os.Args[0]), "Enter")
	x.sees("position " + commas(row.Detections[0].Position))
	x.keys(".")
	x.sees("position " + commas(row.Detections[0].Position+1))
	x.keys("F")
	x.sees("position " + commas(row.Strike.Position))
	x.keys("n")
	x.sees("@D ")
	x.keys("n")
	x.sees("step 1 of")
	x.keys("x")
	x.sees("Draft: without " + row.Steps[0].Name)
	x.run("resize-window", "-t", "t", "-x", "130", "-y", "40")
	x.sees("2 Instructions")
	x.keys("C-z")
	x.sees("Stopped")
	x.keys("fg", "Enter")
	x.sees("2 Instructions")
	x.run("resize-window", "-t", "t", "-x", "80", "-y", "24")
	x.sees(" golden ·")
	x.keys("q")
	x.sees("\n$\n") // the shell waits again
	x.keys("clear; echo status $?; stty -a | md5sum", "Enter")
	x.sees("status 0")
	after := x.sees("  -")
	sum := func(screen string) string {
		for _, l := range strings.Split(screen, "\n") {
			if strings.HasSuffix(l, "  -") {
				return l
			}
		}
		return ""
	}
	if sum(before) == "" || sum(before) != sum(after) {
		t.Errorf("the terminal was\n%sand is\n%s", before, after)
	}
}
