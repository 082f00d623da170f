package experiments

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every mistake is reported with its place or its key.
func TestMistakesInFiles(t *testing.T) {
	const setting = "\n[[setting]]\nname = \"none\"\n"
	for _, c := range []struct{ text, want string }{
		{"runs = 0" + setting, "runs = 0: it must lie between"},
		{"runs = \"two\"" + setting, ":1:8: runs: it must be a whole number, like 500, without quotes"},
		{"[machine]\ncpus = 2.5" + setting, ":2:8: machine.cpus: it must be a whole number"},
		{"runs.x = 3" + setting, "runs: it must be a whole number"},
		{"faults.types = \"register\"" + setting, `:1:16: faults.types: it must be a list of texts in quotes, like ["one", "two"]`},
		{"faults.types = [1]" + setting, ":1:17: faults.types: it must be a list of texts"},
		{"faults.window = [\"a\", \"b\"]" + setting, "faults.window: it must be a list of whole numbers, like [10, 90]"},
		{"vmm.control = \"yes\"" + setting, "vmm.control: it must be true or false, without quotes"},
		{"name = 3" + setting, "name: it must be a text in quotes"},
		{"machine = 3" + setting, "machine: it is one table: write [machine] on a line of its own"},
		{"[[machine]]\ncpus = 1" + setting, "machine: it is one table: write [machine] on a line of its own, once"},
		{"setting = \"full\"", "setting: there can be several: write [[setting]] on a line of its own for each"},
		{"[[setting]]\nname = \"x\"\nsteps = \"all\"", ":3:9: setting.steps: it must be a list of texts"},
		{setting + "[[published]]\nsuccess = \"many\"", "published.success: it must be a number, like 98.5"},
		{setting + "[[published]]\ninterval = [\"many\"]", "published.interval: it must be a list of numbers, like"},
		{"[[settings]]\nname = \"none\"", ":1:3: unknown table [[settings]] (do you mean [[setting]]?)"},
		{setting + "[sweeps]\nmemory_mb = [1]", "unknown table [sweeps] (do you mean [sweep]?)"},
		{setting + "[elsewhere]\nx = 1", "unknown table [elsewhere]: there are [machine], [vmm],"},
		{"watchdog_us = 1" + setting, `unknown key "watchdog_us" (do you mean vmm.watchdog_us?)`},
		{"runz = 1" + setting, `unknown key "runz" (do you mean runs?)`},
		{"[[setting]]\nnam = \"none\"", `unknown key "setting.nam" (do you mean setting.name?)`},
		{"speed = 1" + setting, `:1:1: unknown key "speed"`},
		{"[machine]\ncores = 2" + setting, `:2:1: unknown key "machine.cores"`},
		{"runs = = 1", ":1:8:"},
		{"", "there is no [[setting]]"},
		{setting + setting, `setting "none" stands there twice`},
		{"[[setting]]\nsteps = []", "setting 1 has no name"},
		{"[workload]\nname = \"blkbench\"" + setting, `the workload that ships is "unixbench"; one of yours is named by workload.package, such as "./workloads/blkbench"`},
		{"[workload]\nname = \"mine\"\npackage = \"./workloads/yours\"" + setting, `workload.name = "mine" beside workload.package`},
		{"[workload]\npackage = \"workloads/mine\"" + setting, "must be a directory of the clone"},
		{"[workload]\npackage = \"./../mine\"" + setting, "must be a directory of the clone"},
		{"[workload]\npackage = \"./a/../../mine\"" + setting, "must be a directory of the clone"},
		{"[workload]\npackage = \"./a/./mine\"" + setting, "must be a directory of the clone"},
		{"[workload]\npackage = \"./workloads/my work\"" + setting, "must be a directory of the clone"},
		{"[faults]\ntarget = \"guest\"\nvm = 2\n[vmm]\ndomains = 2" + setting, "faults.vm = 2: the AppVMs are 0 to 1"},
		{"[faults]\ntarget = \"guest\"\n[vmm]\ncontrol = true\n[io]\nwhole = true" + setting, `io.whole = true with faults.target = "guest"`},
		{"[faults]\ntarget = \"guest\"\npart = \"user\"\ntypes = [\"memory\"]" + setting, "which memory is a program's is not known"},
		{"[faults]\ntarget = \"guest\"\npart = \"all\"" + setting, `faults.part = "all": it must be "kernel" or "user"`},
		{"[faults]\ntarget = \"bare\"" + setting, "program.kernel is missing"},
		{"[program]\nkernel = \"checks\"" + setting, `[program] is there and faults.target = "vmm"`},
		{"[program]\nkernel = \"checks\"\n[faults]\ntarget = \"bare\"\n[[setting]]\nname = \"x\"\nsteps = [\"microreboot\"]", "there is none on the bare machine"},
		{"[faults]\ntarget = \"dvm\"" + setting, `faults.target = "dvm": it must be`},
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
		{"[overhead]\ncompute = [1]\ncampaign_tick_us = 20\nvariants = [\"all\", \"none\"]", "give both or none"},
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

// [setting] once would be read as meant: databases have such files, new ones are refused.
func TestSingleTablesOfSeveral(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ text, want string }{
		"one.toml":  {"runs = 3\n[setting]\nname = \"none\"", "one.toml:2: [setting]: there can be several: write [[setting]]"},
		"two.toml":  {"[setting]\nname = \"none\"\n[setting]\nname = \"full\"", "two.toml:1: [setting]: there can be several: write [[setting]]"},
		"text.toml": {"description = \"\"\"\n[setting]\n\"\"\"\n[[setting]]\nname = \"none\"", ""},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, _, err := Load(path)
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := Parse("old.toml", []byte("[setting]\nname = \"none\"")); err != nil {
		t.Error("a database with such a file can no longer be read:", err)
	}
}

// Every key has a meaning, and every meaning belongs to a key.
func TestKeysHaveMeanings(t *testing.T) {
	known := map[string]bool{}
	for _, k := range Keys() {
		known[k.Name] = true
		if k.Meaning == "" {
			t.Errorf("nothing says what %s means", k.Name)
		}
		if unit := k.Name[strings.LastIndexAny(k.Name, "_.")+1:]; unit == "us" && !strings.Contains(k.Meaning, "µs") && !strings.HasPrefix(k.Name, "sweep.") ||
			unit == "ns" && !strings.Contains(k.Meaning, "ns") || unit == "mb" && !strings.Contains(k.Meaning, "MiB") && !strings.HasPrefix(k.Name, "sweep.") {
			t.Errorf("%s: %q does not say the unit", k.Name, k.Meaning)
		}
	}
	for name := range meanings {
		if !known[name] {
			t.Errorf("%s is no key", name)
		}
	}
	e := Default()
	for _, b := range e.bounds() {
		if !known[b.key] {
			t.Errorf("%s has bounds and is no key", b.key)
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

// Names that no table could show, no command be told or no file be called are refused.
func TestNamesCanBeRead(t *testing.T) {
	const setting = "[[setting]]\nname = \"none\"\n"
	for text, want := range map[string]string{
		"[[setting]]\nname = \"a/b\"\n":         ":2: setting \"a/b\": its name must be without /",
		"[[setting]]\nname = \"a\\nb\"\n":       "setting \"a\\nb\": its name must be one line",
		"[[setting]]\nname = \"\\u001b[31m\"\n": "its name must be one line",
		"[[setting]]\nname = \" \"\n":           "its name must be one line",
		"name = \"../x\"\n" + setting:           ":1: name = \"../x\": it must be one line",
		"name = \"\\u001b[2J\"\n" + setting:     "it must be one line",
		"[[setting]]\nname = \"漢字 é\"\n":        "",
	} {
		path := filepath.Join(t.TempDir(), "mine.toml")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, _, err := Load(path)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, not %q", text, err, want)
		}
	}
}

// Settings with a base have its steps, without some and with others.
func TestSettingsByOthers(t *testing.T) {
	const full = "[[setting]]\nname = \"full\"\nsteps = [\"a\", \"b\", \"c\"]\n"
	for _, c := range []struct{ text, want string }{
		{full + "[[setting]]\nname = \"x\"\nbase = \"full\"\nwithout = [\"b\"]", "full [a b c], x [a c]"},
		{"[[setting]]\nname = \"x\"\nbase = \"y\"\nwithout = [\"a\"]\n[[setting]]\nname = \"y\"\nbase = \"full\"\nwith = [\"d\"]\n" + full, "x [b c d], y [a b c d], full [a b c]"},
		{full + "[[setting]]\nname = \"x\"\nbase = \"full\"\nwithout = [\"a\", \"c\"]\nwith = [\"d\"]", "full [a b c], x [b d]"},
		{full + "[[setting]]\nname = \"x\"\nbase = \"full\"", "full [a b c], x [a b c]"},
		{full + "[[setting]]\nname = \"x\"\nbase = \"full\"\nwithout = [\"a\", \"b\", \"c\"]", "full [a b c], x []"},
		{full + "[[setting]]\nname = \"x\"\nbase = \"ful\"", `setting "x": base = "ful": there is no such setting`},
		{full + "[[setting]]\nname = \"x\"\nbase = \"x\"", `setting "x" is its own base: x → x`},
		{full + "[[setting]]\nname = \"x\"\nbase = \"y\"\n[[setting]]\nname = \"y\"\nbase = \"z\"\n[[setting]]\nname = \"z\"\nbase = \"y\"", `setting "y" is its own base: y → z → y`},
		{full + "[[setting]]\nname = \"x\"\nbase = \"full\"\nwithout = [\"d\"]", `setting "x": without "d": that is none of the steps it would be taken from, which are a, b, c`},
		{full + "[[setting]]\nname = \"x\"\nbase = \"full\"\nwithout = [\"a\", \"a\"]", `setting "x": without "a": that is none of`},
		{full + "[[setting]]\nname = \"x\"\nbase = \"full\"\nwith = [\"a\"]", `setting "x": with "a": that step is there already`},
		{full + "[[setting]]\nname = \"x\"\nbase = \"full\"\nwith = [\"d\", \"d\"]", `setting "x": with "d": that step is there already`},
		{full + "[[setting]]\nname = \"x\"\nwithout = [\"a\"]", `setting "x": without and with change another setting`},
		{full + "[[setting]]\nname = \"x\"\nbase = \"full\"\nsteps = [\"a\"]", `setting "x" has both steps and a base`},
		{full + "[[setting]]\nname = \"x\"\nbase = \"full\"\nsteps = []", `setting "x" has both steps and a base`},
	} {
		e, err := Parse("my.toml", []byte(c.text))
		var got []string
		for _, s := range e.Settings {
			got = append(got, fmt.Sprint(s.Name, " ", s.Steps))
		}
		if told := strings.Join(got, ", "); err == nil && told != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, %v, want %q", c.text, told, err, c.want)
		}
		if err == nil && e.Validate() != nil {
			t.Errorf("%q: what was read cannot be read again: %v", c.text, e.Validate())
		}
	}
}
