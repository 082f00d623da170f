package cli

import (
	"os"
	"path/filepath"
	"resvirt/internal/toyrun"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Whatever a command is doing when a signal comes, it ends, says so, and leaves the
// database as it was. In this test it is in work that never ends by itself.
func TestEveryLongCommandEnds(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	cmd, out := program(t, t.Context(), dir, 0, "run", "toy.toml", "--runs", "20", "--db", "done.db")
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != exitFailed { // the toy may have tool errors
		t.Fatalf("%v\n%s", err, out)
	}
	want := toyrun.Rows(t, filepath.Join(dir, "done.db"))
	for _, args := range []string{
		"run toy.toml", "run toy.toml --db done.db", "selfcheck --experiment toy.toml", "list",
		"replay done.db full/1", "explain done.db full/1", "causes done.db",
	} {
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			t.Run(args+" "+sig.String(), func(t *testing.T) {
				begun := filepath.Join(dir, stuckFile)
				_ = os.Remove(begun) // of the one before
				cmd, out := program(t, t.Context(), dir, 0, strings.Fields(args)...)
				where := "machine"
				if args == "list" { // which looks at nothing while it waits
					where = "build"
				}
				cmd.Env = append(cmd.Env, asStuck+"="+where)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				ended := make(chan error, 1)
				go func() { ended <- cmd.Wait() }()
				for {
					if _, err := os.Stat(begun); err == nil {
						break
					}
					select {
					case <-ended:
						t.Fatalf("it did not get as far as to a machine\n%s", out)
					case <-time.After(time.Millisecond):
					}
				}
				if err := cmd.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
				<-ended
				if code := cmd.ProcessState.ExitCode(); code != exitInterrupt || !strings.Contains(out.String(), "stopped") || strings.Contains(out.String(), "goroutine ") {
					t.Errorf("exit %d\n%s", code, out)
				}
				if got := toyrun.Rows(t, filepath.Join(dir, "done.db")); len(got) != len(want) {
					t.Errorf("%d rows, there were %d", len(got), len(want))
				}
			})
		}
	}
}
