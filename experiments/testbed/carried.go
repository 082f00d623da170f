package testbed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Carried are the sources of the images that are embedded in the program, so that it can
// build images without a clone. If the working directory is in a clone, that comes first,
// because its user works on these sources.
type Carried struct {
	Sources fs.FS // with go.mod at its root; nil = none
}

// root is the directory of the sources; done removes it, if it is a copy.
func (c Carried) root() (dir string, done func(), err error) {
	dir, err = ModuleRoot()
	if c.Sources == nil || !errors.Is(err, errNoClone) {
		return dir, func() {}, err
	}
	// Make a new copy each time, so that nobody can have changed it. Images are cached by
	// the content of their sources, wherever these lie.
	if dir, err = os.MkdirTemp("", "resvirt-sources-"); err != nil {
		return "", nil, fmt.Errorf("a place for the sources of the images: %w", err)
	}
	done = func() { os.RemoveAll(dir) }
	if err := os.CopyFS(dir, c.Sources); err != nil {
		done()
		return "", nil, fmt.Errorf("the sources of the images: %w", err)
	}
	return dir, done, nil
}
