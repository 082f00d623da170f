package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"resvirt/experiments"
	"resvirt/internal/toy"
)

// unbuilt runs a command line in a program that builds no images: who asks for some fails.
func unbuilt(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	e := &env{
		stdin: strings.NewReader(""), stdout: &out, stderr: &errs, ctx: ctx, args: args,
		build: func(experiments.Experiment, func(string)) (experiments.System, error) {
			return nil, errors.New("it was built")
		},
		stored: func(experiments.Experiment, []experiments.Part) (experiments.System, error) {
			return toy.System{Version: "1"}, nil
		},
	}
	code = run(e, args)
	return code, out.String(), errs.String()
}

// What an impossible campaign lacks is said before images are built.
func TestImpossibleCampaignsAreRefusedAtOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	makeToy(t)
	if err := syscall.Mkfifo("pipe.db", 0o600); err != nil {
		t.Fatal(err)
	}
	lock, err := os.Create("used.db")
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"run quick --runs 1000000000":                    "may be at most 166666666",
		"run quick --runs 99999999999999999999":          "--runs 99999999999999999999: it is too large",
		"run quick --fault 99999":                        "there is no fault 99999",
		"run quick --fault 99999999999999999999":         "--fault 99999999999999999999: it is too large",
		"run quick --fault register/9223372036854775807": "it is too large",
		"run quick --seed 99999999999999999999":          "--seed 99999999999999999999: it is too large",
		"run quick --db nowhere/x.db":                    "database nowhere/x.db: its directory does not exist",
		"run quick --db toy.toml/x.db":                   "database toy.toml/x.db: not a directory",
		"run quick --db .":                               "database . is a directory",
		"run quick --db pipe.db":                         "database pipe.db is a pipe",
		"run quick --db /dev/null":                       "database /dev/null is a device",
		"run quick --db toy.toml":                        "toml is not a results database",
		"run quick --db used.db":                         "used.db is in use by another run",
		"run watchdog --db nowhere/x":                    "database nowhere/x-",
		"selfcheck --faults 2000000000":                  "must be 1 to 1000000",
		"report pipe.db":                                 "database pipe.db is a pipe",
		"report /dev/null":                               "database /dev/null is a device",
		"report .":                                       "database . is a directory",
		"show toy.db full/99999999999999999999":          "the number is too large",
	} {
		code, out, errs := unbuilt(t.Context(), strings.Fields(args)...)
		if text := strings.Join(strings.Fields(errs), " "); code == exitOK || out != "" || !strings.Contains(text, want) || strings.Contains(errs, "it was built") {
			t.Errorf("%s: exit %d, %s%s", args, code, out, errs)
		}
	}
	if _, err := os.Stat("quick.db"); err == nil {
		t.Error("there is a database")
	}
}

// What would be ignored is refused.
func TestWhatWouldBeIgnoredIsRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	makeToy(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"selfcheck", "--flips", "3"}, "--flips means something only with --oracle"},
		{[]string{"selfcheck", "--seed", "3"}, "--seed means something only with --oracle"},
		{[]string{"selfcheck", "--keep"}, "--keep means something only with --oracle"},
		{[]string{"selfcheck", "--oracle", "--runs", "3"}, "--runs means nothing with --oracle"},
		{[]string{"bench", "--engine", "plain", "--golden"}, "--golden is measured with --engine fast alone"},
		{[]string{"lesson", "1", "--at", "full/1"}, "--at means something only with --ask"},
		{[]string{"lesson", "1", "--take", "--check"}, "--check means nothing with --take"},
		{[]string{"lesson", "--facts", "1"}, "1 means nothing with it"},
		{[]string{"lesson", "--ask", "outcome", "--at", "full/1", "1", "toy.db"}, "1 means nothing with it"},
		{[]string{"lesson", "--check"}, "need LESSON"},
		{[]string{"step", "--lesson", "list", "toy.db"}, "--lesson list goes alone"},
		{[]string{"run", "quick", "--db="}, "--db is empty: it needs FILE"},
		{[]string{"run", "quick", "--seed", ""}, "--seed is empty: it needs N"},
		{[]string{"run", "overhead", "--fault", ""}, "--fault is empty: it needs N"},
		{[]string{"run", ""}, "EXPERIMENT is empty"},
		{[]string{"report", ""}, "DB is empty"},
		{[]string{"show", "toy.db", ""}, "RUN is empty"},
		{[]string{"show", "toy.db", "--cause="}, "--cause is empty: it needs TEXT"},
		{[]string{"compare", "toy.db", ""}, "B.db is empty"},
		{[]string{"boot", "kernel", "--disk", ""}, "--disk is empty"},
		{[]string{"guest", "kernel", "--trace="}, "--trace is empty"},
		{[]string{"help", ""}, "COMMAND is empty"},
	} {
		code, out, errs := unbuilt(t.Context(), c.args...)
		if text := strings.Join(strings.Fields(errs), " "); code != exitUsage || out != "" || !strings.Contains(text, c.want) {
			t.Errorf("%q: exit %d, %s%s", c.args, code, out, errs)
		}
	}
}

// Commands that are stopped while they read end by themselves, with no output.
func TestReadersEndWithTheContext(t *testing.T) {
	t.Chdir(t.TempDir())
	makeToy(t)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, args := range []string{
		"compare toy.db toy.db", "report toy.db", "report toy.db --hosts", "show toy.db", "show toy.db full/1", "bench", "bench --engine plain",
		"replay toy.db full/1", "explain toy.db full/1", "causes toy.db", "gdb toy.db full/1", "lesson 1 toy.db",
	} {
		code, out, errs := unbuilt(stopped, strings.Fields(args)...)
		if code != exitInterrupt || out != "" || errs != "stopped: "+nothingWritten+"\n" {
			t.Errorf("%s: exit %d, %s%s", args, code, out, errs)
		}
	}
}
