package main

import (
	"unsafe"

	"resvirt/vi/abi"
	p "resvirt/vi/privvm/process"
	"resvirt/vi/pvio"
)

// maxVMs bounds the VMs that there are at a time.
const maxVMs = 32

// vm is a VM that the toolstack takes care of.
type vm struct {
	config  config
	id      uint16
	used    bool
	paused  bool
	preserv bool // it has shut down and stays as it is
	file    []byte

	name                     [32]byte // it can be renamed
	nname                    int
	uuid                     [36]byte
	storePort, consolePort   uint32 // the VM's ends
	storeFrame, consoleFrame uint64
}

var (
	vms    [maxVMs]vm
	lastID uint16 // ids are not used anew as long as there are others
)

// Name is the VM's name.
func (v *vm) Name() []byte { return v.name[:v.nname] }

// find is the VM with a name, nil if there is none.
func find(name []byte) *vm {
	for i := range vms {
		if v := &vms[i]; v.used && string(v.Name()) == string(name) {
			return v
		}
	}
	return nil
}

// create makes the VM of a configuration file, paused. What fails half-way is undone.
func create(file []byte) (*vm, string) {
	var v *vm
	for i := range vms {
		if !vms[i].used {
			v = &vms[i]
			break
		}
	}
	if v == nil {
		return nil, "there are too many VMs"
	}
	*v = vm{}
	text, ok := readFile(file)
	if !ok {
		return nil, "there is no such file"
	}
	v.file = text
	why, line := v.config.parse(text)
	switch {
	case why != "":
		wrongLine = line
	case find(v.config.name) != nil:
		why = "there is a VM of this name"
	case len(v.config.name) > len(v.name):
		why = "its name is too long"
	default:
		why = v.make()
	}
	if why != "" {
		dropFile(text)
		return nil, why
	}
	return v, ""
}

// make makes the VM of v.config. It returns why it cannot, and has then left nothing.
func (v *vm) make() string {
	v.nname = copy(v.name[:], v.config.name)
	why := v.createDomain()
	if why != "" {
		return why
	}
	v.used = true
	if why = v.fill(); why == "" {
		why = v.enterStore()
	}
	if why == "" {
		why = v.addDevices()
	}
	if why != "" {
		v.remove()
		v.used = false
	}
	return why
}

// maxEvtchnPort is the last event channel that a domain may have, as xl has it.
const maxEvtchnPort = 1023

// createDomain makes the domain with its vCPUs, under the next id that is free.
func (v *vm) createDomain() string {
	for range abi.DomidFirstReserved {
		if lastID++; lastID >= abi.DomidFirstReserved {
			lastID = 1
		}
		op := abi.Domctl{Cmd: abi.DomctlCreate, Domain: lastID}
		c := (*abi.DomctlCreateDomain)(unsafe.Pointer(&op.U))
		c.MaxVcpus, c.MaxEvtchnPort, c.MaxGrantFrames, c.MaxMaptrack, c.GrantOpts = uint32(v.config.vcpus), maxEvtchnPort, -1, -1, 1
		c.Handle = v.makeUUID(lastID)
		rc := xen.Domctl(&op)
		if rc == -abi.EEXIST {
			continue
		}
		if rc != 0 {
			return "the hypervisor makes no domain"
		}
		v.id = lastID
		return ""
	}
	return "there is no domain id left"
}

// makeUUID gives the VM a number in the world, which follows from its id: runs repeat. It
// returns the number's bytes.
func (v *vm) makeUUID(id uint16) [16]byte {
	const pattern = "00000000-0000-4000-8000-00000000"
	n := copy(v.uuid[:], pattern)
	for i := range 4 {
		v.uuid[n+i] = "0123456789abcdef"[id>>(12-4*i)&15]
	}
	return [16]byte{6: 0x40, 8: 0x80, 14: byte(id >> 8), 15: byte(id)}
}

// fill gives the domain memory, processors, devices, and everything that its kernel starts
// with.
func (v *vm) fill() string {
	c := &v.config
	kernel, ok := readFile(c.kernel)
	if !ok {
		return "there is no such kernel"
	}
	ramdisk, ok := readFile(c.ramdisk)
	why := ""
	switch {
	case len(c.ramdisk) > 0 && !ok:
		why = "there is no such ramdisk"
	case domctl(abi.DomctlMaxVcpus, v.id, c.vcpus, 0) != 0:
		why = "it cannot have so many vCPUs"
	case domctl(abi.DomctlMaxMem, v.id, c.memory<<10, 0) != 0:
		why = "it cannot have so much memory"
	case !v.place():
		why = "it cannot run on this CPU"
	case !v.ports():
		why = "it gets no event channels"
	default:
		if why = v.assignFunctions(); why == "" {
			why = build(v, kernel, ramdisk)
		}
	}
	unmapWork()
	dropFile(ramdisk)
	dropFile(kernel)
	return why
}

// place puts the VM's vCPUs on a CPU: that of its configuration, or one after the other.
func (v *vm) place() bool {
	op := abi.Sysctl{Cmd: abi.SysctlPhysInfo, Version: abi.SysctlVersion}
	if xen.Hypercall(abi.HypercallSysctl, p.Addr(unsafe.Pointer(&op)), 0, 0, 0) != 0 {
		return false
	}
	cpus := op.U[1] & 0xffffffff // nr_cpus
	cpu := uint64(v.id-1) % max(cpus, 1)
	if v.config.cpu != 0 {
		cpu = v.config.cpu - 1
	}
	for i := range v.config.vcpus {
		mask := uint64(1) << (cpu & 63)
		do := abi.Domctl{Cmd: abi.DomctlSetAffinity, Domain: v.id}
		a := (*abi.DomctlAffinity)(unsafe.Pointer(&do.U))
		a.Vcpu, a.Flags = uint32(i), abi.AffinityHard
		a.Hard = abi.Bitmap{Bits: p.Addr(unsafe.Pointer(&mask)), NrBits: 64}
		if xen.Domctl(&do) != 0 {
			return false
		}
		cpu = (cpu + 1) % max(cpus, 1)
	}
	return true
}

// ports makes the VM's ends of its channels to XenStore and the console daemon, which are
// in this domain.
func (v *vm) ports() bool {
	for _, at := range [...]*uint32{&v.storePort, &v.consolePort} {
		a := abi.EvtchnAllocUnbound{Dom: v.id, RemoteDom: 0}
		if xen.Hypercall(abi.HypercallEventChannelOp, abi.EvtchnopAllocUnbound, p.Addr(unsafe.Pointer(&a)), 0, 0) != 0 {
			return false
		}
		*at = a.Port
	}
	return true
}

// remove takes away everything of a VM: the domain, its devices, its nodes.
func (v *vm) remove() {
	domctl(abi.DomctlPause, v.id, 0, 0)
	domctl(abi.DomctlDestroy, v.id, 0, 0)
	v.removeDevices()
	v.leaveStore()
}

// destroy ends a VM.
func (v *vm) destroy() {
	v.remove()
	dropFile(v.file)
	v.used = false
}

// unpause lets a VM run.
func (v *vm) unpause() string {
	if domctl(abi.DomctlUnpause, v.id, 0, 0) != 0 {
		return "it cannot be unpaused"
	}
	v.paused = false
	return ""
}

// pause stops a VM.
func (v *vm) pause() string {
	if domctl(abi.DomctlPause, v.id, 0, 0) != 0 {
		return "it cannot be paused"
	}
	v.paused = true
	return ""
}

// ask tells the VM's kernel to shut down, as xl does.
func (v *vm) ask(what string) string {
	if !xs.Write(v.node("control/shutdown"), text.Reset(what).Bytes()) {
		return "XenStore does not take it"
	}
	return ""
}

// resize asks the VM's kernel to have so many MiB, and lets it.
func (v *vm) resize(mib uint64) string {
	if mib > v.config.memory {
		return "a VM's memory does not grow beyond its configuration"
	}
	if !xs.Write(v.node("memory/target"), text.Reset("").Number(mib<<10).Bytes()) {
		return "XenStore does not take it"
	}
	return ""
}

// rename gives a VM another name.
func (v *vm) rename(to []byte) string {
	switch {
	case find(to) != nil:
		return "there is a VM of this name"
	case len(to) > len(v.name):
		return "the name is too long"
	case !xs.Write(v.node("name"), to) || !xs.Write(v.vmNode("name"), to):
		xs.Write(v.node("name"), v.Name())
		return "XenStore does not take it"
	}
	v.nname = copy(v.name[:], to)
	return ""
}

// follow does what follows a VM's shutdown, and says whether there was one.
func (v *vm) follow() bool {
	info, ok := xen.Info(v.id)
	if ok && info.Flags&(abi.DominfShutdown|abi.DominfDying) == 0 || v.preserv {
		return false
	}
	action := uint8(onDestroy)
	if reason := info.Flags >> abi.DominfShutdownShift & 0xff; ok && reason < uint32(len(v.config.on)) {
		action = v.config.on[reason]
	}
	switch action {
	case onPreserve:
		v.preserv = true
	case onRestart:
		v.remove()
		if why := v.make(); why != "" {
			complain(why, v.Name())
		} else if why := v.unpause(); why != "" {
			complain(why, v.Name())
		}
	default:
		v.destroy()
	}
	return true
}

// node is the path of a node of the VM's domain.
func (v *vm) node(name string) []byte {
	return path.Reset("/local/domain/").Number(uint64(v.id)).Text("/").Text(name).Bytes()
}

// vmNode is the path of a node of the VM, whatever its domain.
func (v *vm) vmNode(name string) []byte {
	path.Reset("/vm/").Add(v.uuid[:])
	if name != "" {
		path.Text("/").Text(name)
	}
	return path.Bytes()
}

var path, text pvio.Path
