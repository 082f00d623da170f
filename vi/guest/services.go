package guest

import "resvirt/vi/abi"

// What a kernel needs whose processes are services: devices for them, and their lives.

// InitDevices registers the files of a control domain's services.
func InitDevices() {
	port, ok := selfPort()
	if !ok {
		Die("no event channel for XenStore", 0)
	}
	storeServer.port = port
	UsePorts()
	for _, o := range [...]*fileOps{&evtchnFile, &gntdevFile, &privcmdFile, &xenbusFile, &xsdFile, &archiveFile, &pciFiles} {
		registerFiles(o)
	}
}

// Spawn starts the program of the archive that the first word of a line names, with the
// words as arguments.
func Spawn(line []byte) (pid uint32, r int64) {
	args.n, args.len = 0, 0
	first := 0
	for at := 0; ; {
		w := nextWord(line, &at)
		if len(w) == 0 {
			break
		}
		if args.n == 0 {
			first = len(w)
		}
		if !addArg(w) {
			return 0, -abi.E2BIG
		}
	}
	if args.n == 0 {
		return 0, -abi.EINVAL
	}
	return spawn(args.buf[:first])
}

// Wait waits for the end of any process and returns its status as wait4 has it.
func Wait() (pid, status uint32, r int64) { return waitChild(0, true) }

// Terminate asks a process to end: a call in which it waits ends with EINTR.
func Terminate(pid uint32) {
	for i := range procs {
		if p := &procs[i]; p.state != procFree && p.pid == pid {
			p.signal = 1
		}
	}
	wakeFiles()
}

// EndServices takes back what outlives services, when all have ended.
func EndServices() {
	endStores()
	ClosePort(storeServer.port)
}
