package image

import (
	"bytes"
	"context"
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

// source identifies the sources of an image.
type source struct {
	digest, pkg, module string
	files               []string // as in Image.Sources
}

// sources hashes every source file outside the standard library that the
// package depends on, the toolchain's version and the way of building.
func sources(ctx context.Context, s Spec) (source, error) {
	tags, err := s.tags()
	if err != nil {
		return source{}, err
	}
	out, err := goTool(ctx, s.Root, "list", "-deps", "-tags="+tags, "-json=ImportPath,Dir,Name,Standard,Module,GoFiles,SFiles,HFiles,EmbedFiles", s.Pkg)
	if err != nil {
		return source{}, err
	}
	tool, err := goTool(ctx, s.Root, "env", "GOVERSION")
	if err != nil {
		return source{}, err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s %s %s %s\n", version, s.Kind, tool, runtime.GOARCH)
	fmt.Fprintf(h, "tags %s\n", tags)
	var list []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			return source{}, fmt.Errorf("go list: %w", err)
		}
		list = append(list, p)
	}
	if err := checkImports(s.Root, list); err != nil {
		return source{}, err
	}
	var src source
	for _, p := range list {
		if p.Standard {
			continue
		}
		src.pkg, src.module = p.ImportPath, p.Module.Path // the last one listed is the package itself
		fmt.Fprintf(h, "package %s\n", p.ImportPath)
		for _, names := range [][]string{p.GoFiles, p.SFiles, p.HFiles, p.EmbedFiles} {
			for _, name := range names {
				b, err := os.ReadFile(filepath.Join(p.Dir, name))
				if err != nil {
					return source{}, err
				}
				fmt.Fprintf(h, "%s %d\n", name, len(b))
				h.Write(b)
				if file, err := filepath.Rel(s.Root, filepath.Join(p.Dir, name)); err == nil && filepath.IsLocal(file) {
					src.files = append(src.files, filepath.ToSlash(file))
				}
			}
		}
	}
	src.digest = hex.EncodeToString(h.Sum(nil))
	return src, nil
}
