package experiments

import (
	"strings"
	"testing"
)

// FuzzFiles: any file is either read, or refused in one line that begins with its name.
func FuzzFiles(f *testing.F) {
	for _, name := range Shipped() {
		text, err := shipped.ReadFile("files/" + name + ".toml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	for _, text := range []string{
		"runs = \"two\"", "[setting]\nname = \"x\"", "[[settings]]", "machine = 3", "faults.window = [1.5, \"x\"]", "[\"a\\nb\"]\nx = 1",
		"\"a\\nb\" = 1", "runs.x.y = 1", "[[setting.steps]]", "setting = [[1]]", "[[published]]\nsuccess = nan\ninterval = [inf, -1]",
		"[overhead]\ncompute = [1]\nvariants = [\"all\", \"none\"]\nlayouts = -1", "[sweep]\nmemory_mb = [64, 99999999]", "seed = -9223372036854775808",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for what, err := range map[string]error{
			"reading": func() error { _, err := Parse("f.toml", []byte(text)); return err }(),
			"tables":  checkTables("f.toml", []byte(text)),
		} {
			if err != nil && (strings.ContainsAny(err.Error(), "\n\x1b") || !strings.HasPrefix(err.Error(), "f.toml:")) {
				t.Errorf("%s: %q", what, err)
			}
		}
	})
}
