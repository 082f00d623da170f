package iommu

import (
	"encoding/binary"
	"testing"
)

// FuzzIOMMU fills tables and buffers with random words, writes random registers, and compares
// each answer of an IOMMU that has cached nothing with that of a second reader of the tables;
// asked again, it must answer the same.
func FuzzIOMMU(f *testing.F) {
	add := func(words ...uint64) {
		var b []byte
		for _, w := range words {
			b = binary.LittleEndian.AppendUint64(b, w)
		}
		f.Add(b)
	}
	add(paged(1), 3, pte(0, data))
	add(paged(3), 0x40003000, pte(1, rootAt), pte(7, data|0x7000))
	add(paged(4), 0x8000003000, pte(2, rootAt), pte(0, data))
	add(paged(6), 1<<63, pte(1, rootAt), pte(0, data), 0x100<<32|regCommandTail<<8|0x83)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 16 || len(b) > 1<<12 {
			return
		}
		next := func() uint64 {
			var w [8]byte
			n := copy(w[:], b)
			b = b[n:]
			return binary.LittleEndian.Uint64(w[:])
		}
		r := newRig(t).start()
		word, addr := next(), next()
		r.entry(word&^dteReserved0|dteValid|dteTranslation, domain)
		for i := uint64(0); len(b) > 0; i++ {
			w := next()
			r.put(commandAt+i*8%0x1000, w)
			for k := range uint64(64) { // the same entries over and over, so that any index leads on
				r.put(rootAt+(i+k*37)*8%0x8000, w&^(uint64(0xf)<<16)|rootAt&-(w>>63))
			}
			if w&0xff == 3 {
				r.u.Write(w>>8&0x3fff, 1<<(w>>6&3), w>>32)
			}
		}
		r.u.Write(regDeviceTable, 8, tableAt)
		r.u.state.Entries, r.u.state.TLB = [entries]Entry{}, [tlbSets][tlbWays]Cached{}
		r.u.state.ExclusionBase, r.u.state.EventBase, r.u.state.EventTail = 0, eventAt|8<<56, 0
		r.u.state.Control |= controlEnable
		for _, write := range []bool{false, true} {
			pa, _, ok := r.u.Translate(device, addr, write)
			want, fine := r.reference(addr, write)
			if ok != fine || ok && pa != want {
				t.Fatalf("%x, write %v: %x %v, want %x %v", addr, write, pa, ok, want, fine)
			}
			if again, _, ok2 := r.u.Translate(device, addr, write); again != pa || ok2 != ok {
				t.Fatalf("%x, write %v: %x %v, asked again %x %v", addr, write, pa, ok, again, ok2)
			}
		}
		r.u.Interrupt(device, addr, uint32(word))
		for i := 0; i < 100 && r.m.Step(forever); i++ {
		}
		r.logged()
	})
}

// reference reads the tables by what the bits of an address mean, from the lowest page on
// upwards: all that is above what a level translates must be zero.
func (r *rig) reference(addr uint64, write bool) (pa uint64, ok bool) {
	need := uint64(1) << 61
	if write {
		need = 1 << 62
	}
	entry := r.word(tableAt + device*dteBytes)
	level := entry >> 9 & 7
	if level > 6 || entry&need == 0 && level == 0 {
		return 0, false
	}
	if level == 0 {
		return addr, true
	}
	left := addr // what is still to be translated
	for allowed := entry&need != 0; ; {
		width := 12 + 9*level
		if width < 64 && left>>width != 0 {
			return 0, false
		}
		shift := width - 9
		at := entry&0xffffffffff000 + left>>shift*8
		if at > ramSize-8 {
			return 0, false
		}
		entry = r.word(at)
		left &= 1<<shift - 1
		if entry&1 == 0 {
			return 0, false
		}
		allowed = allowed && entry&need != 0
		next := entry >> 9 & 7
		if next != 0 && next != 7 {
			if next >= level || entry>>52&0x1ff != 0 {
				return 0, false
			}
			level = next
			continue
		}
		if entry>>52&0x7f != 0 || !allowed && next == 0 {
			return 0, false
		}
		frame := entry & 0xffffffffff000
		if next == 7 {
			size := uint64(13)
			for frame>>(size-1)&1 == 1 {
				size++
			}
			if size <= shift || size >= width || !allowed {
				return 0, false
			}
			shift = size
		}
		return frame>>shift<<shift | addr&(1<<shift-1), true
	}
}
