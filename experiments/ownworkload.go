package experiments

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// ownPackage is how a workload's package is named: a directory of the module,
// whose last part is the name of the program in the guests, too.
var ownPackage = regexp.MustCompile(`^\./([A-Za-z0-9_.-]+/)*[a-z0-9][a-z0-9_-]{0,23}$`)

// shippedWorkload is the program that the AppVMs run unless an experiment names its own.
const shippedWorkload = "unixbench"

// name sets the name of a workload if the file does not give one.
func (w *Workload) name() {
	switch {
	case w.Name != "":
	case w.Package != "":
		w.Name = path.Base(w.Package)
	default:
		w.Name = shippedWorkload
	}
}

func (w *Workload) validate() error {
	switch {
	case w.Package == "" && w.Name != shippedWorkload:
		return fmt.Errorf("workload.name = %q: the workload that ships is %q; one of yours is named by workload.package, such as \"./workloads/%s\"", w.Name, shippedWorkload, w.Name)
	case w.Package == "":
		return nil
	case !ownPackage.MatchString(w.Package) || !filepath.IsLocal(w.Package) || path.Clean(w.Package) != w.Package[2:]:
		return fmt.Errorf("workload.package = %q: it must be a directory of the clone, written like \"./workloads/mine\", the last part in up to 24 lower-case letters, digits, - and _", w.Package)
	case w.Name != path.Base(w.Package):
		return fmt.Errorf("workload.name = %q beside workload.package = %q: leave it out, the package has a name", w.Name, w.Package)
	}
	return nil
}

// Pkg is the package of the workload.
func (w *Workload) Pkg() string {
	if w.Package == "" {
		return "./workloads/" + shippedWorkload
	}
	return w.Package
}

// Find checks that a workload's directory exists; the error has the line that
// names it.
func (w *Workload) Find(root string) error {
	if info, err := os.Stat(filepath.Join(root, w.Pkg())); err != nil || !info.IsDir() {
		return FileError{fmt.Errorf("%s: workload.package = %q: there is no such directory in %s", w.at, w.Package, root)}
	}
	return nil
}

// keyLine finds the line of a key in the text of an experiment file: "key = " in
// the table, or "table.key = " before any; 0 if it is written in another way.
func keyLine(text, table, key string) int {
	in, n := "", 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			in = strings.Trim(line, "[] ")
			continue
		}
		if name, _, ok := strings.Cut(line, "="); ok {
			name = strings.TrimSpace(name)
			if in == table && name == key || in == "" && name == table+"."+key {
				return n
			}
		}
	}
	return 0
}
