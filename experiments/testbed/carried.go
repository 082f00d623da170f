package testbed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Carried are the sources of the images that a program carries with it, so that it builds them
// where no clone is. The working directory's clone comes first: whoever works on the
// sources means these.
type Carried struct {
	Sources fs.FS // with go.mod at its root; nil = none
}

// root is the directory of the sources; done removes it, if it is a copy.
func (c Carried) root() (dir string, done func(), err error) {
	dir, err = ModuleRoot()
	if c.Sources == nil || !errors.Is(err, errNoClone) {
		return dir, func() {}, err
	}
	// A new copy each time: nobody can have changed it. Images are cached by what is in their
	// sources, wherever these lie.
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
