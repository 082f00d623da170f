package guest

import "resvirt/vi/abi"

// Protection bits, with mmap's values.
const (
	protRead  = 1
	protWrite = 2
	protExec  = 4
)

// vma is a range of user addresses with the same protection and content. A file
// range shows the initrd's bytes from fileVA-start on: address a has the
// initrd's offset fileOff + a - start, up to fileEnd (an address); beyond are
// zeros.
type vma struct {
	start, end uint64
	prot       uint8
	file       bool
	foreign    bool // the pages are others', see foreign.go
	fileOff    uint64
	fileEnd    uint64
}

// flags are those of an entry for a page of the range.
func (v *vma) flags() uint64 {
	f := uint64(ptePresent | pteUser | pteAccessed)
	if v.prot&protWrite != 0 {
		f |= pteWrite | pteDirty
	}
	if v.prot&protExec == 0 {
		f |= pteNX
	}
	if v.foreign {
		f |= pteForeign
	}
	return f
}

const maxVMAs = 16

// vmaList is the ranges of an address space, unordered and disjoint.
type vmaList struct {
	n int
	v [maxVMAs]vma
}

func (l *vmaList) find(va uint64) *vma {
	for i := range l.v[:l.n] {
		if v := &l.v[i]; va >= v.start && va < v.end {
			return v
		}
	}
	return nil
}

// overlaps says whether any range has an address in [start, end).
func (l *vmaList) overlaps(start, end uint64) bool {
	for i := range l.v[:l.n] {
		if l.v[i].start < end && start < l.v[i].end {
			return true
		}
	}
	return false
}

func (l *vmaList) add(v vma) int64 {
	if v.start >= v.end || v.end > userEnd || (v.start|v.end)&(pageSize-1) != 0 || l.overlaps(v.start, v.end) {
		return -abi.EINVAL
	}
	if l.n == maxVMAs {
		return -abi.ENOMEM
	}
	l.v[l.n] = v
	l.n++
	return 0
}

// gap finds the lowest free range of a length at or above from.
func (l *vmaList) gap(from, length uint64) (uint64, bool) {
	if length > userEnd {
		return 0, false
	}
	for at := from; at+length <= userEnd; {
		if !l.overlaps(at, at+length) {
			return at, true
		}
		next := uint64(userEnd)
		for i := range l.v[:l.n] {
			if e := l.v[i].end; e > at && e < next {
				next = e
			}
		}
		at = next
	}
	return 0, false
}

// cut removes [start, end), splitting a range that it lies inside of.
func (l *vmaList) cut(start, end uint64) int64 {
	for i := 0; i < l.n; i++ {
		v := l.v[i]
		if v.start >= end || start >= v.end {
			continue
		}
		low, high := v, v
		low.end = min(v.end, start)
		high.start = max(v.start, end)
		high.fileOff += high.start - v.start
		keepLow, keepHigh := v.start < start, v.end > end
		switch {
		case keepLow && keepHigh:
			if l.n == maxVMAs {
				return -abi.ENOMEM
			}
			l.v[i] = low
			l.v[l.n] = high
			l.n++
		case keepLow:
			l.v[i] = low
		case keepHigh:
			l.v[i] = high
		default:
			l.n--
			l.v[i] = l.v[l.n]
			i--
		}
	}
	return 0
}
