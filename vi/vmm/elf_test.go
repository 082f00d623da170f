package main

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/xenelf"
)

// kernelParts is a synthetic kernel: a segment of a page at 1 MiB, and what it
// says of itself: by notes in a segment or in a section, or by a text in a section.
type kernelParts struct {
	segment, section []byte // notes
	memsz            uint64 // of the segment of notes
	text             string // of __xen_guest
	change           func(h *xenelf.Header, load, note *xenelf.Segment)
}

// note is one of Xen's notes: a text, or a number of 8 or 4 bytes.
func note(kind uint32, value any) []byte {
	var v []byte
	switch x := value.(type) {
	case string:
		v = append([]byte(x), 0)
	case uint32:
		v = binary.LittleEndian.AppendUint32(nil, x)
	case uint64:
		v = binary.LittleEndian.AppendUint64(nil, x)
	}
	b := binary.LittleEndian.AppendUint32(nil, 4)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(v)))
	b = binary.LittleEndian.AppendUint32(b, kind)
	b = append(append(b, "Xen\x00"...), v...)
	return append(b, make([]byte, -len(v)&3)...)
}

// notesAnd are the notes that every kernel has, and others.
func notesAnd(more ...[]byte) []byte {
	return append(bytes.Join([][]byte{note(abi.NoteGuestOS, "test"), note(abi.NoteLoader, "generic"), note(abi.NoteXenVersion, "xen-3.0")}, nil), bytes.Join(more, nil)...)
}

func (p kernelParts) file() []byte {
	const head, ph = 64, 56
	names := "\x00.note\x00__xen_guest\x00"
	h := xenelf.Header{Magic: xenelf.Magic, Class: xenelf.Class64, Data: xenelf.Little, Kind: 2, Machine: xenelf.X86_64, Version: 1, Entry: 0x100000,
		PhOff: head, PhSize: ph, PhNum: 2, ShSize: 64, ShNum: 4, ShStr: 1}
	load := xenelf.Segment{Kind: xenelf.Load, Paddr: 0x100000, FileSize: head, MemSize: 0x3000}
	at := uint64(head + 2*ph)
	seg := xenelf.Segment{Kind: xenelf.Note, Offset: at, FileSize: uint64(len(p.segment)), MemSize: p.memsz}
	if p.segment == nil {
		seg = xenelf.Segment{Kind: 0x6474e551} // GNU_STACK
	}
	var sections [4]xenelf.Section
	body := bytes.Clone(p.segment)
	add := func(i int, name, kind uint32, b []byte) {
		sections[i] = xenelf.Section{Name: name, Kind: kind, Offset: at + uint64(len(body)), Size: uint64(len(b))}
		body = append(body, b...)
	}
	add(1, 0, 3, []byte(names))
	if p.section != nil {
		add(2, 1, xenelf.SectionNote, p.section)
	}
	if p.text != "" {
		add(3, 7, 1, []byte(p.text))
	}
	h.ShOff = at + uint64(len(body))
	if p.change != nil {
		p.change(&h, &load, &seg)
	}
	raw := func(p unsafe.Pointer, n uintptr) []byte { return bytes.Clone(unsafe.Slice((*byte)(p), n)) }
	return bytes.Join([][]byte{raw(unsafe.Pointer(&h), head), raw(unsafe.Pointer(&load), ph), raw(unsafe.Pointer(&seg), ph),
		body, raw(unsafe.Pointer(&sections), unsafe.Sizeof(sections))}, nil)
}

func parseKernel(file []byte) (kernelImage, string) {
	k := kernelImage{Kernel: xenelf.Kernel{File: file}}
	return k, k.parse()
}

const kernelBase = uint64(0xffffffff80000000)

// linuxText is the text that Linux kernels had before there were notes.
const linuxText = "GUEST_OS=linux,XEN_VER=xen-3.0,VIRT_BASE=0xffffffff80000000,ELF_PADDR_OFFSET=0x0,VIRT_ENTRY=0xffffffff80100040,HYPERCALL_PAGE=0x102,LOADER=generic"

// goodKernels are accepted: they have notes as the linkers of several systems
// write them.
var goodKernels = map[string]kernelParts{
	"notes in a segment": {segment: notesAnd(note(abi.NoteEntry, kernelBase+0x100040), note(abi.NoteVirtBase, kernelBase),
		note(abi.NoteHypercall, kernelBase+0x102000)), memsz: 1000},
	// grub-mkimage: no memory for the notes, no hypercall page, all at 0.
	"as GRUB": {segment: bytes.Join([][]byte{note(abi.NoteGuestOS, "GRUB"), note(abi.NoteLoader, "generic"), note(abi.NoteXenVersion, "xen-3.0"),
		note(abi.NoteEntry, uint64(0)), note(abi.NoteVirtBase, uint64(0))}, nil),
		change: func(h *xenelf.Header, load, _ *xenelf.Segment) { h.Entry, load.Paddr = 0, 0 }},
	// mini-os's linker script keeps the notes in a section alone.
	"as mini-os": {section: notesAnd(note(abi.NoteHypercall, uint64(0x101000)), note(abi.NoteVirtBase, uint64(0)))},
	"numbers of 4 bytes": {segment: notesAnd(note(abi.NoteEntry, uint32(0x100040)), note(abi.NoteHypercall, uint32(0x102000)),
		note(abi.NoteVirtBase, uint32(0)))},
	"Linux without the loader's name": {segment: bytes.Join([][]byte{note(abi.NoteGuestOS, "linux"), note(abi.NoteXenVersion, "xen-3.0")}, nil)},
	"a text":                          {text: linuxText},
	"a note segment without an offset, and a section": {section: notesAnd(), segment: []byte{},
		change: func(_ *xenelf.Header, _, n *xenelf.Segment) { n.Offset, n.FileSize = 0, 300 }},
	"a segment of another kind outside of the file": {section: notesAnd(),
		change: func(_ *xenelf.Header, _, n *xenelf.Segment) { n.Offset, n.FileSize, n.MemSize = 1<<40, 1<<50, 1 }},
}

// TestKernelNotes: where a kernel wants to be started is in its notes, wherever
// they are, or in the section that was used before there were notes.
func TestKernelNotes(t *testing.T) {
	for name, p := range goodKernels {
		if _, why := parseKernel(p.file()); why != "" {
			t.Errorf("%s: %s", name, why)
		}
	}
	k, why := parseKernel(goodKernels["notes in a segment"].file())
	if why != "" || k.Entry != kernelBase+0x100040 || k.Base != kernelBase || k.Hypercall != kernelBase+0x102000 || k.end != kernelBase+0x103000 || k.ModByPFN {
		t.Errorf("%s %+v", why, k)
	}
	k, why = parseKernel(kernelParts{segment: notesAnd(note(abi.NoteInitP2M, uint64(1)<<39), note(abi.NoteModStartPFN, uint32(1)), note(abi.NotePaddrOffset, uint64(0x1000)))}.file())
	if why != "" || k.P2M != 1<<39 || !k.ModByPFN || k.Offset != 0x1000 || k.end != 0x102000 {
		t.Errorf("%s %+v", why, k)
	}
	if k, why = parseKernel(goodKernels["as GRUB"].file()); why != "" || k.Entry != 0 || k.Base != 0 || k.Hypercall != 0 || k.end != 0x3000 {
		t.Errorf("%s %+v", why, k)
	}
	if k, why = parseKernel(goodKernels["as mini-os"].file()); why != "" || k.Hypercall != 0x101000 {
		t.Errorf("%s %+v", why, k)
	}
	k, why = parseKernel(goodKernels["a text"].file())
	if why != "" || k.Entry != kernelBase+0x100040 || k.Base != kernelBase || k.Offset != 0 || k.Hypercall != kernelBase+0x102000 {
		t.Errorf("%s %+v", why, k)
	}
	// If there are notes in a segment, those in a section and the text are not
	// read.
	k, _ = parseKernel(kernelParts{segment: notesAnd(), section: notesAnd(note(abi.NoteEntry, uint64(0x100008))), text: linuxText}.file())
	if k.Entry != 0x100000 || k.Base != 0 {
		t.Errorf("%+v", k)
	}
}

// badKernels are refused with a reason.
var badKernels = map[string]kernelParts{
	"neither Xen's notes":          {},
	"do not say that it is for":    {segment: bytes.Join([][]byte{note(abi.NoteLoader, "generic"), note(abi.NoteVirtBase, uint64(0))}, nil)},
	"neither the generic loader":   {segment: bytes.Join([][]byte{note(abi.NoteGuestOS, "plan9"), note(abi.NoteXenVersion, "xen-3.0")}, nil)},
	"type PVH alone":               {segment: note(abi.NotePhys32Entry, uint32(0x100000))},
	"it is not for x86-64":         {segment: notesAnd(), change: func(h *xenelf.Header, _, _ *xenelf.Segment) { h.Machine = 3 }},
	"a segment lies outside of it": {segment: notesAnd(), change: func(_ *xenelf.Header, l, _ *xenelf.Segment) { l.FileSize = 0x10000; l.MemSize = 0x10000 }},
	"or is larger than its memory": {segment: notesAnd(), change: func(_ *xenelf.Header, l, _ *xenelf.Segment) { l.MemSize = 1 }},
	"1 GiB from its base":          {segment: notesAnd(), change: func(_ *xenelf.Header, l, _ *xenelf.Segment) { l.Paddr = 1<<30 + 1<<20 }},
	"no segment to load":           {segment: notesAnd(), change: func(_ *xenelf.Header, l, _ *xenelf.Segment) { l.Kind = 5 }},
	"entry point lies outside":     {segment: notesAnd(note(abi.NoteEntry, uint64(0x103000)))},
	"hypercall page lies outside":  {segment: notesAnd(note(abi.NoteHypercall, uint64(5)<<30))},
	"no page of a guest's":         {segment: notesAnd(note(abi.NoteVirtBase, uint64(0xffff830000000000)))},
	"would begin within a page":    {segment: notesAnd(note(abi.NoteInitP2M, uint64(1)<<39|8))},
}

func TestRefusedKernels(t *testing.T) {
	for want, p := range badKernels {
		if _, why := parseKernel(p.file()); !strings.Contains(why, want) {
			t.Errorf("%q, want %q", why, want)
		}
	}
	good := goodKernels["notes in a segment"].file()
	for n := range len(good) {
		if _, why := parseKernel(good[:n:n]); why == "" && n < 64+2*56+100 {
			t.Errorf("%d bytes of it pass", n)
		}
	}
}

// TestBuildDomains builds domains of good kernels and of damaged ones, in which
// any field may have any value: each is built, or refused with a reason, and in
// the end nothing is left.
func TestBuildDomains(t *testing.T) {
	world(t, 1)
	const room = 4
	params.domMB, params.vcpus, params.guest = 8, 1, 1
	at := allocFrames(room)
	mods := bootInfo.mods
	t.Cleanup(func() { bootInfo.mods = mods })
	free := heap.nfree
	build := func(file []byte) (why string) {
		copy(unsafe.Slice((*byte)(frameAddr(at)), pageSize<<room), file)
		bootInfo.mods[1] = module{uint64(at) << pageShift, uint64(at)<<pageShift + uint64(len(file))}
		d, why := buildDomain(1, 0)
		commit()
		if (d == nil) != (why != "") {
			t.Fatalf("%v, %q", d, why)
		}
		var list []*Domain
		if d != nil {
			list = append(list, d)
		}
		ended(t, free, list...)
		return why
	}
	for name, p := range goodKernels {
		if why := build(p.file()); why != "" {
			t.Errorf("%s: %s", name, why)
		}
	}
	for want, p := range badKernels {
		if why := build(p.file()); !strings.Contains(why, want) {
			t.Errorf("%q, want %q", why, want)
		}
	}
	for _, row := range []struct {
		base, p2m uint64
		want      string
	}{
		{0, 0x200000, "no room"}, {1<<47 - 2<<20, 0, "no room"}, {1<<64 - 2<<20, 0, "no room"}, {0, 1<<47 - 1<<12, "no room"},
		{0, 0xffff800000000000, "no room"}, {0, 1 << 39, ""}, {1<<47 - 32<<20, 0, ""}, {1<<64 - 32<<20, 0, ""},
	} {
		p := kernelParts{segment: notesAnd(note(abi.NoteVirtBase, row.base), note(abi.NoteInitP2M, row.p2m), note(abi.NoteEntry, row.base+0x100000))}
		if why := build(p.file()); !strings.Contains(why, row.want) || (why == "") != (row.want == "") {
			t.Errorf("base %#x, list at %#x: %q, want %q", row.base, row.p2m, why, row.want)
		}
	}
	params.domMB = 1
	if why := build(kernelParts{segment: notesAnd(), change: func(_ *xenelf.Header, l, _ *xenelf.Segment) { l.MemSize = 2 << 20 }}.file()); !strings.Contains(why, "too small") {
		t.Errorf("%q", why)
	}
	r := rand.New(rand.NewPCG(5, 6))
	built := 0
	for range 3000 {
		if build(damaged(r)) == "" {
			built++
		}
	}
	if built < 100 {
		t.Errorf("only %d of the damaged kernels could be built", built)
	}
}

// damaged is a kernel with a few bytes, or one word of the headers or notes, changed.
func damaged(r *rand.Rand) []byte {
	names := []string{"notes in a segment", "as GRUB", "as mini-os", "a text"}
	b := goodKernels[names[r.IntN(len(names))]].file()
	if r.IntN(2) == 0 {
		w := [...]uint64{0, 1, 1 << 47, 1<<47 - 1<<12, ^uint64(0), ^uint64(0) &^ 4095, 1 << 63, 1<<64 - 1<<20, r.Uint64(), 0x1000, 1 << 30, 0xffff800000000000, directMapBase}
		binary.LittleEndian.PutUint64(b[r.IntN(len(b)/8)*8:], w[r.IntN(len(w))])
		return b
	}
	for range 1 + r.IntN(4) {
		b[r.IntN(len(b))] = byte(r.Uint32()) >> r.IntN(8)
	}
	return b[:len(b)-r.IntN(2)*r.IntN(len(b))]
}

// TestDamagedKernels: damaged files never make the VMM read outside of them. What
// lies behind them is not mapped.
func TestDamagedKernels(t *testing.T) {
	const room = 4 * pageSize
	area, err := syscall.Mmap(-1, 0, room+pageSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skip(err)
	}
	defer syscall.Munmap(area)
	if err := syscall.Mprotect(area[room:], syscall.PROT_NONE); err != nil {
		t.Skip(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 50000 {
		b := damaged(r)
		at := area[room-len(b) : room]
		copy(at, b)
		parseKernel(at)
	}
}
