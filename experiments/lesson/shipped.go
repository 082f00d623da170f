package lesson

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

//go:embed lessons
var files embed.FS

// Shipped lists the lessons that ship, in their order.
func Shipped() ([]*Lesson, error) {
	names, err := fs.Glob(files, "lessons/*.lesson")
	if err != nil {
		return nil, err
	}
	var all []*Lesson
	for _, name := range names {
		content, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		l, err := Parse(name, content)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

// Load reads a lesson: a shipped one by its number or name, or a file.
func Load(name string) (*Lesson, error) {
	all, err := Shipped()
	if err != nil {
		return nil, err
	}
	var known []string
	for i, l := range all {
		if name == strconv.Itoa(i+1) || name == l.Name {
			return l, nil
		}
		known = append(known, l.Name)
	}
	content, err := read(name)
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no lesson %q, and no file of that name: say 1 to %d, one of %s, or a file", name, len(all), strings.Join(known, ", "))
	case errors.As(err, &path):
		return nil, fmt.Errorf("lesson %s: %w", name, path.Err)
	case err != nil:
		return nil, err
	}
	return Parse(name, content)
}

// read reads a file, but no more than shows that it is no lesson: a device may have no end.
func read(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("lesson %s is no file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, largest+1))
}
