package main

import "unsafe"

// A test computes a checksum over n units of work.
type test struct {
	name string
	unit uint64 // units per loop
	run  func(n uint64) sum
}

// tests are the parts of a run. Units per loop weigh them: about half of a
// run's instructions belong to the processes' virtual memory.
var tests = [...]test{
	{"arith", 1500, arith},
	{"float", 900, float},
	{"syscall", 40, syscalls},
	{"pipe", 24, pipeThroughput},
	{"context", 24, contextSwitch},
	{"spawn", 3, spawn},
	{"execl", 2, execl},
	{"memory", 24, memory},
	{"cow", 1, copyOnWrite},
	{"shell", 1, shell},
	{"nap", 26, nap},
}

// defaultLoops is the length of a run without loops=.
const defaultLoops = 1

// start is called by entry with the initial stack: argc, then argv.
func start(stack uint64) {
	argc := *(*uint64)(ptr(stack))
	argv := (*[8]*byte)(ptr(stack + 8))
	n := min(argc, 8)
	loops := uint64(defaultLoops)
	mode := ""
	for i := range n {
		w := cstring(argv[i])
		if i == 1 {
			mode = w
		}
		if len(w) > 6 && w[:6] == "loops=" {
			loops = number(w[6:])
		}
	}
	switch mode {
	case "run":
		run(loops)
	case "probe":
		probe()
	case "echo":
		echo(n, argv)
	case "filter":
		filter()
	default:
		failures++
	}
	exit(min(failures, 100))
}

// run is the whole workload.
func run(loops uint64) {
	total := sumStart
	for i := range tests {
		t := &tests[i]
		s := t.run(t.unit * loops)
		total.add(uint64(s))
		report(t.name, s)
	}
	var st uint32
	total.must("stray child", wait(-1, &st, wNOHANG), eCHILD)
	report("total", total)
}

func report(name string, s sum) {
	var t text
	t.str(name)
	t.str(" ")
	t.hex(uint64(s))
	t.flush()
}

// probe is the program part of the VM's self-test after the workload.
func probe() {
	s := spawn(2)
	s.add(uint64(nap(1)))
	s.add(uint64(pipeThroughput(2)))
	report("probe", s)
}

// cstring is a terminated string as a Go string.
func cstring(p *byte) string {
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(p), n)) != 0 {
		n++
	}
	return unsafe.String(p, n)
}

func number(s string) uint64 {
	v := uint64(0)
	for i := range len(s) {
		v = v*10 + uint64(s[i]-'0')
	}
	return v
}

func main() {}
