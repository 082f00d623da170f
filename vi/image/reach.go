package image

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sort"
	"strings"
)

// reach is the set of functions that can run, found from the entry point by
// following calls, jumps, addresses taken in code and addresses in data.
type reach struct {
	*code
	seen   map[uint64]*function
	data   map[uint64]bool // starts of the data symbols that were followed
	todo   []*function
	errs   []error
	redirs map[uint64]uint8 // functions to redirect, and the failure they stand for
	stop   func(name string) (kind uint8, redirect bool, err error)
}

// walk computes what is reachable from the roots. stop decides, for each
// function about to be entered, whether it is redirected or must not be there.
func (c *code) walk(roots []uint64, stop func(string) (uint8, bool, error)) (*reach, error) {
	r := &reach{code: c, seen: map[uint64]*function{}, data: map[uint64]bool{}, redirs: map[uint64]uint8{}, stop: stop}
	for _, a := range roots {
		r.address(a, 0)
	}
	for len(r.todo) > 0 {
		f := r.todo[len(r.todo)-1]
		r.todo = r.todo[:len(r.todo)-1]
		if err := c.each(f, func(i inst) error { r.visit(f, i); return nil }); err != nil {
			r.errs = append(r.errs, err)
		}
	}
	if len(r.errs) > 0 {
		sort.Slice(r.errs, func(i, j int) bool { return r.errs[i].Error() < r.errs[j].Error() })
		return nil, errors.Join(r.errs...)
	}
	return r, nil
}

// visit follows what one instruction refers to.
func (r *reach) visit(f *function, i inst) {
	if to, ok := i.target(); ok && (to < f.start || to >= f.end) {
		r.address(to, i.addr)
	}
}

// address notes that the code or data at from refers to an address.
func (r *reach) address(to, from uint64) {
	if to < r.l.lo || to >= r.l.hi {
		return
	}
	if f := r.holding(to); f != nil {
		r.enter(f, from)
		return
	}
	s, ok := r.syms.find(to, false)
	lo, hi := to, to+8 // a function value is one word
	if ok && !strings.HasSuffix(s.Name, ":*") && !strings.HasPrefix(s.Name, "go:") {
		lo, hi = s.Start, s.End
	}
	if strings.HasPrefix(s.Name, "type:") || strings.HasPrefix(s.Name, "runtime.") || r.data[lo] {
		return
	}
	r.data[lo] = true
	list := r.l.relocs
	for k := sort.Search(len(list), func(k int) bool { return list[k] >= lo }); k < len(list) && list[k] < hi; k++ {
		r.address(binary.LittleEndian.Uint64(r.l.at(list[k]))-r.slide, from)
	}
}

// enter puts a function on the list, unless it is to be redirected.
func (r *reach) enter(f *function, from uint64) {
	if r.seen[f.start] != nil {
		return
	}
	kind, redirect, err := r.stop(trimABI(f.name))
	switch {
	case err != nil:
		r.errs = append(r.errs, fmt.Errorf("%s: %w", r.where(from), err))
	case redirect:
		r.redirs[f.start] = kind
	default:
		r.seen[f.start] = f
		r.todo = append(r.todo, f)
	}
}

// needsNoRuntime is the stop function of images without a runtime.
func needsNoRuntime(name string) (uint8, bool, error) {
	if runs[name] || !inRuntime(name) {
		if pkg, ok := strings.CutSuffix(name, ".init"); ok {
			return 0, false, fmt.Errorf("package initialization of %s never runs here", pkg)
		}
		return 0, false, nil
	}
	if kind, ok := check(name); ok {
		return uint8(kind), true, nil
	}
	return 0, false, fmt.Errorf("%s needs %s, which does not exist without a runtime", why(name), name)
}
