package main

import "unsafe"

// syscalls is UnixBench's system call overhead: dup, close, getpid and calls
// that must fail in the right way.
func syscalls(n uint64) sum {
	s := sumStart
	pid := getpid()
	last := uint64(0)
	for i := uint64(0); i < n; i++ {
		fd := dup(1)
		if s.ok("dup", fd) {
			s.add(uint64(fd))
			s.must("close", closeFD(int(fd)), 0)
		}
		s.must("getpid", getpid(), pid)
		switch i & 3 {
		case 0:
			s.must("close of a closed file", closeFD(7), eBADF)
		case 1:
			s.must("unknown call", sys(999, 0, 0, 0, 0), eNOSYS)
		case 2:
			s.must("write from nowhere", sys(1, 1, 0x1000, 8, 0), eFAULT)
		case 3:
			var ts [2]uint64
			s.must("clock_gettime", clock(&ts), 0)
			t := ts[0]*1000000000 + ts[1]
			if t < last {
				s.must("time going back", 1, 0)
			}
			last = t
		}
	}
	return s
}

// pattern is byte i of stream k.
func pattern(k, i uint64) byte { return byte((i*7 + k*13) ^ i>>5) }

// stream is the first word of block k in a pipe; streamStep is the difference of
// neighbouring words.
func stream(k uint64) uint64 { return k*0x9e3779b97f4a7c15 + 0x1234567 }

const streamStep = 0x1032547698badcfe

// block lies at a multiple of 8.
var block [512]byte

const blockWords = uint64(len(block) / 8)

// pipeThroughput writes blocks to a pipe of its own and reads them back.
func pipeThroughput(n uint64) sum {
	s := sumStart
	var p [2]uint32
	if !s.ok("pipe", pipe(&p)) {
		return s
	}
	r, w := int(p[0]), int(p[1])
	at := addr(unsafe.Pointer(&block))
	for k := uint64(0); k < n; k++ {
		size := 64 + int(k*37%448)
		fill(at, blockWords, stream(k), streamStep)
		s.must("write to a pipe", write(w, block[:size]), int64(size))
		fill(at, blockWords, ^uint64(0), 0)
		s.must("read from a pipe", read(r, block[:size]), int64(size))
		end := size // up to whole groups of words
		for ; end%32 != 0; end++ {
			if block[end&511] != 0xff {
				s.must("byte behind those from a pipe", int64(end), -1)
			}
			block[end&511] = byte((stream(k) + uint64(end/8)*streamStep) >> (8 * uint(end%8)))
		}
		if bad := wrong(at, uint64(end/8), stream(k), streamStep); bad != 0 {
			s.must("word from a pipe", int64(bad-at), -1)
		}
		if end < len(block) && wrong(at+uint64(end), blockWords-uint64(end/8), ^uint64(0), 0) != 0 {
			s.must("word behind those from a pipe", int64(end), -1)
		}
		s.add(uint64(size) + stream(k))
	}
	s.must("close", closeFD(w), 0)
	s.must("end of file", read(r, block[:8]), 0)
	s.must("close", closeFD(r), 0)
	return s
}

// contextSwitch passes a growing number to and fro between two processes.
func contextSwitch(n uint64) sum {
	s := sumStart
	var there, back [2]uint32
	if !s.ok("pipe", pipe(&there)) || !s.ok("pipe", pipe(&back)) {
		return s
	}
	pid := fork()
	if !s.ok("fork", pid) {
		return s
	}
	if pid == 0 {
		closeFD(int(there[1]))
		closeFD(int(back[0]))
		bounce(int(there[0]), int(back[1]))
	}
	s.must("close", closeFD(int(there[0])), 0)
	s.must("close", closeFD(int(back[1])), 0)
	var b [8]byte
	v := uint64(1)
	s.holdFPU(1, 0x37f, 0x1f80)
	for range n {
		putWord(&b, v)
		s.must("write to the other", write(int(there[1]), b[:]), 8)
		s.must("read from the other", read(int(back[0]), b[:]), 8)
		v = getWord(&b)
		s.add(v)
		s.keptFPU(false)
	}
	s.must("close", closeFD(int(there[1])), 0)
	s.must("end of file", read(int(back[0]), b[:]), 0)
	s.must("close", closeFD(int(back[0])), 0)
	s.reap(pid, 0)
	return s
}

// bounce is the other process: it returns each number times three plus one.
func bounce(r, w int) {
	s := sumStart
	var b [8]byte
	s.must("arch_prctl", useGS(1), 0)
	useData()
	s.holdFPU(2, 0xb7f, 0x3f80) // rounding up, and down
	for {
		n := read(r, b[:])
		if n == 0 {
			exit(failures)
		}
		s.must("read in the child", n, 8)
		s.keptFPU(true)
		putWord(&b, getWord(&b)*3+1)
		s.must("write in the child", write(w, b[:]), 8)
		if failures > 0 {
			exit(failures)
		}
	}
}

func putWord(b *[8]byte, v uint64) {
	for i := range b {
		b[i] = byte(v >> (8 * uint(i)))
	}
}

func getWord(b *[8]byte) (v uint64) {
	for i := range b {
		v |= uint64(b[i]) << (8 * uint(i))
	}
	return v
}
