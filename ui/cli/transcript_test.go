package cli

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/internal/toy"
)

var update = flag.Bool("update", false, "rewrite the transcripts")

// TestTranscripts runs the commands of each testdata/*.txt on the toy system,
// in an empty directory, and compares all they print. A line "$ resvirt ..."
// is a command, "> FILE" begins a file that ends with a line "<"; everything
// else is output.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			path, err := filepath.Abs(file)
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			writeBootKernels(t, ".")
			got := replayTranscript(t, string(want))
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("go test ./ui/cli -update rewrites it, if this is right:\n%s", firstDifference(string(want), got))
			}
		})
	}
}

func replayTranscript(t *testing.T, script string) string {
	var out strings.Builder
	lines := strings.SplitAfter(script, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		switch {
		case strings.HasPrefix(line, "> "):
			out.WriteString(line)
			name := strings.TrimSpace(line[2:])
			var text strings.Builder
			for i++; i < len(lines) && lines[i] != "<\n"; i++ {
				text.WriteString(lines[i])
			}
			out.WriteString(text.String() + "<\n")
			if err := os.WriteFile(name, []byte(text.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		case strings.HasPrefix(line, "# "), line == "\n" && i > 0 && strings.HasPrefix(lines[i-1], "# "):
			out.WriteString(line)
		case strings.HasPrefix(line, "$ resvirt"):
			out.WriteString(line)
			out.WriteString(call(strings.Fields(line)[2:]))
		}
	}
	return out.String()
}

// call runs one command line on the toy.
func call(args []string) string {
	var stdout, stderr bytes.Buffer
	e := &env{
		stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, ctx: context.Background(), args: args,
		build: func(experiments.Experiment, func(string)) (experiments.System, error) {
			return toy.System{Version: "1"}, nil
		},
		stored: func(experiments.Experiment, []experiments.Part) (experiments.System, error) {
			return toy.System{Version: "1"}, nil
		},
	}
	code := run(e, args)
	text := stdout.String()
	if stderr.Len() > 0 {
		text += "[stderr]\n" + hostTimes.ReplaceAllString(stderr.String(), "TIME")
	}
	if code != 0 {
		text += "[exit " + strconv.Itoa(code) + "]\n"
	}
	return text + "\n"
}

// hostTimes are the parts of messages that depend on the host.
var hostTimes = regexp.MustCompile(`\d+\.\d s of the host's, \d+\.\d MIPS|in \d+\.\d s with|\(\d+ a second\)|  \d+/s  ETA [0-9ms.]+`)

func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "line " + strconv.Itoa(i+1) + "\nwant " + a[i] + "\ngot  " + b[i]
		}
	}
	return "one is longer than the other"
}
