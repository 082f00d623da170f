package main

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "resvirt/"

// rooms says what each room may import of this module besides itself; the
// longest name that fits a package counts. A name with /... stands for the rooms
// below it as well. See ARCHITECTURE.md.
var rooms = map[string][]string{
	"sim":               {},
	"models":            {"sim"},
	"hw":                {"sim", "models"},
	"vi/abi":            {},
	"vi/bare":           {"vi/abi"},
	"vi/pvio":           {"vi/abi"},
	"vi/back":           {"vi/pvio"},
	"vi/front":          {"vi/pvio"},
	"vi/driver":         {"vi/back"},
	"vi/fs":             {},
	"vi/ip":             {},
	"vi/seam":           {},
	"vi/xenelf":         {"vi/abi"},
	"vi/vmm":            {"vi/abi", "vi/bare", "vi/seam", "vi/xenelf"},
	"vi/guest":          {"vi/abi", "vi/pvio", "vi/front", "vi/fs", "vi/ip", "vi/bare", "vi/seam", "vi/xenelf"},
	"vi/dvm":            {"vi/abi", "vi/pvio", "vi/back", "vi/driver", "vi/fs", "vi/ip", "vi/dvm", "vi/bare", "vi/seam", "vi/guest"},
	"vi/appvm":          {"vi/abi", "vi/bare", "vi/seam", "vi/guest"},
	"vi/control":        {"vi/abi", "vi/bare", "vi/seam", "vi/xenelf", "vi/guest"},
	"vi/privvm/process": {"vi/abi", "vi/bare", "vi/seam", "vi/pvio"}, // of programs in ring 3, workloads too
	"vi/privvm":         {"vi/abi", "vi/pvio", "vi/xenstore", "vi/bare", "vi/seam", "vi/xenelf", "vi/guest", "vi/privvm/process"},
	"vi/hostile":        {"vi/abi", "vi/bare", "vi/seam"},
	"workloads":         {"vi/abi", "vi/pvio", "vi/bare", "vi/seam", "vi/privvm/process"},
	"vi/image":          {"sim", "models", "hw", "vi/abi", "vi/bare", "vi/seam"},
	"vi/inspect":        {"sim", "models", "hw", "vi/abi", "vi/bare", "vi/seam", "vi/image"},
	"faults":            {"sim", "models", "hw", "vi/abi", "vi/bare", "vi/seam", "vi/image", "vi/inspect"},
	"ui":                {"sim", "models", "hw", "vi/seam", "faults", "experiments/...", "internal/words"},
	"internal":          {"sim", "models", "hw", "vi/seam", "faults", "experiments/..."},

	// The rooms of experiments: each imports only what stands above it.
	"experiments":           {"sim", "faults", "internal/words"},
	"experiments/stats":     {},
	"experiments/testbed":   {"sim", "models", "hw", "vi/abi", "vi/bare", "vi/seam", "vi/back", "vi/image", "vi/inspect", "workloads", "faults", "experiments"},
	"experiments/store":     {"sim", "faults", "experiments"},
	"experiments/campaign":  {"sim", "faults", "experiments", "experiments/store"}, // and no testbed: a toy is as good
	"experiments/overhead":  {"sim", "faults", "vi/seam", "experiments", "experiments/stats", "experiments/testbed", "experiments/campaign", "internal/words"},
	"experiments/recording": {"sim", "hw", "experiments/stats", "vi/inspect", "vi/image", "faults", "experiments", "experiments/testbed", "experiments/store", "experiments/campaign"},
	"experiments/retrace":   {"sim", "faults", "experiments", "experiments/testbed", "experiments/store", "experiments/campaign", "experiments/recording", "internal/words"},
	"experiments/explain":   {"sim", "hw", "vi/inspect", "faults", "experiments", "experiments/testbed", "experiments/store", "experiments/campaign", "experiments/recording", "experiments/retrace"},
	"experiments/lesson":    {"sim", "vi/inspect", "faults", "experiments", "experiments/testbed", "experiments/store", "experiments/recording", "internal/words"},
	"experiments/report":    {"sim", "vi/seam", "faults", "experiments", "experiments/stats", "experiments/store", "internal/words"}, // it executes nothing
	"experiments/checks":    {"sim", "vi/abi", "faults", "experiments", "experiments/testbed", "experiments/store", "experiments/campaign", "experiments/recording", "experiments/retrace"},

	"internal/words": {},
	"vi/xenstore":    {"vi/pvio", "vi/abi"},
}

// inside are the rooms whose code runs in the machine, and withoutRuntime is
// all that they may use of the standard library.
var (
	inside = []string{"vi/privvm/process", "vi/abi", "vi/pvio", "vi/back", "vi/front", "vi/driver", "vi/fs", "vi/ip", "vi/xenstore", "vi/bare", "vi/seam", "vi/xenelf", "vi/vmm", "vi/guest", "vi/appvm", "vi/control", "vi/privvm", "vi/dvm",
		"vi/hostile", "workloads"}
	withoutRuntime = []string{"unsafe", "math/bits", "sync/atomic"}
)

func TestImportsPointOneWay(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if name == strings.TrimSuffix(module, "/") || untracked(name) {
			continue // main may import what it likes, scratch is nobody's
		}
		room := roomOf(name)
		if room == "" {
			t.Errorf("%s is in no room", name)
			continue
		}
		for _, i := range p.Imports {
			to, ours := strings.CutPrefix(i, module)
			switch {
			case !ours && slices.Contains(inside, room) && !slices.Contains(withoutRuntime, i):
				t.Errorf("%s runs inside the machine and imports %s, which needs a runtime", name, i)
			case ours && !mayImport(room, to):
				t.Errorf("%s imports %s: %s may import %v", name, to, room, rooms[room])
			}
		}
	}
}

// mayImport tells whether a room may import a package.
func mayImport(room, pkg string) bool {
	to := roomOf(pkg)
	return to == room || slices.ContainsFunc(rooms[room], func(may string) bool {
		all, more := strings.CutSuffix(may, "/...")
		return to == may || more && within(pkg, all)
	})
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []goPackage {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	if len(list) < 10 {
		t.Fatalf("only %d packages", len(list))
	}
	return list
}

func within(name, room string) bool { return name == room || strings.HasPrefix(name, room+"/") }

func roomOf(name string) (best string) {
	for r := range rooms {
		if within(name, r) && len(r) > len(best) {
			best = r
		}
	}
	return best
}

func untracked(name string) bool { return within(name, "scratch") }

// maxLines holds for every file that people read. A generated file may be
// longer; it says so in its first line.
const maxLines = 450

var (
	// places are directories of the machines that this was written on.
	places    = regexp.MustCompile(`(^|[^\w.])/(wor` + `k|tm` + `p)/|\.libr` + `ary\b|\.\./sha` + `red\b|\bfar` + `m-`)
	generated = regexp.MustCompile(`^// Code generated .* DO NOT EDIT\.\n`)
	text      = []string{".go", ".s", ".S", ".md", ".toml", ".txt", ".sh", ".yml", ".yaml", ".mod", ""}
)

func TestFilesAreShortAndFitAnywhere(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == ".git" || untracked(path) {
				return fs.SkipDir
			}
			return nil
		}
		if !slices.Contains(text, filepath.Ext(path)) {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil || bytes.IndexByte(b, 0) >= 0 {
			return err
		}
		if n := bytes.Count(b, []byte("\n")); n > maxLines && !generated.Match(b) {
			t.Errorf("%s has %d lines, the limit is %d", path, n, maxLines)
		}
		if loc := places.FindIndex(b); loc != nil {
			t.Errorf("%s:%d names a place of one workplace: %q", path, 1+bytes.Count(b[:loc[0]], []byte("\n")), b[loc[0]:loc[1]])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// largest is the size of the largest file that belongs here, in bytes. What a build or a run
// makes is larger, and was committed once.
const largest = 1 << 20

func TestNothingBuiltIsCommitted(t *testing.T) {
	out, err := exec.Command("git", "ls-files", "-z").Output()
	if err != nil {
		t.Skip("this is no clone: ", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if i, err := os.Lstat(name); err == nil && i.Size() > largest {
			t.Errorf("%s has %d bytes: is it something that a command makes?", name, i.Size())
		}
	}
}

func TestRulesCanFail(t *testing.T) {
	for _, s := range []string{"see /wor" + "k/main", "`/tm" + "p/x`", "in ../sha" + "red/design"} {
		if !places.MatchString(s) {
			t.Errorf("%q passes", s)
		}
	}
	for _, up := range [][2]string{
		{"experiments", "experiments/store"}, {"experiments/testbed", "experiments/campaign"}, {"experiments/store", "experiments/campaign"},
		{"experiments/campaign", "experiments/testbed"}, {"experiments/recording", "experiments/retrace"}, {"experiments/retrace", "experiments/explain"}, {"experiments/explain", "experiments/report"},
		{"experiments/report", "experiments/checks"}, {"faults", "experiments"}, {"hw", "faults"},
	} {
		if mayImport(up[0], up[1]) {
			t.Errorf("%s may import %s", up[0], up[1])
		}
	}
	if !mayImport("experiments/checks", "experiments/campaign") || !mayImport("ui", "experiments/report") || !mayImport("ui", "hw/machine") {
		t.Error("what stands to the left cannot be imported")
	}
	if places.MatchString("import resvirt/workloads/unixbench") {
		t.Error("a package path is taken for a workplace")
	}
}
