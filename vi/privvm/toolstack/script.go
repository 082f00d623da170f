package main

import (
	p "resvirt/vi/privvm/process"
	"resvirt/vi/pvio"
)

// Commands, one a line, with xl's names where xl has them:
//
//	create FILE [paused]      makes a VM and lets it run
//	unpause NAME, pause NAME, shutdown NAME, reboot NAME, destroy NAME, list
//	unpause all               lets all run that are paused
//	rename NAME NEW, mem-set NAME MiB
//	block-attach NAME DISK, block-detach NAME xvdX
//	network-attach NAME VIF, network-detach NAME NUMBER
//	wait NAME                 waits until a VM has ended, whatever follows for others
//	wait-ended N              waits until so many VMs have ended in all
//	sleep MILLISECONDS, xenstore-read PATH, xenstore-write PATH WORD,
//	echo TEXT
//
// A command that fails says why, and the next follows.

// ended counts the VMs that have ended by themselves.
var ended uint64

// run does the commands of a script.
func run(script []byte) {
	for len(script) > 0 {
		var line []byte
		line, script = until(script, '\n')
		word, rest := nextWord(line)
		if len(word) == 0 || word[0] == '#' {
			continue
		}
		a, more := nextWord(rest)
		b, _ := nextWord(more)
		if why := command(word, a, b, rest); why != "" {
			complain(why, line)
		}
		watchVMs(false)
	}
}

// nextWord cuts off a text's first word.
func nextWord(v []byte) (word, rest []byte) {
	for len(v) > 0 && (v[0] == ' ' || v[0] == '\t') {
		v = v[1:]
	}
	return until(v, ' ')
}

// command does one command and returns why it cannot.
func command(word, a, b, rest []byte) string {
	switch string(word) {
	case "echo":
		var t p.Text
		t.Bytes(rest).Line()
		return ""
	case "create":
		return createVM(a, string(b) == "paused")
	case "list":
		list()
		return ""
	case "sleep":
		ms, ok := pvio.Number(a)
		if !ok {
			return "there must be a number"
		}
		fds := [1]p.PollFD{{FD: int32(xs.FD), Events: p.PollIn}}
		for end := p.Now() + ms*1e6; p.Now() < end; watchVMs(false) {
			if p.Poll(fds[:], int32((end-p.Now())/1e6)+1) < 0 {
				break
			}
		}
		return ""
	case "xenstore-write":
		if !xs.Write(a, b) {
			path.Reset("")
			noteRefused()
			return "it cannot be written"
		}
		return ""
	case "xenstore-read":
		value, ok := xs.Read(a)
		if !ok {
			path.Reset("")
			noteRefused()
			return "it cannot be read"
		}
		var t p.Text
		t.Bytes(a).Str(" = ").Bytes(value).Line()
		return ""
	case "wait-ended":
		n, ok := pvio.Number(a)
		if !ok {
			return "there must be a number"
		}
		for ended < n && watchVMs(true) {
		}
		return ""
	case "unpause":
		if string(a) == "all" {
			return unpauseAll()
		}
	case "pause", "shutdown", "reboot", "destroy", "rename", "mem-set", "wait", "block-attach", "block-detach", "network-attach", "network-detach":
	default:
		return "there is no such command"
	}
	v := find(a)
	if v == nil {
		return "there is no such VM"
	}
	return vmCommand(v, word, b)
}

// vmCommand does a command about a VM.
func vmCommand(v *vm, word, b []byte) string {
	switch string(word) {
	case "unpause":
		return v.unpause()
	case "pause":
		return v.pause()
	case "shutdown":
		return v.ask("poweroff")
	case "reboot":
		return v.ask("reboot")
	case "destroy":
		v.destroy()
		return ""
	case "rename":
		return v.rename(b)
	case "mem-set":
		n, ok := pvio.Number(b)
		if !ok {
			return "there must be a number"
		}
		return v.resize(n)
	case "wait":
		for id := v.id; v.used && v.id == id && !v.preserv && watchVMs(true); {
		}
		return ""
	case "block-attach":
		return v.attachDisk(b)
	case "block-detach":
		return v.detachDisk(b)
	case "network-attach":
		return v.attachVif(b)
	}
	return v.detachVif(b)
}

// createVM makes a VM and lets it run.
func createVM(file []byte, paused bool) string {
	v, why := create(file)
	if why != "" {
		return why
	}
	if v.paused = true; paused {
		return ""
	}
	if why := v.unpause(); why != "" {
		v.destroy()
		return why
	}
	return ""
}

func unpauseAll() string {
	for i := range vms {
		if v := &vms[i]; v.used && v.paused {
			if why := v.unpause(); why != "" {
				return why
			}
		}
	}
	return ""
}

// watchVMs does what follows for VMs that have shut down, after one event of XenStore if it
// is to wait. It is false when the program is asked to end.
func watchVMs(wait bool) bool {
	e := xs.Event(wait)
	if wait && e == nil {
		return false
	}
	for i := range vms {
		if v := &vms[i]; v.used && v.follow() && !v.used {
			ended++
		}
	}
	return true
}

// list prints the VMs.
func list() {
	for i := range vms {
		v := &vms[i]
		if !v.used {
			continue
		}
		var t p.Text
		t.Bytes(v.Name()).Str(" ").Dec(int64(v.id)).Str(" ").Dec(int64(v.config.memory)).Str(" ").Dec(int64(v.config.vcpus))
		switch {
		case v.preserv:
			t.Str(" shut down")
		case v.paused:
			t.Str(" paused")
		}
		t.Line()
	}
}
