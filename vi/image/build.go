package image

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Spec says what to build.
type Spec struct {
	Root  string // directory of the module's go.mod
	Pkg   string // package relative to it, "./vi/vmm"
	Kind  Kind
	Tags  []string // build tags beside imageTag, in any order: letters, digits and _
	Cache string   // directory of finished images; empty means resvirt under the user's cache directory
}

// imageTag is set for all images, and not when a package's tests are compiled.
const imageTag = "image"

// tags are the build tags as one argument of the go command, sorted.
func (s *Spec) tags() (string, error) {
	list := append(slices.Clone(s.Tags), imageTag)
	slices.Sort(list)
	list = slices.Compact(list)
	for _, t := range list {
		if strings.Trim(t, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || t == "" {
			return "", fmt.Errorf("build tag %q: a tag consists of lower-case letters, digits and _", t)
		}
	}
	return strings.Join(list, ","), nil
}

// BuildVMM builds the hypervisor in Pkg.
func BuildVMM(root, pkg, cache string) (*Image, error) {
	return Build(Spec{Root: root, Pkg: pkg, Kind: VMM, Cache: cache})
}

// BuildGuest builds the paravirtual kernel in Pkg.
func BuildGuest(root, pkg, cache string) (*Image, error) {
	return Build(Spec{Root: root, Pkg: pkg, Kind: Guest, Cache: cache})
}

// BuildUser builds the user program in Pkg.
func BuildUser(root, pkg, cache string) (*Image, error) {
	return Build(Spec{Root: root, Pkg: pkg, Kind: User, Cache: cache})
}

// Build is BuildContext without a context.
func Build(s Spec) (*Image, error) { return BuildContext(context.Background(), s) }

// BuildContext returns the image of a package, from the cache if its sources, the
// toolchain and this package's version have not changed. When ctx ends, so does
// the toolchain.
func BuildContext(ctx context.Context, s Spec) (*Image, error) {
	root, err := filepath.Abs(s.Root)
	if err != nil {
		return nil, err
	}
	s.Root = root
	src, err := sources(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", s.Pkg, err)
	}
	cached, err := cachePath(s, src.digest)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", s.Pkg, err)
	}
	linked, kept := recall(cached)
	if !kept {
		if linked, err = compile(ctx, s, filepath.Dir(cached)); err != nil {
			return nil, fmt.Errorf("image %s: %w", s.Pkg, err)
		}
	}
	m, err := Finish(linked, s.Kind, src.pkg, src.module)
	if err == nil && !kept {
		err = store(cached, linked)
	}
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", s.Pkg, err)
	}
	m.Sources = src.files
	return m, nil
}

// Finish makes an image of the linker's output.
func Finish(linked []byte, kind Kind, pkg, module string) (*Image, error) {
	m := &Image{Kind: kind, Name: pkg, ELF: linked}
	var err error
	switch kind {
	case VMM:
		err = finishVMM(m, module)
	case Guest:
		err = finishGuest(m, module, guestBase)
	case Control:
		err = finishGuest(m, module, controlBase)
	case Driver:
		err = finishGuest(m, module, driverBase)
	default:
		err = finishUser(m, module)
	}
	if err != nil {
		return nil, err
	}
	m.Digest = digest(m.File)
	return m, nil
}

// compile runs the toolchain in an environment that has only what is needed to
// find files, so that the output depends on the sources alone.
func compile(ctx context.Context, s Spec, tmp string) ([]byte, error) {
	dir, err := os.MkdirTemp(tmp, "build-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "image")
	tags, err := s.tags()
	if err != nil {
		return nil, err
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-tags=" + tags, "-o", out}
	if s.Kind == User {
		args = append(args, "-ldflags=-linkmode=internal -buildid= -E main.entry")
	} else {
		args = append(args, "-buildmode=pie", "-gcflags=resvirt/...=-wb=false",
			"-ldflags=-linkmode=internal -buildid= -E main.entry")
	}
	if _, err := goTool(ctx, s.Root, append(args, s.Pkg)...); err != nil {
		return nil, noEntry(err)
	}
	return os.ReadFile(out)
}

// noEntry makes an error that says what to do of the linker's error, which only
// says which symbol is missing.
func noEntry(err error) error {
	if strings.Contains(err.Error(), `missing entry symbol "main.entry"`) {
		return fmt.Errorf("%w: the image begins at TEXT ·entry(SB) of an assembly file of its main package (docs/workload.md)", err)
	}
	return err
}
