package testbed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"resvirt/experiments"
	"resvirt/vi/image"
)

// The packages that make up the system, and the names that the database gives them.
var imagePackages = []imagePackage{
	{"vmm", "./vi/vmm", image.VMM, false},
	{"appvm", "./vi/appvm", image.Guest, false},
	{"control", "./vi/control", image.Control, false},
	{"workload", "./workloads/unixbench", image.User, false},
	{"dvm", "./vi/dvm", image.Driver, true},
	{"xenstored", "./vi/privvm/xenstored", image.User, true},
	{"consoled", "./vi/privvm/consoled", image.User, true},
	{"toolstack", "./vi/privvm/toolstack", image.User, true},
	{"blkbench", "./workloads/blkbench", image.User, true},
	{"netbench", "./workloads/netbench", image.User, true},
	{"service", "./workloads/service", image.User, true},
}

type imagePackage struct {
	name, pkg string
	kind      image.Kind
	whole     bool // only with the whole infrastructure
}

// packagesOf are those that an experiment's system is made of.
func packagesOf(e *experiments.Experiment) (list []imagePackage) {
	for _, p := range imagePackages {
		if !p.whole || e.IO.Whole {
			list = append(list, p)
		}
	}
	return list
}

// of is the package in an experiment, which may name its own workload.
func (p *imagePackage) of(e *experiments.Experiment) string {
	switch {
	case p.name == "workload":
		return e.Workload.Pkg()
	case p.name == "control" && e.IO.Whole:
		return "./vi/privvm"
	}
	return p.pkg
}

// Build builds the images of an experiment from the sources of a clone, or takes them
// from the cache when these have not changed.
func Build(e experiments.Experiment, say func(string)) (experiments.System, error) {
	return Carried{}.Build(context.Background(), e, say)
}

// Build builds the images of an experiment from sources, or takes them
// from the cache when these have not changed. It ends with ctx.
func (c Carried) Build(ctx context.Context, e experiments.Experiment, say func(string)) (experiments.System, error) {
	if e.Bare() {
		return buildBare(e)
	}
	if e.Workload.Package != "" {
		c.Sources = nil // the carried sources do not contain the user's workload
	}
	root, done, err := c.root()
	if err != nil {
		return nil, err
	}
	defer done()
	if err := e.Workload.Find(root); err != nil {
		return nil, err
	}
	if err := checkSteps(root, e.Settings); err != nil {
		return nil, err
	}
	say("images")
	var parts []experiments.Part
	files := map[string]bool{}
	for _, p := range packagesOf(&e) {
		spec := image.Spec{Root: root, Pkg: p.of(&e), Kind: p.kind}
		if p.kind == image.VMM {
			spec.Tags = e.VMM.Tags()
		}
		m, err := image.BuildContext(ctx, spec)
		if err != nil {
			return nil, err
		}
		for _, f := range m.Sources {
			files[f] = true
		}
		parts = append(parts, experiments.Part{Kind: "image", Name: p.name, Digest: m.Digest, Data: m.File}, experiments.Part{Kind: "linked", Name: p.name, Digest: experiments.Sum(m.ELF), Data: m.ELF})
	}
	src, err := sourceParts(root, files)
	if err != nil {
		return nil, err
	}
	return Stored(e, append(parts, src...))
}

// BuildVMM builds the hypervisor's image alone, from the sources of a clone.
func BuildVMM() ([]byte, error) { return Carried{}.BuildVMM(context.Background()) }

// BuildVMM builds the hypervisor's image alone, or takes it from the cache.
func (c Carried) BuildVMM(ctx context.Context) (file []byte, err error) {
	err = c.vmm(ctx, func(_ string, m *image.Image) error {
		file = m.File
		return nil
	})
	return file, err
}

// DebugVMM is the hypervisor's image as an ELF file for debuggers, with its sources.
func (c Carried) DebugVMM(ctx context.Context) (elf []byte, sources []experiments.Part, err error) {
	err = c.vmm(ctx, func(root string, m *image.Image) (err error) {
		if elf, err = m.DebugFile(); err != nil {
			return err
		}
		files := map[string]bool{}
		for _, f := range m.Sources {
			files[f] = true
		}
		sources, err = sourceParts(root, files)
		return err
	})
	return elf, sources, err
}

// vmm builds the hypervisor's image and calls f while its sources are there.
func (c Carried) vmm(ctx context.Context, f func(root string, m *image.Image) error) error {
	root, done, err := c.root()
	if err != nil {
		return err
	}
	defer done()
	m, err := image.BuildContext(ctx, image.Spec{Root: root, Pkg: imagePackages[0].pkg, Kind: imagePackages[0].kind})
	if err != nil {
		return err
	}
	return f(root, m)
}

// Stored makes the system of images that were built before.
func Stored(e experiments.Experiment, parts []experiments.Part) (experiments.System, error) {
	if e.Bare() {
		return storedBare(e, parts)
	}
	s := &VI{exp: e, parts: parts, images: map[string]*image.Image{}}
	for _, p := range packagesOf(&e) {
		file, linked := part(parts, "image", p.name), part(parts, "linked", p.name)
		if file == nil || linked == nil {
			return nil, fmt.Errorf("the database lacks the image %q: it cannot be replayed", p.name)
		}
		m, err := image.Finish(linked.Data, p.kind, modulePath+p.of(&e)[1:], modulePath)
		if err != nil {
			return nil, fmt.Errorf("image %s: %w", p.name, err)
		}
		// Addresses come from finishing the linker's output again: that must
		// still give the file that ran.
		if m.Digest != file.Digest {
			return nil, fmt.Errorf("the database's image %q was finished by another version of this program: use the program that made it", p.name)
		}
		s.images[p.name] = m
	}
	return s, s.prepare()
}

func part(parts []experiments.Part, kind, name string) *experiments.Part {
	for i := range parts {
		if parts[i].Kind == kind && parts[i].Name == name {
			return &parts[i]
		}
	}
	return nil
}

const modulePath = "resvirt"

var errNoClone = errors.New("the sources of the images are not here: run this inside a clone of the repository")

// ModuleRoot finds the sources: images are built from them.
func ModuleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("working directory: %w", err)
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(text, []byte("module "+modulePath+"\n")) {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errNoClone
		}
		dir = parent
	}
}

// sourceDirs hold all that images are made of.
var sourceDirs = []string{"vi/abi", "vi/bare", "vi/seam", "vi/xenelf", "vi/vmm", "vi/guest", "vi/appvm", "vi/control", "vi/privvm", "vi/dvm", "vi/pvio", "vi/back", "vi/front", "vi/driver", "vi/fs", "vi/ip", "vi/xenstore", "workloads"}

// sourceParts are the sources of all that runs inside the machine, so that a
// trace can quote them when they have moved on: those directories, and what
// else images were built from.
func sourceParts(root string, files map[string]bool) ([]experiments.Part, error) {
	for _, dir := range sourceDirs {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".go" && filepath.Ext(path) != ".s" {
				return err
			}
			name, err := filepath.Rel(root, path)
			files[filepath.ToSlash(name)] = true
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("sources: %w", err)
		}
	}
	var parts []experiments.Part
	for _, name := range slices.Sorted(maps.Keys(files)) {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return nil, fmt.Errorf("sources: %w", err)
		}
		parts = append(parts, experiments.Part{Kind: "source", Name: name, Digest: experiments.Sum(text), Data: text})
	}
	return parts, nil
}
