package experiments

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

//go:embed files/*.toml
var shipped embed.FS

// Shipped lists the names of the experiments that come with the program.
func Shipped() []string {
	entries, err := fs.ReadDir(shipped, "files")
	if err != nil {
		panic("BUG: embedded experiments: " + err.Error())
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".toml"))
	}
	sort.Strings(names)
	return names
}

// UnknownError says that there is no such experiment: a mistake in the command.
type UnknownError struct{ Name string }

func (e UnknownError) Error() string {
	return fmt.Sprintf("there is no experiment %q%s: name one that ships (%s) or a TOML file", e.Name, meant(e.Name, Shipped()), strings.Join(Shipped(), ", "))
}

// Load reads an experiment by the name it ships under or from a file, and
// returns its text as well, which the database keeps.
func Load(name string) (Experiment, []byte, error) {
	if text, err := shipped.ReadFile("files/" + name + ".toml"); err == nil {
		e, err := Parse(name, text)
		return e, text, err
	}
	if !strings.HasSuffix(name, ".toml") && !strings.ContainsRune(name, filepath.Separator) {
		return Experiment{}, nil, UnknownError{name}
	}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return Experiment{}, nil, UnknownError{name}
	}
	if err != nil {
		return Experiment{}, nil, fmt.Errorf("experiment %s: %w", name, err)
	}
	if err := checkTables(name, text); err != nil {
		return Experiment{}, nil, err
	}
	e, err := Parse(name, text)
	if err == nil {
		err = checkNames(name, text, e)
	}
	return e, text, err
}

// FileError says what is wrong with an experiment file: a mistake in the command.
type FileError struct{ Err error }

func (e FileError) Error() string { return e.Err.Error() }

func (e FileError) Unwrap() error { return e.Err }

// Parse reads an experiment's text. Words that it does not know are errors.
func Parse(origin string, text []byte) (Experiment, error) {
	e := Default()
	e.Workload.Name = ""
	d := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return e, FileError{fmt.Errorf("%s%w", origin, placed(err, text))}
	}
	e.Workload.name()
	e.Workload.at = origin
	if line := keyLine(string(text), "workload", "package"); line > 0 {
		e.Workload.at = fmt.Sprintf("%s:%d", origin, line)
	}
	if e.Name == "" {
		e.Name = strings.TrimSuffix(filepath.Base(origin), ".toml")
	}
	if err := e.Validate(); err != nil {
		return e, FileError{fmt.Errorf("%s: %w", origin, err)}
	}
	return e, nil
}
