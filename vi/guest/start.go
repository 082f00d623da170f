package guest

import (
	"resvirt/vi/abi"
)

// startInfo is what the kernel was given at its start.
var startInfo *abi.StartInfo

// cmdline is the kernel's command line, without its terminator.
var cmdline []byte

// Start takes over the machine that start_info describes: memory, traps,
// events and the scheduler, with the caller as process 0.
func Start(si *abi.StartInfo) {
	n := 0
	for n < len(si.CmdLine) && si.CmdLine[n] != 0 {
		n++
	}
	cmdline = si.CmdLine[:n]
	startInfo = si
	initMemory(si)
	initRing(si)
	initrd.start, initrd.size = si.ModStart, si.ModLen
	initTraps()
	initEvents()
	setGDT()
	initGrants(si)
	initSched()
	markGS()
	if us := option("quantum_us="); us != 0 {
		quantumNS = us * 1000
	}
	privileged = si.Flags&abi.SIFPrivileged != 0
	initClock()
	sealMemory(si)
	sealedReadOnly, sealedTables = readOnlyPages(), tablesSum()
}

// privileged: the hypervisor made this the control domain, as Xen does with
// its first guest.
var privileged bool

// word is the next word of the command line from *at on, empty at its end.
func word(at *int) []byte { return nextWord(cmdline, at) }

func nextWord(line []byte, at *int) []byte {
	i := *at
	for i < len(line) && line[i] == ' ' {
		i++
	}
	j := i
	for j < len(line) && line[j] != ' ' {
		j++
	}
	*at = j
	return line[i:j]
}

// textOption is the text of a "name=text" word, empty if there is none.
func textOption(name string) []byte {
	for at := 0; ; {
		w := word(&at)
		if len(w) == 0 {
			return nil
		}
		if len(w) > len(name) && string(w[:len(name)]) == name {
			return w[len(name):]
		}
	}
}

// option is the number of a "name=number" word, 0 if there is none.
func option(name string) uint64 {
	v := uint64(0)
	for _, c := range textOption(name) {
		if c < '0' || c > '9' {
			return 0
		}
		v = v*10 + uint64(c-'0')
	}
	return v
}

// Run runs the module's program with one argument and the command line's
// words after it, until it and all its children have ended. It returns the
// status as wait4 has it, or a negative error.
func Run(arg string) int64 {
	args.n, args.len = 0, 0
	var name, word1 [32]byte
	path := programName(name[:])
	addArg(path)
	addArg(word1[:copy(word1[:], arg)])
	for at := 0; ; {
		w := word(&at)
		if len(w) == 0 || !addArg(w) {
			break
		}
	}
	pid, r := spawn(path)
	if r < 0 {
		return r
	}
	_, status, r := waitChild(pid, true)
	if r < 0 {
		return r
	}
	for {
		if _, _, r := waitChild(0, true); r < 0 {
			return int64(status)
		}
	}
}

// spawn makes a process of a program, with args, and the console as its first files.
func spawn(path []byte) (pid uint32, r int64) {
	program, ok := findProgram(path)
	if !ok {
		return 0, -abi.ENOENT
	}
	p := allocProc()
	if p == nil {
		return 0, -abi.EAGAIN
	}
	if r := load(p, p.trapFrame(), program); r < 0 {
		return 0, r
	}
	for i := range 3 {
		p.files[i] = file{kind: fileConsole}
	}
	p.parent = current
	p.start()
	return p.pid, 0
}
