package cli

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"resvirt/experiments"
	"resvirt/experiments/store"
	"resvirt/faults"
	"resvirt/internal/toy"
	"resvirt/internal/toyrun"
)

// asProgram makes the test binary the program itself, on the toy system, so
// that it can be killed.
const asProgram = "RESVIRT_TEST_PROGRAM"

func TestMain(m *testing.M) {
	limit, ok := os.LookupEnv(asProgram)
	if !ok {
		os.Exit(m.Run())
	}
	if n, err := strconv.ParseUint(limit, 10, 64); err == nil {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
			panic(err)
		}
	}
	var sys experiments.System = toy.System{Version: "1"}
	if os.Getenv(asStuck) != "" {
		sys = stuck{sys}
	}
	os.Exit(signalled(&env{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, args: os.Args[1:],
		build: func(experiments.Experiment, func(string)) (experiments.System, error) {
			if os.Getenv(asStuck) == "build" {
				return nil, stick()
			}
			return sys, nil
		},
		stored: func(experiments.Experiment, []experiments.Part) (experiments.System, error) { return sys, nil },
	}))
}

// asStuck makes the program hang: its machines never make progress, or it never
// gets one.
const asStuck = "RESVIRT_TEST_STUCK"

// stuck is a system whose machines never make progress.
type stuck struct{ experiments.System }

// stuckFile is created when a command has got a machine.
const stuckFile = "stuck"

func (s stuck) Boot() (faults.Machine, error) { return nil, stick() }

func stick() error {
	if err := os.WriteFile(stuckFile, nil, 0o644); err != nil {
		return err
	}
	for {
		time.Sleep(time.Hour)
	}
}

const longToy = `name = "toy"
runs = 1500
faults.instructions = 50
deadline = {detection_us = 10, recovery_us = 10}
golden = {snapshots = 8, digests = 80, misses = 4}
setting = [{name = "none"}, {name = "full", steps = ["restart", "patch"]}]
`

// program prepares the program in dir; limit bounds the size of files, 0 = none.
func program(t *testing.T, ctx context.Context, dir string, limit int, args ...string) (*exec.Cmd, *output) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "toy.toml"), []byte(longToy), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, exe, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asProgram+"="+map[bool]string{true: strconv.Itoa(limit)}[limit > 0])
	out := &output{}
	cmd.Stderr = out
	return cmd, out
}

// output collects a program's output.
type output struct {
	bytes.Buffer
}

// reportedRows are the rows of the last progress line.
func (o *output) reportedRows() int {
	lines := regexp.MustCompile(`(?m)^(\d+)/\d+`).FindAllStringSubmatch(o.String(), -1)
	if len(lines) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(lines[len(lines)-1][1])
	return n
}

// waitForRows lets a program run until its database has rows.
func waitForRows(t *testing.T, path string) {
	t.Helper()
	for range 2000 {
		time.Sleep(2 * time.Millisecond)
		db, err := store.OpenReader(path)
		if err != nil {
			continue
		}
		refs, err := db.Runs(store.RunFilter{})
		db.Close()
		if err == nil && len(refs) > 0 {
			return
		}
	}
	t.Fatal("no rows came")
}

// whole is a campaign without interruption.
func whole(t *testing.T) map[string]experiments.Row {
	t.Helper()
	dir := t.TempDir()
	cmd, out := program(t, t.Context(), dir, 0, "run", "toy.toml", "--db", "whole.db")
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != exitFailed { // the toy has tool errors
		t.Fatalf("%v\n%s", err, out)
	}
	return toyrun.Rows(t, filepath.Join(dir, "whole.db"))
}

func TestKilledAndResumed(t *testing.T) {
	want := whole(t)
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "toy.db")
			cmd, out := program(t, t.Context(), dir, 0, "run", "toy.toml")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			waitForRows(t, path)
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // the status is looked at below
			some := toyrun.Rows(t, path)
			if len(some) == 0 || len(some) == len(want) {
				t.Fatalf("%d of %d rows when it ended: nothing to resume\n%s", len(some), len(want), out)
			}
			if len(some) < out.reportedRows() {
				t.Errorf("%d rows were reported, %d are there", out.reportedRows(), len(some))
			}
			if code := cmd.ProcessState.ExitCode(); sig == syscall.SIGINT && (code != exitInterrupt || !strings.Contains(out.String(), "stopped: ")) {
				t.Errorf("exit %d\n%s", code, out)
			}
			cmd, out = program(t, t.Context(), dir, 0, "run", "toy.toml")
			if err := cmd.Run(); cmd.ProcessState.ExitCode() != exitFailed {
				t.Fatalf("%v\n%s", err, out)
			}
			if first := strconv.Itoa(len(some)) + "/"; !strings.Contains(out.String(), "\n"+first) {
				t.Errorf("it did not go on at %s\n%s", first, out)
			}
			if !reflect.DeepEqual(toyrun.Rows(t, path), want) {
				t.Error("the resumed campaign has other rows than one that nothing disturbed")
			}
		})
	}
}

func TestDiskFull(t *testing.T) {
	want := whole(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "toy.db")
	cmd, out := program(t, t.Context(), dir, 2_600_000, "run", "toy.toml")
	_ = cmd.Run() // the status is looked at below
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	last := lines[len(lines)-1]
	if cmd.ProcessState.ExitCode() != exitFailed || !strings.HasPrefix(last, "resvirt: database toy.db: ") || strings.Contains(out.String(), "goroutine ") {
		t.Fatalf("exit %d\n%s", cmd.ProcessState.ExitCode(), out)
	}
	some := toyrun.Rows(t, path)
	if len(some) < out.reportedRows() || len(some) == 0 {
		t.Errorf("%d rows were reported, %d are there\n%s", out.reportedRows(), len(some), out)
	}
	cmd, out = program(t, t.Context(), dir, 0, "run", "toy.toml")
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != exitFailed {
		t.Fatalf("%v\n%s", err, out)
	}
	if !reflect.DeepEqual(toyrun.Rows(t, path), want) {
		t.Error("after the disk was full the campaign has other rows than one that nothing disturbed")
	}
}

func TestOneRunAtATime(t *testing.T) {
	dir := t.TempDir()
	first, out := program(t, t.Context(), dir, 0, "run", "toy.toml")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = first.Process.Kill()
		_ = first.Wait()
	}()
	waitForRows(t, filepath.Join(dir, "toy.db"))
	second, said := program(t, t.Context(), dir, 0, "run", "toy.toml")
	_ = second.Run() // the status is looked at below
	if first.ProcessState != nil || second.ProcessState.ExitCode() != exitFailed || said.String() != "resvirt: database toy.db is in use by another run; wait for it or name another with --db\n" {
		t.Errorf("exit %d\n%s\nthe first said\n%s", second.ProcessState.ExitCode(), said, out)
	}
}
