package image

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// version changes whenever this package would make other linker output of the same sources.
const version = "1"

// source identifies what an image is made of.
type source struct {
	digest, pkg, module string
}

// sources hashes every source file outside the standard library that the
// package depends on, the toolchain's version and the way of building.
func sources(s Spec) (source, error) {
	tags, err := s.tags()
	if err != nil {
		return source{}, err
	}
	out, err := goTool(s.Root, "list", "-deps", "-tags="+tags, "-json=ImportPath,Dir,Standard,Module,GoFiles,SFiles,HFiles,EmbedFiles", s.Pkg)
	if err != nil {
		return source{}, err
	}
	tool, err := goTool(s.Root, "env", "GOVERSION")
	if err != nil {
		return source{}, err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s %s %s %s\n", version, s.Kind, tool, runtime.GOARCH)
	if tags != "" {
		fmt.Fprintf(h, "tags %s\n", tags)
	}
	var src source
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath, Dir                     string
			Standard                            bool
			Module                              struct{ Path string }
			GoFiles, SFiles, HFiles, EmbedFiles []string
		}
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			return source{}, fmt.Errorf("go list: %w", err)
		}
		if p.Standard {
			continue
		}
		src.pkg, src.module = p.ImportPath, p.Module.Path // the last one listed is the package itself
		fmt.Fprintf(h, "package %s\n", p.ImportPath)
		for _, list := range [][]string{p.GoFiles, p.SFiles, p.HFiles, p.EmbedFiles} {
			for _, name := range list {
				b, err := os.ReadFile(filepath.Join(p.Dir, name))
				if err != nil {
					return source{}, err
				}
				fmt.Fprintf(h, "%s %d\n", name, len(b))
				h.Write(b)
			}
		}
	}
	src.digest = hex.EncodeToString(h.Sum(nil))
	return src, nil
}

// cachePath is where the linker's output of a source digest lies.
func cachePath(s Spec, digest string) (string, error) {
	dir := s.Cache
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("no directory for finished images: %w (set HOME or XDG_CACHE_HOME)", err)
		}
		dir = filepath.Join(base, "resvirt")
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	return filepath.Join(dir, fmt.Sprintf("%s-%s.elf", s.Kind, digest[:32])), nil
}

// store writes a file so that readers see all of it or nothing.
func store(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "store-")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
