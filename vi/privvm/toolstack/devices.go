package main

import (
	p "resvirt/vi/privvm/process"
	"resvirt/vi/pvio"
)

// Disks and network interfaces: a directory for the front end and one for the back end,
// made in one transaction (libxl_device.c, libxl_disk.c, libxl_nic.c). The back end is in
// the driver domain that the configuration names.

// device is what both kinds have in common.
type device struct {
	disk   bool
	back   uint16 // domain of the back end
	front  uint16
	number uint64
}

// maxDevices bounds the devices of a kind that a VM has.
const maxDevices = 64

// patience is how long a back end may take, ns: as long as libxl waits, or what the
// toolstack was told.
var patience uint64 = 10e9

// frontDir and backDir are the paths of the directories, or of nodes in them.
func (d *device) frontDir(node string) []byte {
	path.Reset("/local/domain/").Number(uint64(d.front)).Text(d.kind()).Number(d.number)
	return d.below(node)
}

func (d *device) backDir(node string) []byte {
	kind := "/backend/vif/"
	if d.disk {
		kind = "/backend/vbd/"
	}
	path.Reset("/local/domain/").Number(uint64(d.back)).Text(kind).Number(uint64(d.front)).Text("/").Number(d.number)
	return d.below(node)
}

// ownDir is the toolstack's own record of the device. The front end's directory belongs to
// its domain, which may write there what it likes (XSA-178).
func (d *device) ownDir(node string) []byte {
	path.Reset("/libxl/").Number(uint64(d.front)).Text(d.kind()).Number(d.number)
	return d.below(node)
}

func (d *device) kind() string {
	if d.disk {
		return "/device/vbd/"
	}
	return "/device/vif/"
}

func (d *device) below(node string) []byte {
	if node != "" {
		path.Text("/").Text(node)
	}
	return path.Bytes()
}

// open sets a device's numbers; backend is the name of the driver domain.
func (d *device) open(v *vm, disk bool, number uint64, backend []byte) string {
	*d = device{disk: disk, front: v.id, number: number}
	if len(backend) > 0 {
		b := find(backend)
		if b == nil {
			return "there is no such driver domain"
		}
		d.back = b.id
	}
	return ""
}

// node is a node of a device: a text, or a number if there is none.
type node struct {
	name  string
	text  []byte
	value uint64
}

// add makes both directories and waits until the back end has taken the device up. It
// returns why that cannot be, and has then left nothing.
func (d *device) add(front, back []node) string {
	if _, there := xs.Read(d.ownDir("backend-id")); there {
		return "there is such a device"
	}
	for {
		if !xs.Begin() {
			return "XenStore begins no transaction"
		}
		ok := d.writeNodes(front, back)
		if !ok {
			noteRefused()
		}
		again, done := xs.End(ok)
		if done && ok {
			break
		}
		if !again {
			return "XenStore does not take the device"
		}
	}
	if !d.await(func(s uint64, there bool) bool { return there && s >= uint64(pvio.XenbusInitWait) }) {
		d.drop()
		return "no back end takes the device up"
	}
	return ""
}

// between are permissions of a directory: its owner, and who else may read it.
func between(owner, reader uint16) []byte {
	return perms.Reset("n").Number(uint64(owner)).Zero().Text("r").Number(uint64(reader)).Zero().Bytes()
}

func (d *device) writeNodes(front, back []node) bool {
	ok := xs.Mkdir(d.frontDir("")) && xs.SetPerms(d.frontDir(""), between(d.front, d.back))
	ok = ok && xs.Mkdir(d.backDir("")) && xs.SetPerms(d.backDir(""), between(d.back, d.front))
	text.Begin(d.backDir(""))
	ok = ok && xs.Write(d.frontDir("backend"), text.Bytes()) && d.numberAt(d.frontDir("backend-id"), uint64(d.back))
	text.Begin(d.frontDir(""))
	ok = ok && xs.Write(d.backDir("frontend"), text.Bytes()) && d.numberAt(d.backDir("frontend-id"), uint64(d.front))
	ok = ok && d.numberAt(d.backDir("online"), 1) && d.numberAt(d.ownDir("backend-id"), uint64(d.back))
	for i := range front {
		ok = ok && d.put(d.frontDir(front[i].name), &front[i])
	}
	for i := range back {
		ok = ok && d.put(d.backDir(back[i].name), &back[i])
	}
	initialising := uint64(pvio.XenbusInitialising)
	return ok && d.numberAt(d.frontDir("state"), initialising) && d.numberAt(d.backDir("state"), initialising)
}

func (d *device) numberAt(at []byte, v uint64) bool {
	return xs.Write(at, text.Reset("").Number(v).Bytes())
}

func (d *device) put(at []byte, n *node) bool {
	if n.text != nil {
		return xs.Write(at, n.text)
	}
	return d.numberAt(at, n.value)
}

// await waits for a state of the back end.
func (d *device) await(is func(state uint64, there bool) bool) bool {
	mark := [1]byte{'b'}
	if !xs.Watch(d.backDir("state"), mark[:]) {
		return false
	}
	good := false
	for end := p.Now() + patience; ; {
		state, there := uint64(0), false
		if s, ok := xs.Read(d.backDir("state")); ok {
			state, there = pvio.Number(s)
		}
		if good = is(state, there); good || p.Now() >= end {
			break
		}
		fds := [1]p.PollFD{{FD: int32(xs.FD), Events: p.PollIn}}
		if p.Poll(fds[:], int32((end-p.Now())/1e6)+1) < 0 {
			break
		}
		for xs.Event(false) != nil { // VMs are looked at after the command
		}
	}
	xs.Unwatch(d.backDir("state"), mark[:])
	return good
}

// remove asks both ends to let go, and takes the directories away when they have, or when
// they have had their time.
func (d *device) remove() string {
	if _, there := xs.Read(d.backDir("state")); !there {
		return "there is no such device"
	}
	ok := d.numberAt(d.backDir("online"), 0) && d.numberAt(d.backDir("state"), uint64(pvio.XenbusClosing))
	if !ok {
		return "XenStore does not take it"
	}
	d.await(func(s uint64, there bool) bool { return !there || s == uint64(pvio.XenbusClosed) })
	d.drop()
	return ""
}

// drop takes the directories away.
func (d *device) drop() {
	xs.Rm(d.frontDir(""))
	xs.Rm(d.ownDir(""))
	xs.Rm(d.backDir(""))
	d.dropEmpty()
}

// addDevices adds those of the configuration.
func (v *vm) addDevices() string {
	for i := range v.config.ndisks {
		if why := v.addDisk(&v.config.disks[i]); why != "" {
			return why
		}
	}
	for i := range v.config.nvifs {
		if why := v.addVif(uint64(i), &v.config.vifs[i]); why != "" {
			return why
		}
	}
	return ""
}

// yes and no are values of nodes; the others are words that they have.
var (
	wordDisk = [...]byte{'d', 'i', 's', 'k'}
	wordPhy  = [...]byte{'p', 'h', 'y'}
	wordVif  = [...]byte{'v', 'i', 'f'}
	wordRead = [...]byte{'r'}
	wordBoth = [...]byte{'w'}
)

func (v *vm) addDisk(c *diskConfig) string {
	var d device
	number, _ := c.number()
	if why := d.open(v, true, number, c.backend); why != "" {
		return why
	}
	mode := wordRead[:]
	if c.write {
		mode = wordBoth[:]
	}
	front := [...]node{{"virtual-device", nil, number}, {"device-type", wordDisk[:], 0}, {"trusted", nil, 1}}
	back := [...]node{{"removable", nil, 0}, {"bootable", nil, 1}, {"dev", c.dev, 0}, {"type", wordPhy[:], 0}, {"mode", mode, 0},
		{"device-type", wordDisk[:], 0}, {"discard-enable", nil, 1}, {"params", c.volume, 0}}
	return d.add(front[:], back[:])
}

func (v *vm) addVif(number uint64, c *vifConfig) string {
	var d device
	if why := d.open(v, false, number, c.backend); why != "" {
		return why
	}
	bridge := c.bridge
	if len(bridge) == 0 {
		bridge = defaultBridge[:]
	}
	front := [...]node{{"handle", nil, number}, {"mac", c.mac, 0}, {"mtu", nil, 1500}, {"trusted", nil, 1}}
	back := [...]node{{"mac", c.mac, 0}, {"bridge", bridge, 0}, {"handle", nil, number}, {"type", wordVif[:], 0}}
	return d.add(front[:], back[:])
}

var defaultBridge = [...]byte{'x', 'e', 'n', 'b', 'r', '0'}

// attachDisk adds a disk to a VM, from a word as configurations have it.
func (v *vm) attachDisk(word []byte) string {
	var c diskConfig
	if !c.parse(word) {
		return "a disk is volume,device,mode"
	}
	return v.addDisk(&c)
}

// attachVif adds an interface under the first number that is free.
func (v *vm) attachVif(word []byte) string {
	var c vifConfig
	if !c.parse(word) {
		return "an interface is mac=..,bridge=..,backend=.."
	}
	for number := range uint64(maxDevices) {
		d := device{front: v.id, number: number}
		if _, there := xs.Read(d.ownDir("backend-id")); !there {
			return v.addVif(number, &c)
		}
	}
	return "it has too many"
}

func (v *vm) detachDisk(dev []byte) string {
	number, ok := (&diskConfig{dev: dev}).number()
	if !ok {
		return "a disk is xvda to xvdp"
	}
	return v.detach(true, number)
}

func (v *vm) detachVif(word []byte) string {
	number, ok := pvio.Number(word)
	if !ok {
		return "there must be a number"
	}
	return v.detach(false, number)
}

// detach removes a device.
func (v *vm) detach(disk bool, number uint64) string {
	d := device{disk: disk, front: v.id, number: number}
	if !d.find() {
		return "there is no such device"
	}
	return d.remove()
}

// find reads which domain has the back end.
func (d *device) find() bool {
	id, ok := xs.Read(d.ownDir("backend-id"))
	if !ok {
		return false
	}
	back, ok := pvio.Number(id)
	d.back = uint16(back)
	return ok
}

// removeDevices takes the devices' directories away when a VM has gone.
func (v *vm) removeDevices() {
	for disk := range 2 {
		for range maxDevices {
			d := device{disk: disk == 1, front: v.id}
			d.ownDir("")
			path.Cut(path.Len() - 2) // without /0
			list, ok := xs.List(path.Bytes())
			name, _ := pvio.Next(list)
			if !ok || len(name) == 0 {
				break
			}
			if d.number, ok = pvio.Number(name); !ok || !d.find() {
				break // nobody else writes there
			}
			d.drop()
		}
	}
}

// dropEmpty takes away the back ends' directory for a front end's domain when it has none
// there any more. The path is that of a device.
func (d *device) dropEmpty() {
	n := path.Len()
	for n > 0 && path.Bytes()[n-1] != '/' {
		n--
	}
	path.Cut(n - 1)
	if list, ok := xs.List(path.Bytes()); ok && len(list) == 0 {
		xs.Rm(path.Bytes())
	}
}
