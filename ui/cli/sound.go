package cli

import (
	"flag"
	"maps"
	"slices"
	"strings"
)

// What is wrong with a command line as a whole, although each flag is right: what would be
// ignored is refused.

// given are the flags that a command line has, by their names.
type given map[string]bool

// checker is what values of flags implement that mean something only with others, or
// without them.
type checker interface {
	check(g given, operands []string) error
}

// sound refuses empty operands and values, and flags that would be ignored.
func (c *command) sound(fs *flag.FlagSet, values any, operands []string) error {
	for i, o := range operands {
		if o == "" {
			return usage("%s: %s is empty", c.name, strings.Trim(c.places()[i], "[]"))
		}
	}
	g, empty := given{}, ""
	fs.Visit(func(f *flag.Flag) {
		g[f.Name] = true
		if v, ok := f.Value.(flag.Getter); ok && v.Get() == "" && f.Name != "append" { // a kernel's command line may be empty
			empty = f.Name
		}
	})
	if empty != "" {
		what, _ := flag.UnquoteUsage(fs.Lookup(empty))
		return usage("%s: --%s is empty: it needs %s", c.name, empty, what)
	}
	if v, ok := values.(checker); ok {
		return v.check(g, operands)
	}
	return nil
}

// needs refuses those of the flags that are given without the flag they belong to.
func (g given) needs(command, flag string, list ...string) error {
	if g[flag] {
		return nil
	}
	for _, name := range list {
		if g[name] {
			return usage("%s: --%s means something only with --%s", command, name, flag)
		}
	}
	return nil
}

// alone refuses flags beside one that they have no meaning with, but those in except.
func (g given) alone(command, flag string, except ...string) error {
	if !g[flag] {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(g)) {
		if name != flag && !slices.Contains(except, name) {
			return usage("%s: --%s means nothing with --%s", command, name, flag)
		}
	}
	return nil
}
