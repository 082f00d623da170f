// Command blkbench is a workload on a disk: it creates files of random content, copies,
// rewrites, renames and removes them, and checks each against the numbers that the content
// follows from. In the end all is written to the disk, read again, and left there for a
// checker outside. A word length=N sets the number of rounds, seed=N the content.
package main

import (
	p "resvirt/vi/privvm/process"
	"resvirt/vi/pvio"
)

// Implemented in entry_amd64.s.

func entry()
func failed()

func main() {}

// Files of the benchmark. The checker on the host knows their content by Content.
const (
	files    = 8
	maxSize  = 48 << 10
	pieceLen = 4096
)

var (
	line  p.Text
	name  pvio.Path
	other pvio.Path
	piece [pieceLen]byte
	total uint64
	seed  uint64 = 1
)

// start is called by Boot with the initial stack.
func start(stack uint64) {
	rounds := uint64(1)
	probe := string(p.Args(stack).Arg(1)) == "probe" // of the VM, after its work
	for i := 0; ; i++ {
		w := p.Args(stack).Arg(i)
		if len(w) == 0 {
			break
		}
		option(w, "length=", &rounds)
		option(w, "seed=", &seed)
	}
	if probe {
		for f := range uint64(files) {
			read(fileName(&name, "file", f), rounds-1, f)
		}
		line.Str("probe of blkbench").Line()
		p.Exit(0)
	}
	for r := range rounds {
		for f := range uint64(files) {
			one(r, f)
		}
		line.Str("blkbench ").Dec(int64(r)).Str(" sum ").Dec(int64(total >> 1)).Line()
	}
	for f := range uint64(files) {
		read(fileName(&name, "file", f), rounds-1, f)
	}
	line.Str("blkbench end sum ").Dec(int64(total >> 1)).Line()
	p.Exit(0)
}

func option(w []byte, key string, v *uint64) {
	if len(w) > len(key) && string(w[:len(key)]) == key {
		if n, ok := pvio.Number(w[len(key):]); ok {
			*v = max(n, 1)
		}
	}
}

// one is a file's part of a round: a new file beside the old one, checked, copied, and put
// in the old one's place.
func one(round, f uint64) {
	write(fileName(&name, "new", f), round, f)
	copyFile(name.Bytes(), fileName(&other, "copy", f))
	read(other.Bytes(), round, f)
	must("remove", p.Remove(name.Bytes()))
	must("rename", p.Rename(other.Bytes(), fileName(&name, "file", f)))
	read(name.Bytes(), round, f)
}

func fileName(to *pvio.Path, kind string, f uint64) []byte {
	return to.Reset(kind).Number(f).Bytes()
}

// size is how long a file is in a round.
func size(round, f uint64) uint64 { return 1 + word(round, f, ^uint64(0))%maxSize }

// word is word i of a file's content in a round (splitmix64 of its place).
func word(round, f, i uint64) uint64 {
	z := seed*0x9e3779b97f4a7c15 + round*0xbf58476d1ce4e5b9 + f*0x94d049bb133111eb + i*0xd6e8feb86659fd93
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// fill makes the piece that begins at a file's offset.
func fill(round, f, at uint64, b []byte) {
	for i := range b {
		k := at + uint64(i)
		b[i] = byte(word(round, f, k/8) >> (k % 8 * 8))
	}
}

// write makes a file in pieces of different lengths, and has it reach the disk.
func write(path []byte, round, f uint64) {
	fd := must("create", p.OpenFlags(path, p.ReadWrite|p.Create|p.Truncate))
	for at, end := uint64(0), size(round, f); at < end; {
		n := min(end-at, 1+word(round, f, at|1<<40)%pieceLen)
		fill(round, f, at, piece[:n])
		if r := p.Write(int(fd), piece[:n]); r != int64(n) {
			bad("write", r)
		}
		at += n
	}
	must("fsync", p.Sync(int(fd)))
	must("close", p.Close(int(fd)))
}

// read checks each byte of a file.
func read(path []byte, round, f uint64) {
	fd := must("open", p.OpenFlags(path, 0))
	end := size(round, f)
	at := uint64(0)
	for {
		n := p.Read(int(fd), piece[:])
		if n < 0 {
			bad("read", n)
		}
		if n == 0 {
			break
		}
		for i := range n {
			k := at + uint64(i)
			if want := byte(word(round, f, k/8) >> (k % 8 * 8)); piece[i] != want {
				bad("content", int64(k))
			}
			total = total*31 + uint64(piece[i])
		}
		at += uint64(n)
	}
	if at != end {
		bad("size", int64(at))
	}
	must("close", p.Close(int(fd)))
}

// copyFile copies a file.
func copyFile(from, to []byte) {
	a, b := must("open", p.OpenFlags(from, 0)), must("create", p.OpenFlags(to, p.ReadWrite|p.Create|p.Truncate))
	for {
		n := p.Read(int(a), piece[:])
		if n <= 0 {
			if n < 0 {
				bad("read", n)
			}
			break
		}
		if r := p.Write(int(b), piece[:n]); r != n {
			bad("write", r)
		}
	}
	must("fsync", p.Sync(int(b)))
	must("close", p.Close(int(a)))
	must("close", p.Close(int(b)))
}

// must ends the run with a line where a call fails.
func must(what string, r int64) int64 {
	if r < 0 {
		bad(what, r)
	}
	return r
}

func bad(what string, v int64) {
	line.Str("error blkbench ").Str(what).Str(" ").Dec(v).Line()
	p.Exit(1)
}
