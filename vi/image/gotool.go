package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// tidying is how long the go command may take to remove its temporary files when it is
// interrupted; emptying is how long its output may take after its end, which on a busy
// host is long.
const (
	tidying  = 300 * time.Millisecond
	emptying = 30 * time.Second
)

// goTool runs the go command for the images' platform and returns its output.
func goTool(ctx context.Context, root string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Cancel = func() error {
		time.AfterFunc(tidying, func() { cmd.Process.Kill() })
		return cmd.Process.Signal(os.Interrupt)
	}
	cmd.WaitDelay = emptying
	cmd.Dir = root
	cmd.Env = environment(os.Environ())
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &exit) && stderr.Len() > 0:
		return nil, toolError{complaints(stderr.String())}
	case err != nil:
		return nil, fmt.Errorf("go %s: %w", args[0], err)
	}
	return stdout.Bytes(), nil
}

// toolError holds the go command's complaints about sources, a line each.
type toolError struct{ lines []string }

func (e toolError) Error() string { return strings.Join(e.lines, "\n") }

// complaints are the lines of the go command that say what is wrong and where,
// without its titles and its advice.
func complaints(stderr string) []string {
	var list []string
	for line := range strings.Lines(stderr) {
		line = strings.TrimRight(line, "\n")
		if line == "" || strings.HasPrefix(line, "# ") || strings.HasPrefix(line, "\t") {
			continue
		}
		list = append(list, strings.TrimSuffix(line, "; to add it:"))
	}
	return list
}

// toolchain is the name of the toolchain that built this program; it is used
// whatever the user's default is.
func toolchain() string {
	if v, _, _ := strings.Cut(runtime.Version(), " "); strings.HasPrefix(v, "go") {
		return v
	}
	return "local" // a development version
}

// environment keeps of the user's environment only the places of files, and
// fixes everything that changes generated code.
func environment(user []string) []string {
	env := []string{
		"GOOS=linux", "GOARCH=amd64", "GOAMD64=v1", "GOEXPERIMENT=", "GOFLAGS=", "CGO_ENABLED=0",
		"GOTOOLCHAIN=" + toolchain(), "GOWORK=off", "GOENV=off", "GODEBUG=", "GOFIPS140=off", "GO111MODULE=on",
	}
	keep := []string{"PATH", "HOME", "TMPDIR", "GOCACHE", "GOPATH", "GOMODCACHE", "GOPROXY", "GONOSUMDB", "GONOSUMCHECK", "GOSUMDB", "XDG_CACHE_HOME"}
	for _, v := range user {
		name, _, _ := strings.Cut(v, "=")
		for _, k := range keep {
			if name == k {
				env = append(env, v)
			}
		}
	}
	return env
}
