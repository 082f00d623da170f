package main

// How firmware tells of an IOMMU: ACPI's tables, found by their root pointer, hold an I/O
// Virtualization Reporting Structure (48882, 5.2) with a block for each IOMMU.

const (
	rsdpFirst = 0xe0000 // where the root pointer is looked for (ACPI 6.4, 5.2.5.1)
	rsdpEnd   = 0x100000
	rsdtAt    = 16 // in the root pointer
	sdtLength = 4
	sdtHeader = 36
	ivrsFirst = 48 // the first block
	ivhdOld   = 0x10
	ivhdNew   = 0x11
)

// acpiWord reads 4 bytes of a table that firmware left in RAM; 0 where there is none.
func acpiWord(pa uint64) uint32 {
	if pa+4 > bootInfo.ramEnd {
		return 0
	}
	b := (*[4]byte)(dmap(pa))
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// signature is a table's name as a number.
func signature(s string) uint32 {
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// acpiSum says whether n bytes add up to 0, as those of each table do.
func acpiSum(pa, n uint64) bool {
	if pa+n > bootInfo.ramEnd || n > 1<<16 {
		return false
	}
	sum := byte(0)
	for i := uint64(0); i < n; i++ {
		sum += *(*byte)(dmap(pa + i))
	}
	return sum == 0
}

// findTable finds a table of ACPI by its signature, 0 if there is none that is sound.
func findTable(name string) uint64 {
	for pa := uint64(rsdpFirst); pa < rsdpEnd; pa += 16 {
		if acpiWord(pa) != signature("RSD ") || acpiWord(pa+4) != signature("PTR ") || !acpiSum(pa, 20) {
			continue
		}
		rsdt := uint64(acpiWord(pa + rsdtAt))
		n := uint64(acpiWord(rsdt + sdtLength))
		if acpiWord(rsdt) != signature("RSDT") || !acpiSum(rsdt, n) {
			return 0
		}
		for at := uint64(sdtHeader); at+4 <= n; at += 4 {
			t := uint64(acpiWord(rsdt + at))
			if acpiWord(t) == signature(name) && acpiSum(t, uint64(acpiWord(t+sdtLength))) {
				return t
			}
		}
		return 0
	}
	return 0
}

// findIVRS finds the first IOMMU, if it is on bus 0.
func findIVRS(u *iommuState) bool {
	t := findTable("IVRS")
	if t == 0 {
		return false
	}
	end := t + uint64(acpiWord(t+sdtLength))
	for at := t + ivrsFirst; at+24 <= end; {
		kind, n := acpiWord(at)&0xff, uint64(acpiWord(at)>>16)
		id := acpiWord(at+4) & 0xffff
		if (kind == ivhdOld || kind == ivhdNew) && id>>8 == 0 {
			u.devfn = uint8(id)
			u.base = uint64(acpiWord(at+8)) | uint64(acpiWord(at+12))<<32
			return u.base != 0 && u.base&pageMask == 0 && u.base >= bootInfo.ramEnd
		}
		if n == 0 {
			break
		}
		at += n
	}
	return false
}
