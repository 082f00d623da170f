package main

import "unsafe"

// run is the whole workload: each test with its units of work per loop, and so many rounds
// of computing after each. Without this computing, about half of the instructions are for
// processes and their memory. (Calls, not a table: the image builder follows calls.)
func run(loops, compute uint64) {
	total, between := sumStart, sumStart
	const idleTurns = 1500
	total.report("arith", arith(4000*loops))
	steady(idleTurns * loops)
	between.crunch(compute)
	total.report("float", float(2000*loops))
	steady(idleTurns * loops)
	between.crunch(compute)
	total.report("syscall", syscalls(24*loops))
	steady(idleTurns * loops)
	between.crunch(compute)
	total.report("pipe", pipeThroughput(12*loops))
	steady(idleTurns * loops)
	between.crunch(compute)
	total.report("context", contextSwitch(10*loops))
	steady(idleTurns * loops)
	between.crunch(compute)
	total.report("spawn", spawn(1*loops))
	steady(idleTurns * loops)
	between.crunch(compute)
	total.report("execl", execl(1*loops))
	steady(idleTurns * loops)
	between.crunch(compute)
	total.report("memory", memory(10*loops))
	steady(idleTurns * loops)
	between.crunch(compute)
	total.report("cow", copyOnWrite(1*loops))
	steady(idleTurns * loops)
	between.crunch(compute)
	total.report("shell", shell(1*loops))
	steady(idleTurns * loops)
	between.crunch(compute)
	total.report("nap", nap(26*loops))
	steady(idleTurns * loops)
	between.crunch(compute)
	if compute > 0 {
		total.report("compute", between)
	}
	var st uint32
	total.must("stray child", wait(-1, &st, wNOHANG), eCHILD)
	printSum("total", total)
}

// report prints a test's checksum and adds it to the total.
func (s *sum) report(name string, of sum) {
	s.add(uint64(of))
	printSum(name, of)
}

// defaultLoops is the length of a run without length=.
const defaultLoops = 1

// start is called by entry with the initial stack: argc, then argv.
func start(stack uint64) {
	segWant = segments()
	argc := *(*uint64)(ptr(stack))
	argv := (*[8]*byte)(ptr(stack + 8))
	n := min(argc, 8)
	loops, compute := uint64(defaultLoops), uint64(0)
	mode := ""
	for i := range n {
		w := cstring(argv[i])
		if i == 1 {
			mode = w
		}
		if len(w) > 7 && w[:7] == "length=" {
			loops = max(number(w[7:]), 1)
		}
		if len(w) > 8 && w[:8] == "compute=" {
			compute = number(w[8:])
		}
	}
	switch mode {
	case "run":
		run(loops, compute)
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

func printSum(name string, s sum) {
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
	printSum("probe", s)
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
