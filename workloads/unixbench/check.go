package main

import "unsafe"

// Implemented in check_amd64.s.

func poke(at, v uint64) uint64
func steady(n uint64)
func loadData()
func segments() uint64
func fill(at, n, seed, step uint64)
func wrong(at, n, seed, step uint64) uint64

//go:noescape
func holdFPU(values *[8]uint64, control uint16, mxcsr uint32)
func markFPU()

//go:noescape
func saveFPU(image *[64]uint64) uint64

// The words to which GS points, one for each of two processes, and the index of
// the present one.
var (
	gsWords = [2]uint64{0x67735f776f726473, 0x726f775f73676473}
	gsWant  = gsWord0
)

const gsWord0 uint64 = 0x67735f776f726473

// useGS makes GS point to a word.
func useGS(i int) int64 {
	// Between the two changes sys would find one word and expect the other.
	const setGS = 0x1001
	gsWords[1-i], gsWant = gsWords[i], gsWords[i]
	r := sys(158, setGS, addr(unsafe.Pointer(&gsWords[i])), 0, 0)
	gsWords[1-i] = ^gsWant
	return r
}

// sysNext is the address behind sys's SYSCALL, which SYSCALL leaves in RCX; 0 before the
// first one.
var sysNext uint64

// segWant are the selectors of this process, as segments mixes them.
var segWant uint64

// useData gives this process other selectors of data than the others have.
func useData() {
	loadData()
	segWant = segments()
}

// registersLost is called if registers have changed that a system call, or an
// interruption by the kernel, must keep.
func registersLost(n uint64) {
	if failures > 8 {
		return
	}
	var s sum
	s.must("registers", int64(n), -1000)
}

// fpu holds the values that a process keeps in x87 registers, and the FXSAVE
// image of them.
var fpu struct {
	values [8]uint64
	_      [8]uint64
	room   [2 * 64]uint64 // for images that begin at a multiple of 16
	was    [18]uint64
}

// fpuImage is the room for one image.
func fpuImage() *[64]uint64 {
	return (*[64]uint64)(ptr((addr(unsafe.Pointer(&fpu.room)) + 15) &^ 15))
}

// holdFPU fills the x87 registers of this process, and sets its control words.
func (s *sum) holdFPU(k uint64, control uint16, mxcsr uint32) {
	for i := range fpu.values {
		fpu.values[i] = k*0x0123456789abcd + uint64(i)*0x1111111
	}
	holdFPU(&fpu.values, control, mxcsr)
	image := fpuImage()
	saveFPU(image)
	copy(fpu.was[:], image[2:20])
	fpu.was[0] = image[0] & 0xffff // control
}

// keptFPU checks that the values are still there. One process marks the address of
// its last x87 instruction; no other may see that.
func (s *sum) keptFPU(mark bool) {
	image := fpuImage()
	if saveFPU(image) != 0 && !mark {
		s.must("x87 pointers of another process", 1, 0)
	}
	if image[0]&0xffff != fpu.was[0] {
		s.must("x87 control word", int64(image[0]&0xffff), int64(fpu.was[0]))
	}
	for i := range fpu.was {
		if i >= 2 && image[2+i] != fpu.was[i] {
			s.must("x87 register", int64(i), -1)
		}
	}
	if mark {
		markFPU()
	}
}
