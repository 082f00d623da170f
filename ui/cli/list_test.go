package cli

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"resvirt/experiments"
)

// If the hypervisor's image cannot be built, list prints everything but the steps, and says
// why.
func TestListWithoutImages(t *testing.T) {
	list := func(ctx context.Context, args ...string) (int, string, string) {
		var stdout, stderr bytes.Buffer
		e := &env{stdout: &stdout, stderr: &stderr, ctx: ctx, args: args,
			build: func(experiments.Experiment, func(string)) (experiments.System, error) {
				return nil, errors.New("there is no Go here\n")
			}}
		return run(e, args), stdout.String(), stderr.String()
	}
	code, out, errs := list(context.Background(), "list")
	for _, want := range []string{"\n  quick ", "\n  -  not known here: there is no Go here\n\nkeys", "\n  [[setting]]\n", "\n  failstop ", "\n  recovered       detected; every VM's output is right"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if code != exitFailed || !strings.Contains(errs, "there is no Go here") {
		t.Errorf("exit %d, %s", code, errs)
	}
	if code, out, _ := list(context.Background(), "list", "--steps"); code != exitFailed || out != "" {
		t.Errorf("--steps: exit %d, %s", code, out)
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	if _, out, _ := list(stopped, "list"); out != "" {
		t.Errorf("stopped while it builds, it lists\n%s", out)
	}
}

// Output for programs, and a machine's console output, is not wrapped.
func TestWhatWraps(t *testing.T) {
	for _, c := range []struct {
		command, format string
		want            bool
	}{
		{"report", "", true}, {"report", "text", true}, {"report", "json", false}, {"report", "csv", false}, {"causes", "json", false},
		{"list", "", true}, {"version", "", true}, {"boot", "", false}, {"guest", "", false}, {"completion", "", false},
	} {
		for _, command := range commands() {
			if command.name != c.command {
				continue
			}
			fs, _ := command.flagSet()
			if c.format != "" {
				if err := fs.Parse([]string{"--format", c.format}); err != nil {
					t.Fatal(err)
				}
			}
			if got := command.wraps(fs); got != c.want {
				t.Errorf("%s --format %q wraps: %v", c.command, c.format, got)
			}
		}
	}
}
