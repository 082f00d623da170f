package recording

import (
	"fmt"
	"strconv"
	"strings"

	"resvirt/vi/image"
)

// Addresses lists the addresses at which execution reaches code that has a name:
// "main.f" is the first instruction of a function, "file.go:12" those where a line
// begins. "appvm!" in front of it means another image than the hypervisor's.
func (r *Recording) Addresses(name string) ([]uint64, error) {
	which, code, other := strings.Cut(name, "!")
	if !other {
		which, code = "vmm", name
	}
	im, ok := r.Guests.Image(which)
	if !ok {
		return nil, fmt.Errorf("there is no image %q: say one of %s", which, strings.Join(r.Guests.ImageNames(), ", "))
	}
	if file, number, ok := strings.Cut(code, ":"); ok {
		return lineAddresses(im, file, number)
	}
	for _, symbol := range []string{code, code + ".abi0"} {
		if addr, ok := im.Addr(symbol); ok {
			if _, code := im.Func(addr); code {
				return []uint64{addr}, nil
			}
		}
	}
	return nil, fmt.Errorf("image %s has no function %q; if the compiler has expanded it wherever it is called, name a line", which, code)
}

// lineAddresses are the addresses where a line begins, of files whose path ends so.
func lineAddresses(im *image.Image, file, number string) ([]uint64, error) {
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 {
		return nil, fmt.Errorf("%q is no line number", number)
	}
	list := im.LineAddrs(file, n)
	if len(list) == 0 {
		return nil, fmt.Errorf("image %s has no code of %s line %d", im.Name, file, n)
	}
	return list, nil
}
