package experiments

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Setting is a recovery policy: the names of the steps that it allows. A file may
// instead describe the difference from another setting of the same file, its
// base; after the file is read, only Name and Steps are set.
type Setting struct {
	Name    string   `toml:"name"`
	Steps   []string `toml:"steps"`
	Base    string   `toml:"base"`
	Without []string `toml:"without"` // steps of the base
	With    []string `toml:"with"`    // steps that the base has not
}

// resolveSettings finds the steps of the settings that are given by a base.
func resolveSettings(list []Setting) error {
	r := resolver{list: list, state: make([]resolution, len(list))}
	for i := range list {
		if err := r.resolve(i); err != nil {
			return err
		}
	}
	return nil
}

// resolver goes from settings to their bases.
type resolver struct {
	list  []Setting
	state []resolution
	way   []string // names of the settings under way, each the base of the one before
}

type resolution uint8

const (
	unresolved resolution = iota
	underWay
	resolved
)

func (r *resolver) resolve(i int) error {
	s := &r.list[i]
	switch {
	case r.state[i] == resolved:
		return nil
	case r.state[i] == underWay:
		way := r.way[slices.Index(r.way, s.Name):]
		return fmt.Errorf("setting %q is its own base: %s", s.Name, strings.Join(append(way, s.Name), " → "))
	case s.Base == "" && len(s.Without)+len(s.With) > 0:
		return fmt.Errorf("setting %q: without and with change another setting: name it, base = \"...\"", s.Name)
	case s.Base == "":
		r.state[i] = resolved
		return nil
	case s.Steps != nil:
		return fmt.Errorf("setting %q has both steps and a base: it can only have one of them", s.Name)
	}
	b := slices.IndexFunc(r.list, func(o Setting) bool { return o.Name == s.Base })
	if b < 0 {
		return fmt.Errorf("setting %q: base = %q: there is no such setting in the file", s.Name, s.Base)
	}
	r.state[i], r.way = underWay, append(r.way, s.Name)
	if err := r.resolve(b); err != nil {
		return err
	}
	r.state[i], r.way = resolved, r.way[:len(r.way)-1]
	var err error
	if s.Steps, err = changed(r.list[b].Steps, s.Without, s.With); err != nil {
		return fmt.Errorf("setting %q: %w", s.Name, err)
	}
	s.Base, s.Without, s.With = "", nil, nil
	return nil
}

// changed takes steps away from a list and adds others to it.
func changed(steps, without, with []string) ([]string, error) {
	list := append([]string{}, steps...)
	for _, s := range without {
		i := slices.Index(list, s)
		if i < 0 {
			return nil, fmt.Errorf("without %q: that is none of the steps it would be taken from, which are %s", s, orNone(steps))
		}
		list = slices.Delete(list, i, i+1)
	}
	for _, s := range with {
		if slices.Contains(list, s) {
			return nil, fmt.Errorf("with %q: that step is there already", s)
		}
		list = append(list, s)
	}
	return list, nil
}

func orNone(steps []string) string {
	if len(steps) == 0 {
		return "none"
	}
	return strings.Join(steps, ", ")
}

// InOrder puts the steps of settings that checkSteps has passed into the order of
// the target's list, so that settings which allow the same are the same.
func InOrder(settings []Setting, known []string) []Setting {
	list := slices.Clone(settings)
	for i := range list {
		list[i].Steps = slices.Clone(list[i].Steps)
		slices.SortStableFunc(list[i].Steps, func(a, b string) int { return cmp.Compare(slices.Index(known, a), slices.Index(known, b)) })
	}
	return list
}

// SameSteps tells whether two lists allow the same, in whatever order.
func SameSteps(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
