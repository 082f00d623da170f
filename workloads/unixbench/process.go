package main

// reap waits for a child and checks its exit code.
func (s *sum) reap(pid int64, code int) {
	var st uint32
	if got := wait(pid, &st, 0); got != pid {
		s.must("wait4", got, -1)
		return
	}
	if st != uint32(code)<<8 {
		s.must("status of a child", int64(st), int64(code)<<8)
	}
	s.add(uint64(st))
}

// spawn creates processes that end at once, singly and in pairs.
func spawn(n uint64) sum {
	s := sumStart
	me := getpid()
	for i := uint64(0); i < n; i++ {
		code := int(i*5) & 63
		a := fork()
		if a == 0 {
			if getppid() != me {
				exit(70)
			}
			exit(code)
		}
		if !s.ok("fork", a) {
			return s
		}
		s.reap(a, code)
	}
	return s
}

// Program arguments are static: nothing is allocated here.
var (
	path     = [...]byte{'/', 'u', 'n', 'i', 'x', 'b', 'e', 'n', 'c', 'h', 0}
	noPath   = [...]byte{'/', 'n', 'o', 'n', 'e', 0}
	argEcho  = [...]byte{'e', 'c', 'h', 'o', 0}
	argFilt  = [...]byte{'f', 'i', 'l', 't', 'e', 'r', 0}
	argCount = [...]byte{'0', '0', 0}
)

// execl runs this program again in a child, as UnixBench's execl does, and
// checks what it returns: a function of its arguments.
func execl(n uint64) sum {
	s := sumStart
	for i := uint64(0); i < n; i++ {
		argCount[0], argCount[1] = byte('0'+i/10%10), byte('0'+i%10)
		pid := fork()
		if pid == 0 {
			argv := [8]*byte{&path[0], &argEcho[0], &argCount[0]}
			if r := execve(&noPath[0], &argv); r != eNOENT {
				exit(71)
			}
			execve(&path[0], &argv)
			exit(72)
		}
		if !s.ok("fork", pid) {
			return s
		}
		s.reap(pid, int(i%100)&63)
	}
	return s
}

// echo is the program that execl runs: its exit code is its argument.
func echo(argc uint64, argv *[8]*byte) {
	if argc < 3 {
		exit(73)
	}
	exit(int(number(cstring(argv[2]))) & 63)
}

// shell is a pipeline of two programs and their parent, wired by dup2 as a
// shell wires them: the parent writes, filter transforms, the parent reads.
func shell(n uint64) sum {
	s := sumStart
	for k := uint64(0); k < n; k++ {
		var in, out [2]uint32
		if !s.ok("pipe", pipe(&in)) || !s.ok("pipe", pipe(&out)) {
			return s
		}
		pid := fork()
		if pid == 0 {
			dup2(int(in[0]), 0)
			dup2(int(out[1]), 1)
			for fd := 3; fd < 8; fd++ {
				closeFD(fd)
			}
			argv := [8]*byte{&path[0], &argFilt[0]}
			execve(&path[0], &argv)
			exit(74)
		}
		if !s.ok("fork", pid) {
			return s
		}
		s.must("close", closeFD(int(in[0])), 0)
		s.must("close", closeFD(int(out[1])), 0)
		for i := range 48 {
			block[i] = pattern(k, uint64(i))
		}
		s.must("write to a program", write(int(in[1]), block[:48]), 48)
		s.must("close", closeFD(int(in[1])), 0)
		got := 0
		for got < 48 {
			r := read(int(out[0]), block[got:48])
			if r <= 0 {
				s.must("read from a program", r, 48)
				break
			}
			got += int(r)
		}
		for _, c := range block[:48] {
			s.add(uint64(c))
		}
		s.must("close", closeFD(int(out[0])), 0)
		s.reap(pid, 0)
	}
	return s
}

// filter is the program in the middle: each byte changes case, as tr does.
func filter() {
	var b [16]byte
	for {
		n := read(0, b[:])
		if n <= 0 {
			if n < 0 {
				failures++
			}
			return
		}
		for i := range b[:n] {
			b[i] ^= 0x20
		}
		if write(1, b[:n]) != n {
			failures++
			return
		}
	}
}

// nap sleeps; the processor is idle meanwhile.
func nap(n uint64) sum {
	s := sumStart
	var a, b [2]uint64
	for i := uint64(0); i < n; i++ {
		ns := 12000 + i%5*1000
		clock(&a)
		s.must("nanosleep", nanosleep(ns), 0)
		clock(&b)
		if slept := (b[0]-a[0])*1000000000 + b[1] - a[1]; slept < ns {
			s.must("a sleep too short", int64(slept), -1)
		}
		s.add(ns)
	}
	return s
}
