package recording

import (
	"errors"
	"fmt"
	"strings"
)

// Addresses lists the addresses at which execution reaches code that has a name:
// "main.f" or "f" is the first instruction of a function and of each call of it that the
// compiler has expanded, "file.go:12" those where a line begins, or the next one with
// code. "appvm!" in front of it means another image than the hypervisor's.
func (r *Recording) Addresses(name string) ([]uint64, error) {
	which, code, other := strings.Cut(name, "!")
	if !other {
		which, code = "vmm", name
	}
	v, ok := r.Guests.View(which)
	if !ok {
		return nil, fmt.Errorf("there is no image %q: say one of %s", which, strings.Join(r.Guests.ImageNames(), ", "))
	}
	list, err := v.Breakpoints(code)
	if err != nil {
		if hint := r.elsewhere(code); !other && hint != "" {
			err = errors.New(hint)
		}
		return nil, err
	}
	var addrs []uint64
	for _, b := range list {
		addrs = append(addrs, b.Addr)
	}
	return addrs, nil
}
