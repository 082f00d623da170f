package back

import "unsafe"

// A disk cut into volumes begins with a page that says where they are:
//
//	byte 0     magic, 16 bytes
//	byte 16    number of volumes, u32
//	byte 20    check: the sum of all other 32-bit words of the page, inverted, u32
//	byte 64    for each volume 64 bytes: name (40 bytes, the rest of it zeros),
//	           first sector u64, sectors u64, flags u64 (1 = read only)
//
// Numbers are little-endian, sectors have 512 bytes, and the page itself belongs to no
// volume.
const volumeMagic = "resvirt volumes1"

// MaxVolumes is how many volumes the page has room for.
const MaxVolumes = 63

// VolumeName is a volume's name, filled up with zeros.
type VolumeName [40]byte

// VolumeEntry is how a volume stands in the page.
type VolumeEntry struct {
	Name           VolumeName
	First, Sectors uint64
	Flags          uint64
}

// VolumePage is a disk's first page.
type VolumePage struct {
	Magic [16]byte
	Count uint32
	Check uint32
	_     [40]byte
	Entry [MaxVolumes]VolumeEntry
}

// volumePageSectors is the size of the page on the disk.
const volumePageSectors = uint64(unsafe.Sizeof(VolumePage{}) / 512)

// Seal completes a page whose entries are written.
func (v *VolumePage) Seal(count uint32) {
	copy(v.Magic[:], volumeMagic)
	v.Count = count
	v.Check = ^v.sum()
}

// sum adds all words of the page but the check.
func (v *VolumePage) sum() (s uint32) {
	for _, w := range (*[unsafe.Sizeof(VolumePage{}) / 4]uint32)(unsafe.Pointer(v)) {
		s += w
	}
	return s - v.Check
}

// Valid says whether the page describes volumes on a disk of a number of sectors: apart
// from each other, from the page and from the disk's end.
func (v *VolumePage) Valid(sectors uint64) bool {
	if string(v.Magic[:]) != volumeMagic || v.Count > MaxVolumes || v.Check != ^v.sum() {
		return false
	}
	for i := range v.Entry[:v.Count] {
		e := &v.Entry[i]
		if e.First < volumePageSectors || e.First > sectors || e.Sectors > sectors-e.First {
			return false
		}
		for j := range i {
			if o := &v.Entry[j]; e.First < o.First+o.Sectors && o.First < e.First+e.Sectors || e.Name == o.Name {
				return false
			}
		}
	}
	return true
}

// Find is the volume of a name; false where there is none. The page must be valid.
func (v *VolumePage) Find(name []byte) (Volume, bool) {
	var key VolumeName
	if len(name) == 0 || copy(key[:], name) != len(name) {
		return Volume{}, false
	}
	for i := range v.Entry[:min(v.Count, MaxVolumes)] {
		if e := &v.Entry[i]; e.Name == key {
			return Volume{First: e.First, Sectors: e.Sectors, ReadOnly: e.Flags&1 != 0}, true
		}
	}
	return Volume{}, false
}
