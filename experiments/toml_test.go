package experiments

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every mistake is told with its place or its key.
func TestMistakesInFiles(t *testing.T) {
	const setting = "\n[[setting]]\nname = \"none\"\n"
	for _, c := range []struct{ text, want string }{
		{"runs = 0" + setting, "runs = 0: it must lie between"},
		{"runs = \"many\"" + setting, ":1:8:"},
		{"speed = 1" + setting, `:1:1: unknown key "speed"`},
		{"[machine]\ncores = 2" + setting, `:2:1: unknown key "machine.cores"`},
		{"runs = = 1", ":1:8:"},
		{"", "there is no [[setting]]"},
		{setting + setting, `setting "none" stands there twice`},
		{"[[setting]]\nsteps = []", "setting 1 has no name"},
		{"[workload]\nname = \"blkbench\"" + setting, "the only workload"},
		{"[faults]\ntarget = \"dvm\"" + setting, "the only target"},
		{"[faults]\ntypes = []" + setting, "faults.types is empty"},
		{"[faults]\ntypes = [\"cosmic\"]" + setting, `unknown fault type "cosmic"; there are failstop, register, code, code_kept, memory, software, software_kept`},
		{"[faults]\nper_run = 0" + setting, "faults.per_run = 0: it must lie between"},
		{setting + "[[published]]\nsetting = \"none\"\nfault = \"code\"", `published figure 1: fault = "code"`},
		{setting + "[[published]]\nsetting = \"nine\"\nfault = \"register\"", `published figure 1: setting = "nine"`},
		{setting + "[[published]]\nsetting = \"none\"\nfault = \"register\"", "neither success nor no_vm"},
		{setting + "[[published]]\nsetting = \"none\"\nfault = \"register\"\nsuccess = 101.0\nsource = \"x\"", "101 %: it must lie"},
		{setting + "[[published]]\nsetting = \"none\"\nfault = \"register\"\nno_vm = 9.5", "it has no source"},
		{setting + "[[published]]\nsetting = \"none\"\nfault = \"register\"\nno_vm = 9.5\nsource = \"x\"\ninterval = [1.0]", "interval = [1]"},
		{"[faults]\nwindow = [90, 10]" + setting, "faults.window"},
		{"[faults]\nwindow = [10, 101]" + setting, "faults.window"},
		{"[machine]\nmemory_mb = 24" + setting, "leaves less than 16 MB"},
		{"[sweep]\nwatchdog_us = [300, 600]" + setting, "sweep.watchdog_us = [300 600]: it must be the experiment's own watchdog_us = 150"},
		{"[sweep]\nwatchdog_us = [150, 150]" + setting, "150 stands there twice"},
		{"[vmm]\nwithout = [\"logs\"]" + setting, `vmm.without: there is no mechanism "logs": name one of call_log, journal, patrol, watchdog`},
		{"[vmm]\nwithout = [\"journal\", \"journal\"]" + setting, "stands there twice"},
		{"[overhead]\ncompute = [-1]\nvariants = [\"all\", \"none\"]", "overhead.compute: -1: it must lie"},
		{"[overhead]\ncompute = [1]\nvariants = [\"none\"]", "overhead.variants"},
		{"[overhead]\ncompute = [1]\nvariants = [\"all\", \"none\"]\nlayouts = 65", "overhead.layouts: 65: it must lie"},
		{"[overhead]\ncompute = [1]\nvariants = [\"all\", \"logs\"]", `there is no mechanism "logs"`},
		{"[overhead]\ncompute = [1]\nvariants = [\"all\", \"none\"]" + setting, "has no [[setting]], vmm.without or [sweep]"},
		{"[overhead]\ncompute = [1]\nvariants = [\"all\", \"none\"]\n[machine]\ncpus = 4", "every processor is busy"},
		{"[workload]\ncompute = -1" + setting, "workload.compute = -1: it must lie between"},
		{"seed = -1" + setting, ":1:8:"},
	} {
		_, err := Parse("my.toml", []byte(c.text))
		if err == nil || !strings.HasPrefix(err.Error(), "my.toml:") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want one line with %q", c.text, err, c.want)
		}
	}
}

func TestShippedExperimentsAreRight(t *testing.T) {
	for _, name := range Shipped() {
		e, _, err := Load(name)
		if err != nil || e.Name != name || e.Description == "" || e.Takes == "" {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

func TestNameOfAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.toml")
	if err := os.WriteFile(path, []byte("[[setting]]\nname = \"none\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if e, _, err := Load(path); err != nil || e.Name != "mine" || e.Runs != 500 {
		t.Errorf("%+v, %v", e, err)
	}
}
