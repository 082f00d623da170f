package main

import "resvirt/vi/pvio"

// A VM's configuration: a text with names and values as xl.cfg(5) has them. Values are
// numbers, strings in quotes, or lists of strings in brackets; # begins a comment.

const (
	maxVCPUs = 8
	maxDisks = 4
	maxVifs  = 4
	maxPCI   = 4
)

// config is a configuration. Its texts lie in the file, which stays in memory.
type config struct {
	name, kernel, ramdisk, extra []byte

	memory, vcpus uint64 // MiB; number
	cpu           uint64 // on which it runs, plus 1; 0: the toolstack chooses
	driver        bool   // it is a driver domain

	disks  [maxDisks]diskConfig
	ndisks int
	vifs   [maxVifs]vifConfig
	nvifs  int
	pci    [maxPCI]uint32 // bus and devfn
	npci   int

	on [4]uint8 // what follows a shutdown, by its reason (sched.h)
}

// What follows a shutdown.
const (
	onDestroy = iota
	onRestart
	onPreserve
)

// diskConfig is a word 'volume,xvda,w', with backend=NAME behind it where a driver domain
// has the disk.
type diskConfig struct {
	volume, dev, backend []byte
	write                bool
}

// vifConfig is a word 'mac=..,bridge=..,backend=..'.
type vifConfig struct{ mac, bridge, backend []byte }

// parser reads a configuration.
type parser struct {
	text []byte
	line int64
	why  string // what is wrong, "" for nothing
}

// parse fills a configuration from a text. It returns what is wrong, and in which line.
func (c *config) parse(text []byte) (why string, line int64) {
	*c = config{memory: 8, vcpus: 1, on: [4]uint8{onDestroy, onRestart, onDestroy, onDestroy}}
	r := parser{text: text, line: 1}
	for r.space(true) {
		key := r.name()
		if r.space(false); len(key) == 0 || !r.is('=') {
			r.fail("there must be a name and =")
			break
		}
		r.space(false)
		if r.is('[') {
			for r.space(true) && !r.is(']') {
				c.set(&r, key, r.quoted(), true)
				if r.space(true); !r.is(',') && !(len(r.text) > 0 && r.text[0] == ']') {
					r.fail("a list's words have commas between them")
				}
				if r.why != "" {
					break
				}
			}
		} else {
			c.set(&r, key, r.value(), false)
		}
		if r.why != "" {
			break
		}
	}
	switch {
	case len(c.name) == 0 || len(c.kernel) == 0:
		r.fail("a VM needs name and kernel")
	case c.memory == 0 || c.memory > maxPages>>(20-pageShift):
		r.fail("memory is none, or too much")
	case c.vcpus == 0 || c.vcpus > maxVCPUs:
		r.fail("vcpus are none, or too many")
	}
	return r.why, r.line
}

// set sets one value, or adds one of a list.
func (c *config) set(r *parser, key, v []byte, list bool) {
	switch string(key) {
	case "disk", "vif", "pci":
		if !list {
			r.fail("disk, vif and pci are lists")
			return
		}
		c.add(r, key, v)
		return
	}
	if list {
		r.fail("only disk, vif and pci are lists")
		return
	}
	switch string(key) {
	case "name":
		c.name = v
	case "kernel":
		c.kernel = v
	case "ramdisk":
		c.ramdisk = v
	case "extra", "cmdline":
		c.extra = v
	case "memory":
		c.memory = r.number(v)
	case "vcpus":
		c.vcpus = r.number(v)
	case "cpus":
		c.cpu = r.number(v) + 1
	case "driver_domain":
		c.driver = r.number(v) != 0
	case "on_poweroff":
		c.on[0] = r.action(v)
	case "on_reboot":
		c.on[1] = r.action(v)
	case "on_crash":
		c.on[3] = r.action(v)
	default:
		r.fail("there is no such name")
	}
}

// add adds a word of a list.
func (c *config) add(r *parser, key, v []byte) {
	switch {
	case string(key) == "disk" && c.ndisks < maxDisks:
		if !c.disks[c.ndisks].parse(v) {
			r.fail("a disk is volume,device,mode")
		}
		c.ndisks++
	case string(key) == "vif" && c.nvifs < maxVifs:
		if !c.vifs[c.nvifs].parse(v) {
			r.fail("an interface is mac=..,bridge=..,backend=..")
		}
		c.nvifs++
	case string(key) == "pci" && c.npci < maxPCI:
		devfn, ok := parseBDF(v)
		if !ok {
			r.fail("a PCI function is as 00:04.0")
		}
		c.pci[c.npci] = devfn
		c.npci++
	default:
		r.fail("a list is too long")
	}
}

// parse reads a disk's word.
func (d *diskConfig) parse(v []byte) bool {
	*d = diskConfig{}
	d.volume, v = until(v, ',')
	d.dev, v = until(v, ',')
	mode, v := until(v, ',')
	d.write = string(mode) == "w"
	for len(v) > 0 {
		var word []byte
		word, v = until(v, ',')
		if name, value := until(word, '='); string(name) == "backend" {
			d.backend = value
		} else {
			return false
		}
	}
	_, ok := d.number()
	return ok && len(d.volume) > 0 && (d.write || string(mode) == "r")
}

// number is the disk's number for front ends: xvda, xvdb and so on (Linux's 202 << 8).
func (d *diskConfig) number() (uint64, bool) {
	if len(d.dev) != 4 || string(d.dev[:3]) != "xvd" || d.dev[3] < 'a' || d.dev[3] > 'p' {
		return 0, false
	}
	return 202<<8 | uint64(d.dev[3]-'a')<<4, true
}

// parse reads an interface's word.
func (d *vifConfig) parse(v []byte) bool {
	*d = vifConfig{}
	for len(v) > 0 {
		var word []byte
		word, v = until(v, ',')
		switch name, value := until(word, '='); string(name) {
		case "mac":
			d.mac = value
		case "bridge":
			d.bridge = value
		case "backend":
			d.backend = value
		default:
			return false
		}
	}
	return len(d.mac) == 17
}

// parseBDF reads a function's name, as "00:04.0" with or without the segment "0000:".
func parseBDF(v []byte) (uint32, bool) {
	if len(v) == 12 && string(v[:5]) == "0000:" {
		v = v[5:]
	}
	if len(v) != 7 || v[2] != ':' || v[5] != '.' || v[6] < '0' || v[6] > '7' {
		return 0, false
	}
	bus, ok := hexPair(v[0], v[1])
	device, ok2 := hexPair(v[3], v[4])
	return bus<<8 | device<<3 | uint32(v[6]-'0'), ok && ok2 && device < 32
}

func hexPair(a, b byte) (uint32, bool) {
	x, ok := hexDigit(a)
	y, ok2 := hexDigit(b)
	return x<<4 | y, ok && ok2
}

func hexDigit(c byte) (uint32, bool) {
	switch {
	case c >= '0' && c <= '9':
		return uint32(c - '0'), true
	case c >= 'a' && c <= 'f':
		return uint32(c-'a') + 10, true
	}
	return 0, false
}

// until cuts a text at the first of a byte.
func until(v []byte, at byte) (before, behind []byte) {
	for i, c := range v {
		if c == at {
			return v[:i], v[i+1:]
		}
	}
	return v, nil
}

func (r *parser) fail(why string) {
	if r.why == "" {
		r.why = why
	}
}

// space skips blanks, and with lines also ends of lines and comments. It is false at the
// end.
func (r *parser) space(lines bool) bool {
	for len(r.text) > 0 {
		switch c := r.text[0]; {
		case c == ' ' || c == '\t' || c == '\r':
		case c == '\n' && lines:
			r.line++
		case c == '#' && lines:
			for len(r.text) > 1 && r.text[1] != '\n' {
				r.text = r.text[1:]
			}
		default:
			return true
		}
		r.text = r.text[1:]
	}
	return false
}

func (r *parser) is(c byte) bool {
	if len(r.text) == 0 || r.text[0] != c {
		return false
	}
	r.text = r.text[1:]
	return true
}

func (r *parser) name() []byte {
	n := 0
	for n < len(r.text) && (r.text[n] >= 'a' && r.text[n] <= 'z' || r.text[n] == '_') {
		n++
	}
	word := r.text[:n]
	r.text = r.text[n:]
	return word
}

// quoted is a string in quotes, which are one of three kinds: then it can hold the others.
func (r *parser) quoted() []byte {
	if len(r.text) == 0 || r.text[0] != '"' && r.text[0] != '\'' && r.text[0] != '`' {
		r.fail("a string stands in quotes")
		return nil
	}
	for i := 1; i < len(r.text) && r.text[i] != '\n'; i++ {
		if r.text[i] == r.text[0] {
			word := r.text[1:i]
			r.text = r.text[i+1:]
			return word
		}
	}
	r.fail("a string does not end in its line")
	return nil
}

// value is a number or a string.
func (r *parser) value() []byte {
	n := 0
	for n < len(r.text) && r.text[n] >= '0' && r.text[n] <= '9' {
		n++
	}
	if n == 0 {
		return r.quoted()
	}
	word := r.text[:n]
	r.text = r.text[n:]
	return word
}

func (r *parser) number(v []byte) uint64 {
	n, ok := pvio.Number(v)
	if !ok {
		r.fail("there must be a number")
	}
	return n
}

func (r *parser) action(v []byte) uint8 {
	switch string(v) {
	case "destroy":
		return onDestroy
	case "restart":
		return onRestart
	case "preserve":
		return onPreserve
	}
	r.fail("an action is destroy, restart or preserve")
	return 0
}
