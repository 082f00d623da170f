package xenelf

import (
	"unsafe"

	"resvirt/vi/abi"
)

// Before there were ELF notes, kernels described themselves in a section
// __xen_guest, a text of KEY=VALUE separated by commas.

// guestSection reads the section, if there is one.
func (k *Kernel) guestSection() {
	h := k.Header()
	names := k.section(h.ShStr)
	if names == nil {
		return
	}
	for i := range h.ShNum {
		s := k.section(i)
		if s == nil || uint64(s.Name) > names.Size {
			continue
		}
		if isText(k.Part(names.Offset, names.Size)[s.Name:], "__xen_guest\x00") {
			k.guestText(k.Part(s.Offset, s.Size))
			return
		}
	}
}

// guestText reads KEY=VALUE,KEY=VALUE...
func (k *Kernel) guestText(text []byte) {
	k.Offset = ^uint64(0)
	for len(text) > 0 && text[0] != 0 {
		n := 0
		for n < len(text) && text[n] != ',' && text[n] != 0 {
			n++
		}
		k.guestWord(text[:n])
		if n == len(text) {
			break
		}
		text = text[n+1:]
	}
	if k.Offset == ^uint64(0) {
		k.Offset = k.Base // in such kernels physical addresses equal virtual ones
	}
}

// guestWord uses one KEY=VALUE.
func (k *Kernel) guestWord(word []byte) {
	for _, w := range [...]struct {
		key  string
		note uint32
		text bool
	}{
		{"VIRT_BASE=", abi.NoteVirtBase, false}, {"VIRT_ENTRY=", abi.NoteEntry, false},
		{"ELF_PADDR_OFFSET=", abi.NotePaddrOffset, false}, {"INIT_P2M=", abi.NoteInitP2M, false},
		{"XEN_VER=", abi.NoteXenVersion, true}, {"LOADER=", abi.NoteLoader, true}, {"GUEST_OS=", abi.NoteGuestOS, true},
	} {
		if !isText(word, w.key) {
			continue
		}
		value := word[len(w.key):]
		if !w.text {
			v := hexValue(value)
			value = unsafe.Slice((*byte)(unsafe.Pointer(&v)), 8)
		}
		k.note(w.note, value)
		return
	}
	if key := "HYPERCALL_PAGE="; isText(word, key) {
		k.hypercallPage = hexValue(word[len(key):]) + 1 // a page number, counted from the base
	}
}

// isText says whether b begins with s.
func isText(b []byte, s string) bool {
	if len(b) < len(s) {
		return false
	}
	for i := 0; i < len(s); i++ {
		if b[i] != s[i] {
			return false
		}
	}
	return true
}

// hexValue is a number that is written with or without 0x.
func hexValue(b []byte) uint64 {
	v := uint64(0)
	for i, c := range b {
		switch {
		case c >= '0' && c <= '9':
			v = v<<4 | uint64(c-'0')
		case c >= 'a' && c <= 'f':
			v = v<<4 | uint64(c-'a'+10)
		case c >= 'A' && c <= 'F':
			v = v<<4 | uint64(c-'A'+10)
		case c == 'x' && i == 1:
		default:
			return v
		}
	}
	return v
}
