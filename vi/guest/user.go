package guest

import "unsafe"

// Access to user memory goes through the page tables and the direct map, so
// that the kernel itself never faults on a user address. Pages that are not this kernel's
// have no place in the direct map; they are reached where the process has them.

// userPage makes va usable and returns its direct-map address.
func userPage(va uint64, write bool) (uint64, bool) {
	s := &current.space
	pte := s.pte(va)
	if pte&ptePresent == 0 || write && pte&pteWrite == 0 {
		if va >= userEnd || !s.fault(va, write) {
			return 0, false
		}
		pte = s.pte(va)
	}
	if pte&pteForeign != 0 {
		return va, true
	}
	return kva(ptePage(pte)) + va&(pageSize-1), true
}

// copyIn copies n bytes of the current process to the kernel address dst.
func copyIn(dst, src, n uint64) bool {
	for n > 0 {
		at, ok := userPage(src, false)
		if !ok {
			return false
		}
		k := min(n, pageSize-src&(pageSize-1))
		copyBytes(dst, at, k)
		dst, src, n = dst+k, src+k, n-k
	}
	return true
}

// copyOut copies n bytes at the kernel address src to the current process.
func copyOut(dst, src, n uint64) bool {
	for n > 0 {
		at, ok := userPage(dst, true)
		if !ok {
			return false
		}
		k := min(n, pageSize-dst&(pageSize-1))
		copyBytes(at, src, k)
		dst, src, n = dst+k, src+k, n-k
	}
	return true
}

// copyInString copies a terminated string into buf and returns its length, or
// -1 when it is unreadable or too long.
func copyInString(buf []byte, src uint64) int {
	for i := range buf {
		at, ok := userPage(src+uint64(i), false)
		if !ok {
			return -1
		}
		buf[i] = *(*byte)(ptr(at))
		if buf[i] == 0 {
			return i
		}
	}
	return -1
}

func copyInWord(src uint64) (v uint64, ok bool) {
	ok = copyIn(addr(unsafe.Pointer(&v)), src, 8)
	return v, ok
}
